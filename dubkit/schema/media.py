"""Picture records: what a file holds, and one frame as it was stored."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema.audio import AudioInfo
from dubkit.timing import FrameRate, Seconds

__all__ = ["ColourFamily", "ColourTags", "Frame", "Image", "MediaInfo", "PixelFormat", "Region", "VideoInfo"]

Image: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, BGR: what detectors look at."""


class ColourFamily(enum.Enum):
    """How the planes of a pixel format are to be read."""

    YUV = "yuv"
    RGB = "rgb"
    GRAY = "gray"


@dataclass(frozen=True)
class PixelFormat:
    """Layout of a frame's planes.

    Attributes:
        name: FFmpeg's name, such as ``yuv420p10le``.
        family: What the planes mean. Planar RGB is ordered G, B, R; packed RGB is one (h, w, 3) plane.
        bits: Significant bits per sample; samples of more than 8 bits are little-endian uint16.
        log2_width: Horizontal chroma subsampling as a power of two (1 for 4:2:0 and 4:2:2).
        log2_height: Vertical chroma subsampling as a power of two (1 for 4:2:0).
        alpha: Whether the last plane (or channel) is opacity.
    """

    name: str
    family: ColourFamily
    bits: int
    log2_width: int = 0
    log2_height: int = 0
    alpha: bool = False


@dataclass(frozen=True)
class ColourTags:
    """Colour description, as the code points of ITU-T H.273; 2 means unspecified.

    Attributes:
        primaries: Colour primaries (1 = BT.709, 9 = BT.2020).
        transfer: Transfer characteristics (1 = BT.709, 16 = PQ, 18 = HLG).
        matrix: Matrix coefficients (1 = BT.709, 5 and 6 = BT.601, 9 = BT.2020).
        full_range: Whether samples use the full range; None where the file does not say.
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool | None = None


@dataclass(frozen=True)
class VideoInfo:
    """A picture track, as its container describes it.

    Attributes:
        width: Stored width in pixels.
        height: Stored height in pixels.
        pixel_format: Layout of the stored frames.
        colour: Colour tags.
        rate: Nominal frame rate.
        time_base: Seconds per unit of the stream's timestamps.
        start: Timestamp of the first frame in seconds, on the container's clock.
        duration: Seconds, as the container says; 0 where it does not.
        frame_count: Frames, as the container says; 0 where it does not. What is decoded is the truth.
        codec: FFmpeg's name of the codec, such as ``h264``.
        bit_rate: Bits a second of this track; 0 where unknown.
        rotation: Degrees clockwise the picture must be turned to stand upright: 0, 90, 180 or 270.
        sample_aspect: Width of a pixel divided by its height.
        interlaced: Whether frames are stored as fields.
        start_timecode: Timecode of the first frame as written in the file; empty where there is none.
        is_still: Whether it is one picture (a photograph), to be shown as long as wanted.
    """

    width: int
    height: int
    pixel_format: PixelFormat
    colour: ColourTags
    rate: FrameRate
    time_base: Fraction
    start: Seconds
    duration: Seconds
    frame_count: int
    codec: str
    bit_rate: int = 0
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
    interlaced: bool = False
    start_timecode: str = ""
    is_still: bool = False

    def __post_init__(self) -> None:
        """Refuse sizes and angles no picture has."""
        if self.width <= 0 or self.height <= 0:
            raise RecordError(f"a picture of {self.width}x{self.height} pixels does not exist")
        if self.rotation not in (0, 90, 180, 270):
            raise RecordError(f"a rotation of {self.rotation} degrees is not a quarter turn")


@dataclass(frozen=True)
class MediaInfo:
    """A media file.

    Attributes:
        path: The file.
        container: FFmpeg's short names of the container, such as ``mov,mp4,m4a,3gp,3g2,mj2``.
        video: The picture that will be dubbed; None for a file of sound only.
        audio: Sound tracks, in the file's order.
    """

    path: Path
    container: str
    video: VideoInfo | None
    audio: tuple[AudioInfo, ...] = ()


@dataclass(frozen=True)
class Region:
    """A rectangle of whole pixels, half-open; may reach beyond the frame it is meant for.

    Attributes:
        left: First column.
        top: First row.
        right: Column after the last.
        bottom: Row after the last.
    """

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        """Refuse a rectangle without area."""
        if self.right <= self.left or self.bottom <= self.top:
            raise RecordError(f"a region from ({self.left}, {self.top}) to ({self.right}, {self.bottom}) has no area")

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    def meets(self, width: int, height: int) -> bool:
        """Whether some part is inside a frame of ``width`` x ``height`` pixels."""
        return self.left < width and self.top < height and self.right > 0 and self.bottom > 0

    def inside(self, width: int, height: int) -> Region:
        """The part inside a frame of ``width`` x ``height`` pixels.

        Raises:
            RecordError: if no part is.
        """
        return Region(max(0, self.left), max(0, self.top), min(width, self.right), min(height, self.bottom))


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame as it was stored.

    Attributes:
        index: Number of the frame in its picture, from 0.
        pts: Timestamp in units of the stream's time base.
        planes: One array per plane, (rows, columns) or (rows, columns, channels); uint8, or uint16 above 8 bits.
            Read-only views: a stage that changes pixels makes a new plane.
        pixel_format: Layout of ``planes``.
        colour: Colour tags.
        converted: Whether it was stored in another size or format than the picture's: streams may change midway.
    """

    index: int
    pts: int
    planes: tuple[npt.NDArray[Any], ...]
    pixel_format: PixelFormat
    colour: ColourTags
    converted: bool = False

    def __repr__(self) -> str:
        return f"Frame({self.index}, {self.width}x{self.height} {self.pixel_format.name})"

    @property
    def height(self) -> int:
        """Rows of the picture."""
        return int(self.planes[0].shape[0])

    @property
    def width(self) -> int:
        """Columns of the picture."""
        return int(self.planes[0].shape[1])
