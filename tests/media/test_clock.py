from __future__ import annotations

import dataclasses
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import MediaError
from dubkit.media.clock import OutputClock, PtsRepair, TimesCollector, last_duration
from dubkit.media.pixels import plane_format
from dubkit.schema import ColourTags, VideoInfo
from dubkit.timing import FrameRate

VIDEO = VideoInfo(
    width=64,
    height=48,
    pixel_format=plane_format("yuv420p"),
    colour=ColourTags(),
    rate=FrameRate.of(25),
    time_base=Fraction(1, 12_800),
    start=Fraction(0),
    duration=Fraction(4),
    frame_count=100,
    codec="h264",
)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), min_size=1, max_size=60), st.integers(1, 4000))
def test_repaired_times_always_rise(stored: list[int | None], step: int) -> None:
    repair = PtsRepair(step)
    repaired = [repair.next(pts) for pts in stored]
    assert all(after > before for before, after in pairwise(repaired))


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=40), st.integers(-1000, 1000))
def test_sound_times_are_left_alone(steps: list[int], first: int) -> None:
    stored = [first, *(first + int(total) for total in np.cumsum(steps))]
    repair = PtsRepair(512)
    assert [repair.next(pts) for pts in stored] == stored


def test_missing_times_follow_at_the_rate() -> None:
    repair = PtsRepair(512, first=1024)
    assert [repair.next(pts) for pts in (None, None, 2048, None)] == [1024, 1536, 2048, 2560]


def test_a_doubled_time_does_not_delay_the_rest() -> None:
    repair = PtsRepair(512)
    assert [repair.next(pts) for pts in (0, 0, 512, 1024)] == [0, 256, 512, 1024]


def test_a_clock_set_anew_goes_on() -> None:
    repair = PtsRepair(512)
    assert [repair.next(pts) for pts in (90_000, 90_512, 0, 512, 1024)] == [90_000, 90_512, 91_024, 91_536, 92_048]


def test_collected_times() -> None:
    collector = TimesCollector()
    for n in range(100):
        collector.add(n * 512)
    times = collector.finish(VIDEO)
    assert len(times) == 100
    assert times.last_duration == 512
    assert times.duration == 4
    assert times.is_constant


def test_no_frames_have_no_times() -> None:
    with pytest.raises(MediaError, match="no frames"):
        TimesCollector().finish(VIDEO)


@pytest.mark.parametrize(
    ("duration", "shortest", "longest", "expected"),
    [
        (Fraction(4), 512, 512, 512),
        (Fraction(5), 512, 512, 512),  # the container counts frames that nobody can decode
        (Fraction(0), 512, 512, 512),
        (Fraction(4), 300, 900, 512),
        (Fraction(4) + Fraction(256, 12_800), 300, 900, 768),
        (Fraction(60), 300, 900, 512),
    ],
)
def test_last_duration(duration: Fraction, shortest: int, longest: int, expected: int) -> None:
    video = dataclasses.replace(VIDEO, duration=duration)
    assert last_duration(video, 0, 99 * 512, shortest, longest) == expected


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=40), st.integers(-(10**5), 10**5))
def test_the_master_keeps_relative_times(steps: list[int], first: int) -> None:
    clock = OutputClock(VIDEO, numbered=False)
    stored = [first, *(first + int(total) for total in np.cumsum(steps))]
    assert [clock.tick(pts) for pts in stored] == [pts - first for pts in stored]
    assert clock.time_base == VIDEO.time_base


def test_matroskas_rounding_is_undone() -> None:
    video = dataclasses.replace(
        VIDEO, rate=FrameRate.of("24000/1001"), time_base=Fraction(1, 1000), duration=Fraction(0)
    )
    clock = OutputClock(video, numbered=False)
    ticks = [clock.tick(round(n * 1001 / 24)) for n in range(200)]
    assert [tick * clock.time_base for tick in ticks] == [Fraction(n * 1001, 24_000) for n in range(200)]
    assert clock.last() * clock.time_base == Fraction(1001, 24_000)


def test_a_late_frame_of_matroska_stays_late() -> None:
    clock = OutputClock(dataclasses.replace(VIDEO, time_base=Fraction(1, 1000)), numbered=False)
    ticks = [clock.tick(pts) * clock.time_base for pts in (0, 40, 95, 120)]
    assert ticks == [0, Fraction(40, 1000), Fraction(95, 1000), Fraction(120, 1000)]


def test_numbered_frames() -> None:
    clock = OutputClock(VIDEO, numbered=True)
    assert [clock.tick(pts) for pts in (512, 1024, 1030, 3000, 3100)] == [0, 1, 2, 5, 6]
    assert clock.last() == 1


def test_frames_of_a_still_are_counted() -> None:
    clock = OutputClock(dataclasses.replace(VIDEO, is_still=True), numbered=False)
    assert [clock.tick(0) for _ in range(4)] == [0, 1, 2, 3]
    assert clock.time_base == Fraction(1, 25)
