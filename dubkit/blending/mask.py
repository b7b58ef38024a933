"""Where the new mouth goes: a soft shape over the lower face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.blending.pixels import Mask
from dubkit.schema import Region

__all__ = ["MaskSettings", "mouth_mask"]


@dataclass(frozen=True)
class MaskSettings:
    """Shape of the mask, as shares of the crop's width and height.

    Attributes:
        centre_x: Centre of the shape where no landmarks are known.
        centre_y: Centre of the shape where no landmarks are known.
        radius_x: Half its width.
        radius_y: Half its height.
        roundness: Exponent of the superellipse: 2 is an ellipse, more is squarer.
        core: Share of the radius within which the mask is 1; from there it falls to 0 at the radius.
        top: Nothing above this row is touched: it is below the nose, which is drawn sharper in the film.
        below_nose: Where landmarks are known, ``top`` lies this far from the nose's tip towards the mouth.
        lift: How far above the middle of the mouth corners the shape's centre lies (negative: below), since the
            jaw moves more than the upper lip.
    """

    centre_x: float = 0.5
    centre_y: float = 0.76
    radius_x: float = 0.40
    radius_y: float = 0.26
    roundness: float = 2.5
    core: float = 0.55
    top: float = 0.6
    below_nose: float = 0.35
    lift: float = -0.03


def mouth_mask(region: Region, landmarks: npt.NDArray[np.float32], settings: MaskSettings) -> Mask:
    """The mask over a face crop.

    Args:
        region: The crop in its frame.
        landmarks: (5, 2) x, y in the frame, NaN where unknown; the shape follows the corners of the mouth.
        settings: The shape.

    Returns:
        (region.height, region.width) float32; 0 on the crop's border and above ``settings.top``.
    """
    centre_x, centre_y = _centre(region, landmarks, settings)
    top = _top(region, landmarks, settings)
    x = (np.arange(region.width, dtype=np.float32) + 0.5) / region.width
    y = (np.arange(region.height, dtype=np.float32) + 0.5) / region.height
    # The shape ends inside the crop on all sides, also when the mouth is off its centre.
    left, right = min(settings.radius_x, centre_x), min(settings.radius_x, 1 - centre_x)
    above, below = min(settings.radius_y, centre_y - top), min(settings.radius_y, 1 - centre_y)
    dx = np.where(x < centre_x, (centre_x - x) / left, (x - centre_x) / right)
    dy = np.where(y < centre_y, (centre_y - y) / above, (y - centre_y) / below)
    power = settings.roundness
    distance = (np.abs(dx)[None, :] ** power + np.abs(dy)[:, None] ** power) ** (1 / power)
    ramp = np.clip((1 - distance) / (1 - settings.core), 0, 1)
    mask = ramp * ramp * (3 - 2 * ramp)
    mask[0, :] = mask[-1, :] = 0
    mask[:, 0] = mask[:, -1] = 0
    return np.asarray(mask, np.float32)


def _top(region: Region, landmarks: npt.NDArray[np.float32], settings: MaskSettings) -> float:
    nose, mouth = landmarks[2, 1], landmarks[3:5, 1].mean()
    if not np.isfinite(nose + mouth):
        return settings.top
    row = float(nose + settings.below_nose * (mouth - nose) - region.top) / region.height
    return float(np.clip(row, 0.5, 0.7))  # elsewhere is no nose's tip


def _centre(region: Region, landmarks: npt.NDArray[np.float32], settings: MaskSettings) -> tuple[float, float]:
    mouth = landmarks[3:5].mean(axis=0)
    if not np.isfinite(mouth).all():
        return settings.centre_x, settings.centre_y
    x = (float(mouth[0]) - region.left) / region.width
    y = (float(mouth[1]) - region.top) / region.height - settings.lift
    # A landmark far from where mouths are is a mistake of the detector, not a mouth.
    return float(np.clip(x, 0.3, 0.7)), float(np.clip(y, 0.72, 0.9))
