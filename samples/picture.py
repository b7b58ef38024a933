"""The picture of the sample: a public-domain portrait filmed by a camera that is made up.

The portrait is the NASA photograph of Eileen Collins that scikit-image carries (``skimage.data.astronaut``, public
domain); the shot without a face is its Hubble deep field (NASA, public domain).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Camera", "film", "hubble", "portrait"]


def portrait() -> npt.NDArray[np.uint8]:
    """(512, 512, 3) uint8 RGB."""
    from skimage import data

    return np.asarray(data.astronaut(), np.uint8)


def hubble() -> npt.NDArray[np.uint8]:
    """(872, 1000, 3) uint8 RGB: stars and galaxies, no face."""
    from skimage import data

    return np.asarray(data.hubble_deep_field(), np.uint8)


@dataclass(frozen=True)
class Camera:
    """A move over a photograph, in pixels of the photograph.

    Attributes:
        start: Centre x, centre y and width of what is seen at the start.
        stop: The same at the end.
        shake: Pixels by which a hand would tremble.
    """

    start: tuple[float, float, float]
    stop: tuple[float, float, float]
    shake: float = 0.0


def film(
    photograph: npt.NDArray[np.uint8], camera: Camera, frames: int, size: tuple[int, int]
) -> Iterator[npt.NDArray[np.uint8]]:
    """``frames`` pictures (height, width, 3) RGB of ``size`` (width, height) along the camera's move."""
    width, height = size
    for index in range(frames):
        share = index / max(1, frames - 1)
        eased = share * share * (3 - 2 * share)
        x, y, seen = (a + (b - a) * eased for a, b in zip(camera.start, camera.stop, strict=True))
        # Two slow, unrelated waves: no trembling hand repeats itself within a shot.
        x += camera.shake * np.sin(index * 0.13)
        y += camera.shake * np.sin(index * 0.087 + 1)
        scale = seen / width
        matrix = np.array([[scale, 0, x - seen / 2], [0, scale, y - seen * height / width / 2]])
        flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        seen_now = cv2.warpAffine(photograph, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
        yield np.asarray(seen_now, np.uint8)
