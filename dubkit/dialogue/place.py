"""Voices to lines: each voice begins where its cue begins; nothing is stretched."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from dubkit.errors import RecordError
from dubkit.schema import Cue, Line, SoundClip
from dubkit.timing import Seconds, TimeRange

__all__ = ["PlaceSettings", "PlacedLines", "place_lines"]


@dataclass(frozen=True)
class PlaceSettings:
    """How voices are placed.

    Attributes:
        tolerance: Seconds by which a voice may outlast its cue or run into the next line before that is noted.
    """

    tolerance: Seconds = Fraction(1, 50)

    def __post_init__(self) -> None:
        """Refuse a negative tolerance."""
        if self.tolerance < 0:
            raise RecordError("the tolerance for voices that are too long cannot be negative")


@dataclass(frozen=True)
class PlacedLines:
    """What became of the cues.

    Attributes:
        lines: Cues with their voices, by start.
        failed: Cues that cannot be heard, each with the reason.
    """

    lines: tuple[Line, ...]
    failed: tuple[tuple[Cue, str], ...] = field(default=())


def place_lines(
    cues: Sequence[Cue],
    voices: Mapping[int, SoundClip],
    duration: Seconds,
    settings: PlaceSettings = PlaceSettings(),
    *,
    reasons: Mapping[int, str] | None = None,
) -> PlacedLines:
    """Give each cue its voice, beginning at the cue's start.

    A voice that runs past the end of the picture is cut there. What does not fit is in the line's notes: longer than
    the cue, running into the next line, cut at the end.

    Args:
        cues: The cues, in any order.
        voices: Number of the cue -> its voice.
        duration: Length of the picture in seconds.
        settings: See there.
        reasons: Number of the cue -> why it has no voice, where the caller knows more than that.
    """
    lines: list[Line] = []
    failed: list[tuple[Cue, str]] = []
    for cue in cues:
        voice = voices.get(cue.index)
        start = max(Fraction(0), cue.span.start)
        if voice is None:
            failed.append((cue, (reasons or {}).get(cue.index, "there is no voice for it")))
        elif voice.span.duration == 0:
            failed.append((cue, f"its voice {voice.path.name} is empty"))
        elif start >= duration:
            failed.append((cue, "it starts after the end of the picture"))
        else:
            lines.append(_placed(cue, voice, start, duration, settings))
    lines.sort(key=lambda line: (line.start, line.cue.index))
    return PlacedLines(tuple(_with_overlaps(lines, settings)), tuple(failed))


def _placed(cue: Cue, voice: SoundClip, start: Seconds, duration: Seconds, settings: PlaceSettings) -> Line:
    notes = []
    longer = start + voice.span.duration - max(start, cue.span.stop)
    if longer > settings.tolerance:
        notes.append(f"voice is {_ms(longer)} ms longer than its cue")
    past = start + voice.span.duration - duration
    if past > 0:
        notes.append(f"voice runs {_ms(past)} ms past the end of the picture; cut there")
        voice = replace(voice, span=TimeRange(voice.span.start, voice.span.stop - past))
    return Line(cue, voice, start, tuple(notes))


def _with_overlaps(lines: list[Line], settings: PlaceSettings) -> list[Line]:
    """Lines in order, each with a note where it runs into the next."""
    noted = []
    for line, after in itertools.zip_longest(lines, lines[1:]):
        over = Fraction(0) if after is None else min(line.sound.stop, after.sound.stop) - after.start
        if after is not None and over > settings.tolerance:
            note = f"voice overlaps line {after.cue.index} by {_ms(over)} ms"
            noted.append(replace(line, notes=(*line.notes, note)))
        else:
            noted.append(line)
    return noted


def _ms(time: Seconds) -> int:
    """Milliseconds, rounded up: a difference is never called 0 ms."""
    return -(-time.numerator * 1000 // time.denominator)
