from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import RecordError
from dubkit.timing import (
    FrameRange,
    FrameRate,
    FrameTimes,
    Timecode,
    TimeRange,
    mel_step,
    sample_count,
)

NTSC = {"23.976": 24, "29.97": 30, "47.952": 48, "59.94": 60, "119.88": 120}
RATES = st.sampled_from(["24", "25", "30", "50", "60", "23.976", "29.97", "59.94", "12.5"]).map(FrameRate.of)
TIMES = st.fractions(-100, 100, max_denominator=90_000)


@st.composite
def frame_times(draw: st.DrawFn) -> FrameTimes:
    steps = draw(st.lists(st.integers(1, 50), max_size=30))
    first = draw(st.integers(-100, 100))
    pts = np.cumsum([first, *steps]).astype(np.int64)
    return FrameTimes(pts, draw(st.sampled_from([Fraction(1, 90), Fraction(1001, 30_000)])), draw(st.integers(1, 50)))


# Rates


@pytest.mark.parametrize(("text", "nominal"), NTSC.items())
def test_ntsc_rates_are_recognised_and_exact(text: str, nominal: int) -> None:
    exact = Fraction(nominal * 1000, 1001)
    for meant in (text, float(text), f"{nominal}000/1001", exact, float(exact)):
        rate = FrameRate.of(meant)
        assert rate.fps == exact
        assert (rate.is_ntsc, rate.nominal) == (True, nominal)
    assert FrameRate.of(f"{float(exact):.2f}").fps == exact


@pytest.mark.parametrize(("value", "fps"), [(25, 25), (24.0, 24), ("30", 30), (60, 60), ("12.5", Fraction(25, 2))])
def test_whole_rates_stay_whole(value: float | str, fps: Fraction) -> None:
    rate = FrameRate.of(value)
    assert rate.fps == fps
    assert not rate.is_ntsc


