"""Changed frames and mix into one master, in step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from dubkit.errors import MediaError
from dubkit.schema import Waveform
from dubkit.timing import FrameTimes, Seconds

__all__ = ["Writer", "conform_master"]


_Given = TypeVar("_Given", contravariant=True)
_Frame = TypeVar("_Frame")


class Writer(Protocol[_Given]):
    """What a master is written with: it takes frames, or what stands for those that stay as they are."""

    def write_frame(self, frame: _Given) -> None:
        """Take the next frame of the picture."""

    def write_sound(self, track: int, block: Waveform) -> None:
        """Take the next block of sound track ``track``."""


def conform_master(
    frames: Iterable[_Frame],
    sounds: Sequence[Iterator[Waveform]],
    times: FrameTimes,
    writer: Writer[_Frame],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write every frame once, and each sound just ahead of the picture, so that neither waits in memory.

    Args:
        frames: The whole picture, in order, in whatever form the writer takes it.
        sounds: One iterator of blocks per sound track.
        times: When each frame is shown; the master has exactly these.
        writer: Where to.
        progress: Called with (frames written, frames in all).

    Raises:
        MediaError: if the picture holds more or fewer frames than ``times`` says: a source that changed meanwhile.
    """
    feeds = [_Feed(track, blocks) for track, blocks in enumerate(sounds)]
    written = 0
    for frame in frames:
        if written == len(times):
            raise _changed_meanwhile(len(times))
        for feed in feeds:
            feed.up_to(times.seconds(written + 1), writer)
        writer.write_frame(frame)
        written += 1
        if progress is not None:
            progress(written, len(times))
    if written != len(times):
        raise _changed_meanwhile(len(times))
    for feed in feeds:
        feed.rest(writer)


class _Feed:
    """One sound track on its way into the master."""

    def __init__(self, track: int, blocks: Iterator[Waveform]) -> None:
        self._track = track
        self._blocks = blocks
        self._heard = Fraction(0)

    def up_to(self, time: Seconds, writer: Writer[Any]) -> None:
        while self._heard < time and (block := next(self._blocks, None)) is not None:
            writer.write_sound(self._track, block)
            self._heard += block.duration

    def rest(self, writer: Writer[Any]) -> None:
        for block in self._blocks:
            writer.write_sound(self._track, block)


def _changed_meanwhile(frames: int) -> MediaError:
    return MediaError(
        f"the picture had {frames} frames when it was analysed and has another number now",
        remedy="leave the file alone while it is dubbed and start again",
    )
