"""Group shots into scenes: what comes back within a while belongs together, and so does all that lies between.

A conversation cut back and forth (A B A B) is one scene though A and B look nothing alike: each of its shots soon looks
like one seen before. So shots that look alike within a time are linked, and a scene ends where no link goes across: the
scene transition graph of Yeung, Yeo and Liu (1998), cut along the film.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema import Image, Scene, Shot
from dubkit.timing import FrameRange, FrameRate

__all__ = ["SceneFinder", "SceneSettings", "group_shots"]

_Colours = npt.NDArray[np.float32]

_BINS = (12, 4, 6)  # of hue, saturation and value
_SIDE = 64  # pixels: enough for the shares of colours
_WHOLE = 0.5  # weight of the whole picture's colours; the rest is for those of its two halves, left and right
_MOST = 6  # looks compared per shot


@dataclass(frozen=True)
class SceneSettings:
    """What belongs together.

    Attributes:
        alike: Share of their colours that two shots have in common from which they show the same, 0..1. Measured on
            real clips: parts of one shot have 0.82 or more in common, 95 % of different clips less than 0.47.
        within: Seconds between the end of a shot and the start of one that continues it, at most.
        every: Seconds between the frames looked at.
    """

    alike: float = 0.7
    within: float = 30.0
    every: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values that group nothing or everything."""
        if not 0 < self.alike <= 1 or self.within < 0 or self.every <= 0:
            raise RecordError("scene settings need a likeness in (0, 1], no negative time and a pause above zero")


class SceneFinder:
    """Takes the frames of one film in order and keeps the colours of some: under two kilobytes per second of film.

    Args:
        rate: Nominal frame rate.
        settings: What belongs together.
    """

    def __init__(self, rate: FrameRate, settings: SceneSettings | None = None) -> None:
        self._rate = rate
        self._settings = settings or SceneSettings()
        self._every = max(1, round(self._settings.every * rate.fps))
        self._frames: list[int] = []
        self._looks: list[npt.NDArray[np.uint8]] = []
        self._count = 0

    def add(self, image: Image) -> None:
        """Take the next frame, (height, width, 3) uint8 at any scale."""
        if self._count % self._every == 0:
            self._frames.append(self._count)
            self._looks.append(_look(image))
        self._count += 1

    def finish(self, shots: Sequence[Shot]) -> tuple[Scene, ...]:
        """The scenes of ``shots``, which are all shots of the film in order."""
        looks = [self._looks_in(shot.clear) for shot in shots]
        return group_shots(shots, looks, self._rate, self._settings)

    def _looks_in(self, frames: FrameRange) -> list[_Colours]:
        first, last = bisect_left(self._frames, frames.start), bisect_left(self._frames, frames.stop)
        step = max(1, math.ceil((last - first) / _MOST))
        return [self._looks[index].astype(np.float32) / np.float32(255) for index in range(first, last, step)]


def group_shots(
    shots: Sequence[Shot], looks: Sequence[Sequence[_Colours]], rate: FrameRate, settings: SceneSettings | None = None
) -> tuple[Scene, ...]:
    """Group shots by what they look like.

    Args:
        shots: All shots, in order.
        looks: For each, the colours of some of its frames; a shot without any stays with the one before it.
        rate: Nominal frame rate.
        settings: What belongs together.

    Returns:
        Scenes in order; each shot lies in exactly one.
    """
    settings = settings or SceneSettings()
    longest = settings.within * rate.fps
    # The last shot that any shot up to this one is linked with: a scene ends where that is the shot itself.
    reach = list(range(len(shots)))
    for later, shot in enumerate(shots):
        if not looks[later] and later:
            reach[later - 1] = later
        for earlier in range(later - 1, -1, -1):
            if shot.frames.start - shots[earlier].frames.stop > longest:
                break
            if _alike(looks[earlier], looks[later]) >= settings.alike:
                reach[earlier] = max(reach[earlier], later)
    scenes: list[Scene] = []
    first, furthest = 0, 0
    for index in range(len(shots)):
        furthest = max(furthest, reach[index])
        if furthest == index:
            scenes.append(Scene(tuple(shots[first : index + 1])))
            first = furthest = index + 1
    return tuple(scenes)


def _look(image: Image) -> npt.NDArray[np.uint8]:
    """(3, bins) shares of colours in the whole picture and in its halves; square roots, in 255ths, to be kept small."""
    scale = _SIDE / max(image.shape[:2])
    if scale < 1:
        size = (max(2, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
    half = hsv.shape[1] // 2
    parts = [_shares(np.asarray(part, np.uint8)) for part in (hsv, hsv[:, : max(half, 1)], hsv[:, half:])]
    return np.round(255 * np.sqrt(np.stack(parts))).astype(np.uint8)


def _shares(hsv: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    scaled = [(hsv[..., k].astype(np.int64) * bins) // (180 if k == 0 else 256) for k, bins in enumerate(_BINS)]
    # Grey has no hue and black no colour at all: what the camera says there is noise.
    gray = hsv[..., 1] < 256 // _BINS[1] // 2
    hue = np.where(gray, 0, scaled[0])
    index = (hue * _BINS[1] + np.where(gray, 0, scaled[1])) * _BINS[2] + scaled[2]
    counted = np.bincount(index.ravel(), minlength=math.prod(_BINS))
    return np.asarray(counted / index.size, np.float64)


def _alike(one: Sequence[_Colours], other: Sequence[_Colours]) -> float:
    """The largest share that any look of the one has in common with any of the other: 1 for the same picture."""
    return max((_common(first, second) for first in one for second in other), default=0.0)


def _common(one: _Colours, other: _Colours) -> float:
    whole, left, right = (float(np.minimum(a**2, b**2).sum()) for a, b in zip(one, other, strict=True))
    return _WHOLE * whole + (1 - _WHOLE) * (left + right) / 2
