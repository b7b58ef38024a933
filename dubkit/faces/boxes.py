"""Boxes: overlap, double detections, and moving faces from one picture size to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dubkit.schema import Face, FaceTrack

__all__ = ["overlaps", "scale_faces", "scale_track", "uncovered", "without_doubles"]

_SAME = 0.4  # intersection over union from which two boxes mean the same face
_INSIDE = 0.75  # part of the smaller box inside the other from which one of the two is a part of the other


def overlaps(
    boxes: npt.NDArray[np.float32], others: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How much every box of one set overlaps every box of another.

    Args:
        boxes: (n, 4) left, top, right, bottom.
        others: (m, 4), likewise.

    Returns:
        Two (n, m) arrays: the shared area as a part of the area of both together (intersection over union), and as
        a part of the smaller one.
    """
    one = boxes.astype(np.float64)[:, None]
    other = others.astype(np.float64)[None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=-1)
    area = np.prod(one[..., 2:] - one[..., :2], axis=-1)
    other_area = np.prod(other[..., 2:] - other[..., :2], axis=-1)
    return shared / (area + other_area - shared), shared / np.minimum(area, other_area)


def without_doubles(faces: Iterable[Face]) -> list[Face]:
    """The faces by falling score, less those that a better one covers.

    Args:
        faces: Faces of one image, in any order.

    Returns:
        The faces kept; the order does not depend on the order given.
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: (-face.score, *face.box.tolist())):
        kept += uncovered([face], kept)
    return kept


def uncovered(faces: Sequence[Face], others: Sequence[Face]) -> list[Face]:
    """The faces that none of the others covers: neither the same face nor the larger one around a part of it."""
    if not faces or not others:
        return list(faces)
    union, part = overlaps(np.stack([face.box for face in faces]), np.stack([other.box for other in others]))
    covered = np.any((union >= _SAME) | (part >= _INSIDE), axis=1).tolist()
    return [face for face, gone in zip(faces, covered, strict=True) if not gone]


def scale_faces(faces: Sequence[Face], fx: float, fy: float) -> list[Face]:
    """Faces found in a scaled image, in the pixels of another size of it.

    Args:
        faces: What was found.
        fx: Width of the wanted image divided by the width of the one looked at.
        fy: The same of the heights.

    Returns:
        New faces. A pixel edge ``x`` becomes ``x * fx``, so that image edges fall on image edges.
    """
    factors = np.array([fx, fy], np.float32)
    return [replace(face, box=face.box * np.tile(factors, 2), landmarks=face.landmarks * factors) for face in faces]


def scale_track(track: FaceTrack, fx: float, fy: float) -> FaceTrack:
    """A face track of a scaled picture, in the pixels of another size of it; factors as :func:`scale_faces`."""
    factors = np.array([fx, fy], np.float32)
    return replace(track, boxes=track.boxes * np.tile(factors, 2), landmarks=track.landmarks * factors)
