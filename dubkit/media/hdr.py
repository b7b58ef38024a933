"""HDR metadata: how bright and in which colours a picture was mastered (SMPTE ST 2086, CTA-861.3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import cast

from av.sidedata.sidedata import Type

from dubkit.media.encoders import PicturePlan
from dubkit.media.opening import decoded_video, opened, picture_stream

__all__ = ["Hdr", "hdr_notes", "joined_options", "read_hdr", "with_hdr"]

_MASTERING = "=20i2i"
"""FFmpeg's AVMasteringDisplayMetadata: ten fractions (red, green, blue, white; darkest, brightest), two flags."""
_LIGHT = "=2I"
_COLOUR_STEP, _LIGHT_STEP = Fraction(1, 50_000), Fraction(1, 10_000)
_MOVING = {Type.DYNAMIC_HDR_PLUS: "HDR10+", Type.DYNAMIC_HDR_VIVID: "HDR Vivid", Type.DOVI_RPU_BUFFER: "Dolby Vision"}
_MOVING |= {Type.A53_CC: "closed captions"}
_LOOKED_FOR = (Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL, *_MOVING)
_PARAMETERS = {
    "libx264": ("x264-params", "mastering-display", "cll"),
    "libx265": ("x265-params", "master-display", "max-cll"),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light"),
}
"""Encoders that write it, and by which options."""


@dataclass(frozen=True)
class Hdr:
    """What is said beside the picture.

    Attributes:
        display: Chromaticities of green, blue, red and white as (x, y), then the brightest and the darkest, in cd/m2;
            empty where the file does not say.
        light: The brightest sample and the brightest frame, in cd/m2; empty where the file does not say.
        moving: What is told anew with frames, by name.
    """

    display: tuple[Fraction, ...] = ()
    light: tuple[int, ...] = ()
    moving: tuple[str, ...] = ()


def read_hdr(path: Path) -> Hdr:
    """What the first frame of ``path`` comes with.

    Raises:
        MediaError: if the file cannot be read.
    """
    with opened(path) as container:
        stream = picture_stream(container)
        first = None if stream is None else next(decoded_video(container, stream), None)
        if first is None:
            return Hdr()
        beside = cast("Mapping[Type, bytes]", first.side_data)
        stored = {kind: bytes(beside[kind]) for kind in _LOOKED_FOR if beside.get(kind) is not None}
    display = stored.get(Type.MASTERING_DISPLAY_METADATA, b"")
    light = stored.get(Type.CONTENT_LIGHT_LEVEL, b"")
    return Hdr(
        _display(display) if len(display) == struct.calcsize(_MASTERING) else (),
        struct.unpack(_LIGHT, light[: struct.calcsize(_LIGHT)]) if len(light) >= struct.calcsize(_LIGHT) else (),
        tuple(name for kind, name in _MOVING.items() if kind in stored),
    )


def _display(data: bytes) -> tuple[Fraction, ...]:
    numbers = struct.unpack(_MASTERING, data)
    if not all(numbers[20:]) or not all(numbers[1:20:2]):
        return ()
    red_x, red_y, green_x, green_y, blue_x, blue_y, white_x, white_y, dark, bright = (
        Fraction(numbers[at], numbers[at + 1]) for at in range(0, 20, 2)
    )
    return (green_x, green_y, blue_x, blue_y, red_x, red_y, white_x, white_y, bright, dark)


def hdr_notes(plan: PicturePlan, hdr: Hdr, *, same_track: bool) -> tuple[str, ...]:
    """What of it is lost, in words.

    Args:
        plan: How the picture is encoded.
        hdr: What is said beside the picture.
        same_track: Whether the master's track has the description of the source's, and all that this says.
    """
    notes = []
    if hdr.moving:
        notes.append(f"frames that were encoded come without {' and '.join(hdr.moving)}")
    if (hdr.display or hdr.light) and not same_track and plan.encoder not in _PARAMETERS:
        notes.append(f"the HDR metadata (mastering display, light level) is lost: {plan.encoder} does not write it")
    return tuple(notes)


def with_hdr(plan: PicturePlan, hdr: Hdr) -> PicturePlan:
    """``plan`` with what was said beside the picture, where the encoder can say it."""
    if plan.encoder not in _PARAMETERS or not (hdr.display or hdr.light):
        return plan
    option, display, light = _PARAMETERS[plan.encoder]
    said = []
    if hdr.display:
        said.append(f"{display}={_written(hdr.display, plan.encoder)}")
    if hdr.light:
        said.append(f"{light}={','.join(map(str, hdr.light))}")
    return replace(plan, options=joined_options(plan.options, {option: ":".join(said)}))


def joined_options(options: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """``options`` with ``more``, which win; lists of an encoder's own parameters are joined."""
    merged = dict(options)
    for key, value in more.items():
        both = key.endswith("-params") and merged.get(key)
        merged[key] = f"{merged[key]}:{value}" if both else value
    return merged


def _written(display: tuple[Fraction, ...], encoder: str) -> str:
    """As encoders want it: the x26s in steps of the standard, SVT-AV1 in plain numbers."""
    steps = [_COLOUR_STEP] * 8 + [_LIGHT_STEP] * 2
    if encoder == "libsvtav1":
        numbers = [f"{float(value):.5f}" for value in display]
    else:
        numbers = [str(round(value / step)) for value, step in zip(display, steps, strict=True)]
    pairs = [f"({x},{y})" for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    return "".join(name + pair for name, pair in zip(("G", "B", "R", "WP", "L"), pairs, strict=True))
