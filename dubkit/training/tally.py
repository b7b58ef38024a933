"""How much was kept and how much was not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dubkit.lipsync import CLOCK_RATE
from dubkit.training.index import HELD_OUT, TRAIN, TrainingIndex

__all__ = ["Amount", "Tally", "tally"]

_MINUTE = 60


@dataclass(frozen=True)
class Amount:
    """So much.

    Attributes:
        clips: How many; of what was dropped, face tracks and whole videos count as well.
        minutes: How long together.
    """

    clips: int
    minutes: float


@dataclass(frozen=True)
class Tally:
    """What an index holds.

    Attributes:
        kept: Split -> how much of it.
        corrected: How much of that had its sound moved.
        dropped: Reason -> how much; the largest first.
    """

    kept: Mapping[str, Amount]
    corrected: Amount
    dropped: Mapping[str, Amount]


def tally(index: TrainingIndex) -> Tally:
    """Count what an index holds."""
    kept = {
        split: _amount([clip.frames / CLOCK_RATE for clip in index.clips if clip.split == split])
        for split in (TRAIN, HELD_OUT)
    }
    corrected = _amount([clip.frames / CLOCK_RATE for clip in index.clips if clip.offset])
    lengths: dict[str, list[float]] = {}
    for clip in index.dropped:
        lengths.setdefault(clip.reason, []).append(clip.seconds)
    by_length = sorted(lengths, key=lambda reason: (-sum(lengths[reason]), reason))
    return Tally(kept, corrected, {reason: _amount(lengths[reason]) for reason in by_length})


def _amount(seconds: list[float]) -> Amount:
    return Amount(len(seconds), sum(seconds) / _MINUTE)
