"""Shots and scenes."""

from __future__ import annotations

from dataclasses import dataclass

from dubkit.errors import RecordError
from dubkit.timing import FrameRange

__all__ = ["Scene", "Shot"]


@dataclass(frozen=True)
class Shot:
    """The frames between two cuts, or between the middles of dissolves.

    Attributes:
        index: Number of the shot in the film, from 0.
        frames: Its frames; at least one.
        dissolve_in: How many of its first frames also show the shot before.
        dissolve_out: How many of its last frames also show the shot after.
    """

    index: int
    frames: FrameRange
    dissolve_in: int = 0
    dissolve_out: int = 0

    def __post_init__(self) -> None:
        """Refuse an empty shot, and a dissolve that is longer than it."""
        if not self.frames:
            raise RecordError(f"shot {self.index} has no frames")
        if not (0 <= self.dissolve_in <= len(self.frames) and 0 <= self.dissolve_out <= len(self.frames)):
            raise RecordError(f"shot {self.index} has {len(self.frames)} frames, fewer than it dissolves in or out")

    @property
    def clear(self) -> FrameRange:
        """The frames that show this shot alone; may be empty."""
        start = self.frames.start + self.dissolve_in
        return FrameRange(start, max(start, self.frames.stop - self.dissolve_out))


@dataclass(frozen=True)
class Scene:
    """Shots that belong together, in film order."""

    shots: tuple[Shot, ...]

    def __post_init__(self) -> None:
        """Refuse an empty scene."""
        if not self.shots:
            raise RecordError("a scene has at least one shot")
