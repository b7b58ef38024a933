"""Where the new mouth goes: a soft shape over the lower face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.blending.pixels import Mask
from dubkit.schema import Region

__all__ = ["MaskSettings", "mouth_mask", "mouth_zone"]

_Landmarks = npt.NDArray[np.float32]
_MOST_ROLL = 45.0  # degrees; beyond it the landmarks are a mistake more likely than the head is lying
_SIDE = 0.9  # of the way to the crop's edge that the shape may take, where a turned head's cheek ends before it
_EDGE = 0.04  # of the crop, along its border, within which a tilted shape comes to nothing


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
        tilts: Whether the shape leans as the head does, by the line of the eyes and that of the mouth.
    """

    centre_x: float = 0.5
    centre_y: float = 0.76
    radius_x: float = 0.38
    radius_y: float = 0.26
    roundness: float = 2.5
    core: float = 0.55
    top: float = 0.6
    below_nose: float = 0.35
    lift: float = -0.03
    tilts: bool = True


def mouth_mask(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> Mask:
    """The mask over a face crop.

    Args:
        region: The crop in its frame.
        landmarks: (5, 2) x, y in the frame, NaN where unknown; the shape follows the corners of the mouth, and
            leans as the head does.
        settings: The shape.

    Returns:
        (region.height, region.width) float32; 0 on the crop's border and above ``settings.top``.
    """
    roll = _roll(landmarks) if settings.tilts else 0.0
    points = _upright(landmarks, roll)
    centre_x, centre_y = _centre(region, points, settings)
    top = _top(region, points, settings)
    # The shape ends inside the crop on all sides, also when the mouth is off its centre.
    sides = [min(settings.radius_x, _SIDE * room) * region.width for room in (centre_x, 1 - centre_x)]
    ends = [min(settings.radius_y, room) * region.height for room in (centre_y - top, 1 - centre_y)]
    distance = _distance(region, (centre_x, centre_y), roll, (*sides, *ends), settings.roundness)
    ramp = np.clip((1 - distance) / np.float32(1 - settings.core), 0, 1)
    mask = ramp * ramp * (3 - 2 * ramp)
    if roll:
        mask *= _towards_edge(region.height)[:, None] * _towards_edge(region.width)[None]
    mask[0, :] = mask[-1, :] = 0
    mask[:, 0] = mask[:, -1] = 0
    return np.asarray(mask, np.float32)


def mouth_zone(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> Mask:
    """Where lips and teeth may be, old or new: 1 there, 0 on the skin of cheeks and chin, soft between.

    An ellipse as wide as one and a half mouths, reaching further down than up, since jaws drop. Where no landmarks are
    known the mouth is taken to be two fifths of the crop wide.

    Returns:
        (region.height, region.width) float32.
    """
    roll = _roll(landmarks) if settings.tilts else 0.0
    points = _upright(landmarks, roll)
    centre = _centre(region, points, settings)
    wide = float(np.linalg.norm(landmarks[4] - landmarks[3])) / region.width
    # A turned head shows its mouth narrow, but no lower: heights go by the crop.
    wide = float(np.clip(wide, 0.25, 0.5)) if np.isfinite(wide) else 0.4
    side = 0.7 * wide * region.width
    middle = (centre[0], centre[1] + settings.lift)
    distance = _distance(region, middle, roll, (side, side, 0.13 * region.height, 0.19 * region.height), 2.0)
    ramp = np.clip((1 - distance) / np.float32(0.35), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _distance(
    region: Region,
    centre: tuple[float, float],
    roll: float,
    radii: tuple[float, ...],
    power: float,
) -> npt.NDArray[np.float32]:
    """(height, width) distance of each pixel from ``centre`` (shares of the region), 1 on the superellipse.

    Args:
        region: The crop.
        centre: x, y as shares.
        roll: Radians clockwise by which the shape leans.
        radii: To the left, right, up and down, in pixels.
        power: Exponent of the superellipse.
    """
    x = np.arange(region.width, dtype=np.float32) + np.float32(0.5 - centre[0] * region.width)
    y = np.arange(region.height, dtype=np.float32) + np.float32(0.5 - centre[1] * region.height)
    left, right, up, down = (np.float32(max(radius, 0.5)) for radius in radii)
    if not roll:
        across = np.abs(x / np.where(x < 0, left, right)) ** np.float32(power)
        along = np.abs(y / np.where(y < 0, up, down)) ** np.float32(power)
        total = along[:, None] + across[None]
        return np.asarray(cv2.pow(total, 1 / power), np.float32)
    cos, sin = np.float32(np.cos(roll)), np.float32(np.sin(roll))
    u = (x * cos)[None] + (y * sin)[:, None]
    v = (y * cos)[:, None] - (x * sin)[None]
    u = cv2.pow(np.abs(u / np.where(u < 0, left, right)), power)
    v = cv2.pow(np.abs(v / np.where(v < 0, up, down)), power)
    return np.asarray(cv2.pow(u + v, 1 / power), np.float32)


def _towards_edge(length: int) -> npt.NDArray[np.float32]:
    """1 in the middle, falling to 0 over the first and last ``_EDGE``."""
    place = np.arange(length, dtype=np.float32)
    reach = np.float32(max(1.0, _EDGE * length))
    return np.clip(np.minimum(place, length - 1 - place) / reach, 0, 1)


def _roll(landmarks: _Landmarks) -> float:
    """Radians clockwise by which the head leans; 0 where the landmarks do not say."""
    across = landmarks[1] - landmarks[0] + landmarks[4] - landmarks[3]
    if not np.isfinite(across).all() or across[0] <= 0:
        return 0.0
    roll = float(np.arctan2(across[1], across[0]))
    return roll if abs(roll) <= np.deg2rad(_MOST_ROLL) else 0.0


def _upright(landmarks: _Landmarks, roll: float) -> _Landmarks:
    """``landmarks`` turned upright about the middle of the mouth."""
    if not roll:
        return landmarks
    middle = landmarks[3:5].mean(axis=0)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]], np.float32)
    return np.asarray((landmarks - middle) @ turn + middle, np.float32)


def _top(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> float:
    nose, mouth = landmarks[2, 1], landmarks[3:5, 1].mean()
    if not np.isfinite(nose + mouth):
        return settings.top
    row = float(nose + settings.below_nose * (mouth - nose) - region.top) / region.height
    return float(np.clip(row, 0.5, 0.7))  # elsewhere is no nose's tip


def _centre(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> tuple[float, float]:
    mouth = landmarks[3:5].mean(axis=0)
    if not np.isfinite(mouth).all():
        return settings.centre_x, settings.centre_y
    x = (float(mouth[0]) - region.left) / region.width
    y = (float(mouth[1]) - region.top) / region.height - settings.lift
    # A landmark far from where mouths are is a mistake of the detector, not a mouth.
    return float(np.clip(x, 0.25, 0.75)), float(np.clip(y, 0.72, 0.9))
