"""A face laid upright: eyes, nose and mouth at the same places of a square, whatever the pose in the image."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.schema import Face, Image

__all__ = ["ALIGNED_SIZE", "align_face"]

ALIGNED_SIZE = 112
"""Pixels on each side of the square that the places are given in."""

# Where networks that know people expect the five points in a square of 112 (insightface's `arcface_dst`, MIT licence):
# they were trained on faces laid so, and nothing speaks for other places where no network looks.
_PLACES = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])

# Where these points lie in a box, for detectors that give none; medians over the faces of real clips.
_IN_BOX = np.array([[0.29, 0.40], [0.70, 0.40], [0.50, 0.59], [0.33, 0.77], [0.67, 0.77]])

_LEAST_SHRINK = 0.67  # below this factor the image is scaled down first, so that fine detail does not alias


def align_face(image: Image, face: Face, size: int = ALIGNED_SIZE) -> Image:
    """The face, turned upright, moved and scaled to ``size``.

    The similarity (turn, move, scale) that brings the five landmarks nearest to their places, by least squares. What
    lies beyond the image's edge repeats the edge. Without landmarks, the face is laid by its box.

    Args:
        image: (height, width, 3) uint8 BGR.
        face: A face in it.
        size: Pixels on each side.

    Returns:
        (size, size, 3) uint8 BGR.
    """
    points = face.landmarks.astype(np.float64)
    if not np.isfinite(points).all():
        points = face.box[:2] + _IN_BOX * (face.box[2:] - face.box[:2])
    places = _PLACES * (size / ALIGNED_SIZE)
    matrix = _similarity(points, places)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < _LEAST_SHRINK:
        image, origin, factor = _smaller(image, points, scale / _LEAST_SHRINK)
        matrix = _similarity((points - origin) * factor, places)
    laid = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.uint8)


def _similarity(points: npt.NDArray[np.float64], places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(2, 3): the turn, scale and move that bring ``points`` nearest to ``places``."""
    middle, target = points.mean(axis=0), places.mean(axis=0)
    one, other = points - middle, places - target
    spread = max(float(np.sum(one * one)), 1e-9)
    along = float(np.sum(one * other)) / spread
    across = float(np.sum(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])) / spread
    turn = np.array([[along, -across], [across, along]])
    return np.column_stack([turn, target - turn @ middle])


def _smaller(
    image: Image, points: npt.NDArray[np.float64], factor: float
) -> tuple[Image, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The part of the image around the points, scaled down: it, where it began, and the factors along x and y."""
    reach = 3 * float(np.ptp(points, axis=0).max())
    start = np.maximum(points.min(axis=0) - reach, 0).astype(int)
    stop = np.minimum(points.max(axis=0) + reach + 1, image.shape[1::-1]).astype(int)
    if (stop <= start).any():
        return image, np.zeros(2), np.ones(2)
    part = image[start[1] : stop[1], start[0] : stop[0]]
    size = np.maximum(1, np.rint((stop - start) * factor)).astype(int)
    small = cv2.resize(part, size.tolist(), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), start.astype(np.float64), size / (stop - start)
