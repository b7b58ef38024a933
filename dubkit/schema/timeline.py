"""Timelines in OpenTimelineIO's words."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from dubkit.errors import RecordError
from dubkit.timing import FrameRange, FrameRate, Seconds, TimeRange

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
        source_duration: Seconds of the whole source; 0 where it is as long as ``source_range`` reaches.
        source_timecode: Timecode of the source's first frame; empty where it has none.
        reel: By which edit decision lists know the source: at most eight letters and digits; empty for its name.
        details: What else is known of it, to be kept beside it.
    """

    name: str
    source: Path
    source_range: TimeRange
    frames: FrameRange
    source_duration: Seconds = Fraction(0)
    source_timecode: str = ""
    reel: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TimelineTrack:
    """Clips that follow one another without overlap.

    Attributes:
        name: What the editor shows.
        kind: What it carries.
        clips: In their order.
        language: BCP 47 or ISO 639 code; empty where it has none.
        enabled: Whether it is seen or heard.
    """

    name: str
    kind: TrackKind
    clips: tuple[Clip, ...]
    language: str = ""
    enabled: bool = True

    def __post_init__(self) -> None:
        """Refuse clips that overlap or stand out of order."""
        for before, after in zip(self.clips, self.clips[1:], strict=False):
            if after.frames.start < before.frames.stop:
                raise RecordError(f"clips {before.name!r} and {after.name!r} overlap on track {self.name!r}")


@dataclass(frozen=True)
class Timeline:
    """Tracks stacked bottom to top, at one rate.

    Attributes:
        name: What the editor shows.
        rate: Frames a second.
        tracks: Bottom to top.
        start_timecode: Timecode of the first frame, with a semicolon for drop-frame; empty counts from 0.
        width: Columns of the picture as it is looked at; 0 where not known.
        height: Rows of the picture as it is looked at; 0 where not known.
    """

    name: str
    rate: FrameRate
    tracks: tuple[TimelineTrack, ...]
    start_timecode: str = ""
    width: int = 0
    height: int = 0
