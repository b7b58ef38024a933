"""Cues at the times at which their lines are heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from dubkit.errors import RecordError
from dubkit.schema import Cue, Line
from dubkit.timing import Seconds, TimeRange

__all__ = ["RetimeSettings", "retimed_cues"]


@dataclass(frozen=True)
class RetimeSettings:
    """How cues follow the voices; the defaults are those of the style guides of the large houses.

    Attributes:
        linger: Seconds by which a cue may outlast its voice, where it was meant to.
        shortest: Seconds that a cue stays at least, where the next one leaves room.
        gap: Seconds between two cues: two frames.
    """

    linger: Seconds = Fraction(1, 2)
    shortest: Seconds = Fraction(5, 6)
    gap: Seconds = Fraction(1, 12)

    def __post_init__(self) -> None:
        """Refuse times below zero."""
        if min(self.linger, self.shortest, self.gap) < 0:
            raise RecordError("the times by which subtitles are moved cannot be negative")


def retimed_cues(
    lines: Sequence[Line],
    unheard: Sequence[Cue],
    duration: Seconds,
    settings: RetimeSettings | None = None,
) -> tuple[Cue, ...]:
    """The cues of ``lines``, each from its voice's first sound to its last, in film order.

    No cue reaches into the next one, nor past the picture. Those that are ``unheard`` stay where they were: the
    original is heard there, and has to be read.

    Args:
        lines: What is heard.
        unheard: Cues without a voice.
        duration: Length of the picture in seconds.
        settings: See there.
    """
    how = settings or RetimeSettings()
    cues = [replace(line.cue, span=_heard(line, how)) for line in lines]
    cues += [cue for cue in unheard if cue.span.start < duration and cue.span.stop > 0]
    cues.sort(key=lambda cue: (cue.span.start, cue.span.stop))
    following = [*(cue.span.start for cue in cues[1:]), duration + how.gap]
    return tuple(_before(cue, start, how) for cue, start in zip(cues, following, strict=False))


def _heard(line: Line, how: RetimeSettings) -> TimeRange:
    voice = line.sound
    meant = min(line.cue.span.stop, voice.stop + how.linger)
    return TimeRange(voice.start, max(voice.stop, meant, voice.start + how.shortest))


def _before(cue: Cue, following: Seconds, how: RetimeSettings) -> Cue:
    """``cue`` with its end before the next one's start; of two that begin together, both are shown."""
    start = max(Fraction(0), cue.span.start)
    end = min(cue.span.stop, following - how.gap if following - how.gap > start else following)
    return replace(cue, span=TimeRange(start, end if end > start else max(start, cue.span.stop)))
