"""Shots and scenes."""

from __future__ import annotations

from dataclasses import dataclass

from dubkit.errors import RecordError
from dubkit.timing import FrameRange

__all__ = ["Scene", "Shot"]


@dataclass(frozen=True)
class Shot:
    """The frames between two cuts.

    Attributes:
        index: Number of the shot in the film, from 0.
        frames: Its frames; at least one.
    """

    index: int
    frames: FrameRange

    def __post_init__(self) -> None:
        """Refuse an empty shot."""
        if not self.frames:
            raise RecordError(f"shot {self.index} has no frames")


@dataclass(frozen=True)
class Scene:
    """Shots that belong together, in film order."""

    shots: tuple[Shot, ...]

    def __post_init__(self) -> None:
        """Refuse an empty scene."""
        if not self.shots:
            raise RecordError("a scene has at least one shot")
