"""Cues, and lines: cues with their voices."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from dubkit.errors import RecordError
from dubkit.schema.audio import SoundClip
from dubkit.timing import Seconds, TimeRange

__all__ = ["Cue", "Fit", "Line"]


@dataclass(frozen=True)
class Cue:
    """A subtitle event.

    Attributes:
        index: Number of the cue as printed in its file, so that people find it there; in film order from 1 where the
            file prints none, or one twice.
        span: When it is shown, in seconds of the picture.
        text: What is said, without mark-up; line breaks as spaces.
        speaker: Who says it; empty where the file does not tell.
        notes: What was odd about it and how it was handled.
    """

    index: int
    span: TimeRange
    text: str
    speaker: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse negative numbers."""
        if self.index < 0:
            raise RecordError(f"a cue cannot have the number {self.index}")


@dataclass(frozen=True)
class Fit:
    """How a voice was made to fit where it is heard.

    Attributes:
        slot: The time it has: from the start of its cue to where the next line begins.
        recorded: Seconds of the voice before it was fitted, without the silence around it.
        speed: How much faster it is heard than recorded: 1.1 is ten per cent faster, at the same pitch.
        late: Seconds by which it starts after its cue, because the line before was still heard.
        overrun: Seconds by which it is heard beyond its slot all the same.
        excess: Characters of the text to cut for it to fit; 0 where it does.
        lost: Seconds of the voice that are not heard, because the picture ends before.
    """

    slot: TimeRange
    recorded: Seconds
    speed: float = 1.0
    late: Seconds = Fraction(0)
    overrun: Seconds = Fraction(0)
    excess: int = 0
    lost: Seconds = Fraction(0)


@dataclass(frozen=True)
class Line:
    """A cue with its voice, placed.

    Attributes:
        cue: The cue.
        voice: The stretch of sound to be heard, as it is heard.
        start: Second of the picture at which the voice starts.
        notes: What was done to make it fit, and what does not fit.
        fit: How it was made to fit; None where it lies where a full-length voice has it.
    """

    cue: Cue
    voice: SoundClip
    start: Seconds
    notes: tuple[str, ...] = ()
    fit: Fit | None = None

    @property
    def sound(self) -> TimeRange:
        """When the voice is heard, in seconds of the picture."""
        return TimeRange(self.start, self.start + self.voice.span.duration)

    @property
    def span(self) -> TimeRange:
        """Cue and voice together: while the old lips may move, and while the new voice is heard."""
        sound, cue = self.sound, self.cue.span
        if not sound.overlaps(cue):
            return sound
        return TimeRange(min(sound.start, cue.start), max(sound.stop, cue.stop))
