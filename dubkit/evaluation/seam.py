"""Whether a new mouth shows where it was put in: its border, its sharpness, its grain and its light.

Conventions: a clip is (n, h, w, 3) uint8 BGR; ``before`` and ``after`` show the same frames, and ``masks`` (n, h, w)
float32 says where they may differ: 0 nowhere .. 1 wholly. Luma is that of BT.601, 0..255. Every figure compares with
the source at the same place, so that a face's own shading, beard and motion count on both sides. Identical clips score
perfect: 0 for :func:`seam_gradient`, 1 for the ratios.

The thresholds are what we hold our own results to. Where the slope that a mouth brings to its border is 0.3 of the one
that the face has there, and the two know nothing of one another, the border becomes steeper by a twentieth: a test for
edges along it finds nothing among the shading of a cheek. Noises within a factor of two are of the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError

__all__ = [
    "MOST_RATIO",
    "MOST_SEAM",
    "SeamScore",
    "detail_ratio",
    "flicker_ratio",
    "noise_ratio",
    "score_seam",
    "seam_gradient",
]

MOST_SEAM = 0.3
"""A border is not found where :func:`seam_gradient` stays below this."""

MOST_RATIO = 2.0
"""Two noises are of the same order where neither is more than this many times the other."""

_SECTORS = 24
_RIM = (0.01, 0.4)  # the outer part of a soft mask: skin in both pictures, since the lips lie further in
_INSIDE = 0.5
_FINE = 1.5  # pixels: standard deviation of the blur that parts grain and pores from form
_REACH = 6  # pixels: how far that blur sees
_COARSE = 6.0  # pixels: of the blur that leaves light alone
_LEAST_SLOPE = 0.05  # levels per pixel: a flatter picture hides nothing, and its own slope is rounding
_LEAST_NOISE = 0.1  # levels: less is the rounding of samples
_ROBUST = 0.6745  # median of the absolute value of a normal variable of deviation 1

Clip = npt.NDArray[np.uint8]
Masks = npt.NDArray[np.float32]
Lumas = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SeamScore:
    """How well a mouth sits; see the functions of these names.

    Attributes:
        seam: :func:`seam_gradient`; 0 is perfect.
        detail: :func:`detail_ratio`; 1 is perfect, below is blurred.
        noise_inside: :func:`noise_ratio` under the mask; 1 is perfect.
        noise_outside: The same where the mask is 0; 1, unless something else was touched.
        flicker: :func:`flicker_ratio`; 1 is perfect, above is restless light.
    """

    seam: float
    detail: float
    noise_inside: float
    noise_outside: float
    flicker: float

    @property
    def hidden(self) -> bool:
        """Whether the seam cannot be found and the grain is of the same order as the source's."""
        ratios = (self.noise_inside, self.noise_outside)
        return self.seam < MOST_SEAM and all(1 / MOST_RATIO <= ratio <= MOST_RATIO for ratio in ratios)


def score_seam(before: Clip, after: Clip, masks: Masks) -> SeamScore:
    """All of it; the clips have at least three frames, and each mask some soft rim.

    Raises:
        InputError: if the arrays do not fit together.
    """
    return SeamScore(
        seam_gradient(before, after, masks),
        detail_ratio(before, after, masks),
        noise_ratio(before, after, masks),
        noise_ratio(before, after, masks, inside=False),
        flicker_ratio(before, after, masks),
    )


def seam_gradient(before: Clip, after: Clip, masks: Masks) -> float:
    """Slope across the mask's border that came with the mouth, over the slope that the source has there.

    Along the rim (mask 0.01..0.4) the derivative of luma (blurred by 1.5 pixels) in the direction in which the mask
    falls is averaged in each of 24 sectors around the mask's centre. A seam is a step of one sign along a whole sector,
    while texture averages out. What after has more than before is divided by what before has, over sectors and frames,
    once by their root mean squares, which a step along a part of the border shows in, and once by the medians of their
    sizes, which a jaw's edge does not outweigh. The larger quotient counts.

    Raises:
        InputError: if the arrays do not fit together, or no mask has a rim.
    """
    _check(before, after, masks)
    added, natural = [], []
    for old, new, mask in zip(_luma(before), _luma(after), masks, strict=True):
        if not (mask > 0).any():
            continue
        slopes = _rim_slopes(mask, np.stack([old, new]))
        natural.append(slopes[0])
        added.append(slopes[1] - slopes[0])
    if not natural or not np.concatenate(natural).size:
        raise InputError("no mask has a rim along which a seam could be looked for")
    brought, there = (np.abs(np.concatenate(slopes)) for slopes in (added, natural))
    return float(
        max(
            np.sqrt(np.mean(brought**2)) / max(np.sqrt(np.mean(there**2)), _LEAST_SLOPE),
            np.median(brought) / max(np.median(there), _LEAST_SLOPE),
        )
    )


