"""Quarter turns: exact, because whole planes are turned and no pixel is computed anew."""

from __future__ import annotations

import dataclasses

import numpy as np

from dubkit.media.pixels import describe_format, format_exists
from dubkit.schema import Frame, PixelFormat, VideoInfo

__all__ = ["turned_frame", "turned_video"]

_TURNED = "-turned"
"""Marks a layout that FFmpeg has no name for: 4:1:1 lying on its side. Turning it back gives the named one."""


def turned_frame(frame: Frame, degrees: int) -> Frame:
    """``frame`` turned clockwise; ``frame`` itself where ``degrees`` is a whole turn.

    The planes are views of those given. Subsampling turns with them: 4:2:2 becomes 4:4:0 and comes back.

    Args:
        frame: A frame.
        degrees: A multiple of 90, of either sign.
    """
    quarter = _quarters(degrees)
    if not quarter:
        return frame
    planes = tuple(np.rot90(plane, -quarter) for plane in frame.planes)
    layout = _turned_format(frame.pixel_format) if quarter % 2 else frame.pixel_format
    return dataclasses.replace(frame, planes=planes, pixel_format=layout)


def turned_video(video: VideoInfo, degrees: int) -> VideoInfo:
    """The record of ``video`` after all of its frames were turned clockwise by ``degrees``."""
    quarter = _quarters(degrees)
    rotation = (video.rotation - 90 * quarter) % 360
    if quarter % 2 == 0:
        return dataclasses.replace(video, rotation=rotation)
    return dataclasses.replace(
        video,
        width=video.height,
        height=video.width,
        pixel_format=_turned_format(video.pixel_format),
        sample_aspect=1 / video.sample_aspect,
        rotation=rotation,
    )


def _quarters(degrees: int) -> int:
    if degrees % 90:
        raise ValueError(f"{degrees} degrees are not a quarter turn")
    return degrees // 90 % 4


def _turned_format(layout: PixelFormat) -> PixelFormat:
    across, down = layout.log2_height, layout.log2_width
    if across == down:
        return layout
    if layout.name.endswith(_TURNED):
        return describe_format(layout.name.removesuffix(_TURNED))
    swap = {"422": "440", "440": "422"}
    name = next((layout.name.replace(old, new) for old, new in swap.items() if old in layout.name), "")
    if not name or not format_exists(name):
        name = layout.name + _TURNED
    return dataclasses.replace(layout, name=name, log2_width=across, log2_height=down)
