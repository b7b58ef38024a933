"""The whole way on the sample: a film in, a film with new lips and new sound out, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import dubkit
from dubkit.analysis import AnalysisSettings
from dubkit.audio import resample
from dubkit.compose import DubSettings
from dubkit.dialogue import open_voice
from dubkit.faces import TrackSettings
from dubkit.media import WriteSettings, measure_times, probe, read_frames, read_sound
from dubkit.schema import DubReport, Frame, LineStatus, loads
from dubkit.timing import TimeRange
from dubkit_cli.main import run
from samples.make import FPS, SHOTS, SIZE, SampleFiles, write_film
from samples.picture import Camera, film, hubble, portrait

LOSSLESS = ["--codec", "ffv1"]
HASTY = DubSettings(
    analysis=AnalysisSettings(face_side=320, tracks=TrackSettings(every=25, least_looks=2)),
    write=WriteSettings(preset="ultrafast"),
)
"""For tests that are about other things than faces and quality."""


@pytest.fixture(scope="module")
def dubbed(sample: SampleFiles, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DubReport]:
    """The sample in Spanish, encoded without loss, so that pixels can be compared."""
    folder = tmp_path_factory.mktemp("dubbed")
    report = folder / "report.json"
    arguments = ["dub", str(sample.video), "--subtitles", str(sample.subtitles["es"]), "--tts", "espeak"]
    arguments += ["--language", "es", "--keep-original", "-o", str(folder / "es.mkv"), "--report", str(report)]
    assert run([*arguments, *LOSSLESS]) == 0
    return folder / "es.mkv", loads(DubReport, report.read_text("utf-8"))


def pairs(before: Path, after: Path) -> Iterator[tuple[Frame, Frame]]:
    return zip(read_frames(before), read_frames(after), strict=True)


def changed(old: Frame, new: Frame) -> npt.NDArray[np.bool_]:
    return np.asarray(old.planes[0] != new.planes[0])


def test_same_picture_new_sound(sample: SampleFiles, dubbed: tuple[Path, DubReport]) -> None:
    before, after = probe(sample.video), probe(dubbed[0])
    assert before.video is not None
    assert after.video is not None
    assert (after.video.width, after.video.height, after.video.rate) == (640, 360, before.video.rate)
    assert after.video.pixel_format == before.video.pixel_format
    assert after.video.colour == before.video.colour
    assert len(measure_times(dubbed[0])) == sum(SHOTS)
    assert after.audio[0].language == "spa"
    assert len(after.audio) == 2
    assert after.audio[0].sample_rate == 48_000
    sound = read_sound(dubbed[0], sample_rate=48_000)
    assert abs(sound.duration - Fraction(sum(SHOTS), 25)) <= Fraction(1, 25)


def test_only_the_frames_of_spans_change_and_only_at_the_mouth(
    sample: SampleFiles, dubbed: tuple[Path, DubReport]
) -> None:
    spans = [run_ for line in dubbed[1].lines for run_ in line.frames]
    inside = {frame for span in spans for frame in span.indices}
    moved = 0
    for old, new in pairs(sample.video, dubbed[0]):
        different = changed(old, new)
        if old.index not in inside:
            for before, after in zip(old.planes, new.planes, strict=True):
                np.testing.assert_array_equal(before, after)
            continue
        moved += bool(different.any())
        rows, columns = np.nonzero(different)
        if rows.size:
            assert rows.min() > old.height * 0.4, "something above the mouth changed"
            assert columns.max() - columns.min() < old.width * 0.4, "something beside the mouth changed"
    assert moved > 0.8 * len(inside)


def test_report_says_what_was_done(dubbed: tuple[Path, DubReport]) -> None:
    report = dubbed[1]
    assert [line.status for line in report.lines] == [
        LineStatus.SYNCED,
        LineStatus.SYNCED,
        LineStatus.NO_FACE,
        LineStatus.SYNCED,
    ]
    assert "no face is seen" in report.lines[2].reason
    assert report.frames == sum(SHOTS)
    assert report.shots == 3
    assert report.model == "compact"
    assert report.lines[0].text == "Buenas noches desde la plataforma."
    assert report.lines[0].speaker == "EILEEN"


def test_the_voice_is_heard_in_its_cues_and_the_original_elsewhere(
    sample: SampleFiles, dubbed: tuple[Path, DubReport]
) -> None:
    def loudness(start: float, stop: float, path: Path, stream: int = 0) -> float:
        span = TimeRange(Fraction(start), Fraction(stop))
        sound = read_sound(path, sample_rate=16_000, channels=1, span=span, stream=stream)
        return float(np.sqrt(np.mean(sound.samples**2)))

    assert loudness(1, 2, dubbed[0]) > 0.02
    spoken = read_sound(dubbed[0], sample_rate=16_000, channels=1).samples
    original = read_sound(sample.video, sample_rate=16_000, channels=1).samples
    kept = read_sound(dubbed[0], sample_rate=16_000, channels=1, stream=1).samples
    n = min(kept.shape[1], original.shape[1])
    assert np.corrcoef(kept[0, :n], original[0, :n])[0, 1] > 0.99
    n = min(spoken.shape[1], original.shape[1])
    assert np.corrcoef(spoken[0, :n], original[0, :n])[0, 1] < 0.5


def test_the_mouth_of_a_still_image_moves_with_the_voice_and_rests_in_silence(
    sample: SampleFiles, tmp_path: Path
) -> None:
    """In a talking picture all that moves is what the sound moves."""
    spoken = resample(open_voice("espeak").speak("Esta noche vamos a contar estrellas.", "es"), 16_000)
    voice, talking = tmp_path / "voice.wav", tmp_path / "talking.mkv"
    soundfile.write(voice, np.concatenate([spoken.samples[0], np.zeros(24_000, np.float32)]), 16_000)
    report = dubkit.sync_lips(sample.portrait, voice, talking, codec="ffv1")
    (run_,) = report.lines[0].frames
    frames = [frame.planes[0].astype(float) for frame in read_frames(talking, run_)]
    motion = np.array([np.abs(b - a).mean() for a, b in pairwise(frames)])
    quiet = int(spoken.duration * FPS) + 8  # the window hears 0.2 s, and speech fades out
    speaking, resting = motion[4 : quiet - 8].mean(), motion[quiet:-4].mean()
    assert speaking > 5 * resting


def test_json_lines_for_machines(sample: SampleFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    voice = tmp_path / "poem.wav"
    soundfile.write(voice, 0.2 * np.random.default_rng(0).standard_normal(16_000), 16_000)
    assert run(["lipsync", str(sample.portrait), str(voice), "-o", str(tmp_path / "talk.mp4"), "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["event"] for event in events[:-1]} == {"progress"}
    assert events[-1]["event"] == "result"
    assert events[-1]["report"]["lines"][0]["status"] == "synced"
    assert len(measure_times(tmp_path / "talk.mp4")) == 25


def test_a_voice_longer_than_the_picture(sample: SampleFiles, tmp_path: Path) -> None:
    voice = tmp_path / "long.wav"
    soundfile.write(voice, 0.2 * np.random.default_rng(0).standard_normal(16_000 * 16), 16_000)
    report = dubkit.sync_lips(sample.video, voice, tmp_path / "out.mp4", settings=HASTY)
    assert len(measure_times(tmp_path / "out.mp4")) == sum(SHOTS)
    said = " ".join([*report.notes, *(note for line in report.lines for note in line.notes)])
    assert "past the end of the picture" in said or "longer than the picture" in said


def test_a_voice_file_per_cue_and_one_that_is_missing(sample: SampleFiles, tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    for number in (1, 2, 3):
        soundfile.write(takes / f"{number}.wav", 0.2 * np.random.default_rng(number).standard_normal(16_000), 16_000)
    output = tmp_path / "out.mp4"
    report = dubkit.dub(
        sample.video, output, subtitles=sample.subtitles["de"], voice=takes, language="de", settings=HASTY
    )
    assert [line.status is LineStatus.FAILED for line in report.lines] == [False, False, False, True]
    assert "no sound file is named after it" in report.lines[3].reason
    assert len(measure_times(output)) == sum(SHOTS)


def test_loudness_deliverables_and_picture(sample: SampleFiles, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "stars.mp4", (hubble(), Camera((400, 400, 600), (500, 450, 500)), 50))
    stems = tmp_path / "me.wav"
    soundfile.write(stems, 0.02 * np.random.default_rng(0).standard_normal((2 * 48_000, 2)), 48_000, subtype="PCM_24")
    report = dubkit.dub(
        clip,
        tmp_path / "es.mov",
        subtitles=write_cue(tmp_path / "es.srt", 0, 1),
        tts="espeak",
        language="es",
        stems=stems,
        loudness="ebu-r128",
        deliver=tmp_path / "out",
        deliver_subtitles="vtt",
        picture=tmp_path / "lines.png",
        settings=HASTY,
    )
    assert report.loudness is not None
    assert report.loudness.integrated == pytest.approx(-23, abs=0.5)
    assert report.loudness.true_peak_db <= -1
    names = ["stars.es.mix.wav", "stars.es.dialogue.wav", "stars.es.me.wav", "stars.es.vtt", "lines.png"]
    assert [path.name for path in report.delivered] == names
    assert all(path.stat().st_size for path in report.delivered)


def test_a_run_that_is_cancelled_leaves_nothing(sample: SampleFiles, tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"
    soundfile.write(voice, 0.2 * np.random.default_rng(0).standard_normal(16_000), 16_000)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "dub" and done > 10:
            raise dubkit.Cancelled

    with pytest.raises(dubkit.Cancelled):
        dubkit.sync_lips(sample.video, voice, tmp_path / "out.mp4", settings=HASTY, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice.wav"]


def test_a_failed_line_makes_the_exit_code_three(
    sample: SampleFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    soundfile.write(takes / "1.wav", 0.2 * np.random.default_rng(0).standard_normal(16_000), 16_000)
    arguments = ["dub", str(sample.portrait), "--subtitles", str(sample.subtitles["de"]), "--voice", str(takes)]
    assert run([*arguments, "--language", "de", "-o", str(tmp_path / "out.mp4")]) == 3
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "out.mp4")
    assert "4 lines: 1 synced, 3 failed." in said.err
    assert len(measure_times(tmp_path / "out.mp4")) == 335


def write_clip(path: Path, *moves: tuple[npt.NDArray[np.uint8], Camera, int], speaks: bool = False) -> Path:
    """A film without a sound along some moves; with ``speaks`` the portrait moves its lips all the while."""
    pictures = chain.from_iterable(
        film(photograph, camera, frames, SIZE, np.resize([0.0, 3.0, 5.0, 2.0], frames).tolist() if speaks else ())
        for photograph, camera, frames in moves
    )
    total = sum(frames for _, _, frames in moves)
    write_film(path, pictures, np.zeros(total * 48_000 // FPS, np.float32))
    return path


def write_cue(path: Path, start: int, stop: int) -> Path:
    path.write_text(f"1\n00:00:{start:02},000 --> 00:00:{stop:02},000\nHola a todos.\n", encoding="utf-8")
    return path


def test_a_clip_without_a_face_keeps_every_pixel(sample: SampleFiles, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "stars.mp4", (hubble(), Camera((400, 400, 600), (500, 450, 500)), 50))
    output = tmp_path / "stars.es.mkv"
    arguments = ["dub", str(clip), "--subtitles", str(write_cue(tmp_path / "es.srt", 0, 2)), "--tts", "espeak"]
    assert (
        run([*arguments, "--language", "es", "-o", str(output), "--report", str(tmp_path / "r.json"), *LOSSLESS]) == 0
    )
    (line,) = loads(DubReport, (tmp_path / "r.json").read_text("utf-8")).lines
    assert line.status is LineStatus.NO_FACE
    assert "no face is seen" in line.reason
    for old, new in pairs(clip, output):
        for before, after in zip(old.planes, new.planes, strict=True):
            np.testing.assert_array_equal(before, after)


def test_a_face_that_leaves_and_returns_is_changed_only_while_it_is_there(sample: SampleFiles, tmp_path: Path) -> None:
    there, gone = (225.0, 125.0, 300.0), (620.0, 125.0, 300.0)
    clip = write_clip(
        tmp_path / "walk.mp4",
        (portrait(), Camera(there, there, 0.5), 35),
        (portrait(), Camera(there, gone), 25),
        (portrait(), Camera(gone, gone, 0.5), 30),
        (portrait(), Camera(gone, there), 25),
        (portrait(), Camera(there, there, 0.5), 35),
        speaks=True,
    )
    settings = DubSettings(write=WriteSettings(preset="ultrafast"))
    cues = write_cue(tmp_path / "es.srt", 0, 6)
    output = tmp_path / "walk.es.mp4"
    (line,) = dubkit.dub(clip, output, subtitles=cues, tts="espeak", language="es", settings=settings).lines
    assert line.status is LineStatus.SYNCED, "the voice has ended before she leaves; her old lips are closed"
    assert "no face is seen" in line.reason
    changed_frames = {index for span in line.frames for index in span.indices}
    assert {*range(5, 30), *range(120, 145)} <= changed_frames
    assert not changed_frames & set(range(62, 88))
    assert len(measure_times(output)) == 150
