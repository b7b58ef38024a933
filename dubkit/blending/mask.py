"""Where the new mouth goes: a soft shape over the lower face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.blending.outline import Outline
from dubkit.blending.pixels import Mask
from dubkit.schema import Region

__all__ = ["MaskSettings", "mouth_mask", "mouth_shapes", "mouth_zone"]

_Landmarks = npt.NDArray[np.float32]
_Points = list[list[float]]
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


def mouth_shapes(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> tuple[Region, Mask, Mask]:
    """:func:`mouth_mask` and :func:`mouth_zone` where the mask is not 0; what lies around that is never looked at.

    Args:
        region: The crop in its frame.
        landmarks: (5, 2) x, y in the frame, NaN where unknown.
        settings: The shape.

    Returns:
        That part of the frame (all of ``region`` where the mask is 0 everywhere), and both within it.
    """
    pose = _pose(region, landmarks, settings)
    part, mask = _mask(region, pose, settings)
    return part, mask, _zone(part, region, pose, settings)


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
    whole = np.zeros((region.height, region.width), np.float32)
    part, mask = _mask(region, _pose(region, landmarks, settings), settings)
    top, left = part.top - region.top, part.left - region.left
    whole[top : top + part.height, left : left + part.width] = mask
    return whole


def mouth_zone(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> Mask:
    """Where lips and teeth may be, old or new: 1 there, 0 on the skin of cheeks and chin, soft between.

    An ellipse as wide as one and a half mouths, reaching further down than up, since jaws drop. Where no landmarks are
    known the mouth is taken to be two fifths of the crop wide.

    Returns:
        (region.height, region.width) float32.
    """
    return _zone(region, region, _pose(region, landmarks, settings), settings)


@dataclass(frozen=True)
class _Pose:
    """How a head is held.

    Attributes:
        roll: Radians clockwise by which it leans.
        centre: x, y of the shape's centre as shares of the crop.
        top: The row above which nothing is touched, as a share.
        wide: Width of the mouth as a share.
    """

    roll: float
    centre: tuple[float, float]
    top: float
    wide: float


def _pose(region: Region, landmarks: _Landmarks, settings: MaskSettings) -> _Pose:
    points: _Points = landmarks.tolist()
    roll = _roll(points) if settings.tilts else 0.0
    mouth = (points[3][0] + points[4][0]) / 2, (points[3][1] + points[4][1]) / 2
    # Turned upright about the middle of the mouth, which so stays where it is.
    nose = mouth[1] + (points[2][1] - mouth[1]) * math.cos(roll) - (points[2][0] - mouth[0]) * math.sin(roll)
    wide = math.dist(points[4], points[3]) / region.width
    # A turned head shows its mouth narrow, but no lower: heights go by the crop.
    wide = min(max(wide, 0.25), 0.5) if math.isfinite(wide) else 0.4
    return _Pose(roll, _centre(mouth, region, settings), _top(nose, mouth[1], region, settings), wide)


def _mask(region: Region, pose: _Pose, settings: MaskSettings) -> tuple[Region, Mask]:
    """The part of ``region`` where the mask is not 0 (all of it where it is 0 everywhere), and the mask there."""
    (x, y), width, height = pose.centre, region.width, region.height
    # The shape ends inside the crop on all sides, also when the mouth is off its centre.
    left, right = (min(settings.radius_x, _SIDE * room) * width for room in (x, 1 - x))
    up, down = (min(settings.radius_y, room) * height for room in (y - pose.top, 1 - y))
    centre = region.left + x * width, region.top + y * height
    outline = Outline(centre, pose.roll, (left, right, up, down), settings.roundness)
    part = outline.bounds(region)
    mask = outline.filled(part, 1 - settings.core)
    rows = _towards_edge(part.top - region.top, part.height, height)
    columns = _towards_edge(part.left - region.left, part.width, width)
    if not pose.roll:  # an upright shape ends by itself, but for the border's own pixels
        rows, columns = (np.asarray(edge > 0, np.float32) for edge in (rows, columns))
    if rows.min() < 1:
        mask *= rows[:, None]
    if columns.min() < 1:
        mask *= columns
    x0, y0, wide, high = cv2.boundingRect((mask > 0).view(np.uint8))
    if not wide:
        return region, np.zeros((height, width), np.float32)
    corner = part.left + x0, part.top + y0
    return Region(*corner, corner[0] + wide, corner[1] + high), mask[y0 : y0 + high, x0 : x0 + wide]


def _zone(part: Region, region: Region, pose: _Pose, settings: MaskSettings) -> Mask:
    (x, y), side = pose.centre, 0.7 * pose.wide * region.width
    centre = region.left + x * region.width, region.top + (y + settings.lift) * region.height
    radii = side, side, 0.13 * region.height, 0.19 * region.height
    return Outline(centre, pose.roll, radii, 2.0).filled(part, 0.35)


def _towards_edge(first: int, count: int, length: int) -> npt.NDArray[np.float32]:
    """``count`` of ``length`` places from ``first`` on: 1 in the middle, falling to 0 over both ends' ``_EDGE``."""
    place = np.arange(first, first + count, dtype=np.float32)
    reach = np.float32(max(1.0, _EDGE * length))
    return np.clip(np.minimum(place, length - 1 - place) / reach, 0, 1)


def _roll(points: _Points) -> float:
    """Radians clockwise by which the head leans; 0 where the landmarks do not say."""
    across, down = (points[1][i] - points[0][i] + points[4][i] - points[3][i] for i in (0, 1))
    if not (math.isfinite(across) and math.isfinite(down)) or across <= 0:
        return 0.0
    roll = math.atan2(down, across)
    return roll if abs(roll) <= math.radians(_MOST_ROLL) else 0.0


def _top(nose: float, mouth: float, region: Region, settings: MaskSettings) -> float:
    """Of a head held upright, by the rows of both."""
    if not math.isfinite(nose + mouth):
        return settings.top
    row = (nose + settings.below_nose * (mouth - nose) - region.top) / region.height
    return min(max(row, 0.5), 0.7)  # elsewhere is no nose's tip


def _centre(mouth: tuple[float, float], region: Region, settings: MaskSettings) -> tuple[float, float]:
    if not (math.isfinite(mouth[0]) and math.isfinite(mouth[1])):
        return settings.centre_x, settings.centre_y
    x = (mouth[0] - region.left) / region.width
    y = (mouth[1] - region.top) / region.height - settings.lift
    # A landmark far from where mouths are is a mistake of the detector, not a mouth.
    return min(max(x, 0.25), 0.75), min(max(y, 0.72), 0.9)
