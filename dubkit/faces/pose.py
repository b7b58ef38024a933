"""How far a head is turned, from five landmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["head_yaw"]

# The tip of the nose stands about 27 mm before the plane of eyes and mouth, the eyes 63 mm apart (adult means).
_HALF_EYES_PER_NOSE = 31.5 / 27.0


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
