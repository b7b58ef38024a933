"""How a file says that its picture is to be laid on the screen: turned, mirrored, or both."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, cast

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from dubkit.media.opening import decoded_video, opened, picture_stream

__all__ = ["DisplayMatrix", "display_matrix", "is_mirrored", "read_matrix", "turned_clockwise"]

DisplayMatrix: TypeAlias = tuple[int, ...]
"""Nine numbers as MP4 stores them (ISO/IEC 14496-12, 8.2.2): a point (x, y) of the picture is shown at
(ax + cy, bx + dy), of which a, b are the first two and c, d the fourth and fifth. Empty where a file does not say."""

_FORM = "=9i"


def display_matrix(frame: VideoFrame) -> DisplayMatrix:
    """What ``frame`` comes with."""
    beside = cast("Mapping[Type, bytes]", frame.side_data)
    stored = beside.get(Type.DISPLAYMATRIX)
    data = b"" if stored is None else bytes(stored)
    return struct.unpack(_FORM, data) if len(data) == struct.calcsize(_FORM) else ()


def read_matrix(path: Path) -> DisplayMatrix:
    """What the first frame of ``path`` comes with.

    Raises:
        MediaError: if the file cannot be read.
    """
    with opened(path) as container:
        stream = picture_stream(container)
        first = None if stream is None else next(decoded_video(container, stream), None)
        return () if first is None else display_matrix(first)


def is_mirrored(matrix: DisplayMatrix) -> bool:
    """Whether writing in the picture is shown mirrored."""
    return bool(matrix) and matrix[0] * matrix[4] - matrix[1] * matrix[3] < 0


def turned_clockwise(matrix: DisplayMatrix) -> int:
    """Quarter turns, in degrees, after which the picture stands upright, if left for right where it is mirrored."""
    if not matrix:
        return 0
    across = -matrix[0] if is_mirrored(matrix) else matrix[0]
    return round(math.degrees(math.atan2(matrix[1], across)) / 90) * 90 % 360