@pytest.mark.parametrize("value", ["fast", "", "1/0", 0, -25, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(value: float | str) -> None:
    with pytest.raises(RecordError, match="is not a frame rate"):
        FrameRate.of(value)


def test_a_rate_is_made_of_a_fraction() -> None:
    with pytest.raises(RecordError, match="is not a frame rate"):
        FrameRate(25.0)  # type: ignore[arg-type]
    assert str(FrameRate.of(23.976)) == "23.976"
    assert str(FrameRate.of(25)) == "25"
    assert repr(FrameRate.of("29.97")) == "FrameRate(30000/1001)"


@given(rate=RATES, frame=st.integers(0, 10**7), within=st.fractions(0, 1, max_denominator=1000))
def test_a_rate_finds_the_frame_of_every_moment(rate: FrameRate, frame: int, within: Fraction) -> None:
    start = rate.seconds(frame)
    assert rate.frame_at(start) == frame
    if within < 1:
        assert rate.frame_at(start + within / rate.fps) == frame
    assert rate.frame_at(start + 1 / rate.fps) == frame + 1


# Samples and mel steps


def test_samples_are_rounded_half_up() -> None:
    assert sample_count(Fraction(1, 25), 48_000) == 1920
    assert sample_count(Fraction(1001, 30_000), 48_000) == 1602  # 1601.6
    assert sample_count(Fraction(1, 2), 1) == 1
    assert sample_count(Fraction(-1, 2), 1) == 0


@given(rate=RATES, frames=st.integers(0, 10**6))
def test_the_samples_of_frames_add_up_without_drift(rate: FrameRate, frames: int) -> None:
    exact = rate.seconds(frames) * 48_000
    assert abs(sample_count(rate.seconds(frames), 48_000) - exact) <= Fraction(1, 2)


@given(frame=st.integers(1, 10**6))
def test_mel_steps_follow_the_published_rule(frame: int) -> None:
    assert mel_step(Fraction(frame - 1, 25), Fraction(80)) == int(80 * (frame - 1) / 25)


def test_mel_steps_before_zero_round_down() -> None:
    assert mel_step(Fraction(-1, 25), Fraction(80)) == -4


# Ranges


@given(a=TIMES, b=TIMES)
def test_time_ranges_are_never_reversed(a: Fraction, b: Fraction) -> None:
    if b < a:
        with pytest.raises(RecordError, match="ends at"):
            TimeRange(a, b)
    else:
        span = TimeRange(a, b)
        assert span.duration == b - a
        assert span.shifted(Fraction(1, 3)).duration == span.duration
        assert span.shifted(Fraction(1, 3)).start == a + Fraction(1, 3)


def test_ranges_that_touch_do_not_overlap() -> None:
    first, second = TimeRange(Fraction(0), Fraction(1)), TimeRange(Fraction(1), Fraction(2))
    assert not first.overlaps(second)
    assert first.overlaps(TimeRange(Fraction(1, 2), Fraction(3)))
    empty = TimeRange(Fraction(1, 2), Fraction(1, 2))
    assert not empty.overlaps(first)


@given(a=st.integers(-5, 50), b=st.integers(-5, 50), c=st.integers(0, 50), n=st.integers(0, 20))
def test_frame_ranges_are_sets_of_frames(a: int, b: int, c: int, n: int) -> None:
    if not 0 <= a <= b:
        with pytest.raises(RecordError, match="is not a frame range"):
            FrameRange(a, b)
        return
    one, two = FrameRange(a, b), FrameRange(c, c + n)
    assert set(one.indices) == {frame for frame in range(60) if frame in one}
    assert len(one) == b - a
    assert bool(one) == (b > a)
    both = one.overlap(two)
    assert set(both.indices) == set(one.indices) & set(two.indices)
    assert set(two.overlap(one).indices) == set(both.indices)


def test_frame_ranges_speak_in_inclusive_numbers() -> None:
    assert str(FrameRange(3, 6)) == "frames 3..5"
    assert str(FrameRange(3, 3)) == "no frames"
    assert 3.0 not in FrameRange(3, 6)


# Frame times


@given(times=frame_times())
def test_frame_at_is_the_inverse_of_seconds(times: FrameTimes) -> None:
    for frame in range(len(times)):
        start, end = times.seconds(frame), times.seconds(frame + 1)
        assert start < end
        for moment in (start, (start + end) / 2, end - Fraction(1, 10**9)):
            assert times.frame_at(moment) == frame
    assert times.seconds(0) == 0
    assert times.seconds(len(times)) == times.duration


@given(times=frame_times())
def test_outside_the_picture_nothing_is_clamped(times: FrameTimes) -> None:
    assert times.frame_at(Fraction(-1, 10**9)) == -1
    assert times.frame_at(Fraction(-(10**6))) == -1
    assert times.frame_at(times.duration) == len(times)
    assert times.frame_at(times.duration + 10**6) == len(times)
    for frame in (-1, len(times) + 1):
        with pytest.raises(IndexError, match=f"frame {frame} of a picture of {len(times)} frames"):
            times.seconds(frame)


@given(times=frame_times(), start=st.fractions(-5, 30, max_denominator=90_000), length=st.fractions(0, 20))
def test_frames_in_covers_exactly(times: FrameTimes, start: Fraction, length: Fraction) -> None:
    span = TimeRange(start, start + length)
    shown = [
        frame
        for frame in range(len(times))
        if times.seconds(frame) < span.stop and times.seconds(frame + 1) > span.start
    ]
    if length == 0:
        shown = []
    assert list(times.frames_in(span).indices) == shown


@given(times=frame_times(), a=st.integers(0, 30), b=st.integers(0, 30))
def test_time_ranges_of_frames_give_the_frames_back(times: FrameTimes, a: int, b: int) -> None:
    a, b = sorted((min(a, len(times)), min(b, len(times))))
    span = times.time_range(FrameRange(a, b))
    assert list(times.frames_in(span).indices) == list(range(a, b))


@given(rate=RATES, frames=st.integers(1, 200))
def test_constant_times_are_the_rates(rate: FrameRate, frames: int) -> None:
    times = FrameTimes.constant(frames, rate)
    assert times.is_constant
    assert len(times) == frames
    assert times.duration == rate.seconds(frames)
    assert [times.seconds(frame) for frame in range(frames)] == [rate.seconds(frame) for frame in range(frames)]


def test_container_rounding_still_counts_as_constant() -> None:
    milliseconds = np.array([round(frame * 1001 / 30) for frame in range(100)], np.int64)
    assert FrameTimes(milliseconds, Fraction(1, 1000), 33).is_constant
    assert not FrameTimes(np.array([0, 40, 90], np.int64), Fraction(1, 1000), 40).is_constant
    assert FrameTimes(np.array([7], np.int64), Fraction(1, 1000), 40).is_constant


@pytest.mark.parametrize(
    ("pts", "time_base", "last"),
    [([], 1, 1), ([0, 0], 1, 1), ([0, 2, 1], 1, 1), ([0], 1, 0), ([0], 0, 1), ([0], -1, 1)],
)
def test_times_that_do_not_rise_are_refused(pts: list[int], time_base: int, last: int) -> None:
    with pytest.raises(RecordError, match="frame times"):
        FrameTimes(np.array(pts, np.int64), Fraction(time_base), last)


def test_equal_times_are_equal_and_cannot_be_changed() -> None:
    one, two = (FrameTimes.constant(5, FrameRate.of(25)) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != FrameTimes.constant(6, FrameRate.of(25))
    assert repr(one) == "FrameTimes(5 frames, 0.200 s)"
    with pytest.raises(ValueError, match="read-only"):
        one.pts[0] = 3


# Timecode


@pytest.mark.parametrize(
    ("text", "rate", "frame"),
    [
        ("00:00:59;29", "29.97", 1799),
        ("00:01:00;02", "29.97", 1800),
        ("00:02:00;02", "29.97", 3598),
        ("00:09:59;29", "29.97", 17_981),
        ("00:10:00;00", "29.97", 17_982),
        ("01:00:00;00", "29.97", 107_892),
        ("23:59:59;29", "29.97", 2_589_407),
        ("00:00:59;59", "59.94", 3599),
        ("00:01:00;04", "59.94", 3600),
        ("00:10:00;00", "59.94", 35_964),
        ("01:00:00;00", "59.94", 215_784),
        ("01:00:00:00", "29.97", 108_000),
        ("01:00:00:00", "23.976", 86_400),
        ("10:00:00:24", "25", 900_024),
        ("00:00:00:00", "24", 0),
    ],
)
def test_known_timecodes(text: str, rate: str, frame: int) -> None:
    found = Timecode.parse(text, FrameRate.of(rate))
    assert found.frame == frame
    assert found.drop == (";" in text)
    assert str(found) == text


@given(rate=RATES, drop=st.booleans(), frame=st.integers(0, 2_589_407))
def test_every_timecode_is_read_back(rate: FrameRate, drop: bool, frame: int) -> None:
    if drop and rate.fps not in (Fraction(30_000, 1001), Fraction(60_000, 1001)):
        with pytest.raises(RecordError, match="drop-frame timecode does not exist"):
            Timecode(frame, rate, drop)
        return
    timecode = Timecode(frame, rate, drop)
    assert Timecode.parse(str(timecode), rate) == timecode


@given(frame=st.integers(0, 2_589_000), rate=st.sampled_from(["29.97", "59.94"]))
def test_drop_frame_labels_stay_with_the_clock(frame: int, rate: str) -> None:
    timecode = Timecode(frame, FrameRate.of(rate), drop=True)
    hours, minutes, rest = str(timecode).split(":")
    seconds, frames = rest.split(";")
    labelled = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + Fraction(int(frames), timecode.rate.nominal)
    assert abs(labelled - timecode.rate.seconds(frame)) < Fraction(1, 8)


@pytest.mark.parametrize("text", ["00:01:00;00", "00:01:00;01", "00:11:00;01"])
def test_labels_that_drop_frame_counting_leaves_out_are_refused(text: str) -> None:
    with pytest.raises(RecordError, match="leaves out"):
        Timecode.parse(text, FrameRate.of("29.97"))


@pytest.mark.parametrize(
    "text", ["", "1:2:3:4", "00:00:00", "00:60:00:00", "00:00:60:00", "00:00:00:25", "a0:00:00:00"]
)
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="is not a timecode"):
        Timecode.parse(text, FrameRate.of(25))


def test_a_semicolon_at_a_rate_without_drop_frame_is_refused() -> None:
    with pytest.raises(RecordError, match="drop-frame timecode does not exist at 25 fps"):
        Timecode.parse("00:00:00;00", FrameRate.of(25))


def test_a_timecode_before_zero_is_refused() -> None:
    with pytest.raises(RecordError, match="before zero"):
        Timecode(-1, FrameRate.of(25))
