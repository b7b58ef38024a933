"""Timestamps of a picture: repaired so that they rise, collected as they pass by."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from dubkit.errors import MediaError
from dubkit.schema import VideoInfo
from dubkit.timing import FrameTimes

__all__ = ["OutputClock", "PtsRepair", "TimesCollector", "frame_ticks", "last_duration"]

_MATROSKA = Fraction(1, 1000)
_FINEST = 1 << 30
"""Units per second that every container can count."""


def frame_ticks(info: VideoInfo) -> int:
    """Units of the stream's clock that a frame lasts at the nominal rate, rounded; at least 1."""
    return max(1, round(1 / (info.rate.fps * info.time_base)))


class PtsRepair:
    """Makes timestamps rise without losing a frame.

    A missing timestamp follows the last one by a frame. A doubled one, or one that steps back by less than a
    frame, is put half a frame after the last, so that later ones are on time again. A longer step back is a
    clock that was set anew: it and all that follow go on from where the old clock stood.

    Args:
        step: Units of the clock per frame.
        first: Timestamp of the first frame, should it have none.
    """

    def __init__(self, step: int, first: int = 0) -> None:
        self._step = step
        self._last = first - step
        self._shift = 0
        self._started = False

    def next(self, pts: int | None) -> int:
        """The timestamp of the next frame, given the one it was stored with."""
        wanted = self._last + self._step if pts is None else pts + self._shift
        if self._started and wanted <= self._last:
            if wanted > self._last - self._step:
                wanted = self._last + max(1, self._step // 2)
            else:
                self._shift += self._last + self._step - wanted
                wanted = self._last + self._step
        self._last, self._started = wanted, True
        return wanted


def last_duration(info: VideoInfo, first: int, last: int, shortest: int, longest: int) -> int:
    """How long the last frame is shown, in units of the stream's clock.

    What the container's duration leaves for it, where that is plausible; else one frame at the nominal rate.

    Args:
        info: The picture's record.
        first: Timestamp of the first frame.
        last: Timestamp of the last frame.
        shortest: Shortest step between two frames, 0 where there is only one frame.
        longest: Longest step between two frames.
    """
    step = frame_ticks(info)
    left = round(info.duration / info.time_base) - (last - first) if info.duration else 0
    constant = longest - shortest <= 1
    if constant and longest:
        return left if abs(left - longest) <= 1 and left > 0 else max(1, shortest)
    return left if 1 <= left <= 3 * step else step


class TimesCollector:
    """Gathers the timestamps of a picture while somebody else reads it."""

    def __init__(self) -> None:
        self._pts: list[int] = []

    def add(self, pts: int) -> None:
        """Note the timestamp of the next frame."""
        self._pts.append(pts)

    def finish(self, info: VideoInfo) -> FrameTimes:
        """The times of all frames noted.

        Raises:
            MediaError: if there were none.
        """
        if not self._pts:
            raise MediaError("has no frames", remedy="give a file with a picture in it")
        pts = np.array(self._pts, np.int64)
        steps = np.diff(pts)
        shortest, longest = (int(steps.min()), int(steps.max())) if steps.size else (0, 0)
        end = last_duration(info, int(pts[0]), int(pts[-1]), shortest, longest)
        return FrameTimes(pts, Fraction(info.time_base), end)


class OutputClock:
    """Timestamps of the source turned into those of the master, which starts at 0.

    They are the same in relation to each other, save where that cannot be: containers without timestamps get
    frame numbers. Matroska rounds to the millisecond; a frame that lies on the grid of the nominal rate but
    for that rounding is put back on it.

    Args:
        video: The source's picture.
        numbered: Whether the container or the encoder only knows frame numbers at the nominal rate.

    Attributes:
        time_base: Seconds per unit of the master's timestamps.
        moved: Seconds by which a frame is shown earlier or later than in the source, at most.
    """

    def __init__(self, video: VideoInfo, *, numbered: bool) -> None:
        self._video = video
        self._frame = 1 / video.rate.fps
        self._counted = video.is_still
        self._numbered = numbered or video.is_still
        self._coarse = video.time_base == _MATROSKA
        fine = video.time_base
        if self._coarse:
            fine = Fraction(1, math.lcm(1000, video.rate.fps.numerator))
        if fine.denominator > _FINEST:
            fine = Fraction(1, math.lcm(90_000, video.rate.fps.numerator))
        self.time_base = self._frame if self._numbered else fine
        self._first = 0
        self._previous: int | None = None
        self._tick = -1
        self._shortest, self._longest = 0, 0
        self.moved = Fraction(0)

    def tick(self, pts: int) -> int:
        """The master's timestamp of the next frame, whose timestamp in the source is ``pts``."""
        if self._previous is None:
            self._first = pts
        else:
            step = pts - self._previous
            self._shortest = min(self._shortest or step, step)
            self._longest = max(self._longest, step)
        self._previous = pts
        wanted = self._tick + 1 if self._counted else self._converted(pts)
        self._tick = max(wanted, self._tick + 1)
        if not self._counted:
            shown = (pts - self._first) * self._video.time_base
            self.moved = max(self.moved, abs(self._tick * self.time_base - shown))
        return self._tick

    def _converted(self, pts: int) -> int:
        time = (pts - self._first) * self._video.time_base
        frame = round(time / self._frame) * self._frame
        if self._numbered or (self._coarse and abs(time - frame) <= _MATROSKA):
            time = frame
        return round(time / self.time_base)

    def last(self) -> int:
        """How long the last frame is shown, in units of the master's clock."""
        if self._numbered:
            return 1
        end = last_duration(self._video, self._first, self._previous or 0, self._shortest, self._longest)
        time = end * self._video.time_base
        if self._coarse and abs(time - self._frame) <= 2 * _MATROSKA:
            time = self._frame
        return max(1, round(time / self.time_base))
