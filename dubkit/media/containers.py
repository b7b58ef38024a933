"""What each kind of file can hold, by the ending of its name."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av

from dubkit.errors import OutputError

__all__ = ["ContainerRules", "keeps_sound_exact", "rules_for", "takes"]


@dataclass(frozen=True)
class ContainerRules:
    """What a container is good for.

    Attributes:
        muxer: FFmpeg's name.
        encoders: Encoders for the picture, best first.
        sound: Encoder for new sound.
        only: Encoders and codecs it takes; empty leaves the answer to FFmpeg.
        constant_rate: Whether frames have numbers instead of times.
        keeps_rotation: Whether it can say that the picture is to be turned.
        sound_rates: Hz that sound may have; empty leaves that to the encoder.
    """

    muxer: str
    encoders: tuple[str, ...]
    sound: str
    only: frozenset[str] = frozenset()
    constant_rate: bool = False
    keeps_rotation: bool = False
    sound_rates: tuple[int, ...] = ()


_X = ("libx264", "libx264rgb", "libx265")
_MP4 = ContainerRules("mp4", ("libx264", "libx265"), "aac", keeps_rotation=True)
_MOV = ContainerRules("mov", (*_X, "prores_ks"), "pcm_s24le", keeps_rotation=True)
_PS = ContainerRules(
    "mpeg", ("mpeg2video",), "mp2", frozenset({"mpeg2video", "mpeg1video", "mp2", "ac3"}), constant_rate=True
)
_TS_CODECS = {"libx264", "libx265", "mpeg2video", "mpeg1video", "h264", "hevc", "aac", "mp2", "ac3", "eac3", "mp3"}
_TS = ContainerRules("mpegts", ("libx264", "libx265"), "aac", frozenset(_TS_CODECS))
# AVI has no timestamps: codecs that show frames in another order than stored come out late.
_AVI_CODECS = {"mpeg4", "ffv1", "mjpeg", "rawvideo", "huffyuv", "ffvhuff", "utvideo"}
_AVI_CODECS |= {"pcm_s16le", "pcm_s24le", "pcm_u8", "pcm_f32le", "mp3", "libmp3lame", "mp2", "ac3"}
_MXF_CODECS = {"mpeg2video", "dnxhd", "prores_ks", "pcm_s24le", "pcm_s16le"}
_MXF = ContainerRules(
    "mxf", ("dnxhd", "prores_ks"), "pcm_s24le", frozenset(_MXF_CODECS), constant_rate=True, sound_rates=(48_000,)
)
_RULES = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": _MOV,
    ".mkv": ContainerRules("matroska", (*_X, "ffv1"), "flac", keeps_rotation=True),
    ".webm": ContainerRules("webm", ("libvpx-vp9",), "libopus", keeps_rotation=True),
    ".avi": ContainerRules("avi", ("mpeg4", "ffv1"), "pcm_s16le", frozenset(_AVI_CODECS), constant_rate=True),
    ".mpg": _PS,
    ".mpeg": _PS,
    ".ts": _TS,
    ".mts": _TS,
    ".m2ts": _TS,
    ".mxf": ContainerRules(
        "mxf", ("dnxhd", "prores_ks"), "pcm_s24le", frozenset(_MXF_CODECS), constant_rate=True, sound_rates=(48_000,)
    ),
}


def rules_for(path: Path) -> ContainerRules:
    """The rules of the container that ``path`` names by its ending.

    Raises:
        OutputError: if the ending names none we can write.
    """
    rules = _RULES.get(path.suffix.lower())
    if rules is None:
        ending = f"ending {path.suffix!r}" if path.suffix else "name without an ending"
        raise OutputError(
            f"cannot be written: the {ending} names no film container",
            path=path,
            remedy=f"use one of {' '.join(_RULES)}",
        )
    return rules


def keeps_sound_exact(path: Path) -> bool:
    """Whether new sound is written without loss to the container that ``path`` names.

    Raises:
        OutputError: as :func:`rules_for`.
    """
    return rules_for(path).sound.startswith(("pcm_", "flac"))


@cache
def takes(rules: ContainerRules, codec: str) -> bool:
    """Whether the container takes what the encoder ``codec`` makes."""
    if rules.only:
        return codec in rules.only
    with av.open(io.BytesIO(), "w", format=rules.muxer) as container:
        try:
            container.add_stream(codec)
        except ValueError:
            return False
    return True
