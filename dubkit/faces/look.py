"""What the pixels of a detected face say, measured while its image is at hand and kept in a few kilobytes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.faces.align import align_face
from dubkit.faces.signature import signature_of
from dubkit.schema import Face, FaceLook, Image

__all__ = ["MOUTH_MARGIN", "look_at", "sharpness"]

_SIDE = 56  # of the upright face that thumbnail and mouth are taken from
_THUMBNAIL = 14
_MOUTH = (slice(33, 56), slice(14, 42))  # rows from below the nose to the chin, columns from cheek to cheek
MOUTH_MARGIN = (3, 4)
"""Rows and columns around the mouth within which it may lie elsewhere, as landmarks err by so much."""

_SMALLEST = 20.0  # pixels of a face's width below which its mouth says nothing

_FACE_HEIGHT = 80.0  # pixels to which a face is scaled down before its sharpness is measured
_LEAST_SIDE = 12  # pixels; smaller pieces say nothing of sharpness
_BLUR = 9  # pixels of the blur that a picture is compared with (Crete et al.)


def look_at(image: Image, face: Face, with_signature: bool = False) -> Face:
    """The face with what its pixels say; see :class:`dubkit.schema.FaceLook`.

    Args:
        image: (height, width, 3) uint8 BGR, the one the face was found in.
        face: The face, in pixels of it.
        with_signature: Whether to describe the person as well, which takes longest.

    Returns:
        A new face. Where the detector gave no landmarks or the face is too small, nothing is said of the mouth.
    """
    upright = align_face(image, face, _SIDE)
    thumbnail = cv2.resize(upright, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    known = face.width >= _SMALLEST and bool(np.isfinite(face.landmarks).all())
    look = FaceLook(sharpness=sharpness(image, face), thumbnail=np.asarray(thumbnail, np.uint8))
    if known:
        look = replace(look, mouth=upright[_MOUTH].copy())
    if with_signature:
        look = replace(look, signature=signature_of(image, face, upright))
    return replace(face, look=look)


def sharpness(image: Image, face: Face) -> float:
    """How sharp a face is, 0..1, whatever its contrast.

    One less the blur of Crete, Dolmiere, Ladret and Nicolas (2007): a picture that is sharp loses much of the
    difference between neighbouring pixels when it is blurred, one that is blurred already loses little. Along rows and
    columns; the smaller counts, because motion smears one way. The face is scaled down to 80 pixels' height first, so
    that faces larger than that compare. Measured on real clips: 0.45..0.7; the same smeared over an eighth of the
    face's height: 0.27..0.4.

    Returns:
        NaN where less than a few pixels of the face are in the image.
    """
    left, top, right, bottom = (float(edge) for edge in face.box)
    width, height = right - left, bottom - top
    # Less its borders: hair and background have a sharpness of their own.
    start = max(0, int(left + 0.1 * width)), max(0, int(top + 0.2 * height))
    stop = min(image.shape[1], int(right - 0.1 * width)), min(image.shape[0], int(bottom))
    if min(stop[0] - start[0], stop[1] - start[1]) < _LEAST_SIDE:
        return float("nan")
    gray = cv2.cvtColor(image[start[1] : stop[1], start[0] : stop[0]], cv2.COLOR_BGR2GRAY)
    factor = _FACE_HEIGHT / height
    if factor < 1:
        size = [max(_LEAST_SIDE, round(side * factor)) for side in gray.shape[::-1]]
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    plane = np.asarray(gray, np.float32)
    return min(_lost(plane, axis) for axis in (0, 1))


def _lost(gray: npt.NDArray[np.float32], axis: int) -> float:
    """The part of the differences along an axis that is lost when the picture is blurred along it."""
    blurred = cv2.blur(gray, (1, _BLUR) if axis == 0 else (_BLUR, 1))
    before, after = (np.abs(np.diff(values, axis=axis)).astype(np.float64) for values in (gray, blurred))
    total = float(before.sum())
    return float(np.maximum(before - after, 0).sum()) / total if total > 0 else 0.0
