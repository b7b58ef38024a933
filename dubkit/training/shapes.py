"""What a mouth does, in a few numbers: principal components of its region, with the mean of the clip taken off.

Principal components of pixels need no landmarks and no labels. They are found on the training clips alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.training.index import TRAIN, PreparedClips, TrainingClip

__all__ = ["ClipShapes", "MouthBasis", "lip_bounds", "mouth_bounds", "mouth_pixels"]

_TOP, _BOTTOM, _LEFT, _RIGHT = 0.54, 0.96, 0.24, 0.76
_LIPS = 0.60, 0.90, 0.31, 0.69  # the same of the lips, however open
_STEP = 2  # mouth pixels are averaged in squares of this side
_SAMPLES = 6000
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)


def mouth_bounds(size: int) -> tuple[slice, slice]:
    """Rows and columns of the mouth region in a crop of ``size`` pixels, whole squares of pixels."""
    return _bounds(size, (_TOP, _BOTTOM, _LEFT, _RIGHT))


def lip_bounds(size: int) -> tuple[slice, slice]:
    """The same of the lips, however open."""
    return _bounds(size, _LIPS)


def _bounds(size: int, shares: tuple[float, float, float, float]) -> tuple[slice, slice]:
    top, bottom, left, right = (round(share * size / _STEP) * _STEP for share in shares)
    return slice(top, bottom), slice(left, right)


def mouth_pixels(faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(n, size, size, 3) uint8 to (n, pixels) float32: luma 0..1 of the mouth region at half size."""
    rows, columns = mouth_bounds(faces.shape[1])
    luma = (faces[:, rows, columns] @ _LUMA) / np.float32(255)
    n, height, width = luma.shape
    squares = luma.reshape(n, height // _STEP, _STEP, width // _STEP, _STEP)
    return np.asarray(squares.mean(axis=(2, 4)).reshape(n, -1), np.float32)


@dataclass(frozen=True, eq=False)
class MouthBasis:
    """Directions in which mouths change.

    Attributes:
        components: (k, pixels) float32, of length 1, the strongest first.
        scale: Standard deviation along the strongest.
    """

    components: npt.NDArray[np.float32]
    scale: float

    def measure(self, faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(n, k) float32: the shapes of one clip's mouths, less their mean; the strongest has about unit variance."""
        pixels = mouth_pixels(faces)
        return np.asarray((pixels - pixels.mean(axis=0)) @ self.components.T / self.scale, np.float32)


class ClipShapes:
    """The mouth shapes of all clips of a folder, measured once.

    Args:
        prepared: The clips.
        components: How many numbers describe a shape.
    """

    def __init__(self, prepared: PreparedClips, components: int) -> None:
        self._prepared = prepared
        self._components = components
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    @cached_property
    def basis(self) -> MouthBasis:
        """Directions in which the mouths of the training clips change, found when first asked for."""
        return _find_basis(self._prepared, self._components)

    def of(self, clip: TrainingClip) -> npt.NDArray[np.float32]:
        """(frames, k) float32, measured when first asked for."""
        if clip.name not in self._known:
            self._known[clip.name] = self.basis.measure(self._prepared.faces(clip))
        return self._known[clip.name]


def _find_basis(prepared: PreparedClips, components: int) -> MouthBasis:
    clips = prepared.clips(TRAIN)
    chosen = clips[:: max(1, len(clips) * 12 // _SAMPLES)]
    each = max(2, _SAMPLES // len(chosen))
    parts = []
    for clip in chosen:
        pixels = mouth_pixels(prepared.faces(clip)[:: max(1, clip.frames // each)])
        parts.append(pixels - pixels.mean(axis=0))
    samples = np.concatenate(parts)
    _, found, values = cv2.PCACompute2(samples, np.zeros((1, samples.shape[1]), np.float32), maxComponents=components)
    return MouthBasis(np.asarray(found, np.float32), max(1e-6, float(np.sqrt(values[0, 0]))))
