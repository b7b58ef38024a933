"""Which frame stands for which moment."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.lipsync import CLOCK_RATE, pick_moments

REACH = 0.035


def at(rate: Fraction | int, frames: int, start: Fraction = Fraction(0)) -> list[Fraction]:
    return [start + Fraction(frame) / rate for frame in range(frames)]


@pytest.mark.parametrize("start", [Fraction(0), Fraction(7, 3), Fraction(3600 * 24)])
def test_25_frames_a_second_are_taken_as_they_are(start: Fraction) -> None:
    moments = pick_moments(at(25, 60, start), REACH)
    assert moments.nearest.tolist() == list(range(60))
    assert moments.near.all()
    assert len(moments) == 60


def test_every_other_of_50() -> None:
    assert pick_moments(at(50, 41), REACH).nearest.tolist() == list(range(0, 41, 2))


@pytest.mark.parametrize("rate", [15, 24, Fraction(30_000, 1001), 60])
def test_any_rate_gives_25_a_second(rate: Fraction | int) -> None:
    times = at(rate, int(4 * rate))
    moments = pick_moments(times, REACH)
    assert len(moments) == int(times[-1] * CLOCK_RATE + Fraction(1, 10)) + 1
    assert moments.near.all()
    apart = [abs(times[frame] - Fraction(k, 25)) for k, frame in enumerate(moments.nearest)]
    assert max(apart) <= 1 / Fraction(rate) / 2 + Fraction(1, 10**6)


def test_ten_a_second_are_too_few() -> None:
    moments = pick_moments(at(10, 20), 0.035)
    assert not moments.near.all()


def test_a_hole_is_a_hole() -> None:
    times = at(25, 40)
    moments = pick_moments(times[:10] + times[20:], REACH)
    assert len(moments) == 40
    assert np.flatnonzero(~moments.near).tolist() == list(range(10, 20))


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_hardly_any_frames(frames: int) -> None:
    moments = pick_moments(at(25, frames), REACH)
    assert moments.nearest.tolist() == list(range(frames))


@given(st.lists(st.integers(1, 200), min_size=1, max_size=60))
def test_no_frame_lies_nearer_than_the_one_picked(steps: list[int]) -> None:
    times = [sum((Fraction(step, 1000) for step in steps[:i]), Fraction(0)) for i in range(len(steps))]
    moments = pick_moments(times, REACH)
    for k, (frame, near) in enumerate(zip(moments.nearest, moments.near, strict=True)):
        apart = [abs(float(time) - k / 25) for time in times]
        assert apart[frame] == pytest.approx(min(apart), abs=1e-9)
        assert near == (apart[frame] <= REACH) or apart[frame] == pytest.approx(REACH)
