"""How far a head is turned, from five landmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["head_pitch", "head_yaw"]

# The tip of the nose stands about 27 mm before the plane of eyes and mouth, the eyes 63 mm apart (adult means).
_HALF_EYES_PER_NOSE = 31.5 / 27.0

# The mouth lies 70 mm below the eyes, and of a head that looks straight ahead the nose's tip at this part of the way:
# the median over real speakers to camera (0.53 to 0.63 from person to person, which is why pitch is rough).
_LINE_PER_NOSE = 70.0 / 27.0
_NOSE_ON_LINE = 0.56


def head_yaw(landmarks: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """Degrees the head is turned to the side; positive towards the right of the image.

    Seen from afar, a head turned by ``y`` shows its eyes ``2 a cos y`` apart, and the tip of its nose, which stands
    ``p`` before the face, ``p sin y`` beside the line from between the eyes to the middle of the mouth. So
    ``y = atan2(a/p * s, e)`` with ``s`` the nose's distance from that line and ``e`` half the eyes' distance across
    it. Both are measured square to the line, so that a head tilted to the shoulder or nodding changes little.

    Args:
        landmarks: (..., 5, 2): eye, eye, nose, mouth corner, mouth corner, as in :class:`dubkit.schema.Face`.

    Returns:
        (...) float32 in -90..90; NaN where a landmark is NaN or the points fall together.
    """
    points = landmarks.astype(np.float64)
    left, right, nose = points[..., 0, :], points[..., 1, :], points[..., 2, :]
    between = (left + right) / 2
    line = points[..., 3:5, :].mean(axis=-2) - between
    length = np.linalg.norm(line, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # In an upright face the line points down the image, and this across it to the right.
        across = np.stack([line[..., 1], -line[..., 0]], axis=-1) / length[..., None]
        aside = np.sum((nose - between) * across, axis=-1)
        half_eyes = np.abs(np.sum((right - left) * across, axis=-1)) / 2
        yaw = np.degrees(np.arctan2(_HALF_EYES_PER_NOSE * aside, half_eyes))
    return np.asarray(np.where(length > 0, yaw, np.nan), np.float32)


def head_pitch(landmarks: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """Degrees the head nods; positive when it looks down.

    Seen from afar, a head that nods by ``p`` shows the line from between the eyes to the middle of the mouth shortened
    to ``l cos p``, and the tip of its nose, which stands ``d`` before the face, moved along it by ``d sin p``. So the
    nose's place on the line, as a part of it, is ``r + (d/l) tan p``, with ``r`` that of a head that looks straight
    ahead; a head turned to the side by ``y`` shows only ``d cos y`` of its nose's height.

    Noses differ: the result is off by up to about ten degrees, the same for one person throughout.

    Args:
        landmarks: (..., 5, 2), as for :func:`head_yaw`.

    Returns:
        (...) float32 in -90..90; NaN where a landmark is NaN or the points fall together.
    """
    points = landmarks.astype(np.float64)
    between = points[..., :2, :].mean(axis=-2)
    line = points[..., 3:5, :].mean(axis=-2) - between
    turned = np.cos(np.radians(head_yaw(landmarks).astype(np.float64)))
    length = np.linalg.norm(line, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.sum((points[..., 2, :] - between) * line, axis=-1) / np.square(length)
        pitch = np.degrees(np.arctan2((place - _NOSE_ON_LINE) * _LINE_PER_NOSE, np.maximum(turned, 1e-6)))
    return np.asarray(np.where(length > 0, pitch, np.nan), np.float32)
