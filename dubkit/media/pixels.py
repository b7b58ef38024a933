"""Pixel formats and planes: FFmpeg's frames to ours and back, without a pixel changed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from dubkit.errors import MediaError
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat

__all__ = [
    "check_matrix",
    "colour_tags",
    "convertible_matrix",
    "describe_format",
    "format_exists",
    "frame_planes",
    "is_converted",
    "plane_format",
    "range_code",
    "tag_colour",
    "threads_for",
    "video_frame",
]

_SUBSAMPLINGS = {(1, 1): "420", (1, 0): "422", (0, 0): "444", (0, 1): "440", (2, 0): "411", (2, 2): "410"}
_DEPTHS = (8, 9, 10, 12, 14, 16)
_WRITTEN_AT_ONCE = 16
"""Columns; FFmpeg's converters keep to their line where it is a multiple."""
_UNSPECIFIED_MATRIX, _RESERVED, _BT2020, _BT2020_CONSTANT = 2, 3, 9, 10
_KNOWN_MATRICES = frozenset({1, 2, 3, 4, 5, 6, 7, 9, 10})
_OTHER_MATRICES = {0: "RGB stored as YUV", 8: "YCgCo", 11: "Y'D'zD'x", 12: "a form that follows from its primaries"}
_OTHER_MATRICES |= {13: "a form that follows from its primaries", 14: "ICtCp"}
_UNSPECIFIED_RANGE, _LIMITED, _FULL = 0, 1, 2


def _implies_full_range(name: str) -> bool:
    """Whether FFmpeg's format ``name`` itself says that samples use the full range (``yuvj420p`` and its kin)."""
    return name.startswith("yuvj")


@cache
def plane_format(name: str) -> PixelFormat:
    """The format in which frames of FFmpeg's format ``name`` are delivered: itself, or the nearest planar one.

    Planar YUV, grey and planar RGB of 8 to 16 bits and packed ``rgb24`` stay as they are; ``yuvj420p`` is
    ``yuv420p`` (that it uses the full range is a colour tag). Interleaved, palette and big-endian formats
    become the planar little-endian format that holds the same values.

    Raises:
        MediaError: if no such format holds its values (floating point, Bayer, hardware surfaces).
    """
    layout = describe_format(name)
    if layout.name == "rgb24":
        return layout
    alpha = "a" if layout.alpha else ""
    stem = {
        ColourFamily.YUV: f"yuv{alpha}{_SUBSAMPLINGS.get((layout.log2_width, layout.log2_height))}p",
        ColourFamily.RGB: f"gbr{alpha}p",
        ColourFamily.GRAY: "gray",
    }[layout.family]
    for bits in _DEPTHS:
        if bits >= layout.bits:
            candidate = stem if bits == 8 else f"{stem}{bits}le"
            if format_exists(candidate):
                shift = (layout.log2_width, layout.log2_height)
                return PixelFormat(candidate, layout.family, bits, *shift, alpha=layout.alpha)
    raise _unsupported(name)


@cache
def describe_format(name: str) -> PixelFormat:
    """What FFmpeg's format ``name`` holds, however it is laid out in memory.

    Raises:
        MediaError: if it holds what no planes of 8 to 16 bits can hold.
    """
    plain = name.replace("yuvj", "yuv")
    if not format_exists(plain):
        raise _unsupported(name)
    layout = VideoFormat(plain, 64, 64)
    colours = [component for component in layout.components if not component.is_alpha]
    if not colours or layout.is_bayer or "f16" in plain or "f32" in plain or plain.startswith("xyz"):
        raise _unsupported(name)
    alpha = len(colours) < len(layout.components)
    bits = max(component.bits for component in layout.components)
    if layout.has_palette or layout.is_rgb or (len(colours) == 1 and alpha):
        return PixelFormat(plain, ColourFamily.RGB, bits, alpha=alpha)
    if len(colours) == 1:
        return PixelFormat(plain, ColourFamily.GRAY, max(8, bits))
    shift = (64 // layout.chroma_width(64)).bit_length() - 1, (64 // layout.chroma_height(64)).bit_length() - 1
    return PixelFormat(plain, ColourFamily.YUV, bits, *shift, alpha=alpha)


def format_exists(name: str) -> bool:
    """Whether FFmpeg has a pixel format called ``name``."""
    try:
        VideoFormat(name, 64, 64)
    except ValueError:
        return False
    return True


def _unsupported(name: str) -> MediaError:
    return MediaError(
        f"the pixel format {name} cannot be edited without loss",
        remedy="convert the picture to a planar format of 8 to 16 bits, such as yuv444p12le or gbrp16le",
    )


def colour_tags(frame: VideoFrame) -> ColourTags:
    """The colour tags of a decoded frame."""
    full = {_LIMITED: False, _FULL: True}.get(int(frame.color_range))
    if _implies_full_range(frame.format.name):
        full = True
    return ColourTags(int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), full)


