"""Colour and light of the new mouth: those of the skin around it, by a smooth field that is slow to change."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.blending.pixels import Mask, Pixels

__all__ = ["LightSettings", "light_field", "lit", "steadied"]

_ROWS, _COLUMNS = 24, 32
_MANY = 1e-4  # weight of a cell that counts

Field = npt.NDArray[np.float32]
"""(24, 32, 3) float32 BGR: what to add, over the mask's rectangle."""


@dataclass(frozen=True)
class LightSettings:
    """How colour and light are matched.

    Attributes:
        reach: How far the light found at one place counts, as a share of the mask's width: standard deviation.
        outlier: Difference (of 0..1) beyond which old and new no longer show the same thing, such as skin and collar.
        steady: Share of a frame's own light in the field that is used; the rest is that of the frames before.
        sudden: Change of light from frame to frame (of 0..1) that is followed at once, as at a flash.
    """

    reach: float = 0.15
    outlier: float = 0.05
    steady: float = 0.2
    sudden: float = 0.03


def light_field(new: Pixels, old: Pixels, mask: Mask, zone: Mask, settings: LightSettings) -> Field:
    """What must be added to ``new``, slowly varying, for its skin to look like that of ``old``.

    Both show the same skin on the mask's rim and outside the mouth. The difference found there is averaged with a
    Gaussian (Knutsson and Westin's normalized convolution, 1993) and so carried on under the lips. Cells that differ
    from the middle of all by more than ``settings.outlier`` show different things and hardly count.

    Args:
        new: (h, w, 3) the generated face.
        old: (h, w, 3) the face as it was.
        mask: (h, w).
        zone: (h, w) where lips may be.
        settings: How.
    """
    rim = cv2.multiply(cv2.threshold(mask, 0, 1, cv2.THRESH_BINARY)[1] - mask, 1 - zone)
    weight, found = _cells(rim), _cells(cv2.subtract(old, new))
    counts = weight > _MANY
    if not counts.any():
        return np.zeros((_ROWS, _COLUMNS, 3), np.float32)
    middle = _medians(found[counts])
    off = np.abs(found - middle).max(axis=2) / np.float32(settings.outlier)
    weight = weight / np.square(1 + np.square(off))
    middle = np.einsum("rc,rcb->b", weight, found) / weight.sum()
    # Each cell's weight is carried along, and a little of the overall mean where none is near.
    sums = np.concatenate([found * weight[..., None], weight[..., None]], axis=2)
    blur_x = settings.reach * _COLUMNS
    blur_y = blur_x * (_ROWS / _COLUMNS) * (mask.shape[1] / mask.shape[0])
    sums = cv2.GaussianBlur(sums, (0, 0), blur_x, sigmaY=blur_y, borderType=cv2.BORDER_CONSTANT)
    prior = np.float32(0.02 * weight.mean())
    return np.asarray((sums[..., :3] + prior * middle) / (sums[..., 3:] + prior), np.float32)


def steadied(field: Field, before: Field | None, settings: LightSettings) -> Field:
    """``field`` drawn towards that of the frame before, so that the mouth does not flicker with its measurement.

    Only what lies before counts, so that it does not matter how many frames are at hand.
    """
    if before is None:
        return field
    change = float(np.abs((field - before).mean(axis=(0, 1))).max())
    share = np.float32(min(max(change / settings.sudden, settings.steady), 1.0))
    return before + share * (field - before)


def lit(new: Pixels, field: Field) -> Pixels:
    """``new`` with the field added."""
    height, width = new.shape[:2]
    return np.asarray(cv2.add(new, cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)), np.float32)


def _cells(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Means over the field's cells."""
    return np.asarray(cv2.resize(np.asarray(values), (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA), np.float32)


def _medians(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of each column; ``numpy.median`` takes ten times as long for so few."""
    ordered, half = np.sort(rows, axis=0), len(rows) // 2
    return np.asarray((ordered[half] + ordered[~half]) / 2, np.float32)
