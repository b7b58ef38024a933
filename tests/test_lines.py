from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit.errors import SubtitleError, VoiceError
from dubkit.lines import Lines, open_lines
from dubkit.schema import DubJob
from dubkit.timing import FrameRate, TimeRange

RATE = FrameRate.of(25)
CUES = """1
00:00:01,000 --> 00:00:02,000
Uno.

2
00:00:03,000 --> 00:00:04,500
Dos.

3
00:00:12,000 --> 00:00:13,000
Tarde.
"""


def job(folder: Path, **fields: object) -> DubJob:
    (folder / "cues.srt").write_text(CUES, encoding="utf-8")
    values = {"video": folder / "film.mp4", "output": folder / "out.mp4", "subtitles": folder / "cues.srt"} | fields
    return DubJob(**values)  # type: ignore[arg-type]


def sound(path: Path, seconds: float) -> Path:
    soundfile.write(path, 0.1 * np.ones(int(seconds * 16_000)), 16_000)
    return path


def lines(job: DubJob, folder: Path, duration: int = 10) -> Lines:
    return open_lines(job, RATE).lines(Fraction(duration), folder, lambda done, total: None)


def voice(path: Path, seconds: float, *spoken: tuple[float, float]) -> Path:
    """A voice that speaks at the given times."""
    samples = np.zeros(int(seconds * 16_000), np.float32)
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(samples.size) / 16_000)
    for start, stop in spoken:
        part = slice(int(start * 16_000), int(stop * 16_000))
        samples[part] = tone[part]
    soundfile.write(path, samples, 16_000)
    return path


def test_a_full_length_voice_is_split_at_its_cues_and_heard_from_end_to_end(tmp_path: Path) -> None:
    found = lines(job(tmp_path, voice=voice(tmp_path / "es.wav", 9, (1.1, 1.9), (2.9, 5.1), (7, 8))), tmp_path)
    spans = [(float(line.start), float(line.sound.stop)) for line in found.lines]
    np.testing.assert_allclose(spans, [(1.1, 1.95), (2.9, 5.15)], atol=0.011)
    assert all(line.voice.span.start == line.start for line in found.lines)
    assert found.lines[0].notes == ()
    assert found.lines[1].notes == ("the voice goes on for 600 ms after its cue",)
    assert any("speaks from 0:00:07.0 to 0:00:08.0, where there is no cue" in note for note in found.notes)
    pieces = [(float(line.start), float(line.voice.span.start), float(line.voice.span.stop)) for line in found.heard]
    assert pieces == [(0, 0, 2.5), (2.5, 2.5, 9)]
    assert [(cue.index, "after the end of the picture" in why) for cue, why in found.failed] == [(3, True)]


def test_what_comes_after_the_picture_is_cut_and_said(tmp_path: Path) -> None:
    found = lines(job(tmp_path, voice=sound(tmp_path / "es.wav", 14)), tmp_path)
    assert found.heard[-1].sound.stop == 10
    assert any("4.000 s longer than the picture" in note for note in found.notes)


def test_a_cue_after_the_voice_has_its_reason(tmp_path: Path) -> None:
    found = lines(job(tmp_path, voice=sound(tmp_path / "es.wav", 2.4)), tmp_path)
    assert [cue.index for cue, _ in found.failed] == [2, 3]
    assert "the voice ends at 2.400 s" in found.failed[0][1]


def test_a_full_length_voice_that_is_silent_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="holds only silence"):
        open_lines(job(tmp_path, voice=voice(tmp_path / "es.wav", 9)), RATE)
    lines(job(tmp_path, subtitles=None, voice=tmp_path / "es.wav"), tmp_path)  # a mouth may be shut on purpose


def test_a_folder_of_files(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    sound(takes / "1.wav", 0.5)
    (takes / "2.wav").write_text("not sound")
    sound(takes / "extra thing.wav", 0.5)
    found = lines(job(tmp_path, voice=takes), tmp_path)
    assert [line.cue.index for line in found.lines] == [1]
    assert found.heard == found.lines
    assert [cue.index for cue, _ in found.failed] == [2, 3]
    assert "2.wav" in found.failed[0][1]
    assert any("extra thing.wav" in note for note in found.notes)


def test_text_to_speech_speaks_every_cue(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    found = lines(job(tmp_path, tts="espeak", language="es"), tmp_path)
    assert [line.cue.index for line in found.lines] == [1, 2]
    assert all(line.voice.path.parent == tmp_path for line in found.lines)
    assert all(line.voice.span.duration > Fraction(1, 5) for line in found.lines)


def test_a_language_nobody_speaks_is_said_at_once(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    with pytest.raises(VoiceError, match="klingon"):
        open_lines(job(tmp_path, tts="espeak", language="klingon"), RATE)


def test_without_subtitles_the_voice_is_one_line_as_long_as_the_picture(tmp_path: Path) -> None:
    found = lines(job(tmp_path, subtitles=None, voice=sound(tmp_path / "poem.wav", 4)), tmp_path)
    (line,) = found.lines
    assert line.cue.span == TimeRange(Fraction(0), Fraction(10))
    assert line.sound == TimeRange(Fraction(0), Fraction(4))
    assert line.cue.text == "poem.wav"


def test_a_long_voice_is_heard_in_pieces(tmp_path: Path) -> None:
    found = lines(job(tmp_path, voice=sound(tmp_path / "es.wav", 100)), tmp_path, duration=100)
    assert found.one_voice
    edges = [(float(line.sound.start), float(line.sound.stop)) for line in found.heard]
    assert edges[0][0] == 0
    assert edges[-1][1] == 100
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert max(stop - start for start, stop in edges) <= 30


def test_cues_are_moved_as_asked(tmp_path: Path) -> None:
    found = lines(job(tmp_path, tts="espeak", language="es", shift=Fraction(-11)), tmp_path)
    assert [line.cue.index for line in found.lines] == [3]
    assert found.lines[0].start == 1


def test_a_film_without_a_single_cue_is_not_dubbed(tmp_path: Path) -> None:
    voice = sound(tmp_path / "es.wav", 4)
    with pytest.raises(SubtitleError, match="has no cue inside the film"):
        lines(job(tmp_path, voice=voice, shift=Fraction(-60)), tmp_path)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"voice": Path("gone.wav")}, VoiceError),
        ({"tts": "siri"}, VoiceError),
        ({"subtitles": Path("gone.srt"), "tts": "espeak"}, SubtitleError),
    ],
)
def test_what_is_missing_is_said_before_work_starts(
    fields: dict[str, object], error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        open_lines(job(tmp_path, **fields), RATE)
