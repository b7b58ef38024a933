"""Which frame of a face track shows the generator whom to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError

__all__ = ["ReferenceChooser", "ReferenceCrops", "mouth_openness"]

# Where the mouth lies in a face crop, as shares of its height and width.
_ROWS = (0.60, 0.92)
_COLUMNS = (0.30, 0.70)
_STEP = 15.0  # degrees of yaw within which a face looks alike


def mouth_openness(crop: npt.NDArray[np.float32]) -> float:
    """How open the mouth of a face crop looks: mean darkness below the skin's level; comparable within one face.

    An open mouth shows a dark cavity, a closed one only the line between the lips.

    Args:
        crop: (size, size, 3) float32 BGR 0..1.
    """
    size = crop.shape[0]
    rows, columns = ([round(share * size) for share in pair] for pair in (_ROWS, _COLUMNS))
    luma = crop[rows[0] : rows[1], columns[0] : columns[1]] @ np.array([0.114, 0.587, 0.299], np.float32)
    return float(np.clip(np.median(luma) - luma, 0, None).mean())


@dataclass(frozen=True, eq=False)
class ReferenceCrops:
    """The best crops of one face track, one for each side from which it is seen; n may be 0.

    Attributes:
        sides: (n,) int64: from which side, in steps of 15 degrees.
        doubtful: (n,) bool: whether something may be before the mouth.
        openness: (n,) float64: how open the mouth looks, as :func:`mouth_openness` has it.
        images: (n, size, size, 3) uint8 BGR.
    """

    sides: npt.NDArray[np.int64]
    doubtful: npt.NDArray[np.bool_]
    openness: npt.NDArray[np.float64]
    images: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Refuse arrays that do not go together."""
        n = len(self.sides)
        shapes = self.sides.shape, self.doubtful.shape, self.openness.shape, self.images.shape[:1]
        if any(shape != (n,) for shape in shapes) or self.images.ndim != 4:
            raise RecordError(f"reference crops of shapes {shapes} do not go together")

    def __len__(self) -> int:
        return len(self.sides)

    def best(self, yaw: float = 0.0) -> npt.NDArray[np.float32]:
        """The (size, size, 3) float32 BGR 0..1 reference for a head turned by ``yaw``; there must be one.

        Of the crops seen from about that side the one with the most closed mouth is taken, else that from the nearest.
        """
        known = zip(self.doubtful.tolist(), self.openness.tolist(), strict=True)
        found = _nearest(dict(zip(self.sides.tolist(), known, strict=True)), yaw)
        image = self.images[self.sides.tolist().index(found)]
        return np.asarray(image.astype(np.float32) / np.float32(255), np.float32)


class ReferenceChooser:
    """Keeps, per face track and side from which the face is seen, the crop with the most closed mouth so far.

    The generator copies what it sees of the lower face from its reference, so an open mouth there leaks into
    silence. Frames just before somebody speaks are the best candidates, and come by anyway.
    """

    def __init__(self) -> None:
        self._best: dict[int, dict[int, tuple[bool, float, npt.NDArray[np.float32]]]] = {}

    def look(self, track: int, crop: npt.NDArray[np.float32], yaw: float = 0.0, doubtful: bool = False) -> None:
        """Consider a crop as the reference of a face track.

        Args:
            track: Number of the track.
            crop: (size, size, 3).
            yaw: Degrees the head is turned; NaN where that is not known.
            doubtful: Whether something may be before the mouth; then it is taken only if there is nothing better.
        """
        sides = self._best.setdefault(track, {})
        side, openness = _side(yaw), mouth_openness(crop)
        if side not in sides or (doubtful, openness) < sides[side][:2]:
            sides[side] = doubtful, openness, crop

    def knows(self, track: int) -> bool:
        """Whether some crop of ``track`` was looked at."""
        return track in self._best

    def best(self, track: int, yaw: float = 0.0) -> npt.NDArray[np.float32]:
        """The (size, size, 3) reference of ``track``; at least one crop of it must have been looked at.

        Args:
            track: Number of the track.
            yaw: Degrees the head is turned where the reference is needed: of those seen from about that side the most
                closed mouth is taken, else that seen from the nearest.
        """
        sides = self._best[track]
        return sides[_nearest({side: known[:2] for side, known in sides.items()}, yaw)][2]

    def crops(self, track: int, size: int) -> ReferenceCrops:
        """What is kept of ``track``, as (size, size, 3) crops of 8 bits; none where no crop of it was looked at."""
        sides = sorted(self._best.get(track, {}).items())
        images = [np.rint(np.clip(crop, 0, 1) * 255) for _, (_, _, crop) in sides]
        return ReferenceCrops(
            np.array([side for side, _ in sides], np.int64),
            np.array([known[0] for _, known in sides], np.bool_),
            np.array([known[1] for _, known in sides], np.float64),
            np.array(images, np.uint8).reshape(-1, size, size, 3),
        )

    def forget(self, track: int) -> None:
        """Drop what is kept of ``track``."""
        self._best.pop(track, None)


def _nearest(sides: Mapping[int, tuple[bool, float]], yaw: float) -> int:
    """Of sides, each with whether it is doubtful and how open its mouth is, the one that suits ``yaw`` best."""
    wanted = _side(yaw)
    near = [side for side in sides if abs(side - wanted) <= 1]
    if near:
        return min(near, key=lambda side: (*sides[side], side))
    return min(sides, key=lambda side: (abs(side - wanted), side))


def _side(yaw: float) -> int:
    """From which side a face is seen, in steps that look alike."""
    return round(yaw / _STEP) if math.isfinite(yaw) else 0
