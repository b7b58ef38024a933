"""Cues against the film: which can be dubbed, and what was odd about them."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from dubkit.errors import RecordError
from dubkit.schema import Cue
from dubkit.timing import Seconds, TimeRange

__all__ = ["CheckedCues", "CueSettings", "check_cues"]

_NAMED_OVERLAPS = 3
"""How many of the cues that one overlaps are named in its notes; a typeset script may have hundreds at once."""


@dataclass(frozen=True)
class CueSettings:
    """How cues are brought into the film.

    Attributes:
        characters_per_second: Speed at which a cue without length is taken to be spoken. 16 is usual reading speed
            for Latin script; a wide (East Asian) character counts as two.
        shortest: Seconds that such a cue lasts at least, where the next cue leaves them.
        shift: Seconds added to every time: -3600 for subtitles that count from a start timecode of 01:00:00:00.
    """

    characters_per_second: float = 16.0
    shortest: Seconds = Fraction(4, 5)
    shift: Seconds = Fraction(0)

    def __post_init__(self) -> None:
        """Refuse a speed or length of zero or less."""
        if self.characters_per_second <= 0 or self.shortest <= 0:
            raise RecordError("a cue's reading speed and shortest length must be above zero")


@dataclass(frozen=True)
class CheckedCues:
    """What became of the cues.

    Attributes:
        cues: Those that can be dubbed: in film order, within the film, of positive length, with text.
        refused: The others, each with the reason.
    """

    cues: tuple[Cue, ...]
    refused: tuple[tuple[Cue, str], ...] = ()


def check_cues(cues: Sequence[Cue], duration: Seconds, settings: CueSettings = CueSettings()) -> CheckedCues:
    """Sort the cues into those that can be dubbed and those that cannot.

    Every cue keeps its number and is either kept or refused. What was handled is in its notes: out of order (sorted),
    no length (given one from its text, up to the next cue), partly outside the film (cut to it), overlapping or
    repeating another (kept). Refused are cues without text, and those wholly outside the film.

    Args:
        cues: The cues, in any order.
        duration: Length of the film in seconds.
        settings: See there.
    """
    ordered = _in_order([replace(cue, span=cue.span.shifted(settings.shift)) for cue in cues])
    starts = sorted({cue.span.start for cue in ordered})
    following = dict(itertools.pairwise(starts))
    kept, refused = [], []
    for cue in ordered:
        timed = _with_length(cue, following.get(cue.span.start), settings) if cue.span.duration == 0 else cue
        reason = _refusal(timed, duration)
        if reason:
            refused.append((timed, reason))
        else:
            kept.append(_within(timed, duration))
    kept.sort(key=lambda cue: (cue.span.start, cue.span.stop))  # a cut at the film's start may swap two cues
    return CheckedCues(tuple(_with_overlaps(kept)), tuple(refused))


def _in_order(cues: list[Cue]) -> list[Cue]:
    noted = []
    latest: Seconds | None = None
    for cue in cues:
        if latest is not None and cue.span.start < latest:
            noted.append(replace(cue, notes=(*cue.notes, "stood out of order; moved to its time")))
        else:
            noted.append(cue)
            latest = cue.span.start
    return sorted(noted, key=lambda cue: (cue.span.start, cue.span.stop))


def _with_length(cue: Cue, next_start: Seconds | None, settings: CueSettings) -> Cue:
    letters = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in cue.text)
    length = max(settings.shortest, Fraction(letters) / Fraction(settings.characters_per_second))
    length = Fraction(round(length * 1000), 1000)
    if next_start is not None:
        length = min(length, next_start - cue.span.start)
    note = f"has no length; given {float(length):.3f} s"
    return replace(cue, span=TimeRange(cue.span.start, cue.span.start + length), notes=(*cue.notes, note))


def _refusal(cue: Cue, duration: Seconds) -> str:
    """Why the cue cannot be dubbed; empty where it can."""
    if not cue.text.strip():
        return "has no text"
    if cue.span.start >= duration:
        return (
            f"starts at {_clock(cue.span.start)}, after the end of the picture at {_clock(duration)}; "
            "if the subtitles count from a start timecode, shift them"
        )
    if cue.span.stop <= 0:
        return f"ends at {_clock(cue.span.stop)}, before the picture starts"
    return ""


def _within(cue: Cue, duration: Seconds) -> Cue:
    notes = list(cue.notes)
    if cue.span.start < 0:
        notes.append(f"starts {_ms(-cue.span.start)} ms before the picture; cut")
    if cue.span.stop > duration:
        notes.append(f"ends {_ms(cue.span.stop - duration)} ms after the picture; cut")
    if len(notes) == len(cue.notes):
        return cue
    return replace(
        cue, span=TimeRange(max(Fraction(0), cue.span.start), min(duration, cue.span.stop)), notes=tuple(notes)
    )


def _with_overlaps(cues: list[Cue]) -> list[Cue]:
    """Cues in order, each with a note on the cues it repeats or overlaps."""
    notes: list[list[str]] = [[] for _ in cues]
    hidden = [0] * len(cues)
    seen: dict[tuple[TimeRange, str, str], int] = {}
    open_cues: list[int] = []
    for number, cue in enumerate(cues):
        open_cues = [other for other in open_cues if cues[other].span.stop > cue.span.start]
        twin = seen.setdefault((cue.span, cue.text, cue.speaker), number)
        if twin != number:
            notes[number].append(f"repeats cue {cues[twin].index}: same time, same text")
        for other in open_cues:
            if cues[other].span == cue.span and cues[other].text == cue.text and cues[other].speaker == cue.speaker:
                continue
            common = min(cues[other].span.stop, cue.span.stop) - cue.span.start
            for mine, its in ((number, other), (other, number)):
                if len(notes[mine]) < _NAMED_OVERLAPS:
                    notes[mine].append(f"overlaps cue {cues[its].index} by {_ms(common)} ms")
                else:
                    hidden[mine] += 1
        open_cues.append(number)
    for number, count in enumerate(hidden):
        if count:
            notes[number].append(f"overlaps {count} more cues")
    return [replace(cue, notes=(*cue.notes, *new)) if new else cue for cue, new in zip(cues, notes, strict=True)]


def _ms(time: Seconds) -> int:
    """Milliseconds, rounded up: a difference is never called 0 ms."""
    return -(-time.numerator * 1000 // time.denominator)


def _clock(time: Seconds) -> str:
    """``time`` as a clock shows it."""
    sign, milliseconds = ("-" if time < 0 else ""), round(abs(time) * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"
