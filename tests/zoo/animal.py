"""What is said of an odd file, and the picture that odd files show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.media.pixels import describe_format, plane_format
from dubkit.schema import ColourFamily, ColourTags, Frame
from tests.media.zoo import make

__all__ = ["FRAMES", "Animal", "calm", "calm_frame", "film"]

FRAMES = 20
SIZE = (64, 64)
_MARK = 6


@dataclass(frozen=True)
class Animal:
    """An odd file, and what is to become of it.

    Attributes:
        file: Its name.
        make: Writes it to a path with this name.
        shows: Fields of its :class:`dubkit.VideoInfo` as ``probe`` must tell them.
        frames: How many can be decoded.
        sounds: How many sound tracks it has.
        times: Milliseconds from its first frame to each; empty for a constant rate, where they follow from that.
        changes: Whether it is large enough for a face, which then gets a new mouth.
        kept: How many of its packets the result has byte for byte; -1 where it is encoded as a whole.
        because: Why it is encoded as a whole, in words of the report.
        says: Words of everything else that the report has to say; it may not say anything more.
        result: The ending of the result; the same as of ``file`` where empty.
        differs: Fields of the result's ``VideoInfo`` that are not the source's, each because the report says so, or
            because of what kind of file it is.
        tracks: Kinds of the result's other tracks.
        refused: Words of the sentence with which it is refused; then there is no result.
        off: Milliseconds by which the result's times may differ, because the report says so.
        least: Decibels between a frame that is encoded and what was given; infinite where nothing may be lost.
    """

    file: str
    make: Callable[[Path], object]
    shows: Mapping[str, Any] = field(default_factory=dict)
    frames: int = FRAMES
    sounds: int = 0
    times: tuple[float, ...] = ()
    changes: bool = True
    kept: int = -1
    because: str = ""
    says: tuple[str, ...] = ()
    result: str = ""
    differs: Mapping[str, Any] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    refused: str = ""
    least: float = 30.0
    off: float = 0.0


def calm(name: str, width: int, height: int, index: int) -> tuple[npt.NDArray[Any], ...]:
    """Planes of a picture at rest, a little noisy, over which a mark moves along the upper edge from frame to frame."""
    layout = plane_format(name)
    count = {ColourFamily.GRAY: 1, ColourFamily.YUV: 3, ColourFamily.RGB: 3}[layout.family] + layout.alpha
    top = (1 << layout.bits) - 1
    planes = []
    for number in range(1 if name == "rgb24" else count):
        rows, columns = height, width
        if layout.family is ColourFamily.YUV and number in (1, 2):
            rows, columns = -(-height >> layout.log2_height), -(-width >> layout.log2_width)
        skin = np.random.default_rng(number).integers(0, max(2, top // 8), (rows, columns))
        ramp = np.add.outer(np.arange(rows), np.arange(columns)) * top // (rows + columns) // 2
        grain = np.random.default_rng([number, index]).integers(0, max(2, top // 64), (rows, columns))
        plane = top // 5 + skin + ramp + grain
        plane[: rows // 10, (index * _MARK * columns // 64) % max(1, columns - columns // 8) :][:, : columns // 8] = top
        if name == "rgb24":
            plane = np.stack([plane, np.roll(plane, 3, 1), plane // 2], axis=2)
        planes.append(np.minimum(plane, top).astype(np.uint8 if layout.bits <= 8 else "<u2"))
    return tuple(planes)


def calm_frame(name: str, width: int, height: int, index: int, pts: int, colour: ColourTags | None = None) -> Frame:
    """One frame of :func:`calm`."""
    return Frame(index, pts, calm(name, width, height, index), describe_format(name), colour or ColourTags())


def film(**recipe: Any) -> Callable[[Path], object]:
    """Makes a film of :func:`calm` with :func:`tests.media.zoo.make`."""
    usual: dict[str, Any] = {"frames": FRAMES, "size": SIZE, "picture": calm_frame}
    return lambda path: make(path, **(usual | recipe))
