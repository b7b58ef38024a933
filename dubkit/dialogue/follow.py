"""A voice as long as the film against the cues: where it speaks for each of them, and where the two disagree.

Its time is the picture's: nothing of it is moved. Each cue gets what is said from the quietest moment between it and
the cue before to the quietest moment before the next; so a line that begins early, or goes on after its cue, is
followed by the lips all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dubkit.audio.activity import ActivitySettings, Levels, active_runs
from dubkit.schema import Cue
from dubkit.timing import Seconds, TimeRange

__all__ = ["FollowSettings", "FollowedVoice", "follow_voice"]

_LEAST_SAID = 5  # chunks; less is a click, or the edge of what another cue says
_SMOOTH = 15  # chunks over which a quiet moment is judged
_STEPS_PER_SECOND = 10  # of the comparison of all cues with the whole voice
_LEAST_CUES = 4  # below which that comparison says nothing
_WELL = 0.35
_BADLY = 0.12
_NAMED = 5


@dataclass(frozen=True)
class FollowSettings:
    """How cues and a full-length voice are compared.

    Attributes:
        activity: What counts as silence.
        reach: Seconds before and after a cue within which what is said belongs to it.
        early: Seconds between the starts of cue and voice that are worth a note.
        beyond: Seconds that a voice goes on after its cue that are worth a note.
        stray: Seconds of speech outside all cues that are worth a note.
        furthest: Seconds by which all cues together may be wrong for the right shift to be found.
    """

    activity: ActivitySettings = field(default_factory=ActivitySettings)
    reach: Seconds = Fraction(3, 2)
    early: Seconds = Fraction(1, 4)
    beyond: Seconds = Fraction(1, 4)
    stray: Seconds = Fraction(1, 2)
    furthest: Seconds = Fraction(600)


@dataclass(frozen=True)
class FollowedVoice:
    """What a full-length voice says, cue by cue.

    Attributes:
        spans: Number of the cue -> when it is spoken; no two overlap. A cue during which nothing is said is not there.
        notes: Number of the cue -> where cue and voice disagree.
        film: Where they disagree as a whole, and what is said outside all cues.
    """

    spans: Mapping[int, TimeRange]
    notes: Mapping[int, tuple[str, ...]]
    film: tuple[str, ...] = ()


def follow_voice(
    levels: Levels, length: Seconds, cues: Sequence[Cue], settings: FollowSettings = FollowSettings()
) -> FollowedVoice:
    """Find where each of ``cues`` is spoken.

    Args:
        levels: (chunks,) levels of the voice in dB, as :func:`dubkit.audio.chunk_levels` gives them, on the picture's
            time.
        length: Seconds of the voice.
        cues: The cues.
        settings: See there.
    """
    rate = settings.activity.chunks_per_second
    ordered = sorted(cues, key=lambda cue: (cue.span.start, cue.span.stop, cue.index))
    runs = active_runs(levels, settings.activity)
    active = np.zeros(levels.size, bool)
    for start, stop in runs:
        active[start:stop] = True
    borders = _borders(levels, ordered, rate)
    spans: dict[int, TimeRange] = {}
    notes: dict[int, tuple[str, ...]] = {}
    claimed = np.zeros(levels.size, bool)
    reach = round(settings.reach * rate)
    for cue, low, high in zip(ordered, borders, borders[1:], strict=False):
        first, last = round(cue.span.start * rate), round(cue.span.stop * rate)
        low, high = max(low, first - reach, 0), min(high, last + reach)
        said = np.flatnonzero(active[low:high]) + low if low < high else np.zeros(0, np.int64)
        if said.size < _LEAST_SAID:
            notes[cue.index] = ("the voice is silent during it",)
            continue
        claimed[said[0] : said[-1] + 1] = True
        tail = min(high, int(said[-1]) + 1 + round(settings.activity.tail * rate))
        span = TimeRange(Fraction(int(said[0]), rate), min(length, Fraction(tail, rate)))
        if span.duration > 0:
            spans[cue.index] = span
            notes[cue.index] = _disagreement(cue, span, settings)
    stray = [(start, stop) for start, stop in runs if not claimed[start:stop].any()]
    return FollowedVoice(spans, notes, (*_whole(active, ordered, settings), *_strays(stray, settings)))


def _borders(levels: Levels, cues: Sequence[Cue], rate: int) -> list[int]:
    """Chunks at which one cue's time ends and the next one's begins, and the two ends of the voice."""
    if not cues:
        return [0, levels.size]
    kernel = np.ones(_SMOOTH) / _SMOOTH
    smooth = np.convolve(np.pad(levels, _SMOOTH // 2, mode="edge"), kernel, "valid") if levels.size else levels
    borders = [0]
    for before, after in pairwise(cues):
        edges = sorted((round(before.span.stop * rate), round(after.span.start * rate)))
        low = max(borders[-1], edges[0] - 30 * rate // 100, round(before.span.start * rate))
        high = min(levels.size, edges[1] + 30 * rate // 100, max(edges[0], round(after.span.stop * rate)))
        if low >= high:
            borders.append(max(borders[-1], min(low, levels.size)))
            continue
        part = smooth[low:high]
        quiet = np.flatnonzero(part <= part.min() + 1.0)
        middle = (edges[0] + edges[1]) / 2 - low
        borders.append(low + int(quiet[np.argmin(np.abs(quiet - middle))]))
    return [*borders, levels.size]


def _disagreement(cue: Cue, span: TimeRange, settings: FollowSettings) -> tuple[str, ...]:
    notes = []
    late = span.start - cue.span.start
    if abs(late) > settings.early:
        notes.append(f"the voice starts {_ms(abs(late))} ms {'after' if late > 0 else 'before'} its cue")
    after = span.stop - settings.activity.tail - cue.span.stop
    if after > settings.beyond:
        notes.append(f"the voice goes on for {_ms(after)} ms after its cue")
    return tuple(notes)


def _strays(runs: Sequence[tuple[int, int]], settings: FollowSettings) -> tuple[str, ...]:
    """What is said outside all cues: heard, but no lips are made for it."""
    rate = settings.activity.chunks_per_second
    long = [(start, stop) for start, stop in runs if stop - start >= settings.stray * rate]
    notes = [
        f"the voice speaks from {_clock(start / rate)} to {_clock(stop / rate)}, where there is no cue: the lips there "
        "are left as they are"
        for start, stop in long[:_NAMED]
    ]
    if len(long) > _NAMED:
        notes.append(f"the voice speaks in {len(long) - _NAMED} more places without a cue")
    return tuple(notes)


def _whole(active: npt.NDArray[np.bool_], cues: Sequence[Cue], settings: FollowSettings) -> tuple[str, ...]:
    """Whether cues and voice are of the same film, and whether one of them lies shifted against the other."""
    step = settings.activity.chunks_per_second // _STEPS_PER_SECOND
    if len(cues) < _LEAST_CUES or not active.any():
        return ()
    speaks = active[: active.size // step * step].reshape(-1, step).mean(axis=1)
    last = max(len(speaks), int(cues[-1].span.stop * _STEPS_PER_SECOND) + 1)
    shown = np.zeros(last)
    for cue in cues:
        shown[int(cue.span.start * _STEPS_PER_SECOND) : int(cue.span.stop * _STEPS_PER_SECOND) + 1] = 1.0
    likeness = _likeness(np.pad(speaks, (0, last - len(speaks))), shown)
    furthest = min(len(likeness) // 2, round(settings.furthest * _STEPS_PER_SECOND))
    shifts = np.arange(-furthest, furthest + 1)
    best = int(shifts[np.argmax(likeness[shifts])])
    if likeness[best] >= _WELL and likeness[best] > likeness[0] + 0.2 and abs(best) >= 3:
        shift = best / _STEPS_PER_SECOND
        return (f"cues and voice fit together best when the cues are moved by {shift:+.1f} s; try --shift {shift:g}",)
    if likeness[best] < _WELL and likeness[0] < _BADLY:
        return ("what is said agrees with the cues nowhere: check that cues and voice are of the same film",)
    return ()


def _likeness(speaks: npt.NDArray[np.float64], shown: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Correlation, -1..1, of speech with cues moved by each number of steps; index -n is a move by -n."""
    size = 1 << (2 * len(speaks)).bit_length()
    one, other = speaks - speaks.mean(), shown - shown.mean()
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    scale = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    return np.asarray(np.fft.irfft(spectrum, size) / max(scale, 1e-9))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02}:{rest:04.1f}"


def _ms(time: Seconds) -> int:
    return -(-time.numerator * 1000 // time.denominator)
