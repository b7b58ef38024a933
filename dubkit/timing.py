"""Exact time: the only place where frames, seconds, samples and mel steps are converted into each other.

Seconds are :class:`fractions.Fraction` from the start of the picture (the first frame is shown at 0).
Ranges are half-open and never clamp. Rounding, where a conversion needs it, is stated per function.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError

__all__ = [
    "FrameRange",
    "FrameRate",
    "FrameTimes",
    "Seconds",
    "TimeRange",
    "Timecode",
    "mel_step",
    "sample_count",
]

Seconds: TypeAlias = Fraction
"""A time or a duration in seconds, exact."""

_NTSC_NOMINALS = (24, 30, 48, 60, 120)


def sample_count(duration: Seconds, sample_rate: int) -> int:
    """Samples in ``duration`` seconds at ``sample_rate`` Hz, rounded half up; also the index of a time's sample."""
    return math.floor(duration * sample_rate + Fraction(1, 2))


def mel_step(time: Seconds, steps_per_second: Fraction) -> int:
    """Index of the mel step in which ``time`` lies (rounded down, as the published code does)."""
    return math.floor(time * steps_per_second)


@dataclass(frozen=True, order=True)
class FrameRate:
    """Frames per second as an exact fraction.

    >>> FrameRate.of(23.976)
    FrameRate(24000/1001)
    """

    fps: Fraction

    def __post_init__(self) -> None:
        """Refuse rates no picture can have."""
        if not isinstance(self.fps, Fraction) or self.fps <= 0:
            raise RecordError(f"{self.fps!r} is not a frame rate", remedy="give a positive fraction")

    def __repr__(self) -> str:
        return f"FrameRate({self.fps})"

    def __str__(self) -> str:
        return f"{float(self.fps):.3f}".rstrip("0").rstrip(".")

    @classmethod
    def of(cls, value: float | str | Fraction) -> FrameRate:
        """The rate meant by ``value``; decimals near an NTSC rate (23.976, 29.97 ...) become n·1000/1001 exactly."""
        try:
            exact = Fraction(value)
        except (ValueError, ZeroDivisionError, OverflowError) as error:
            raise RecordError(f"{value!r} is not a frame rate", remedy="write 25, 23.976 or 24000/1001") from error
        for nominal in _NTSC_NOMINALS:
            ntsc = Fraction(nominal * 1000, 1001)
            if abs(exact - ntsc) < Fraction(1, 200):
                return cls(ntsc)
        return cls(exact.limit_denominator(100_000))

    @property
    def nominal(self) -> int:
        """Frames counted per timecode second: 30 for 29.97."""
        return math.ceil(self.fps)

    @property
    def is_ntsc(self) -> bool:
        """Whether the rate is a whole number slowed by 1000/1001."""
        return self.fps.denominator == 1001

    def seconds(self, frames: int) -> Seconds:
        """Time at which frame ``frames`` starts, or the duration of that many frames."""
        return frames / self.fps

    def frame_at(self, time: Seconds) -> int:
        """The frame shown at ``time`` (rounded down)."""
        return math.floor(time * self.fps)


@dataclass(frozen=True)
class TimeRange:
    """Half-open span of time ``[start, stop)`` in seconds; may be empty, never reversed."""

    start: Seconds
    stop: Seconds

    def __post_init__(self) -> None:
        """Refuse a reversed range."""
        if self.stop < self.start:
            raise RecordError(f"time range ends at {float(self.stop):g} s before it starts at {float(self.start):g} s")

    @property
    def duration(self) -> Seconds:
        """Seconds from start to stop."""
        return self.stop - self.start

    def overlaps(self, other: TimeRange) -> bool:
        """Whether some moment lies in both."""
        return max(self.start, other.start) < min(self.stop, other.stop)

    def shifted(self, by: Seconds) -> TimeRange:
        """The same span, ``by`` seconds later."""
        return TimeRange(self.start + by, self.stop + by)


