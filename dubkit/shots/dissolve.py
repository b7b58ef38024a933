"""Find dissolves while a picture is being decoded: one picture turns into another, everywhere at once.

In a dissolve from A into B each frame is near (1 - a) A + a B with a rising from 0 to 1. That is tried on stretches of
many lengths that end at the newest frame, with a stretch's own ends as A and B. Of a dissolve,

- the ends are different pictures: not alike in colours or in where they have detail, as the ends of a change of light;
- the frames between lie near the straight line from A to B, and go along it in small steps: a cut or something that
  passes before the camera leaps, a fast camera leaves the line;
- what is fine in the frames between is as weak as blending makes it: of two unlike pictures a blend in equal parts has
  about half the energy of either. What moves leaves the energy as it was;
- the frames between cannot be moved onto one another, as those of a moving or zooming camera can.

A fade is a dissolve with a flat picture at one end.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema import Image
from dubkit.shots.blend import (
    Look,
    colour_likeness,
    detail_kept,
    dot,
    is_faint,
    is_flat,
    look_at,
    moved_rest,
    place_likeness,
)
from dubkit.timing import FrameRange, FrameRate

__all__ = ["Dissolve", "DissolveFinder", "DissolveKind", "DissolveSettings"]

_LENGTH_STEP = 1.3  # each length tried is this many times the one before
_PARTS = 8  # a stretch is looked at after each of its eighths
_INNER = (0.2, 0.8)  # shares of B between which detail is compared: outside them blending hardly weakens it
_LEAST_DETAIL = -0.35  # motion blur takes away more than blending does
_BACKWARDS = -0.08  # a share may fall by noise
_LEAST_WORTH = 150.0  # what is near the limit in everything is none; 97 % of dissolves are worth more than 400
_LEAST_EXTENT = 0.4  # part of a stretch that its dissolve takes at least: a head turns quickly, and then is still


@dataclass(frozen=True)
class DissolveSettings:
    """What counts as a dissolve or a fade.

    Measured with the defaults on made dissolves between 34 real clips, and on the motion in those clips; see
    ``docs/tracking.md``. The figures in brackets are what nearly all dissolves stay within, and what motion reaches.

    Attributes:
        shortest: Seconds of the shortest stretch looked at.
        longest: Seconds of the longest; 0 looks for no dissolves.
        change: Least root mean square difference of its ends, 0..255 (dissolves above 37).
        area: Least part of the picture that changes by that much, 0..1: a title or a face that appears is no dissolve.
        colours: Correlation of the ends' colours above which they are one picture, -1..1 (0.7; talking faces 0.7 to 1).
        places: The same of where they have detail, -1..1 (0.5; the same place in another light 0.5 to 1).
        off: Mean squared distance of the frames between from the line, as a share of the ends' difference (0.1).
        leap: Largest share of the way that an eighth of the stretch may bring (0.4).
        detail: Share that frames between keep of the energy that blending takes away (0.45; motion 0.8 to 1.1).
        moved: Share of the difference between two of them that is left after moving one onto the other (at least
            0.73; a moving camera mostly below 0.5).
        side: Longest side in pixels of the images compared.
    """

    shortest: float = 0.2
    longest: float = 2.6
    change: float = 12.0
    area: float = 0.4
    colours: float = 0.75
    places: float = 0.6
    off: float = 0.12
    leap: float = 0.42
    detail: float = 0.6
    moved: float = 0.62
    side: int = 64

    def __post_init__(self) -> None:
        """Refuse values nothing could be found with."""
        if self.shortest <= 0 or self.longest < 0 or self.change <= 0 or self.side < 16:
            raise RecordError("dissolve settings need a shortest length, a change and a side of at least 16 pixels")


class DissolveKind(Enum):
    """What turns into what."""

    DISSOLVE = "dissolve"
    FADE_OUT = "fade out"
    FADE_IN = "fade in"


@dataclass(frozen=True)
class Dissolve:
    """A gradual change.

    Attributes:
        frames: The frames in which it is seen.
        kind: What turns into what.
    """

    frames: FrameRange
    kind: DissolveKind

    @property
    def middle(self) -> int:
        """The first frame of its second half."""
        return (self.frames.start + self.frames.stop) // 2


@dataclass(frozen=True)
class _Stretch:
    """Frames ``first`` to ``last``, both included, that look like a dissolve; ``worth`` grows with how much so."""

    first: int
    last: int
    worth: float
    kind: DissolveKind


class DissolveFinder:
    """Takes the frames of one film in order; holds some seconds of tiny pictures, never the film.

    Args:
        rate: Nominal frame rate; the lengths looked at depend on it.
        settings: What counts as a dissolve.
    """

    def __init__(self, rate: FrameRate, settings: DissolveSettings | None = None) -> None:
        self._settings = settings or DissolveSettings()
        self._lengths = list(_lengths(rate, self._settings))
        longest = max(self._lengths, default=0)
        self._around = longest // 2
        self._recent: deque[Look] = deque(maxlen=2 * longest + 4)
        self._count = 0
        self._best: _Stretch | None = None
        self._found: list[Dissolve] = []

    def add(self, image: Image) -> None:
        """Take the next frame, (height, width, 3) uint8 at any scale, the same for all."""
        newest = self._count
        self._count += 1
        if not self._lengths:
            return
        self._recent.append(look_at(image, self._settings.side))
        for length in self._lengths:
            if newest >= length and newest % max(1, length // _PARTS) == 0:
                stretch = self._judge(newest - length, newest)
                if stretch is not None:
                    self._keep(stretch)
        if self._best is not None and newest > self._best.last + self._around:
            self._close(self._best)

    @property
    def found(self) -> tuple[Dissolve, ...]:
        """The dissolves and fades found so far, in order; no two share a frame."""
        return tuple(self._found)

    @property
    def settled(self) -> int:
        """The frame before which no dissolve begins that is still to be found."""
        # One that is judged now began its own length ago at the earliest, and may reach out by three quarters of that;
        # the best one so far was judged up to half a length ago.
        return self._count - math.ceil(2.25 * max(self._lengths, default=0)) - 2

    def finish(self) -> tuple[Dissolve, ...]:
        """The dissolves and fades found, in order; no two share a frame."""
        if self._best is not None:
            self._close(self._best)
        return self.found

    def _keep(self, stretch: _Stretch) -> None:
        best = self._best
        if best is not None and stretch.first >= best.last:
            self._close(best)
            best = None
        if best is None or stretch.worth > best.worth:
            self._best = stretch

    def _close(self, best: _Stretch) -> None:
        self._best = None
        frames = self._extent(best)
        after = self._found[-1].frames.stop if self._found else 0
        frames = FrameRange(max(frames.start, after), max(frames.stop, after))
        if len(frames) >= (best.last - best.first) * _LEAST_EXTENT:
            self._found.append(Dissolve(frames, best.kind))

    def _at(self, frame: int) -> Look:
        return self._recent[frame - self._count]

    def _judge(self, first: int, last: int) -> _Stretch | None:
        """The stretch from ``first`` to ``last``; None where it is no dissolve. Cheap questions come first."""
        settings, one, other = self._settings, self._at(first), self._at(last)
        step = other.colours - one.colours
        change = dot(step, step)
        if change < settings.change**2 * step.size or np.mean(np.abs(step) > settings.change) < settings.area:
            return None
        kind = _kind(one, other)
        if kind is None:
            return None
        if kind is DissolveKind.DISSOLVE and self._is_one_picture(one, other):
            return None
        shares, off, detail = self._between(first, last, step, change)
        steps = np.diff(shares)
        if off > settings.off or steps.max() > settings.leap or steps.min() < _BACKWARDS:
            return None
        if not _LEAST_DETAIL <= detail <= settings.detail:
            return None
        # The whole way is worth more than a part of it, and a straight one more than one with its ends too far out.
        worth = change / step.size * (1 - off / settings.off) * (1 - max(detail, 0.0) / 2) * (1 - steps.max())
        best = self._best.worth if self._best is not None and first < self._best.last else _LEAST_WORTH
        if worth <= best:
            return None
        near_middle = max(1, round((last - first) * 3 / _PARTS))
        if moved_rest(self._at(first + near_middle), self._at(last - near_middle)) < settings.moved:
            return None
        return _Stretch(first, last, worth, kind)

    def _is_one_picture(self, one: Look, other: Look) -> bool:
        settings = self._settings
        return colour_likeness(one, other) > settings.colours or place_likeness(one, other) > settings.places

    def _between(
        self, first: int, last: int, step: npt.NDArray[np.float32], change: float
    ) -> tuple[npt.NDArray[np.float64], float, float]:
        """Share of B after each eighth, 0 and 1 included; mean distance from the line; mean share of detail kept."""
        length, one, other = last - first, self._at(first), self._at(last)
        shares, off, kept = [0.0], [], []
        for after in sorted({round(length * part / _PARTS) for part in range(1, _PARTS)} - {0, length}):
            look = self._at(first + after)
            way = look.colours - one.colours
            share = dot(way, step) / change
            rest = way - np.float32(share) * step
            shares.append(share)
            off.append(dot(rest, rest) / change)
            if _INNER[0] < share < _INNER[1]:
                kept.append(detail_kept(look, share, one, other))
        detail = float(np.mean(kept)) if kept else float("inf")
        return np.array([*shares, 1.0]), float(np.mean(off)), detail

    def _extent(self, stretch: _Stretch) -> FrameRange:
        """The frames of the whole dissolve of which ``stretch`` is a part, or which is a part of it.

        Where it is a quarter and three quarters through is sure; noise and motion hide its ends, which are taken to
        lie as far out as if it were even.
        """
        around = (stretch.last - stretch.first) // 2
        low = max(stretch.first - around, self._count - len(self._recent))
        high = min(stretch.last + around, self._count - 1)
        one = self._at(stretch.first).colours
        step = self._at(stretch.last).colours - one
        change = dot(step, step)
        shares = np.array([dot(self._at(frame).colours - one, step) / change for frame in range(low, high + 1)])
        bottom, top = float(shares.min()), float(shares.max())
        begin = stretch.first - low
        quarter = begin + int(np.argmax(shares[begin:] >= bottom + (top - bottom) / 4))
        last_quarter = quarter + int(np.argmax(shares[quarter:] >= top - (top - bottom) / 4))
        beyond = (last_quarter - quarter + 1) / 2
        start, stop = low + quarter - beyond, low + last_quarter + 1 + beyond
        return FrameRange(max(0, int(np.floor(start))), min(self._count, int(np.ceil(stop))))


def _kind(one: Look, other: Look) -> DissolveKind | None:
    """What these ends are the ends of; None where the light is only turned down, or nothing is seen at all."""
    if is_faint(one, other):
        return None if is_flat(other) else DissolveKind.FADE_IN
    if is_faint(other, one):
        return DissolveKind.FADE_OUT if is_flat(other) else None
    return DissolveKind.DISSOLVE


def _lengths(rate: FrameRate, settings: DissolveSettings) -> Iterator[int]:
    seconds, last = settings.shortest, 0
    while seconds <= settings.longest:
        length = max(4, round(seconds * rate.fps))
        if length != last:
            yield length
        seconds, last = seconds * _LENGTH_STEP, length
