"""Films whose every value is known beforehand: interleaved formats, and one flat colour."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dubkit.media.pixels import plane_format, video_frame
from dubkit.schema import ColourTags, Frame
from tests.media.zoo import MUXERS, frame_of


def make_packed(path: Path, codec: str, name: str, frames: int = 4) -> list[Frame]:
    """Write frames in an interleaved format; what they hold, in planes."""
    native = plane_format(name).name
    made = [frame_of(native, 36, 22, n, n) for n in range(frames)]
    with av.open(str(path), "w", format=MUXERS[path.suffix]) as container:
        stream = container.add_stream(codec, Fraction(25))
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt, context.time_base = 36, 22, name, Fraction(1, 25)
        for frame in made:
            packed = VideoReformatter().reformat(video_frame(frame), format=name, threads=1)
            packed.pts, packed.time_base = frame.pts, Fraction(1, 25)
            container.mux(stream.encode(packed))
        container.mux(stream.encode(None))
    return made


def make_flat(path: Path, name: str, tags: ColourTags, luma: float, chroma: tuple[float, float]) -> Path:
    """One colour, given as Y' 0..1 and Cb, Cr -0.5..0.5 and written by the formulas of H.273."""
    layout = plane_format(name)
    scale = 1 << (layout.bits - 8)
    top = (1 << layout.bits) - 1
    levels = [16 * scale + 219 * scale * luma, *(128 * scale + 224 * scale * c for c in chroma)]
    if tags.full_range:
        levels = [top * luma, *(128 * scale + top * c for c in chroma)]
    frame = frame_of(name, 64, 48, 0, 0, tags)
    planes = tuple(np.full_like(plane, round(level)) for plane, level in zip(frame.planes, levels, strict=True))
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", Fraction(25))
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = 64, 48, name
        context.color_primaries, context.color_trc, context.colorspace = tags.primaries, tags.transfer, tags.matrix
        context.color_range = 2 if tags.full_range else 1
        picture = video_frame(Frame(0, 0, planes, layout, tags))
        picture.pts, picture.time_base = 0, Fraction(1, 25)
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