@dataclass(frozen=True, order=True)
class FrameRange:
    """Half-open run of frames ``[start, stop)``; may be empty, never reversed or negative."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        """Refuse a reversed or negative range."""
        if not 0 <= self.start <= self.stop:
            raise RecordError(f"[{self.start}, {self.stop}) is not a frame range")

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.start <= frame < self.stop

    def __str__(self) -> str:
        return f"frames {self.start}..{self.stop - 1}" if self else "no frames"

    def overlap(self, other: FrameRange) -> FrameRange:
        """The frames in both; empty where there are none."""
        start = max(self.start, other.start)
        return FrameRange(start, max(start, min(self.stop, other.stop)))

    @property
    def indices(self) -> range:
        """The frame numbers, in order."""
        return range(self.start, self.stop)


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """When each frame of a picture is shown: exact also where the rate varies.

    Attributes:
        pts: (frames,) int64, strictly rising, in units of ``time_base``.
        time_base: Seconds per unit of ``pts``.
        last_duration: How long the last frame is shown, in units of ``time_base``.
    """

    pts: npt.NDArray[np.int64]
    time_base: Fraction
    last_duration: int

    def __post_init__(self) -> None:
        """Refuse times that do not rise."""
        if self.pts.ndim != 1 or self.pts.size == 0 or self.last_duration <= 0 or self.time_base <= 0:
            raise RecordError("frame times need at least one frame, a positive last duration and time base")
        if np.any(np.diff(self.pts) <= 0):
            raise RecordError("frame times do not rise")
        self.pts.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, FrameTimes)
            and self.time_base == other.time_base
            and self.last_duration == other.last_duration
            and np.array_equal(self.pts, other.pts)
        )

    def __hash__(self) -> int:
        return hash((self.pts.tobytes(), self.time_base, self.last_duration))

    def __repr__(self) -> str:
        return f"FrameTimes({len(self)} frames, {float(self.duration):.3f} s)"

    def __len__(self) -> int:
        return int(self.pts.size)

    @classmethod
    def constant(cls, frames: int, rate: FrameRate) -> FrameTimes:
        """The times of ``frames`` frames at a constant ``rate``, starting at 0."""
        fps = rate.fps
        return cls(np.arange(frames, dtype=np.int64) * fps.denominator, Fraction(1, fps.numerator), fps.denominator)

    @property
    def duration(self) -> Seconds:
        """Seconds from the first frame's start to the last one's end."""
        return (int(self.pts[-1]) - int(self.pts[0]) + self.last_duration) * self.time_base

    @property
    def is_constant(self) -> bool:
        """Whether all frames are shown equally long, up to one unit of rounding in the container's clock."""
        steps = np.diff(self.pts)
        return steps.size == 0 or int(steps.max() - steps.min()) <= 1

    def seconds(self, frame: int) -> Seconds:
        """When frame ``frame`` is shown, from the start of the picture. ``len(self)`` gives the end."""
        if frame == len(self):
            return self.duration
        if not 0 <= frame < len(self):
            raise IndexError(f"frame {frame} of a picture of {len(self)} frames")
        return (int(self.pts[frame]) - int(self.pts[0])) * self.time_base

    def frame_at(self, time: Seconds) -> int:
        """The frame shown at ``time``: -1 before the picture, ``len(self)`` from its end on."""
        if time >= self.duration:
            return len(self)
        ticks = math.floor(time / self.time_base) + int(self.pts[0])
        return int(np.searchsorted(self.pts, ticks, side="right")) - 1

    def frames_in(self, span: TimeRange) -> FrameRange:
        """The frames shown during any part of ``span`` that lies inside the picture; empty where none are."""
        start = max(0, self.frame_at(span.start))
        if span.duration <= 0 or span.stop <= 0:
            return FrameRange(start, start)
        stop = self.frame_at(span.stop)
        if stop < len(self) and self.seconds(stop) < span.stop:
            stop += 1
        return FrameRange(start, max(start, stop))

    def time_range(self, frames: FrameRange) -> TimeRange:
        """From the start of the first to the end of the last of ``frames``."""
        return TimeRange(self.seconds(frames.start), self.seconds(frames.stop))


_TIMECODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")


@dataclass(frozen=True)
class Timecode:
    """SMPTE timecode of one frame.

    Attributes:
        frame: Frames counted since 00:00:00:00 of the same kind of count.
        rate: The rate it counts at.
        drop: Drop-frame counting (29.97 and 59.94 only): the labels :00 and :01 (:00 to :03 at 59.94) are left out
            in every minute not divisible by ten, so that labels keep up with the clock. SMPTE ST 12-1.
    """

    frame: int
    rate: FrameRate
    drop: bool = False

    def __post_init__(self) -> None:
        """Refuse drop-frame counting at rates that have none."""
        if self.frame < 0:
            raise RecordError(f"timecode of frame {self.frame} lies before zero")
        if self.drop and not (self.rate.is_ntsc and self.rate.nominal % 30 == 0):
            raise RecordError(f"drop-frame timecode does not exist at {self.rate} fps")

    @property
    def _dropped(self) -> int:
        return self.rate.nominal // 15 if self.drop else 0

    @classmethod
    def parse(cls, text: str, rate: FrameRate) -> Timecode:
        """Read ``HH:MM:SS:FF``; a semicolon before the frames means drop-frame."""
        match = _TIMECODE.fullmatch(text.strip())
        if match is None:
            raise RecordError(f"{text!r} is not a timecode", remedy="write HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame")
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        drop, nominal = match[4] == ";", rate.nominal
        if minutes > 59 or seconds > 59 or frames >= nominal:
            raise RecordError(f"{text!r} is not a timecode at {rate} fps")
        dropped = nominal // 15 if drop else 0
        if dropped and seconds == 0 and frames < dropped and minutes % 10:
            raise RecordError(f"{text!r} is a label that drop-frame counting leaves out")
        total = hours * 60 + minutes
        count = (total * 60 + seconds) * nominal + frames - dropped * (total - total // 10)
        return cls(count, rate, drop)

    def __str__(self) -> str:
        nominal, dropped, count = self.rate.nominal, self._dropped, self.frame
        if dropped:
            per_minute = nominal * 60 - dropped
            per_ten = per_minute * 10 + dropped
            tens, rest = divmod(count, per_ten)
            count += dropped * (9 * tens + (max(0, rest - dropped) // per_minute))
        seconds, frames = divmod(count, nominal)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours:02}:{minutes:02}:{seconds:02}{';' if self.drop else ':'}{frames:02}"
