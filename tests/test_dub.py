"""The whole way on the sample: a film in, a film with new lips and new sound out, and nothing else touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import dubkit
from dubkit.analysis import AnalysisSettings
from dubkit.compose import DubSettings
from dubkit.faces import TrackSettings
from dubkit.media import WriteSettings, measure_times, probe, read_frames, read_sound
from dubkit.schema import DubReport, Frame, LineStatus, loads
from dubkit.timing import FrameRange, TimeRange
from dubkit_cli.main import run
from samples.make import SHOTS, SampleFiles

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


def test_the_mouth_moves_with_the_sound(sample: SampleFiles, dubbed: tuple[Path, DubReport]) -> None:
    first, last = dubbed[1].lines[3].frames[0].start, dubbed[1].lines[3].frames[0].stop
    old = [
        frame.planes[0][200:330, 240:420].astype(float) for frame in read_frames(sample.video, FrameRange(first, last))
    ]
    new = [frame.planes[0][200:330, 240:420].astype(float) for frame in read_frames(dubbed[0], FrameRange(first, last))]

    def motion(frames: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        return np.array([np.abs(b - a).mean() for a, b in pairwise(frames)])

    assert motion(new).mean() > 1.15 * motion(old).mean()


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
