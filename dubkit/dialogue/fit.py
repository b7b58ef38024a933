"""Voices into the slots that the cues give them: one after another, whole, at their own pitch.

Per voice, in this order: it is placed where its cue begins; it uses the gap before the next line; it is sped up, first
as far as is comfortable, then as far as is bearable. What overruns then pushes the next line back, so that no two sound
at once and no word is cut; the report says by how much, and how much text to take out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from dubkit.errors import RecordError
from dubkit.schema import Cue, Fit, SoundClip
from dubkit.timing import Seconds, TimeRange

__all__ = ["FitPlan", "FitSettings", "Place", "TakenVoice", "fit_voices"]


@dataclass(frozen=True)
class FitSettings:
    """How far a voice may be bent.

    Attributes:
        comfortable: Slowest and fastest speed that nobody notices; 1.2 is a fifth faster than recorded.
        limits: Slowest and fastest speed that is ever used. Beyond the comfortable, and up to here, only lines that
            would overrun otherwise.
        fill: Whether a voice a little shorter than its cue is slowed, as far as is comfortable, to end with it. One
            that is shorter still is never dragged out.
        pause: Seconds left free before the next line by a voice that goes on after its cue: two frames.
        latest: Seconds after its cue from which on a line pushed back by others is not spoken at all.
        slack: Seconds that are not worth a word: nothing is to be cut for them.
    """

    comfortable: tuple[float, float] = (0.90, 1.20)
    limits: tuple[float, float] = (0.80, 1.25)
    fill: bool = False
    pause: Seconds = Fraction(1, 12)
    latest: Seconds = Fraction(3)
    slack: Seconds = Fraction(1, 50)

    def __post_init__(self) -> None:
        """Refuse limits that are none, and times below zero."""
        slowest, slow, fast, fastest = self.limits[0], *self.comfortable, self.limits[1]
        if not 0.5 <= slowest <= slow <= 1.0 <= fast <= fastest <= 2.0:
            raise RecordError(
                f"speeds from {slowest:g} over {slow:g} and {fast:g} to {fastest:g} are no limits",
                remedy="give comfortable ones around 1 within limits of 0.5 to 2",
            )
        if min(self.pause, self.latest, self.slack) < 0:
            raise RecordError("the times by which voices are fitted cannot be negative")


@dataclass(frozen=True)
class TakenVoice:
    """A voice for one cue, before it is fitted.

    Attributes:
        clip: The voice without the silence around it.
        notes: What was odd about it.
    """

    clip: SoundClip
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a voice goes.

    Attributes:
        cue: Its cue.
        voice: The voice as recorded.
        sound: When it is heard, in seconds of the picture.
        fit: How it was made to fit.
        notes: The same in words, where it is worth a word.
    """

    cue: Cue
    voice: SoundClip
    sound: TimeRange
    fit: Fit
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FitPlan:
    """Where every voice goes.

    Attributes:
        places: By time; no two overlap.
        failed: Cues that cannot be heard, each with the reason.
    """

    places: tuple[Place, ...]
    failed: tuple[tuple[Cue, str], ...] = field(default=())


def fit_voices(
    cues: Sequence[Cue],
    voices: Mapping[int, TakenVoice],
    duration: Seconds,
    settings: FitSettings = FitSettings(),
    *,
    reasons: Mapping[int, str] | None = None,
) -> FitPlan:
    """Give each voice its place; nothing is read or changed here.

    Every cue is either in a place or failed. Voices are whole, unless the picture ends before them: then the last ones
    start earlier, as far as there is room, and what does not fit even so is in ``lost``.

    Args:
        cues: The cues, in any order.
        voices: Number of the cue -> its voice.
        duration: Length of the picture in seconds.
        settings: See there.
        reasons: Number of the cue -> why it has no voice, where the caller knows more than that.
    """
    failed: list[tuple[Cue, str]] = []
    spoken: list[Cue] = []
    for cue in sorted(cues, key=lambda one: (one.span.start, one.span.stop, one.index)):
        if cue.index not in voices:
            failed.append((cue, (reasons or {}).get(cue.index, "there is no voice for it")))
        elif voices[cue.index].clip.span.duration == 0:
            failed.append((cue, f"its voice {voices[cue.index].clip.path.name} is empty"))
        elif cue.span.start >= duration:
            failed.append((cue, "it starts after the end of the picture"))
        else:
            spoken.append(cue)
    places: list[Place] = []
    starts = [max(Fraction(0), cue.span.start) for cue in spoken]
    for cue, following in zip(spoken, [*starts[1:], None], strict=False):
        free_from = places[-1].sound.stop if places else Fraction(0)
        begin = max(Fraction(0), cue.span.start)
        if free_from - begin > settings.latest or free_from >= duration:
            late = _ms(free_from - begin)
            before = places[-1].cue.index
            failed.append((cue, f"there is no room for it: line {before} is heard until {late} ms after its start"))
            continue
        place = _placed(cue, voices[cue.index], free_from, following, duration, settings)
        places.append(_with_notes(place, places[-1] if places else None, duration, settings))
    return FitPlan(tuple(places), tuple(failed))


