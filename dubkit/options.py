"""What may be asked of a dub beside its files, by keyword."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypedDict

from dubkit.amounts import given_seconds
from dubkit.schema import DubJob

__all__ = ["DubOptions", "job_from"]

_FILES = (
    *("subtitles", "voice", "cast", "cuts", "enhancer", "stems", "deliver"),
    *("patches", "picture", "cast_sheet", "work_dir"),
)


class DubOptions(TypedDict, total=False):
    """Fields of :class:`dubkit.DubJob`, which says what they mean; paths may be text."""

    tts: str
    cast: str | os.PathLike[str] | None
    cuts: str | os.PathLike[str] | None
    language: str
    encoding: str
    model: str
    enhancer: str | os.PathLike[str] | None
    detector: str
    detector_model: str
    device: str
    precision: str
    memory: str
    codec: str
    keep_original: bool
    original: str
    stems: str | os.PathLike[str] | None
    loudness: str
    voice_level: str
    deliver: str | os.PathLike[str] | None
    deliver_sound: str
    deliver_subtitles: str
    patches: str | os.PathLike[str] | None
    patch_format: str
    picture: str | os.PathLike[str] | None
    cast_sheet: str | os.PathLike[str] | None
    recognition_model: str
    expert: str
    silence: str
    work_dir: str | os.PathLike[str] | None
    shift: Fraction | float


def job_from(
    video: str | os.PathLike[str], output: str | os.PathLike[str] | None, options: Mapping[str, Any]
) -> DubJob:
    """The job of these files and options.

    Raises:
        TypeError: if there is no option of that name.
        RecordError: if they contradict one another.
    """
    values = dict(options)
    for name in _FILES:
        if values.get(name) is not None:
            values[name] = Path(values[name])
    values["shift"] = given_seconds(values.get("shift", 0), "shift")
    return DubJob(video=Path(video), output=None if output is None else Path(output), **values)