def detail_ratio(before: Clip, after: Clip, masks: Masks) -> float:
    """Deviation of fine luma (what a blur of 1.5 pixels takes away) under the mask, after over before.

    Robust (from the median), so that the edges of lips and teeth count little.

    Raises:
        InputError: if the arrays do not fit together, or no mask reaches 0.5.
    """
    _check(before, after, masks)
    where = masks > _INSIDE
    return _ratio(_fine(_luma(before)), _fine(_luma(after)), where, 1.0)


def noise_ratio(before: Clip, after: Clip, masks: Masks, *, inside: bool = True) -> float:
    """Deviation over time of fine luma, after over before: grain, and whatever else changes from frame to frame.

    Of x[t-1] - 2 x[t] + x[t+1], divided by the root of 6; robust. What moves counts in both clips.

    Args:
        before: The source.
        after: The result.
        masks: Where it may differ.
        inside: Under the mask (over 0.5 in all three frames), else where it is 0 in all three as far as the blur sees.

    Raises:
        InputError: if the arrays do not fit together, there are fewer than three frames, or no such place.
    """
    _check(before, after, masks, least=3)
    at = masks > _INSIDE if inside else _clear_of(masks)
    old, new = (np.diff(_fine(_luma(clip)), n=2, axis=0) for clip in (before, after))
    return _ratio(old, new, at[:-2] & at[1:-1] & at[2:], np.sqrt(6))


def flicker_ratio(before: Clip, after: Clip, masks: Masks) -> float:
    """Restlessness of the light on the rim, after over before: :func:`noise_ratio` of what a blur of 6 pixels leaves.

    Raises:
        InputError: as :func:`noise_ratio`.
    """
    _check(before, after, masks, least=3)
    at = (masks > _RIM[0]) & (masks < _INSIDE)
    old, new = (np.diff(_blurred(_luma(clip), _COARSE), n=2, axis=0) for clip in (before, after))
    return _ratio(old, new, at[:-2] & at[1:-1] & at[2:], np.sqrt(6))


def _rim_slopes(mask: npt.NDArray[np.float32], lumas: Lumas) -> npt.NDArray[np.float64]:
    """(pictures, sectors with a rim) mean slope of each luma (pictures, h, w) along the mask's fall."""
    soft = cv2.GaussianBlur(mask, (0, 0), _FINE)
    down_y, down_x = (-slope for slope in np.gradient(soft))
    steep = np.hypot(down_x, down_y)
    rows, columns = np.nonzero((mask > _RIM[0]) & (mask < _RIM[1]) & (steep > 0))
    weight = mask / mask.sum()
    centre_y = float((weight.sum(axis=1) * np.arange(mask.shape[0])).sum())
    centre_x = float((weight.sum(axis=0) * np.arange(mask.shape[1])).sum())
    turn = np.arctan2(rows - centre_y, columns - centre_x) / (2 * np.pi) % 1
    sector = np.minimum((turn * _SECTORS).astype(int), _SECTORS - 1)
    count = np.bincount(sector, minlength=_SECTORS)
    normal_y, normal_x = (down[rows, columns] / steep[rows, columns] for down in (down_y, down_x))
    found = []
    for luma in _blurred(lumas, _FINE):
        slope_y, slope_x = np.gradient(luma)
        along = slope_y[rows, columns] * normal_y + slope_x[rows, columns] * normal_x
        found.append(np.bincount(sector, along, minlength=_SECTORS)[count > 0] / count[count > 0])
    return np.stack(found)


def _ratio(old: Lumas, new: Lumas, where: npt.NDArray[np.bool_], scale: float) -> float:
    if not where.any():
        raise InputError("the masks leave no place to look at", remedy="give masks that reach from 0 to 1")
    deviations = [np.median(np.abs(values[where])) / _ROBUST / scale for values in (old, new)]
    return float(max(deviations[1], _LEAST_NOISE) / max(deviations[0], _LEAST_NOISE))


def _clear_of(masks: Masks) -> npt.NDArray[np.bool_]:
    """Where no pixel that the fine blur reaches is under a mask."""
    reach = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    return np.stack([cv2.dilate((mask > 0).astype(np.uint8), reach) == 0 for mask in masks])


def _luma(clip: Clip) -> Lumas:
    return np.asarray(clip @ np.array([0.114, 0.587, 0.299], np.float32), np.float32)


def _fine(lumas: Lumas) -> Lumas:
    return np.asarray(lumas - _blurred(lumas, _FINE), np.float32)


def _blurred(lumas: Lumas, sigma: float) -> Lumas:
    return np.stack([np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma), np.float32) for luma in lumas])


def _check(before: Clip, after: Clip, masks: Masks, least: int = 1) -> None:
    for clip in (before, after):
        if clip.ndim != 4 or clip.shape[-1] != 3 or clip.size == 0 or clip.dtype != np.uint8:
            raise InputError(f"a clip should be uint8 (n, h, w, 3), not {clip.dtype} {clip.shape}")
    if before.shape != after.shape or masks.shape != before.shape[:3]:
        raise InputError(f"clips and masks should fit, not {before.shape}, {after.shape} and {masks.shape}")
    if len(before) < least:
        raise InputError(f"noise over time is seen over at least {least} frames, not {len(before)}")
