"""What was done, line by line, as one versioned JSON document."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dubkit.schema.casting import CastDecision
from dubkit.schema.cue import Fit
from dubkit.timing import FrameRange, Seconds, TimeRange

__all__ = [
    "REPORT_VERSION",
    "DubReport",
    "FitReport",
    "FittedLine",
    "LineReport",
    "LineStatus",
    "LoudnessReport",
]

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
        sound: When its voice is heard, in seconds of the picture; None where none is.
        fit: How the voice was made to fit; None where it was left where a full-length voice has it.
        cast: Who was taken to speak it, in film order; none where the line failed before that.
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
    sound: TimeRange | None = None
    fit: Fit | None = None
    cast: tuple[CastDecision, ...] = ()

    @property
    def changed(self) -> int:
        """How many frames were changed."""
        return sum(len(run) for run in self.frames)


@dataclass(frozen=True)
class LoudnessReport:
    """How loud the result is, measured after it was encoded.

    Attributes:
        target: What was asked for; empty where nothing was.
        target_lufs: LUFS that were asked for; 0 where nothing was.
        limit_db: dBTP that were not to be passed; 0 where nothing was asked for.
        dialogue: Whether the loudness asked for is that of the mix while someone speaks.
        before: LUFS of the mix as it came, counted as the target is; -70 for silence.
        voice_db: dB that the voices were given.
        gain_db: dB that the whole was given.
        integrated: LUFS of the encoded whole; -70 for silence.
        spoken: LUFS of the encoded mix while someone speaks; -70 where nobody does.
        true_peak_db: dBTP of the encoded mix; -200 for digital silence.
    """

    target: str
    target_lufs: float
    limit_db: float
    dialogue: bool
    before: float
    voice_db: float
    gain_db: float
    integrated: float
    spoken: float
    true_peak_db: float

    @property
    def counted(self) -> float:
        """The LUFS that the target speaks of."""
        return self.spoken if self.dialogue else self.integrated


@dataclass(frozen=True)
class DubReport:
    """What became of a job.

    Attributes:
        output: The master that was written; None where only patches were.
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
        loudness: How loud the sound is; None where nobody asked.
        delivered: Further files that were written: sound, subtitles, patches, timelines, picture.
        timeline: The OpenTimelineIO file among them; None where no patches were wanted.
        told_apart: What told people apart; empty where nothing was asked to.
        cast_by: What told who speaks, beside the cast file.
        enhancer: File of the face restoration network; empty without one.
        spans: How many spans got new lips: runs of frames of one line, one face and one shot; those of patches that
            were there already are not among them.
        spans_reused: Of how many of these spans all lips were kept from an earlier run.
        patches_reused: How many patches were there already, and are as they were.
        version: Version of this document's form.
    """

    output: Path | None
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
    loudness: LoudnessReport | None = None
    delivered: tuple[Path, ...] = ()
    timeline: Path | None = None
    told_apart: str = ""
    cast_by: str = ""
    enhancer: str = ""
    spans: int = 0
    spans_reused: int = 0
    patches_reused: int = 0
    version: int = REPORT_VERSION

    @property
    def failed(self) -> tuple[LineReport, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.status is LineStatus.FAILED)


@dataclass(frozen=True)
class FittedLine:
    """How one line's voice fits.

    Attributes:
        cue: Number of its cue.
        span: When the cue is shown, in seconds of the picture.
        text: What is said.
        speaker: Who says it; empty where not known.
        reason: Why it cannot be heard; empty where it can.
        notes: What was odd and how it was handled.
        sound: When its voice is heard, in seconds of the picture; None where none is.
        fit: How the voice was made to fit; None where it was left where a full-length voice has it.
    """

    cue: int
    span: TimeRange
    text: str
    speaker: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    sound: TimeRange | None = None
    fit: Fit | None = None


@dataclass(frozen=True)
class FitReport:
    """How the voices of a film fit its cues.

    Attributes:
        language: Language of the dub.
        duration: Seconds of the picture.
        lines: One entry per cue, in the order of their numbers.
        notes: What concerns the whole film.
        seconds: Wall time it took.
        version: Version of this document's form.
    """

    language: str
    duration: Seconds
    lines: tuple[FittedLine, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    version: int = REPORT_VERSION

    @property
    def failed(self) -> tuple[FittedLine, ...]:
        """The lines that cannot be heard."""
        return tuple(line for line in self.lines if line.reason)

    @property
    def tight(self) -> tuple[FittedLine, ...]:
        """The lines that overrun their slot."""
        return tuple(line for line in self.lines if line.fit is not None and line.fit.excess)
