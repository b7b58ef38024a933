from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.audio.true_peak import TruePeakMeter, limit_true_peaks
from tests.audio.witness import ffmpeg_loudness

Floats = npt.NDArray[np.float32]
RATE = 48_000
CEILING = 10 ** (-1 / 20)


def between_samples(hertz: float, level: float, seconds: float = 1.0) -> Floats:
    """A tone that swings highest between its samples; it comes in slowly, so that the onset swings no higher."""
    t = np.arange(round(seconds * RATE)) / RATE
    rise = np.minimum(1, np.minimum(t, t[::-1]) / 0.05)
    return (level * rise * np.sin(2 * np.pi * hertz * t + np.pi / 4))[None].astype(np.float32)


def in_blocks(sound: Floats, size: int) -> Iterator[Floats]:
    return (sound[:, at : at + size] for at in range(0, sound.shape[1], size))


def limited(sound: Floats, size: int = RATE) -> Floats:
    return np.concatenate(list(limit_true_peaks(in_blocks(sound, size), CEILING, 120)), axis=1)


def peak(sound: Floats) -> float:
    meter = TruePeakMeter(len(sound))
    meter.add(sound)
    return meter.peak


@pytest.mark.parametrize(("hertz", "sample_peak"), [(12_000, 0.354), (12_001, 0.5), (16_000, 0.484)])
def test_swings_between_samples_are_found(hertz: float, sample_peak: float) -> None:
    sound = between_samples(hertz, 0.5)
    assert np.abs(sound).max() <= sample_peak + 0.001
    assert peak(sound) == pytest.approx(0.5, rel=0.04)  # four places a sample miss a third of a decibel


def test_a_swing_after_the_last_sample_counts() -> None:
    sound = np.zeros((1, 100), np.float32)
    sound[0, -2:] = 0.5
    assert peak(sound) > 0.55


@pytest.mark.parametrize("kind", ["noise", "tone", "clicks", "speech-like"])
def test_nothing_passes_the_limit_by_ffmpegs_meter(kind: str) -> None:
    rng = np.random.default_rng(5)
    sounds = {
        "noise": np.clip(0.5 * rng.standard_normal((2, 3 * RATE)), -1.6, 1.6),
        "tone": between_samples(12_000, 1.6, 3),
        "clicks": 3.0 * (rng.random((2, 3 * RATE)) > 0.9995),
        "speech-like": 0.6 * rng.standard_normal((1, 3 * RATE)) * (np.sin(np.arange(3 * RATE) / 3000) ** 8),
    }
    result = limited(sounds[kind].astype(np.float32))
    assert ffmpeg_loudness(result)[1] <= -1.0
    assert peak(result) <= CEILING


def test_what_lies_below_is_handed_on_untouched() -> None:
    blocks = [np.full((2, 1000), 0.3, np.float32) for _ in range(5)]
    assert all(a is b for a, b in zip(limit_true_peaks(iter(blocks), CEILING, 120), blocks, strict=True))
    loud = np.full((1, 48_000), 0.2, np.float32)
    loud[0, 24_000] = 1.5
    result = limited(loud)
    assert np.array_equal(result[0, :23_700], loud[0, :23_700])
    assert np.array_equal(result[0, 24_300:], loud[0, 24_300:])
    assert result[0, 24_000] < CEILING


@settings(deadline=None, max_examples=20)
@given(st.integers(240, 60_000))
def test_blocks_do_not_matter(size: int) -> None:
    sound = np.random.default_rng(1).standard_normal((2, RATE)).astype(np.float32)
    np.testing.assert_allclose(limited(sound, size), limited(sound), atol=1e-5)
