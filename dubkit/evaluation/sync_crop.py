"""The crop that SyncNet's published scores were measured on.

From the pipeline of its PyTorch port, at 25 frames a second: half the longer side of the face's box and its centre
each pass a median filter over 13 frames; the crop reaches one such half side above the centre, 1.8 below, and 1.4 to
the left and right, so the mouth comes to lie near its middle. What lies beyond the frame is grey 110.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.evaluation.cut import cut_region
from dubkit.schema import Image, Region

__all__ = ["SyncCropSettings", "cut_sync_crop", "sync_crop_regions"]

_BEYOND = 110  # the grey that the port pads frames with


@dataclass(frozen=True)
class SyncCropSettings:
    """How SyncNet's crop lies around a face; the defaults are those of the published scores.

    Attributes:
        scale: By how much of the face's half side the crop is wider on either side (twice as much below).
        median: Frames of the median filter over centre and size, odd.
        size: Pixels on each side of the crop.
    """

    scale: float = 0.40
    median: int = 13
    size: int = 224


def sync_crop_regions(
    boxes: npt.NDArray[np.float32], settings: SyncCropSettings = SyncCropSettings()
) -> tuple[Region, ...]:
    """Where SyncNet's crops lie.

    The median filter counts frames beyond either end as zero, as the port's does: within six frames of an end it gives
    a lower value than the median.

    Args:
        boxes: (n, 4) the face in each frame, as :attr:`dubkit.schema.FaceTrack.boxes`, at 25 frames a second.
        settings: How the crop lies around a face.

    Returns:
        One region per frame; may reach beyond the frame.

    Raises:
        InputError: if the boxes have another form, are not numbers, or are fewer than the median filter is long.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise InputError(f"face boxes should be finite numbers (n, 4), not {boxes.dtype} {boxes.shape}")
    if settings.median < 1 or settings.median % 2 == 0:
        raise InputError(f"a median over {settings.median} frames has no middle", remedy="use an odd number")
    if len(boxes) < settings.median:
        raise InputError(
            f"a face of {len(boxes)} frames is too short to be cropped for the sync judge",
            remedy=f"give at least {settings.median} frames",
        )
    left, top, right, bottom = boxes.astype(np.float64).T
    half = _median(np.maximum(bottom - top, right - left) / 2, settings.median)
    x, y = _median((left + right) / 2, settings.median), _median((top + bottom) / 2, settings.median)
    wide, below = half * (1 + settings.scale), half * (1 + 2 * settings.scale)
    edges = np.floor(np.stack([x - wide, y - half, x + wide, y + below], axis=1)).astype(int)
    return tuple(Region(int(a), int(b), max(int(a) + 1, int(c)), max(int(b) + 1, int(d))) for a, b, c, d in edges)


def cut_sync_crop(
    image: Image, region: Region, settings: SyncCropSettings = SyncCropSettings()
) -> npt.NDArray[np.uint8]:
    """One (size, size, 3) uint8 crop of an (h, w, 3) uint8 BGR image, resized linearly; beyond its edge it is grey.

    Raises:
        InputError: if the image has another form.
    """
    cut = cut_region(image, region, _BEYOND)
    return np.asarray(cv2.resize(cut, (settings.size, settings.size), interpolation=cv2.INTER_LINEAR), np.uint8)


def _median(values: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    padded = np.pad(values, length // 2)
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, length), axis=1), np.float64)
