"""Smoothing without delay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.faces.smooth import smooth_path


@given(st.integers(1, 40), st.floats(0.3, 6), st.floats(-50, 50), st.floats(-5, 5))
def test_straight_motion_passes_unchanged(n: int, sigma: float, start: float, speed: float) -> None:
    path = np.asarray(start + speed * np.arange(n), np.float64)
    assert np.allclose(smooth_path(path, sigma), path, atol=1e-6)


def test_constant_acceleration_passes_unchanged_inside() -> None:
    path = 0.3 * np.square(np.arange(60.0) - 20)
    assert np.allclose(smooth_path(path, 2.0)[6:-6], path[6:-6], atol=1e-6)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30), st.floats(0.3, 4))
def test_time_reversed_gives_the_same_reversed(values: list[float], sigma: float) -> None:
    path = np.array(values)
    assert np.allclose(smooth_path(path[::-1], sigma), smooth_path(path, sigma)[::-1], atol=1e-6)


def test_noise_shrinks() -> None:
    noise = np.random.default_rng(0).normal(size=(400, 4))
    assert smooth_path(noise, 3.0).std() < 0.6 * noise.std()


def test_no_smoothing_and_own_copy() -> None:
    path = np.random.default_rng(0).normal(size=(20, 5, 2))
    smoothed = smooth_path(path, 0.0)
    assert np.array_equal(smoothed, path)
    assert smoothed is not path


@pytest.mark.parametrize("shape", [(1, 4), (2, 4), (3, 5, 2)])
def test_short_paths_keep_their_shape(shape: tuple[int, ...]) -> None:
    path = np.random.default_rng(0).normal(size=shape)
    smoothed = smooth_path(path, 2.0)
    assert smoothed.shape == shape
    assert np.isfinite(smoothed).all()
