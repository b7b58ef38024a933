"""A rectangle of an image, also where it reaches beyond the image's edge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.schema import Image, Region

__all__ = ["cut_region"]


def cut_region(image: Image, region: Region, beyond: int) -> npt.NDArray[np.uint8]:
    """The pixels of ``region``, (height, width, 3) uint8; those beyond the image's edge have the value ``beyond``.

    Args:
        image: (h, w, 3) uint8.
        region: What to cut.
        beyond: 0..255.

    Raises:
        InputError: if the image has another form.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise InputError(f"faces are cut from images uint8 (h, w, 3), not {image.dtype} {image.shape}")
    height, width = image.shape[:2]
    cut = np.full((region.height, region.width, 3), beyond, np.uint8)
    top, bottom = max(0, region.top), min(height, region.bottom)
    left, right = max(0, region.left), min(width, region.right)
    if top < bottom and left < right:
        inside = image[top:bottom, left:right]
        cut[top - region.top : bottom - region.top, left - region.left : right - region.left] = inside
    return cut