def convertible_matrix(matrix: int) -> int:
    """The matrix, of those FFmpeg's converters know, by which samples of ``matrix`` may be read."""
    return {_RESERVED: _UNSPECIFIED_MATRIX, _BT2020_CONSTANT: _BT2020}.get(matrix, matrix)


def check_matrix(tags: ColourTags, layout: PixelFormat) -> None:
    """See that colours can be told from samples.

    Raises:
        MediaError: if they are mixed in a way that neither dubkit nor FFmpeg's converters know.
    """
    if layout.family is ColourFamily.YUV and tags.matrix not in _KNOWN_MATRICES:
        raise MediaError(
            f"has colours in {_OTHER_MATRICES.get(tags.matrix, 'a form')} (matrix {tags.matrix} of ITU-T H.273), "
            "which cannot be edited",
            remedy="convert it to BT.709 or BT.2020 first, for instance with FFmpeg's zscale filter",
        )


def frame_planes(
    frame: VideoFrame, layout: PixelFormat, reformatter: VideoReformatter, width: int, height: int
) -> tuple[npt.NDArray[Any], ...]:
    """Read-only views of the planes of ``frame`` in ``layout``, line padding cropped.

    Args:
        frame: A decoded frame.
        layout: A format that :func:`plane_format` gave.
        reformatter: Converts where the frame is stored in another format or size; kept by the caller.
        width: Columns wanted; a frame of another size (the stream changed) is scaled.
        height: Rows wanted.
    """
    name = frame.format.name.replace("yuvj", "yuv")
    if name != layout.name or (frame.width, frame.height) != (width, height):
        level, matrix = frame.color_range or None, frame.colorspace
        frame.colorspace = convertible_matrix(matrix)
        stored, frame = (
            frame,
            reformatter.reformat(
                frame,
                width,
                height,
                layout.name,
                src_color_range=level,
                dst_color_range=level,
                interpolation="BICUBIC",
                threads=threads_for(frame.width),
            ),
        )
        stored.colorspace = matrix
    return tuple(_view(frame, layout, index, writable=False) for index in range(len(frame.planes)))


def is_converted(frame: VideoFrame, layout: PixelFormat, width: int, height: int) -> bool:
    """Whether :func:`frame_planes` has to change what ``frame`` holds, and not only how it is laid out."""
    return (frame.width, frame.height, plane_format(frame.format.name)) != (width, height, layout)


def threads_for(width: int) -> int:
    """Threads that may convert a frame of ``width`` columns, 0 for any number.

    FFmpeg's converters write past the end of a line, and put right what they hit, when they come to the next; where two
    threads share a frame, that is sometimes too late.
    """
    return 0 if width % _WRITTEN_AT_ONCE == 0 else 1


def _view(frame: VideoFrame, layout: PixelFormat, index: int, *, writable: bool) -> npt.NDArray[Any]:
    plane = frame.planes[index]
    rows, columns = frame.height, frame.width
    if layout.family is ColourFamily.YUV and index in (1, 2):
        rows, columns = -(-rows >> layout.log2_height), -(-columns >> layout.log2_width)
    dtype = np.dtype(np.uint8) if layout.bits <= 8 else np.dtype("<u2")
    shape: tuple[int, ...] = (rows, columns)
    strides: tuple[int, ...] = (abs(plane.line_size), dtype.itemsize)
    if layout.name == "rgb24":
        shape, strides = (rows, columns, 3), (abs(plane.line_size), 3, 1)
    view: npt.NDArray[Any] = np.ndarray(shape, dtype, buffer=memoryview(plane), strides=strides)
    if plane.line_size < 0:  # stored bottom line first
        view = view[::-1]
    view.setflags(write=writable)
    return view


def video_frame(frame: Frame) -> VideoFrame:
    """``frame`` as a new FFmpeg frame of the same pixel format, with its colour tags."""
    stored = VideoFrame(frame.width, frame.height, frame.pixel_format.name)
    for index, plane in enumerate(frame.planes):
        _view(stored, frame.pixel_format, index, writable=True)[...] = plane
    tag_colour(stored, frame.colour)
    return stored


def tag_colour(frame: VideoFrame, colour: ColourTags) -> None:
    """Write the colour tags into an FFmpeg frame."""
    frame.color_primaries, frame.color_trc = colour.primaries, colour.transfer
    frame.colorspace, frame.color_range = colour.matrix, range_code(colour)


def range_code(colour: ColourTags) -> int:
    """FFmpeg's number for the range of ``colour``."""
    return {None: _UNSPECIFIED_RANGE, False: _LIMITED, True: _FULL}[colour.full_range]
