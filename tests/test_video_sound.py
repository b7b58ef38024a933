"""Stretches of a video's sound on its picture's clock, held against the whole."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.audio import mel_spectrogram
from dubkit.errors import OutputError
from dubkit.media import probe, read_sound
from dubkit.schema import MelSettings, Waveform
from dubkit.timing import TimeRange
from dubkit.video_sound import VideoSound, open_sound
from tests.films import write_talk
from tests.training.films import RATE, grey, speech, write


def span(start: float, stop: float) -> TimeRange:
    return TimeRange(Fraction(start), Fraction(stop))


@pytest.fixture(params=[Fraction(0), Fraction(1, 10), Fraction(-3, 20)], ids=["together", "late", "early"])
def start(request: pytest.FixtureRequest) -> Fraction:
    found: Fraction = request.param
    return found


def film(folder: Path, start: Fraction) -> Path:
    """Two seconds of picture."""
    return write(folder / "film.mkv", grey(50), speech(2.5), sound_start=start)


def test_any_stretch_is_part_of_the_whole(tmp_path: Path, start: Fraction) -> None:
    path = film(tmp_path, start)
    with open_sound(path, probe(path), MelSettings(), tmp_path) as sound:
        assert sound.span == TimeRange(start, start + Fraction(5, 2))
        whole = sound.mel(span(-9, 9))
        first = max(Fraction(0), start)  # where the sound begins later, read_sound begins with silence
        heard = read_sound(path, sample_rate=RATE, channels=1).samples[:, round(first * RATE) :]
        expected = mel_spectrogram(Waveform(heard, RATE)).values
        np.testing.assert_allclose(whole.values, expected, atol=1e-5)
        assert whole.start == start
        for piece in (span(0, 0.5), span(-1, 0.3), span(0.71, 1.234), span(1.9, 4), span(-9, 9)):
            part = sound.mel(piece)
            begin = (part.start - whole.start) * 80
            assert begin.denominator == 1
            np.testing.assert_allclose(
                part.values, whole.values[:, int(begin) : int(begin) + part.values.shape[1]], atol=1e-5
            )
            assert piece.start <= part.start or begin == 0
            last = part.start + Fraction(part.values.shape[1] - 1, 80)
            assert last <= piece.stop
            assert last + Fraction(1, 80) > piece.stop or begin + part.values.shape[1] == whole.values.shape[1]


def test_nothing_is_heard_beside_the_sound(tmp_path: Path) -> None:
    path = film(tmp_path, Fraction(0))
    with open_sound(path, probe(path), MelSettings(), tmp_path) as sound:
        assert sound.mel(span(5, 6)).values.shape == (80, 0)
        assert sound.mel(span(-3, -2)).values.shape == (80, 0)
        assert sound.peak(span(5, 6)) == sound.peak(span(-2, -1)) == 0
        assert sound.peak(span(0, 1)) > 0.1


def test_peaks_are_those_within() -> None:
    samples = np.zeros(3 * RATE, np.float32)
    samples[RATE] = -0.5
    sound = VideoSound(samples, Fraction(1), MelSettings())
    assert sound.peak(span(1, 2)) == 0
    assert sound.peak(span(2, 2.5)) == 0.5


def test_nothing_is_left_on_the_disk(tmp_path: Path) -> None:
    path = film(tmp_path, Fraction(0))
    room = tmp_path / "room"
    room.mkdir()
    with open_sound(path, probe(path), MelSettings(), room) as sound:
        assert sound.span.duration == Fraction(5, 2)
    assert list(room.iterdir()) == []


def test_waves_are_those_of_the_picture_and_silence_beyond(tmp_path: Path, start: Fraction) -> None:
    path = film(tmp_path, start)
    first = max(Fraction(0), start)
    heard = read_sound(path, sample_rate=RATE, channels=1).samples[:, round(first * RATE) :]
    begin = 1600 - round(start * RATE)  # of the sound, at 0.1 s of the picture
    with open_sound(path, probe(path)) as sound:
        np.testing.assert_allclose(sound.waveform(span(0.1, 1.1)).samples, heard[:, begin : begin + RATE], atol=1e-6)
        around = sound.waveform(span(-1, 4)).samples
        assert not sound.waveform(span(5, 6)).samples.any()
    assert around.shape == (1, 5 * RATE)
    lead = round((start + 1) * RATE)
    np.testing.assert_allclose(around[:, lead : lead + heard.shape[1]], heard, atol=1e-6)
    assert not around[:, :lead].any()
    assert not around[:, lead + heard.shape[1] :].any()


def test_a_video_without_sound_has_none_at_any_time(tmp_path: Path) -> None:
    mute = write_talk(tmp_path / "mute.mkv", seconds=0.2, sound=False)
    with open_sound(mute, probe(mute)) as sound:
        assert sound.peak(span(0, 0.2)) == 0
        assert sound.mel(span(0, 0.2)).values.shape[1] <= 1
        assert not sound.waveform(span(0, 0.2)).samples.any()


def test_a_folder_without_room_is_named(tmp_path: Path) -> None:
    path = film(tmp_path, Fraction(0))
    with (
        pytest.raises(OutputError, match="gone: could not be written to"),
        open_sound(path, probe(path), folder=tmp_path / "gone"),
    ):
        pytest.fail("there is no such folder")
