"""Find the cuts, fades and dissolves of a picture while it is being decoded.

A hard cut is a frame whose change from the frame before is large, and several times larger than that of the frames
around it (PySceneDetect's adaptive detector): fast motion changes all of them alike. A fade is a stretch of black
(its threshold detector); the shot after it starts with the first black frame. What only flashes (the picture before
and after is the same) is no cut. Dissolves, and fades to and from other colours, are found by
:mod:`dubkit.shots.dissolve`: a shot begins in the middle of a dissolve.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ContentDetector, ThresholdDetector

from dubkit.errors import InputError, MediaError, RecordError
from dubkit.schema import Image, Shot
from dubkit.shots.bounds import Bounds
from dubkit.shots.dissolve import DissolveFinder, DissolveSettings
from dubkit.timing import FrameRange, FrameRate

__all__ = ["ShotFinder", "ShotSettings", "find_shots"]

# Luma counts three times as much as hue and saturation: with PySceneDetect's equal weights, cuts of black-and-white
# films score a third of what colour films do. Measured at the defaults below on 399 cuts between random pieces, 6 to
# 40 frames long, of the shots of 34 real clips: missed 1 in colour, 10 in black and white (equal weights: 22), 7 at
# 30 % brightness, 2 with letterbox bars; nearly all of them between two takes in one room. Falsely found in the
# clips' 7,000 frames: 1, where a projected slide is switched off.
_WEIGHTS = ContentDetector.Components(delta_hue=1.0, delta_sat=1.0, delta_lum=3.0, delta_edges=0.0)

# At the ends of the film, and beside another cut, a cut is judged by few neighbours, beside which motion is large.
_END_FACTOR = 2.5

# The picture is back after a flash if it changed less across it than these shares of the least change of a cut, and
# of the change the flash began or ended with.
_BACK_LEAST, _BACK_SHARE = 0.75, 0.3

_BESIDE = 1  # frames between a cut that the detector finds and one that is found beside it
_UNCERTAIN = 4  # frames before a dissolve that it may still concern


@dataclass(frozen=True)
class ShotSettings:
    """What counts as a cut.

    Attributes:
        change: Least change of a cut frame: mean difference of hue, saturation and (threefold) luma, 0..255.
        ratio: How many times larger than the mean of its neighbours' the change must be.
        window: Neighbours looked at on either side, in frames.
        black: A frame whose mean sample is below this is black, 0..255.
        flash: A picture that is back within this time was only interrupted by a flash, in seconds. Inserts as
            short as this are not separated from the shot around them. 0 looks for no flashes.
        side: Frames are scaled to this longest side before they are compared, in pixels.
        dissolves: What counts as a dissolve.
    """

    change: float = 10.0
    ratio: float = 3.5
    window: int = 2
    black: int = 4
    flash: float = 0.2
    side: int = 256
    dissolves: DissolveSettings = field(default_factory=DissolveSettings)

    def __post_init__(self) -> None:
        """Refuse values nothing could be found with."""
        if self.change <= 0 or self.ratio <= 0 or self.window < 1 or self.flash < 0 or self.side < 1:
            raise RecordError("shot settings need a change, ratio, window and side above zero and no negative flash")


class ShotFinder:
    """Takes the frames of one film in order; holds a fraction of a second of small pictures, never the film.

    Args:
        rate: Nominal frame rate; only the length of a flash depends on it.
        settings: What counts as a cut.
    """

    def __init__(self, rate: FrameRate, settings: ShotSettings | None = None) -> None:
        self._settings = settings = settings or ShotSettings()
        self._rate = rate
        self._reach = math.floor(settings.flash * rate.fps)
        self._cut_detector = AdaptiveDetector(
            adaptive_threshold=settings.ratio,
            min_scene_len=0,
            window_width=settings.window,
            min_content_val=settings.change,
            weights=_WEIGHTS,
        )
        self._fade_detector = ThresholdDetector(
            threshold=settings.black, min_scene_len=0, fade_bias=-1.0, min_out_length=2
        )
        self._shown = 0
        self._count = 0
        self._size: tuple[int, ...] = ()
        self._recent: deque[Image] = deque(maxlen=3 * (self._reach + 1) + 3 * settings.window + 2)
        self._candidates: deque[int] = deque()
        self._fades: deque[FrameRange] = deque()
        self._dissolves = DissolveFinder(rate, settings.dissolves)
        self._bounds = Bounds()
        self._possible: set[int] = set()
        self._shots: tuple[Shot, ...] | None = None

    @property
    def possible(self) -> frozenset[int]:
        """Frames that may be the last or the first of a shot, as the newest frame or the film's end has shown.

        Mostly none, and none further back than :attr:`memory`. Every cut is told of; a shot that begins with black or
        in the middle of a dissolve is not.
        """
        return frozenset(self._possible)

    @property
    def memory(self) -> int:
        """How many frames, the newest included, the possible ones are among."""
        return self._settings.window + _BESIDE + 2

    def settled(self) -> tuple[Shot, ...]:
        """The shots so far that nothing to come can change: what :meth:`finish` returns begins with them."""
        black = [fade.start for fade in self._fades]
        if self._fade_detector.last_fade["type"] == "out":
            black.append(self._fade_detector.last_fade["frame"].frame_num)
        judged = self._count - self._reach - self._settings.window - _BESIDE
        before = min(self._dissolves.settled, judged, *black)
        shots = self._bounds.shots(self._count, self._dissolves.found)
        return tuple(shot for shot in shots if shot.frames.stop < before - _UNCERTAIN)

    def add(self, image: Image) -> None:
        """Take the next frame.

        Args:
            image: The frame, at any scale (the same for all of them); it is copied where it must be kept.

        Raises:
            MediaError: The image is no (height, width, 3) uint8 array, or of another size than those before.
            InputError: The film has been finished already.
        """
        if self._shots is not None:
            raise InputError("a frame came after the shots were finished", remedy="use a new finder for each film")
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise MediaError(f"frame {self._count} is {image.dtype} {image.shape}, not (height, width, 3) uint8")
        if self._size and image.shape != self._size:
            raise MediaError(f"frame {self._count} is {image.shape} after frames of {self._size}")
        self._size = image.shape
        small = _shrink(image, self._settings.side)
        if self._count == 0:
            # The detector judges a frame by its neighbours: the first and the last frame are lent some of their own.
            self._show(small, times=self._settings.window)
        self._recent.append(small)
        self._count += 1
        self._possible.clear()
        self._show(small)
        now = self._count - 1
        fades = self._fade_detector.process_frame(FrameTimecode(now, fps=self._rate.fps), small)
        self._fades.extend(FrameRange(fade.frame_num, now) for fade in fades)
        self._dissolves.add(small)
        self._judge_until(self._count - self._reach)

    def finish(self) -> tuple[Shot, ...]:
        """The shots: every frame taken lies in exactly one; none where no frame was taken."""
        if self._shots is None:
            self._possible.clear()
            if self._count:
                self._show(self._recent[-1], times=self._settings.window)
            self._judge_until(self._count + 1)
            self._shots = self._bounds.shots(self._count, self._dissolves.finish())
        return self._shots

    def _show(self, image: Image, times: int = 1) -> None:
        for _ in range(times):
            cuts = self._cut_detector.process_frame(FrameTimecode(self._shown, fps=self._rate.fps), image)
            self._shown += 1
            for cut in (cut.frame_num - self._settings.window for cut in cuts):
                self._candidates.append(cut)
                self._possible.update(range(cut - 1 - _BESIDE, cut + 1 + _BESIDE))

    def _judge_until(self, stop: int) -> None:
        """Decide on what was seen before frame ``stop``: what comes after a flash must be known."""
        while self._candidates and self._candidates[0] < stop:
            cut = self._candidates.popleft()
            if self._is_cut(cut):
                for frame in (cut, *self._cuts_beside(cut)):
                    self._bounds.cut(frame, before=self._at(frame - 1), after=self._at(frame))
        while self._fades and self._fades[0].stop < stop:
            black = self._fades.popleft()
            lit = black.start - self._reach
            change = _change(self._at(lit - 1), self._at(black.start)) if len(black) <= self._reach else 0.0
            if not change or not self._is_back(lit, black.stop + self._reach, change):
                self._bounds.black(black.start)

    def _is_cut(self, cut: int) -> bool:
        """Whether it is no flash: the picture before is not soon back, the one after was not there shortly before."""
        change = _change(self._at(cut - 1), self._at(cut))
        window, reach = self._settings.window, self._reach
        at_an_end = cut < window or cut + window >= self._count
        if at_an_end and change < _END_FACTOR * self._settings.change:
            return False
        begins, ends = (cut, cut + reach), (cut - reach, cut)
        return not reach or not (self._is_back(*begins, change) or self._is_back(*ends, change))

    def _cuts_beside(self, cut: int) -> list[int]:
        """The other end of a shot of one frame, which the detector measures by the cut beside it."""
        window = self._settings.window
        found = []
        for frame in (cut - 1, cut + 1):
            if not 0 < frame < self._count or self._is_back(min(cut, frame), max(cut, frame)):
                continue
            around = [frame + step for step in range(-window, window + 1) if frame + step not in (frame, cut)]
            usual = float(np.mean([_change(self._at(one - 1), self._at(one)) for one in around]))
            if _change(self._at(frame - 1), self._at(frame)) >= max(
                _END_FACTOR * self._settings.change, self._settings.ratio * usual
            ):
                found.append(frame)
        return found

    def _is_back(self, start: int, stop: int, change: float = 0.0) -> bool:
        """Whether the picture before frame ``start`` is that of frame ``stop``, for an interruption of ``change``."""
        across = _change(self._at(start - 1), self._at(stop))
        return across < max(_BACK_LEAST * self._settings.change, _BACK_SHARE * change)

    def _at(self, frame: int) -> Image:
        frame = min(max(frame, 0), self._count - 1)
        return self._recent[frame - self._count]


def find_shots(images: Iterable[Image], rate: FrameRate, settings: ShotSettings | None = None) -> tuple[Shot, ...]:
    """The shots of a film whose frames are given in order; see :class:`ShotFinder`.

    Args:
        images: Every frame, (height, width, 3) uint8 BGR, scaled down or not.
        rate: Nominal frame rate.
        settings: What counts as a cut.

    Returns:
        Shots numbered from 0, in order, covering every frame exactly once.

    Raises:
        MediaError: An image is of another type or size.
    """
    finder = ShotFinder(rate, settings)
    for image in images:
        finder.add(image)
    return finder.finish()


def _shrink(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image.copy()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _change(one: Image, other: Image) -> float:
    """How much two pictures differ, in the measure that the adaptive detector applies to neighbouring frames."""
    first, second = (cv2.cvtColor(image, cv2.COLOR_BGR2HSV) for image in (one, other))
    means = cv2.mean(cv2.absdiff(first, second))[:3]
    weights = (_WEIGHTS.delta_hue, _WEIGHTS.delta_sat, _WEIGHTS.delta_lum)
    return float(np.average(means, weights=weights))
