"""What this FFmpeg can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import av
from av.codec import Codec
from av.codec.codec import UnknownCodecError

__all__ = ["ffmpeg_libraries", "has_decoder", "has_encoder"]


def ffmpeg_libraries() -> Mapping[str, str]:
    """Name of each of FFmpeg's libraries -> its version."""
    return {name: ".".join(map(str, version)) for name, version in sorted(av.library_versions.items())}


def has_encoder(name: str) -> bool:
    """Whether there is an encoder that FFmpeg calls ``name``."""
    return _has(name, "w")


def has_decoder(name: str) -> bool:
    """Whether there is a decoder that FFmpeg calls ``name``."""
    return _has(name, "r")


def _has(name: str, mode: Literal["r", "w"]) -> bool:
    try:
        Codec(name, mode)
    except UnknownCodecError:
        return False
    return True
