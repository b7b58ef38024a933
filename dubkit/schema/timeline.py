"""Timelines in OpenTimelineIO's words."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from dubkit.errors import RecordError
from dubkit.timing import FrameRange, FrameRate, TimeRange

__all__ = ["Clip", "Span", "Timeline", "TimelineTrack", "TrackKind"]


@dataclass(frozen=True)
class Span:
    """The unit of synthesis, memory, resume and failure: one line, one face, one shot, a run of frames.

    Attributes:
        line: Number of the line's cue.
        track: Number of the face track whose lips change.
        shot: Number of the shot it lies in.
        frames: The frames to change; at least one.
    """

    line: int
    track: int
    shot: int
    frames: FrameRange

    def __post_init__(self) -> None:
        """Refuse an empty span."""
        if not self.frames:
            raise RecordError(f"a span of line {self.line} has no frames")


class TrackKind(enum.Enum):
    """What a timeline track carries."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"


@dataclass(frozen=True)
class Clip:
    """A stretch of a source on a timeline track.

    Attributes:
        name: What the editor shows.
        source: The media file.
        source_range: The stretch of the source, in seconds from its start.
        frames: Where it lies on the timeline.
    """

    name: str
    source: Path
    source_range: TimeRange
    frames: FrameRange


@dataclass(frozen=True)
class TimelineTrack:
    """Clips that follow one another without overlap."""

    name: str
    kind: TrackKind
    clips: tuple[Clip, ...]
    language: str = ""

    def __post_init__(self) -> None:
        """Refuse clips that overlap or stand out of order."""
        for before, after in zip(self.clips, self.clips[1:], strict=False):
            if after.frames.start < before.frames.stop:
                raise RecordError(f"clips {before.name!r} and {after.name!r} overlap on track {self.name!r}")


@dataclass(frozen=True)
class Timeline:
    """Tracks stacked bottom to top, at one rate."""

    name: str
    rate: FrameRate
    tracks: tuple[TimelineTrack, ...]
    start_timecode: str = ""
