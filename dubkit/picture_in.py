"""The frames of a film on their way in: all of them, or those that somebody needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.media import read_frames
from dubkit.schema import Frame, VideoInfo
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["chosen_frames", "upright_frames"]

_WORTH_JUMPING = 50
"""Frames; fewer are decoded and passed over faster than the file is opened again behind them."""


def upright_frames(path: Path, picture: VideoInfo, times: FrameTimes) -> Iterator[Frame]:
    """The frames of a picture as they are looked at; a still image is repeated as long as ``times`` says."""
    frames = read_frames(path, upright=True)
    if not picture.is_still:
        yield from frames
        return
    photograph = next(frames)
    for index in range(len(times)):
        yield replace(photograph, index=index, pts=int(times.pts[index]))


def chosen_frames(path: Path, picture: VideoInfo, times: FrameTimes, chosen: npt.NDArray[np.bool_]) -> Iterator[Frame]:
    """Those of :func:`upright_frames` that are chosen; where it pays, the film is not decoded between them.

    Args:
        path: The film.
        picture: Its picture.
        times: When its frames are shown.
        chosen: (frames,) which are wanted.

    Raises:
        MediaError: if the film cannot be read.
    """
    if picture.is_still:
        yield from (frame for frame in upright_frames(path, picture, times) if chosen[frame.index])
        return
    for run in _runs(chosen):
        frames = read_frames(path, run, times=times, upright=True)
        yield from (frame for frame in frames if chosen[frame.index])


def _runs(chosen: npt.NDArray[np.bool_]) -> Iterator[FrameRange]:
    """What has to be decoded: from one chosen frame to another, with no long pause between."""
    wanted = np.flatnonzero(chosen)
    if not wanted.size:
        return
    pauses = np.flatnonzero(np.diff(wanted) > _WORTH_JUMPING)
    for first, last in zip([0, *(pauses + 1)], [*pauses, wanted.size - 1], strict=True):
        yield FrameRange(int(wanted[first]), int(wanted[last]) + 1)
