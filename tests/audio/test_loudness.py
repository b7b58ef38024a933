from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.audio import LoudnessMeter, StemMeter, integrated_lufs, short_term_lufs
from dubkit.audio.loudness import SILENCE_LUFS
from tests.audio.witness import ffmpeg_loudness

Floats = npt.NDArray[np.float32]
RATE = 48_000


def sine(level_db: float, seconds: float, hertz: float = 1000.0, rate: int = RATE) -> Floats:
    t = np.arange(round(seconds * rate)) / rate
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def noise(channels: int, seconds: float, level: float, seed: int = 3) -> Floats:
    return (level * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))).astype(np.float32)


def metered(samples: Floats, rate: int = RATE, block: int = RATE) -> LoudnessMeter:
    meter = LoudnessMeter(len(samples), rate)
    for start in range(0, samples.shape[1], block):
        meter.add(samples[:, start : start + block])
    return meter


def stereo(*parts: tuple[float, float]) -> Floats:
    one = np.concatenate([sine(level, seconds) for level, seconds in parts])
    return np.stack([one, one])


@pytest.mark.parametrize(
    ("sound", "lufs"),
    [
        (stereo((-23, 20)), -23.0),
        (stereo((-33, 20)), -33.0),
        (stereo((-36, 10), (-23, 60), (-36, 10)), -23.0),
        (stereo((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
        (stereo((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
        (np.stack([sine(level, 20) for level in (-28, -28, -24, -3, -30, -30)]), -23.0),
    ],
)
def test_the_signals_of_ebu_tech_3341(sound: Floats, lufs: float) -> None:
    """Cases 1 to 6; in the last the low-frequency channel is loud, and must not count."""
    assert metered(sound).integrated == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("level", [0.2, 0.001])
def test_ffmpeg_finds_the_same(channels: int, level: float) -> None:
    sound = noise(channels, 6, level)
    sound[:, 2 * RATE : 4 * RATE] *= 0.05
    loudness, peak = ffmpeg_loudness(sound)
    meter = metered(sound)
    assert meter.integrated == pytest.approx(loudness, abs=0.05)
    if level > 0.1:  # FFmpeg tells peaks in thousandths of full scale
        assert meter.true_peak_db == pytest.approx(peak, abs=0.5)  # of white noise, where filters differ most


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_any_sample_rate(rate: int) -> None:
    sound = sine(-20, 5, 700, rate)[None]
    assert metered(sound, rate, rate).integrated == pytest.approx(ffmpeg_loudness(sound, rate)[0], abs=0.1)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 100_000))
def test_blocks_do_not_matter(block: int) -> None:
    sound = noise(2, 1.5, 0.1)
    block = max(block, 500)
    np.testing.assert_allclose(metered(sound, block=block).power, metered(sound).power, rtol=1e-4)
    assert metered(sound, block=block).true_peak_db == pytest.approx(metered(sound).true_peak_db, abs=1e-3)


@settings(deadline=None, max_examples=15)
@given(st.floats(0, 3), st.floats(0, 3))
def test_the_loudness_of_a_mix_is_told_from_its_stems(a: float, b: float) -> None:
    first, second = noise(2, 2, 0.1, seed=1), noise(2, 2, 0.1, seed=2)
    second += 0.5 * first  # they have something in common
    second[:, RATE:] = 0
    meter = StemMeter(2, RATE)
    for start in range(0, 2 * RATE, 30_000):
        meter.add(first[:, start : start + 30_000], second[:, start : start + 30_000])
    one, other, common = meter.powers
    told = a * a * one + 2 * a * b * common + b * b * other
    np.testing.assert_allclose(told, metered((a * first + b * second).astype(np.float32)).power, rtol=1e-3, atol=1e-9)
    assert meter.peaks[0].max() == pytest.approx(np.abs(first).max())
    assert not meter.peaks[1][11:].any()


def test_silence_and_next_to_nothing() -> None:
    assert metered(np.zeros((2, 3 * RATE), np.float32)).integrated == SILENCE_LUFS
    assert metered(np.zeros((2, 3 * RATE), np.float32)).true_peak_db == -200
    assert LoudnessMeter(2, RATE).integrated == SILENCE_LUFS
    assert metered(noise(2, 3, 1e-5)).integrated == SILENCE_LUFS
    assert metered(stereo((-20, 0.3))).integrated == pytest.approx(-20, abs=0.5)  # shorter than a gating block
    assert len(short_term_lufs(np.zeros(0))) == 0


def test_the_loudness_of_chosen_parts() -> None:
    sound = stereo((-30, 5), (-20, 5), (-40, 5))
    power = metered(sound).power
    where = np.zeros(len(power), np.bool_)
    where[55:95] = True
    assert integrated_lufs(power, where) == pytest.approx(-20, abs=0.05)
    assert integrated_lufs(power, np.zeros(len(power), np.bool_)) == SILENCE_LUFS
    alone = np.zeros(len(power), np.bool_)
    alone[[60, 62]] = True  # words too short for a gating block
    assert integrated_lufs(power, alone) == pytest.approx(-20, abs=0.05)


def test_the_curve_follows_the_sound() -> None:
    curve = short_term_lufs(metered(stereo((-30, 10), (-20, 10))).power)
    assert len(curve) == 200
    assert curve[50] == pytest.approx(-30, abs=0.1)
    assert curve[150] == pytest.approx(-20, abs=0.1)
    assert -30 < curve[100] < -20
