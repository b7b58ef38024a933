"""What was done, line by line, as one versioned JSON document."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dubkit.timing import FrameRange, TimeRange

__all__ = ["REPORT_VERSION", "DubReport", "LineReport", "LineStatus"]

REPORT_VERSION = 1


class LineStatus(enum.Enum):
    """What became of a line."""

    SYNCED = "synced"
    PARTLY = "partly synced"
    NO_FACE = "no face to sync"
    FAILED = "failed"


@dataclass(frozen=True)
class LineReport:
    """What became of one line.

    Attributes:
        cue: Number of its cue.
        span: When the cue is shown, in seconds of the picture.
        text: What is said.
        speaker: Who says it; empty where not known.
        status: What became of it.
        reason: Why, in words; empty where there is nothing to explain.
        notes: What was odd and how it was handled.
        face_tracks: Numbers of the face tracks whose lips were changed.
        frames: The frames that were changed.
    """

    cue: int
    span: TimeRange
    text: str
    speaker: str
    status: LineStatus
    reason: str = ""
    notes: tuple[str, ...] = ()
    face_tracks: tuple[int, ...] = ()
    frames: tuple[FrameRange, ...] = ()

    @property
    def changed(self) -> int:
        """How many frames were changed."""
        return sum(len(run) for run in self.frames)


@dataclass(frozen=True)
class DubReport:
    """What became of a job.

    Attributes:
        output: The file that was written.
        language: Language of the dub.
        frames: Frames of the picture.
        rate: Its nominal rate, as text.
        detector: The face detector that was used, and why.
        model: The generator that was used.
        device: Where it ran.
        shots: How many shots there are.
        lines: One entry per cue, in film order.
        notes: What concerns the whole film.
        seconds: Wall time per stage.
        version: Version of this document's form.
    """

    output: Path
    language: str
    frames: int
    rate: str
    detector: str
    model: str
    device: str
    shots: int
    lines: tuple[LineReport, ...]
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    version: int = REPORT_VERSION

    @property
    def failed(self) -> tuple[LineReport, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.status is LineStatus.FAILED)
