from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.audio.levels import Samples, faded, gain_of, limit_blocks, ramp


def test_gain() -> None:
    assert gain_of(0) == 1.0
    assert gain_of(-20) == pytest.approx(0.1)
    assert gain_of(-6.0206) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("length", [0, 1, 2, 7, 240])
def test_a_ramp_and_its_reverse_make_one(length: int) -> None:
    rise = ramp(length)
    assert rise.shape == (length,)
    assert rise.dtype == np.float32
    assert np.all(np.diff(rise) > 0)
    np.testing.assert_allclose(rise + rise[::-1], 1.0, atol=1e-6)
    assert not rise.flags.writeable


def test_fades_touch_the_ends_only_and_copy() -> None:
    samples = np.ones((2, 100), np.float32)
    result = faded(samples, 10, 20)
    assert samples.all()
    np.testing.assert_array_equal(result[:, 10:80], 1.0)
    np.testing.assert_array_equal(result[0, :10], ramp(10))
    np.testing.assert_array_equal(result[1, 80:], ramp(20)[::-1])
    assert result.dtype == np.float32


@pytest.mark.parametrize("length", [0, 1, 2, 3, 11])
def test_fades_of_short_sounds(length: int) -> None:
    result = faded(np.ones((1, length), np.float32), 100, 100)
    assert result.shape == (1, length)
    if length == 1:
        assert result[0, 0] == 1.0


def cut(samples: Samples, wanted: Samples, sizes: list[int]) -> list[tuple[Samples, Samples | None]]:
    edges = np.cumsum([0, *sizes])
    assert edges[-1] == samples.shape[1]
    blocks = []
    for start, stop in itertools.pairwise(edges):
        part = wanted[start:stop]
        blocks.append((samples[:, start:stop], part if part.any() else None))
    return blocks


@given(st.data())
def test_no_peak_passes_the_limiter_however_it_is_cut(data: st.DataObject) -> None:
    reach = data.draw(st.integers(1, 12))
    sizes = [*data.draw(st.lists(st.integers(2 * reach, 60), max_size=5)), data.draw(st.integers(1, 60))]
    total = sum(sizes)
    samples = np.full((2, total), 0.1, np.float32)
    for at in data.draw(st.lists(st.integers(0, total - 1), max_size=4)):
        samples[data.draw(st.integers(0, 1)), at] = data.draw(st.floats(-4, 4, width=32))
    level = np.abs(samples).max(axis=0)
    wanted = (1 - 0.5 / np.maximum(level, 0.5)).astype(np.float32)
    result = np.concatenate(list(limit_blocks(cut(samples, wanted, sizes), reach)), axis=1)
    assert result.shape == samples.shape
    assert result.dtype == np.float32
    assert np.abs(result).max() <= 0.5 * (1 + 1e-5)
    # What lies further away from every peak is untouched, and the result does not depend on the cutting.
    near = np.convolve(wanted > 0, np.ones(4 * reach + 1), mode="same")[:total] if total > 4 * reach else np.ones(total)
    np.testing.assert_array_equal(result[:, near == 0], samples[:, near == 0])
    whole = np.concatenate(list(limit_blocks([(samples, wanted)], reach)), axis=1)
    np.testing.assert_allclose(result, whole, rtol=1e-6)


def test_untouched_blocks_are_handed_on_as_they_are() -> None:
    blocks = [np.ones((2, 50), np.float32) for _ in range(3)]
    passed = list(limit_blocks([(block, None) for block in blocks], 5))
    assert all(out is block for out, block in zip(passed, blocks, strict=True))


def test_the_gain_bends_without_a_step() -> None:
    samples = np.full((1, 1000), 0.5, np.float32)
    samples[0, 500] = 2.0
    wanted = np.zeros(1000, np.float32)
    wanted[500] = 0.5
    (result,) = limit_blocks([(samples, wanted)], 60)
    gain = np.delete(result[0] / samples[0], 500)
    assert np.abs(np.diff(gain)).max() < 0.5 * 2 / 60
    assert gain.min() == pytest.approx(0.5, abs=0.02)


def test_nothing_in_nothing_out() -> None:
    assert list(limit_blocks([], 5)) == []
