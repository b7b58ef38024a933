"""Real voices of women and men, made to fit: at their pitch, in their places, without a click."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from dubkit.audio import stretch, voiced_span
from dubkit.schema import Waveform
from tests.test_fitted_lines import RATE, heard, moved_pitch, opened, write_cues

VOICES = ("de", "en", "fr", "ja", "ru", "zh")
"""Of 243, 190, 229, 119, 216 and 248 Hz."""
SECONDS, APART = 4, 3.2


def read(folder: Path, name: str) -> Waveform:
    samples, rate = soundfile.read(folder / "voices" / f"{name}.flac", dtype="float32", frames=SECONDS * 16_000)
    return Waveform(samples[None], rate)


def high_band(samples: npt.NDArray[np.float32], rate: int, least: int) -> npt.NDArray[np.float64]:
    """Energy above ``least`` Hz in each 10 ms."""
    size = rate // 100
    pieces = samples[: samples.size // size * size].reshape(-1, size) * np.hanning(size)
    power: npt.NDArray[np.float64] = (np.abs(np.fft.rfft(pieces)) ** 2)[:, least // 100 :].sum(axis=1)
    return power


@pytest.mark.parametrize("name", ["de", "ja", "ru"])
@pytest.mark.parametrize("speed", [0.9, 1.2])
def test_pitch_stays(name: str, speed: float, real_clips: Path) -> None:
    sound = read(real_clips, name)
    assert abs(moved_pitch(sound, stretch(sound, round(sound.length / speed)))) < 0.01


@pytest.mark.parametrize("speed", [0.9, 1.2, 1.25])
@pytest.mark.parametrize("name", VOICES)
def test_pieces_are_joined_without_clicks(name: str, speed: float, real_clips: Path) -> None:
    sound = read(real_clips, name)
    before, after = (
        high_band(one.samples[0], one.sample_rate, 5000) for one in (sound, stretch(sound, round(sound.length / speed)))
    )
    assert after.max() < 2 * before.max()
    assert np.percentile(after, 99) < 1.5 * np.percentile(before, 99)


def test_they_are_in_their_places_without_clicks(tmp_path: Path, real_clips: Path) -> None:
    for number, name in enumerate(VOICES, 1):
        sound = read(real_clips, name)
        soundfile.write(tmp_path / f"{number}.wav", sound.samples[0], sound.sample_rate)
    starts = [0.5 + APART * number for number in range(len(VOICES))]
    write_cues(tmp_path / "cues.srt", [(start, start + 2.5, "some words") for start in starts])
    found = opened(tmp_path, 24, voice=tmp_path)
    assert len(found.lines) == len(VOICES)
    assert sum(line.fit is not None and line.fit.speed > 1.05 for line in found.lines) >= 4
    for before, after in pairwise(found.lines):
        assert before.sound.stop <= after.start
    mix = heard(found, Fraction(24))
    silent_from = 0
    for line in found.lines:
        first = round(float(line.start) * RATE)
        begin = max(silent_from, first - RATE // 20)
        onset = begin / RATE + float(voiced_span(Waveform(mix[None, begin : first + RATE], RATE)).start)
        assert abs(onset - float(line.start)) <= 0.010
        silent_from = round(float(line.sound.stop) * RATE)
    # Recorded at 16 kHz, the voices have nothing above 8 kHz; a click is as broad as it is short.
    loudest = high_band(mix, RATE, 0).max()
    assert high_band(mix, RATE, 9000).max() < 1e-6 * loudest
    cut = mix.copy()
    cut[: np.argmax(np.abs(mix))] = 0
    assert high_band(cut, RATE, 9000).max() > 1e-6 * loudest
