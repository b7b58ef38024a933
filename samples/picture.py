"""The picture of the sample: a public-domain portrait filmed by a camera that is made up.

The portrait is the NASA photograph of Eileen Collins that scikit-image carries (``skimage.data.astronaut``, public
domain); the shot without a face is its Hubble deep field (NASA, public domain).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Camera", "film", "hubble", "portrait", "speaking"]


def portrait() -> npt.NDArray[np.uint8]:
    """(512, 512, 3) uint8 RGB."""
    from skimage import data

    return np.asarray(data.astronaut(), np.uint8)


def hubble() -> npt.NDArray[np.uint8]:
    """(872, 1000, 3) uint8 RGB: stars and galaxies, no face."""
    from skimage import data

    return np.asarray(data.hubble_deep_field(), np.uint8)


def speaking(photograph: npt.NDArray[np.uint8], opening: float) -> npt.NDArray[np.uint8]:
    """The portrait with its jaw dropped by ``opening`` pixels: lower lip and chin below, darkness between the lips."""
    top, left = 120, 170  # of the part that moves; the lips part at row 149, between columns 200 and 243
    part = photograph[top:210, left:275]
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]].astype(np.float32)
    rows, columns = rows + np.float32(top), columns + np.float32(left)
    fading = np.clip((200 - rows) / 35, 0, 1)
    drop = np.float32(opening) * np.clip(1 - ((columns - 221.5) / 24) ** 2, 0, 1) * fading
    below = rows > 149 + drop
    from_row = np.where(below, rows - drop, rows) - np.float32(top)
    moved = cv2.remap(part, columns - np.float32(left), from_row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gap = np.asarray((rows > 149) & ~below, np.float32)
    softly = cv2.GaussianBlur(gap, (0, 0), 0.7)[..., None]
    picture = photograph.copy()
    picture[top:210, left:275] = np.rint(moved * (1 - softly) + np.array([120, 60, 60], np.float32) * softly)
    return picture


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
    photograph: npt.NDArray[np.uint8],
    camera: Camera,
    frames: int,
    size: tuple[int, int],
    openings: Sequence[float] = (),
) -> Iterator[npt.NDArray[np.uint8]]:
    """``frames`` pictures (height, width, 3) RGB of ``size`` (width, height) along the camera's move.

    Args:
        photograph: What is filmed.
        camera: The move.
        frames: How many pictures.
        size: Of each.
        openings: How far :func:`speaking` opens the portrait's mouth in each; none for a photograph as it is.
    """
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
        filmed = speaking(photograph, openings[index]) if len(openings) else photograph
        seen_now = cv2.warpAffine(filmed, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT)
        yield np.asarray(seen_now, np.uint8)
