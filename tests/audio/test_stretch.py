"""Stretched sound: exact length, the same pitch, everything in its place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.audio import StretchSettings, stretch
from dubkit.errors import InputError, RecordError
from dubkit.schema import Waveform

RATE = 16_000
SPEEDS = (0.8, 0.9, 1.1, 1.2, 1.25)


def buzz(pitch: float, seconds: float, rate: int = RATE) -> Waveform:
    """A voice-like tone: a pulse train through two resonances."""
    time = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * pitch * time
    total = sum(math.exp(-(((k * pitch - 600) / 900) ** 2)) * np.sin(k * phase) for k in range(1, int(3000 / pitch)))
    samples = np.asarray(total, np.float32)
    return Waveform(0.3 * samples[None] / np.abs(samples).max(), rate)


def period(sound: Waveform, near: float) -> float:
    """Hz of the strongest period a fifth around ``near``, by autocorrelation, between the samples by a parabola."""
    samples = sound.samples[0].astype(np.float64)
    size = 1 << (2 * samples.size).bit_length()
    found = np.fft.irfft(np.abs(np.fft.rfft(samples, size)) ** 2)
    low, high = int(sound.sample_rate / (1.2 * near)), int(1.2 * sound.sample_rate / near)
    at = low + int(np.argmax(found[low:high]))
    left, middle, right = found[at - 1 : at + 2]
    return float(sound.sample_rate / (at + 0.5 * (left - right) / (left - 2 * middle + right)))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 6000),
    st.floats(0.55, 1.9),
    st.sampled_from([8000, 22_050, 48_000]),
    st.integers(1, 3),
    st.integers(),
)
def test_the_length_is_exact_and_the_level_stays(count: int, ratio: float, rate: int, channels: int, seed: int) -> None:
    samples = np.random.default_rng(abs(seed)).uniform(-0.5, 0.5, (channels, count)).astype(np.float32)
    length = max(math.ceil(count / 2), min(2 * count, round(count * ratio)))
    sound = Waveform(samples, rate)
    result = stretch(sound, length)
    assert (result.length, result.channels, result.sample_rate) == (length, channels, rate)
    assert float(np.abs(result.samples).max(initial=0)) <= 0.5 + 1e-5
    np.testing.assert_array_equal(sound.samples, samples)


@pytest.mark.parametrize("pitch", [75, 120, 210, 310])
@pytest.mark.parametrize("speed", SPEEDS)
def test_pitch_stays(pitch: float, speed: float) -> None:
    sound = buzz(pitch, 1.5)
    result = stretch(sound, round(sound.length / speed))
    assert period(result, pitch) == pytest.approx(pitch, rel=0.005)
    level = np.sqrt(np.mean(result.samples[0][800:-800] ** 2)) / np.sqrt(np.mean(sound.samples**2))
    assert 0.85 < level < 1.1


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("pitch", [90, 230])
def test_what_begins_after_a_pause_begins_where_it_should(speed: float, pitch: float) -> None:
    word, pause = buzz(pitch, 0.22).samples[0], 0.21
    starts = [int((0.05 + k * (0.22 + pause) + 0.013 * k) * RATE) for k in range(8)]
    samples = np.zeros(4 * RATE, np.float32)
    for start in starts:
        samples[start : start + word.size] += word
    result = stretch(Waveform(samples[None], RATE), round(samples.size / speed)).samples[0]
    loud = np.abs(result) > 0.02
    first = np.flatnonzero(np.abs(word) > 0.02)[0]
    for start in starts:
        planned = (start + first) / speed
        heard = np.flatnonzero(loud[int(planned - 0.04 * RATE) :])[0] + int(planned - 0.04 * RATE)
        assert abs(heard - planned) / RATE <= 0.010


def test_silence_stays_silence_and_the_ends_stay_ends() -> None:
    silence = Waveform(np.zeros((1, 5000), np.float32), RATE)
    assert not stretch(silence, 4100).samples.any()
    sound = buzz(150, 0.5)
    result = stretch(sound, 7000)
    np.testing.assert_allclose(result.samples[:, :20], sound.samples[:, :20], atol=0.02)


def test_channels_move_together() -> None:
    left = buzz(140, 0.6).samples[0]
    sound = Waveform(np.stack([left, -0.5 * left]), RATE)
    result = stretch(sound, round(sound.length / 1.2))
    np.testing.assert_allclose(result.samples[1], -0.5 * result.samples[0], atol=1e-6)


def test_what_cannot_be_is_refused() -> None:
    sound = buzz(140, 0.1)
    assert stretch(sound, sound.length) is sound
    for length in (0, -5, sound.length // 2 - 1, 2 * sound.length + 1):
        with pytest.raises(InputError):
            stretch(sound, length)
    with pytest.raises(InputError):
        stretch(Waveform(np.zeros((1, 0), np.float32), RATE), 10)
    with pytest.raises(RecordError):
        StretchSettings(tolerance=StretchSettings().window)
