"""Frames that are partly seen through: any format with opacity beside its colours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.errors import MediaError
from dubkit.media.pixels import describe_format, format_exists
from dubkit.schema import ColourFamily, Frame, PixelFormat

__all__ = ["opacity_format", "with_opacity"]

_SUBSAMPLINGS = {(1, 1): "420", (1, 0): "422", (0, 0): "444"}
_DEPTHS = (8, 9, 10, 12, 14, 16)


def opacity_format(layout: PixelFormat) -> PixelFormat:
    """The planar format that holds what ``layout`` holds, and opacity: the same samples, of more bits where it must be.

    Raises:
        MediaError: if FFmpeg has none, as for 4:1:1 and 4:4:0.
    """
    if layout.family is ColourFamily.RGB:
        stem = "gbrap"
    elif layout.family is ColourFamily.GRAY:
        stem = "yuva444p"
    else:
        stem = f"yuva{_SUBSAMPLINGS.get((layout.log2_width, layout.log2_height), '')}p"
    for bits in _DEPTHS:
        name = stem if bits == 8 else f"{stem}{bits}le"
        if bits >= layout.bits and format_exists(name):
            return describe_format(name)
    raise MediaError(f"no pixel format holds {layout.name} and opacity", remedy="write whole frames")


def with_opacity(frame: Frame, opacity: npt.NDArray[np.float32]) -> Frame:
    """``frame`` with ``opacity`` (0..1) instead of what it had of it, in the format :func:`opacity_format` gives.

    Where that has more bits, samples become larger by powers of two, as limited range wants it; what uses the full
    range loses less than a step of its own at white.

    Args:
        frame: The colours, not multiplied with the opacity.
        opacity: (frame.height, frame.width).

    Raises:
        MediaError: as :func:`opacity_format`.
    """
    layout = opacity_format(frame.pixel_format)
    dtype, top = (np.uint8 if layout.bits == 8 else np.dtype("<u2")), (1 << layout.bits) - 1
    shift = layout.bits - frame.pixel_format.bits
    planes: list[npt.NDArray[Any]]
    if frame.planes[0].ndim == 3:
        planes = [frame.planes[0][..., channel] for channel in (1, 2, 0)]
    else:
        planes = list(frame.planes[:3])
    if frame.pixel_format.family is ColourFamily.GRAY:
        neutral = np.full_like(planes[0], 1 << (frame.pixel_format.bits - 1))
        planes = [planes[0], neutral, neutral]
    coloured = tuple(np.left_shift(plane.astype(dtype), shift) for plane in planes)
    seen = np.rint(np.clip(opacity, 0, 1) * np.float32(top)).astype(dtype)
    return replace(frame, planes=(*coloured, seen), pixel_format=layout)
