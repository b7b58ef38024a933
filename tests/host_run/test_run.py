"""A whole job of an editor on the sample: exact files for each clip, and no clip that costs another."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from dubkit import host_run
from dubkit.analysis import AnalysisSettings
from dubkit.compose import DubSettings
from dubkit.errors import Cancelled, OutputError, SubtitleError
from dubkit.faces import TrackSettings
from dubkit.host_run import HostStep, run_host_job
from dubkit.host_run_clip import clip_result
from dubkit.host_run_files import RESULT_FILE, write_host_result
from dubkit.host_run_job import HostClip, HostClipResult, HostJob, HostResult, HostSound, HostTimeline
from dubkit.lipsync import LipModel, load_model
from dubkit.media import measure_times, probe, read_frames, read_sound
from dubkit.schema import Frame, LineStatus
from dubkit.timing import sample_count
from samples.make import SampleFiles

RATE = Fraction(25)
HASTY = DubSettings(analysis=AnalysisSettings(face_side=320, tracks=TrackSettings(every=8, least_looks=2)))


def clip(video: Path, start: int, end: int, rate: Fraction = RATE, **changes: Any) -> HostClip:
    """A clip that lies where its source has it."""
    given = {"name": f"{video.stem} {start}", "key": f"k{start}", **changes}
    return HostClip(start=start, end=end, source=video, source_start=start / rate, source_end=end / rate, **given)


def job_of(sample: SampleFiles, folder: Path, clips: tuple[HostClip, ...], **changes: Any) -> HostJob:
    given: dict[str, Any] = {"subtitles": sample.subtitles["es"], "tts": "espeak", "picture": "ffv1", **changes}
    return HostJob(1, "job1", folder / "jöb 1", HostTimeline("reel", RATE), clips, "es", **given)


@pytest.fixture(scope="module")
def silent(sample: SampleFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample without its sound, so that nobody can be heard not to speak."""
    path = tmp_path_factory.mktemp("silent") / "silent.mp4"
    with av.open(str(sample.video)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


@pytest.fixture(scope="module")
def dubbed(
    sample: SampleFiles, silent: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[HostJob, HostResult, list[HostStep]]:
    """Two clips that follow one another, one of a file that is gone, and one in which nothing is said."""
    clips = (
        clip(silent, 20, 45, name='Åke\'s "clip": 1/2?.mov'),
        clip(silent.with_name("gone.mp4"), 45, 50),
        clip(silent, 45, 65),
        replace(clip(silent, 0, 20), start=5000, end=5020),
    )
    job = job_of(sample, tmp_path_factory.mktemp("host"), clips)
    steps: list[HostStep] = []
    loads: list[str] = []

    def counted(*arguments: Any, **named: Any) -> LipModel:
        loads.append("generator")
        return load_model(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dubkit.readiness.load_model", counted)
        result = run_host_job(job, HASTY, steps.append)
    assert loads == ["generator"]  # once for all clips
    return job, result, steps


def frames_of(path: Path) -> list[Frame]:
    return list(read_frames(path))


def test_each_clip_has_its_own_end(dubbed: tuple[HostJob, HostResult, list[HostStep]]) -> None:
    job, result, _ = dubbed
    assert [each.status for each in result.clips] == ["done", "failed", "done", "unchanged"]
    assert result.exit_code == 3
    assert "gone.mp4: does not exist" in result.clips[1].reason
    assert "nothing is said" in result.clips[3].reason
    assert [each.number for each in result.clips] == [1, 2, 3, 4]
    assert [each.key for each in result.clips] == [each.key for each in job.clips]
    for each in result.clips:
        assert bool(each.picture) == bool(each.sound) == (each.status == "done")


def test_the_folder_holds_the_results_and_nothing_else(dubbed: tuple[HostJob, HostResult, list[HostStep]]) -> None:
    job, result, _ = dubbed
    wanted = {Path(path) for each in result.clips for path in (each.picture, each.sound) if path}
    assert set(job.output.iterdir()) == wanted
    assert not [name for path in wanted for name in path.name if name in '<>:"/\\|?*']
    assert any(path.name.startswith("001 Åke's clip 1 2") or path.name.startswith("001 2") for path in wanted)


def test_as_many_frames_as_on_the_timeline_and_a_sound_as_long(
    dubbed: tuple[HostJob, HostResult, list[HostStep]], sample: SampleFiles
) -> None:
    source = probe(sample.video).video
    assert source is not None
    for each in dubbed[1].clips:
        if each.status != "done":
            continue
        times, video = measure_times(Path(each.picture)), probe(Path(each.picture)).video
        assert video is not None
        assert len(times) == each.frames
        assert (video.rate.fps, video.start, video.start_timecode) == (RATE, Fraction(0), "")
        assert (video.colour, video.pixel_format) == (source.colour, source.pixel_format)
        sound = soundfile.info(each.sound)
        assert (sound.samplerate, sound.frames) == (48_000, each.frames * 1920)
        assert sound.subtype == "PCM_24"


def test_only_the_lines_frames_change(dubbed: tuple[HostJob, HostResult, list[HostStep]], sample: SampleFiles) -> None:
    source = frames_of(sample.video)
    for each, start in ((dubbed[1].clips[0], 20), (dubbed[1].clips[2], 45)):
        assert each.report is not None
        lines = {frame for line in each.report.lines for run in line.frames for frame in run.indices}
        assert lines, "somebody speaks in it"
        for new in read_frames(Path(each.picture)):
            old = source[start + new.index]
            same = all(np.array_equal(a, b) for a, b in zip(old.planes, new.planes, strict=True))
            assert same == (new.index not in lines)


def test_a_line_over_the_cut_is_reported_in_both_clips(dubbed: tuple[HostJob, HostResult, list[HostStep]]) -> None:
    first, second = dubbed[1].clips[0].report, dubbed[1].clips[2].report
    assert first is not None
    assert second is not None
    shared = {line.cue for line in first.lines} & {line.cue for line in second.lines}
    for line in (*first.lines, *second.lines):
        assert line.status in (LineStatus.SYNCED, LineStatus.PARTLY, LineStatus.NO_FACE)
        if line.cue in shared:
            assert {"goes on after the clip", "began before the clip"} & set(line.notes)


def test_progress_never_falls_and_ends_near_the_end(dubbed: tuple[HostJob, HostResult, list[HostStep]]) -> None:
    steps = dubbed[2]
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.2
    assert fractions[-1] <= 1
    assert {step.clip for step in steps} == {0, 1, 3}
    assert {"voices", "cut", "faces", "dub", "check"} <= {step.stage for step in steps}


def test_the_result_file_is_whole_and_readable(dubbed: tuple[HostJob, HostResult, list[HostStep]]) -> None:
    job, result, _ = dubbed
    path = write_host_result(job, result)
    data = json.loads(path.read_text("utf-8"))
    assert path.name == RESULT_FILE
    assert data["clips"][0]["tag"] == "dubkit/1/es/job1/1"
    assert data["clips"][0]["report"]["lines"]
    path.unlink()


def heard(path: Path) -> npt.NDArray[np.float32]:
    samples: npt.NDArray[np.float32] = read_sound(path, sample_rate=48_000, channels=1).samples[0]
    return samples


def test_at_an_ntsc_rate_in_prores_from_the_voice_of_a_file(sample: SampleFiles, tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    soundfile.write(tmp_path / "voice.wav", 0.3 * np.sin(np.arange(48_000 * 4) / 20), 48_000)
    (tmp_path / "cues.srt").write_text("1\n00:00:00,300 --> 00:00:00,600\nHola\n")
    timeline = HostTimeline("ntsc", rate, start_frame=107_892, drop=True)
    made = clip(sample.video, 0, 23, rate)
    given = {"subtitles": tmp_path / "cues.srt", "voice": tmp_path / "voice.wav", "tts": ""}
    job = replace(job_of(sample, tmp_path, (made,), picture="prores", sound="voice", **given), timeline=timeline)
    result = run_host_job(job, HASTY)
    (each,) = result.clips
    assert (each.status, result.exit_code) == ("done", 0), each.reason
    video = probe(Path(each.picture)).video
    assert video is not None
    assert (video.codec, video.rate.fps, len(measure_times(Path(each.picture)))) == ("prores", rate, 23)
    assert video.pixel_format.bits == 10
    length = sample_count(23 / rate, 48_000)
    sound = heard(Path(each.sound))
    assert len(sound) == length == 36_837
    voice = heard(tmp_path / "voice.wav")[:length]
    assert np.abs(sound[2000:-2000] - voice[2000:-2000]).max() < 1e-3, "the voice alone, where it was"
    assert any("frames a second and the timeline at" in note for note in each.notes)


def test_lips_are_synced_to_the_part_of_a_sound_that_lies_under_them(sample: SampleFiles, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "line.wav", (0.3 * np.sin(np.arange(48_000 * 4) / 20)).astype(np.float32), 48_000)
    # Of the sound, its second second lies five frames after the clip's start, and goes on after its end.
    under = HostSound(tmp_path / "line.wav", Fraction(1), Fraction(2), 15, 40)
    made = clip(sample.video, 10, 35, sound=under)
    job = job_of(sample, tmp_path, (made,), operation="sync", subtitles=None, tts="", picture="h264")
    result = run_host_job(job, HASTY)
    (each,) = result.clips
    assert (each.status, each.tag) == ("done", "dubkit/1/sync/job1/1"), each.reason
    assert len(measure_times(Path(each.picture))) == 25
    sound = heard(Path(each.sound))
    assert len(sound) == 48_000
    assert np.abs(sound[:9_600]).max() == 0
    wanted = heard(tmp_path / "line.wav")[48_000 : 48_000 + 38_400]
    assert np.abs(sound[9_600:] - wanted).max() < 1e-4


def test_a_defect_in_one_clip_costs_no_other(
    sample: SampleFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(job: HostJob, number: int, *rest: object) -> HostClipResult:
        if number == 1:
            raise ZeroDivisionError("surprise")
        return clip_result(job, number, "done")

    monkeypatch.setattr(host_run, "run_clip", made)
    clips = (clip(sample.video, 10, 40), clip(sample.video, 40, 70))
    result = run_host_job(job_of(sample, tmp_path, clips), HASTY)
    assert [each.status for each in result.clips] == ["failed", "done"]
    assert "ZeroDivisionError: surprise" in result.clips[0].reason
    assert any("test_run.py" in note for note in result.clips[0].notes)


def test_a_run_that_is_stopped_leaves_nothing(sample: SampleFiles, tmp_path: Path) -> None:
    def stop(step: HostStep) -> None:
        if step.clip == 2:
            raise Cancelled

    clips = (clip(sample.video, 10, 30), clip(sample.video, 30, 50))
    job = job_of(sample, tmp_path, clips)
    told: list[HostClipResult] = []
    with pytest.raises(Cancelled):
        run_host_job(job, HASTY, stop, told.append)
    assert [each.status for each in told] == ["done"]
    assert list(job.output.iterdir()) == []


def test_what_a_killed_run_left_is_swept_away(sample: SampleFiles, tmp_path: Path) -> None:
    job = job_of(sample, tmp_path, (clip(sample.video.with_name("gone.mp4"), 0, 9),))
    job.work.mkdir(parents=True)
    (job.work / "left.mp4").write_text("x")
    result = run_host_job(job)
    assert result.exit_code == 1
    assert list(job.output.iterdir()) == []


def test_what_concerns_all_clips_stops_all(sample: SampleFiles, tmp_path: Path) -> None:
    (tmp_path / "empty.srt").write_text("")
    job = job_of(sample, tmp_path, (clip(sample.video, 10, 30),), subtitles=tmp_path / "empty.srt")
    with pytest.raises(SubtitleError, match="is empty"):
        run_host_job(job)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        run_host_job(replace(job, output=tmp_path / "file"))


def test_a_sentence_over_a_cut_sounds_as_if_there_were_none(silent: Path, sample: SampleFiles, tmp_path: Path) -> None:
    voices = tmp_path / "voices"
    voices.mkdir()
    soundfile.write(voices / "1.wav", 0.2 * np.random.default_rng(0).standard_normal(48_000 * 2), 48_000)
    given: dict[str, Any] = {"voice": voices, "tts": "", "sound": "voice", "options": {"voice_level": "keep"}}
    heard_in = []
    for name, clips in (("one", [(20, 44)]), ("two", [(20, 31), (31, 44)])):
        (tmp_path / name).mkdir()
        made = tuple(clip(silent, start, end) for start, end in clips)
        result = run_host_job(job_of(sample, tmp_path / name, made, **given), HASTY)
        assert [each.status for each in result.clips] == ["done"] * len(clips)
        heard_in.append(np.concatenate([heard(Path(each.sound)) for each in result.clips]))
    whole, parts = heard_in
    assert whole.shape == parts.shape == (24 * 1920,)
    assert np.abs(whole).max() > 0.3
    assert np.abs(whole - parts).max() < 1e-4