def _placed(
    cue: Cue, voice: TakenVoice, free_from: Seconds, following: Seconds | None, duration: Seconds, settings: FitSettings
) -> Place:
    """The place of one voice; ``following`` is when the next line begins, ``free_from`` when the last one has ended."""
    recorded = voice.clip.span.duration
    begin = max(Fraction(0), cue.span.start)
    slot = TimeRange(begin, max(begin, _slot_end(cue, following, duration, settings)))
    start = max(begin, free_from)
    speed = _speed(recorded, slot.stop - start, cue.span.stop - start, settings)
    length = recorded / speed
    if start + length > duration:
        start = max(free_from, duration - length, Fraction(0))
    stop = start + length
    overrun = max(Fraction(0), stop - slot.stop)
    fit = Fit(
        slot=slot,
        recorded=recorded,
        speed=float(speed),
        late=max(Fraction(0), start - begin),
        overrun=overrun,
        excess=math.ceil(len(cue.text) * min(Fraction(1), overrun / length)) if overrun > settings.slack else 0,
        lost=max(Fraction(0), stop - duration),
    )
    return Place(cue, voice.clip, TimeRange(start, min(stop, duration)), fit, voice.notes)


def _slot_end(cue: Cue, following: Seconds | None, duration: Seconds, settings: FitSettings) -> Seconds:
    """When the voice of ``cue`` should have ended: a pause before the next line, or with its own cue."""
    if following is None:
        return duration
    return min(duration, max(min(cue.span.stop, following), following - settings.pause))


def _speed(recorded: Seconds, room: Seconds, cue: Seconds, settings: FitSettings) -> Fraction:
    """How fast a voice is to be heard that has ``room`` seconds, of which its cue lasts ``cue``."""
    slow, fast = (_exactly(speed) for speed in settings.comfortable)
    if recorded <= room:
        return recorded / cue if settings.fill and slow * cue <= recorded < cue else Fraction(1)
    fastest = _exactly(settings.limits[1])
    needed = recorded / room if room > 0 else fastest
    return needed if needed <= fast else min(needed, fastest)


def _exactly(speed: float) -> Fraction:
    return Fraction(speed).limit_denominator(10_000)


def _with_notes(place: Place, before: Place | None, duration: Seconds, settings: FitSettings) -> Place:
    """``place`` with what is worth telling of it."""
    cue, fit, notes = place.cue, place.fit, list(place.notes)
    begin = max(Fraction(0), cue.span.start)
    if before is not None and fit.late > settings.slack:
        notes.append(f"starts {_ms(fit.late)} ms late, when line {before.cue.index} has ended")
    if begin - place.sound.start > settings.slack:
        notes.append(f"starts {_ms(begin - place.sound.start)} ms before its cue, to end with the picture")
    change = round(100 * (fit.speed - 1))
    if change:
        beyond = "" if settings.comfortable[0] <= fit.speed <= settings.comfortable[1] else ", more than is comfortable"
        notes.append(f"is {abs(change)} % {'faster' if change > 0 else 'slower'} than recorded{beyond}")
    longer = place.sound.stop - max(cue.span.stop, place.sound.start)
    if fit.overrun > settings.slack:
        cut = f"cut about {fit.excess} of {len(cue.text)} characters"
        notes.append(f"overruns its slot by {_ms(fit.overrun)} ms; {cut}")
    elif longer > settings.slack:
        notes.append(f"goes on for {_ms(longer)} ms after its cue")
    if fit.lost:
        notes.append(f"the picture ends {_ms(fit.lost)} ms before the voice; cut at {float(duration):.3f} s")
    return replace(place, notes=tuple(notes))


def _ms(time: Seconds) -> int:
    """Milliseconds, rounded up: a difference is never called 0 ms."""
    return -(-time.numerator * 1000 // time.denominator)
