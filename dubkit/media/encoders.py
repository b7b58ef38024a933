"""Which encoder, pixel format and options keep a picture as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

from av.codec import Codec
from av.codec.codec import UnknownCodecError

from dubkit.errors import MediaError, OutputError
from dubkit.media.containers import ContainerRules, takes
from dubkit.media.pixels import describe_format
from dubkit.schema import ColourFamily, PixelFormat, VideoInfo

__all__ = ["PicturePlan", "WriteSettings", "plan_picture"]

_FAMILIES = {
    "h264": ("libx264", "libx264rgb", "libx265"),
    "hevc": ("libx265", "libx264"),
    "av1": ("libsvtav1", "libaom-av1", "libx265"),
    "prores": ("prores_ks",),
    "dnxhd": ("dnxhd",),
    "ffv1": ("ffv1",),
    "vp9": ("libvpx-vp9",),
    "vp8": ("libvpx-vp9",),
    "mjpeg": ("mjpeg",),
    "rawvideo": ("rawvideo",),
    "v210": ("v210",),
    "utvideo": ("utvideo",),
    "qtrle": ("qtrle",),
    "png": ("png",),
    "cfhd": ("cfhd",),
}
"""Encoders that stay with a codec, best first."""

_RAW_FORMATS = {
    "mov": ("uyvy422", "rgb24"),
    "avi": ("yuv420p", "yuv422p", "gray", "yuv411p", "yuv410p", "bgr24"),
    "matroska": ("yuv420p", "yuv422p", "gray", "yuv411p", "yuv410p"),
}
"""Uncompressed formats that come back from a container as they went in."""
_NOT_FOR_MP4 = frozenset({"ffv1", "rawvideo", "png"})
"""Codecs that FFmpeg puts into MP4 and hardly a player takes out again; used there only when asked for."""
_TELL_PIXEL_SHAPE = frozenset({"libx264", "libx264rgb", "libx265", "mpeg4"})
_MPEG2_SHAPES = frozenset({Fraction(4, 3), Fraction(16, 9), Fraction(221, 100)})
"""Width of the whole picture divided by its height; MPEG-2 knows no others (H.262, table 6-3)."""
_MUXERS_THAT_TELL = frozenset({"mp4", "mov", "mxf"})

_DEEP_ENOUGH = frozenset({"prores_ks", "dnxhd"})
"""Encoders that take fewer bits than decoders of their codec deliver, and lose more than these bits anyway."""

_DNXHR_LEAST = (256, 120)
"""Columns and rows; DNxHR knows no smaller picture."""

_NEED_EVEN = frozenset({"libx264", "libx264rgb", "libx265"})
# x264's "veryfast" at 14 is as close to the source as its "medium" at 16 (real clips: 0.1 to 0.4 dB closer, 22 to
# 38 % larger) for a third of the time, which would else be more than all other stages take; x265's "veryfast" is
# as close and as small as its "medium", in six tenths of the time.
_DEFAULT_QUALITY = {"libx264": 14, "libx264rgb": 14, "libx265": 18, "libsvtav1": 20, "libaom-av1": 18}
_DEFAULT_QUALITY |= {"libvpx-vp9": 18, "mjpeg": 2, "mpeg4": 2, "mpeg2video": 2, "mpeg1video": 2}


@dataclass(frozen=True)
class WriteSettings:
    """How a master's picture is written.

    Attributes:
        codec: ``auto`` stays with the source's codec where it can; else any encoder of this FFmpeg.
        quality: The encoder's own scale (CRF, or quantiser for MPEG and JPEG), lower is better, 0 is lossless where
            the encoder can; None takes our default, which is hard to tell from the source.
        preset: Speed of x264 and x265, in their words.
        options: Further options for the encoder, as FFmpeg names them; they win over ours.
        copy: Whether packets of frames that do not change are taken over from the source where that can be; only where
            neither codec nor quality nor options were asked for.
    """

    codec: str = "auto"
    quality: int | None = None
    preset: str = "veryfast"
    options: Mapping[str, str] = field(default_factory=dict)
    copy: bool = True

    @property
    def as_source(self) -> bool:
        """Whether nothing was asked for but what the source has."""
        return self.codec == "auto" and self.quality is None and not self.options


@dataclass(frozen=True)
class PicturePlan:
    """What was decided.

    Attributes:
        encoder: FFmpeg's name.
        pixel_format: FFmpeg's name of the format the encoder is given.
        options: Options of the encoder.
        notes: What differs from the source, in words.
    """

    encoder: str
    pixel_format: str
    options: Mapping[str, str]
    notes: tuple[str, ...]


def plan_picture(path: Path, video: VideoInfo, rules: ContainerRules, settings: WriteSettings) -> PicturePlan:
    """Choose the encoder and what it is given.

    Raises:
        OutputError: if the encoder is unknown or does not fit the container.
    """
    if settings.codec != "auto":
        encoder = settings.codec
        rgb = video.pixel_format.family is ColourFamily.RGB and video.pixel_format.bits == 8 and not video.is_still
        if encoder == "libx264" and rgb:
            encoder = "libx264rgb"  # the same codec, and no way round over YUV
        _check_encoder(path, encoder, rules)
        chosen = _best_format(_formats(encoder, video, rules), video.pixel_format)
    else:
        encoder, chosen = _automatic(video, rules)
    loss = _loss(video.pixel_format, describe_format(chosen))
    notes = [f"the picture's format {video.pixel_format.name} was written as {chosen}: {loss}"] if loss else []
    if video.pixel_format.log2_width and not describe_format(chosen).log2_width and (video.width | video.height) % 2:
        notes = [f"{video.width}x{video.height} pixels is an odd size, so {encoder} was given full colour resolution"]
    written_as = Codec(encoder, "w").canonical_name
    if settings.codec == "auto" and video.codec not in ("", written_as) and not video.is_still:
        notes.append(f"the picture was {video.codec} and was written as {written_as}")
    if video.sample_aspect != 1 and rules.muxer not in _MUXERS_THAT_TELL and not _tells_shape(encoder, video):
        notes.append(f"the shape of the pixels ({video.sample_aspect}) is not told by this kind of file")
    if video.interlaced:
        notes.append("the fields of the picture are kept as lines of whole frames, not flagged as interlaced")
    options = _options(encoder, chosen, settings) | dict(settings.options)
    return PicturePlan(encoder, chosen, options, tuple(notes))


def _tells_shape(encoder: str, video: VideoInfo) -> bool:
    shape = video.sample_aspect * video.width / video.height
    return encoder in _TELL_PIXEL_SHAPE or (encoder == "mpeg2video" and shape in _MPEG2_SHAPES)


def _automatic(video: VideoInfo, rules: ContainerRules) -> tuple[str, str]:
    """The encoder that loses least; of equals the one that comes first."""
    family = () if video.is_still else _FAMILIES.get(video.codec, ())
    usable = [name for name in (*family, *rules.encoders) if _known(name) and takes(rules, name)]
    usable = [name for name in usable if rules.muxer != "mp4" or name not in _NOT_FOR_MP4]
    if video.width < _DNXHR_LEAST[0] or video.height < _DNXHR_LEAST[1]:
        usable = [name for name in usable if name != "dnxhd"]
    wanted = video.pixel_format
    options = [(name, _best_format(_formats(name, video, rules), wanted)) for name in usable]
    for name, chosen in options:
        if name in family and name in _DEEP_ENOUGH and not any(_cost(chosen, wanted)[:_LOSSES_BEFORE_BITS]):
            return name, chosen
    return min(options, key=lambda option: _cost(option[1], wanted)[:_LOSSES])


@cache
def _known(encoder: str) -> bool:
    try:
        return Codec(encoder, "w").type == "video"
    except UnknownCodecError:
        return False


def _check_encoder(path: Path, encoder: str, rules: ContainerRules) -> None:
    if not _known(encoder):
        raise OutputError(
            f"cannot be written with {encoder!r}: this FFmpeg has no such picture encoder",
            path=path,
            remedy=f"use {rules.encoders[0]!r}, or 'auto'",
        )
    if not takes(rules, encoder):
        raise OutputError(
            f"cannot be written with {encoder!r}: a {path.suffix} file does not take that codec",
            path=path,
            remedy=f"use {rules.encoders[0]!r} or 'auto', or another file ending such as .mov or .mkv",
        )


def _formats(encoder: str, video: VideoInfo, rules: ContainerRules) -> list[str]:
    """Formats the encoder takes for a picture of this size."""
    offered = Codec(encoder, "w").video_formats
    names = [video.pixel_format.name] if offered is None else [item.name for item in offered]
    if encoder == "rawvideo":
        names = list(_RAW_FORMATS.get(rules.muxer, names))
    names = [name for name in names if name.replace("yuvj", "yuv") == name or name.replace("yuvj", "yuv") not in names]
    described = {name: layout for name in names if (layout := _described(name)) is not None}
    if encoder == "libx265":  # its opacity is an experiment that hardly any decoder knows
        described = {n: f for n, f in described.items() if not f.alpha}
    if encoder in _NEED_EVEN:
        described = {n: f for n, f in described.items() if not _splits_pixels(f, video)} or described
    if video.is_still and rules.muxer in {"mp4", "mov"}:
        # Players of photographs made films expect 4:2:0; where the size is odd there is none.
        plain = {n: f for n, f in described.items() if n in {"yuv420p", "yuv444p"}}
        described = {n: f for n, f in plain.items() if n == "yuv420p"} or plain or described
    return list(described)


def _described(name: str) -> PixelFormat | None:
    try:
        return describe_format(name)
    except MediaError:  # a hardware surface
        return None


def _splits_pixels(layout: PixelFormat, video: VideoInfo) -> bool:
    return bool(video.width % (1 << layout.log2_width) or video.height % (1 << layout.log2_height))


def _best_format(names: Iterable[str], wanted: PixelFormat) -> str:
    """The format that loses least; of equals the one that adds least."""
    return min(names, key=lambda name: _cost(name, wanted))


def _cost(name: str, wanted: PixelFormat) -> tuple[int, ...]:
    """What is lost, the worst first (``_LOSSES`` numbers), then what is added for nothing."""
    layout = describe_format(name)
    across, down = layout.log2_width - wanted.log2_width, layout.log2_height - wanted.log2_height
    if wanted.family is ColourFamily.GRAY:
        across = down = 0
    family = _FAMILY_COST.get((wanted.family, layout.family), 0)
    return (
        int(family == _NO_COLOUR),
        max(0, wanted.alpha - layout.alpha),
        max(0, across) + max(0, down),
        max(0, wanted.bits - layout.bits),
        family if wanted.family is not ColourFamily.GRAY else 0,
        family,
        int(name != wanted.name),
        max(0, layout.alpha - wanted.alpha),
        max(0, -across) + max(0, -down),
        max(0, layout.bits - wanted.bits),
    )


_LOSSES = 5
_LOSSES_BEFORE_BITS = 3
_NO_COLOUR = 4
_FAMILY_COST = {
    (ColourFamily.GRAY, ColourFamily.YUV): 1,
    (ColourFamily.RGB, ColourFamily.YUV): 2,
    (ColourFamily.GRAY, ColourFamily.RGB): 2,
    (ColourFamily.YUV, ColourFamily.RGB): 3,
    (ColourFamily.YUV, ColourFamily.GRAY): _NO_COLOUR,
    (ColourFamily.RGB, ColourFamily.GRAY): _NO_COLOUR,
}


def _loss(wanted: PixelFormat, given: PixelFormat) -> str:
    lost = []
    if wanted.alpha and not given.alpha:
        lost.append("the opacity is left out")
    gray = wanted.family is ColourFamily.GRAY
    if not gray and (given.log2_width > wanted.log2_width or given.log2_height > wanted.log2_height):
        lost.append("with coarser colour resolution")
    if given.bits < wanted.bits:
        lost.append(f"{wanted.bits} bits were rounded to {given.bits}")
    if wanted.family is not given.family and not gray:
        lost.append(f"{wanted.family.value.upper()} was converted to {given.family.value.upper()}")
    return ", ".join(lost)


def _options(encoder: str, pixel_format: str, settings: WriteSettings) -> dict[str, str]:
    """The encoder's options: quality, speed, and silence on the terminal."""
    quality = _DEFAULT_QUALITY.get(encoder, 0) if settings.quality is None else settings.quality
    lossless = settings.quality == 0
    depth = describe_format(pixel_format)
    dnx = "dnxhr_444" if not depth.log2_width else "dnxhr_hqx" if depth.bits > 8 else "dnxhr_hq"
    x264 = {"preset": settings.preset} | ({"qp": "0"} if lossless else {"crf": str(quality)})
    x265 = "log-level=none" + (":lossless=1" if lossless else "")
    vpx = {"b": "0", "crf": str(quality), "deadline": "good", "cpu-used": "2", "row-mt": "1"}
    svt = {"preset": "6", "crf": str(max(1, quality))} | ({"svtav1-params": "lossless=1"} if lossless else {})
    table: dict[str, dict[str, str]] = {
        "libx264": x264,
        "libx264rgb": x264,
        "libx265": {"preset": settings.preset, "crf": str(quality), "x265-params": x265},
        "libsvtav1": svt | ({"svtav1-params": "lossless=1"} if lossless else {}),
        "libaom-av1": {"b": "0", "crf": str(quality), "cpu-used": "4", "row-mt": "1"},
        "libvpx-vp9": vpx | ({"lossless": "1"} if lossless else {}),
        "prores_ks": {"profile": "4444" if not depth.log2_width else "hq", "vendor": "apl0"},
        "dnxhd": {"profile": dnx},
        "ffv1": {"level": "3", "g": "1", "slicecrc": "1"},
    }
    # FFmpeg takes the quantiser from the frame, where PyAV has no way to put it, and then holds it between these two.
    quantiser = {
        "qmin": str(max(1, quality)),
        "qmax": str(max(1, quality)),
        "global_quality": str(118 * max(1, quality)),
    }
    for name in ("mjpeg", "mpeg4", "mpeg2video", "mpeg1video"):
        table[name] = {"flags": "+qscale", **quantiser}
    return table.get(encoder, {})
