"""True peaks: how high a sound swings between its samples, and a limiter that looks there too.

Sound is looked at in four times as many places as it has samples, as BS.1770-4 asks (annex 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dubkit.audio.levels import Samples, limit_blocks

__all__ = ["TruePeakMeter", "limit_true_peaks"]

_BEFORE, _AFTER = 11, 12
"""Samples before and after that a value between two samples is made of, with the sample itself."""
_WORTH_LOOKING = 0.5
"""Share of a level below which no sample is taken to hide a swing beyond that level beside it."""
_STEEPNESS = 8.0
_SAFETY = 10 ** (-0.3 / 20)
"""What the limiter stays below its limit: its gain bends while the sound swings, and meters read between samples with
filters of their own, which differ by this much on white noise."""


class TruePeakMeter:
    """Finds the highest true peak of a sound.

    Args:
        channels: Channels of the sound.
    """

    def __init__(self, channels: int) -> None:
        self._held = np.zeros((channels, _BEFORE), np.float32)
        self._peak = 0.0

    def add(self, samples: Samples) -> None:
        """Hear the next (channels, n) samples."""
        around = np.concatenate([self._held, samples], axis=1)
        self._held = around[:, -(_BEFORE + _AFTER) :] if around.shape[1] > _BEFORE + _AFTER else around
        self._peak = self._highest(around)

    @property
    def peak(self) -> float:
        """The highest true peak so far, full scale being 1."""
        return self._highest(np.pad(self._held, ((0, 0), (0, _AFTER))))

    def _highest(self, around: Samples) -> float:
        if around.shape[1] <= _BEFORE + _AFTER:
            return self._peak
        return max(self._peak, float(_levels(around, self._peak).max(initial=0.0)))


def limit_true_peaks(blocks: Iterable[Samples], ceiling: float, reach: int) -> Iterator[Samples]:
    """Bring true peaks under ``ceiling``, bending the gain smoothly around them and nowhere else.

    Args:
        blocks: (channels, n) samples; every block but the last has at least ``2 * reach`` samples.
        ceiling: Full scale being 1.
        reach: Samples before and after a peak over which the gain bends, half of the whole.

    Yields:
        The samples of each block; the very same array where no peak is near.
    """
    return limit_blocks(_asked(blocks, ceiling), reach)


def _asked(blocks: Iterable[Samples], ceiling: float) -> Iterator[tuple[Samples, Samples | None]]:
    """Each block with what part of each sample's level must go."""
    before: Samples | None = None
    waiting: Samples | None = None
    for block in blocks:
        if waiting is not None and before is not None:
            yield waiting, _reduction(before, waiting, _head(block), ceiling)
            before = _tail(before, waiting)
        elif before is None:
            before = np.zeros((len(block), _BEFORE), np.float32)
        waiting = block
    if waiting is not None and before is not None:
        yield waiting, _reduction(before, waiting, _head(waiting[:, :0]), ceiling)


def _head(block: Samples) -> Samples:
    """The beginning of a block, with silence where it is too short."""
    head = block[:, :_AFTER]
    if head.shape[1] == _AFTER:
        return head
    return np.pad(head, ((0, 0), (0, _AFTER - head.shape[1])))


def _tail(before: Samples, block: Samples) -> Samples:
    """The end of a block and, where it is too short, of what came before it."""
    return np.concatenate([before, block[:, -_BEFORE:]], axis=1)[:, -_BEFORE:]


def _reduction(before: Samples, block: Samples, after: Samples, ceiling: float) -> Samples | None:
    if max(_loudest(block), _loudest(after)) <= ceiling * _WORTH_LOOKING:
        return None
    loudest = _levels(np.concatenate([before, block, after], axis=1), ceiling).max(axis=0)
    if not np.any(loudest > ceiling * _SAFETY):
        return None
    reduction: Samples = 1 - np.minimum(1.0, ceiling * _SAFETY / np.maximum(loudest, 1e-9)).astype(np.float32)
    return reduction


def _loudest(samples: Samples) -> float:
    return max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))


def _levels(around: Samples, of_interest: float) -> Samples:
    """(channels, n) highest swing from each sample up to the next, exact where it is beyond ``of_interest``.

    Looked for on both sides of samples that are tops or bottoms among their neighbours.
    """
    stop = around.shape[1] - _AFTER
    levels: Samples = np.abs(around[:, _BEFORE:stop])
    floor = of_interest * _WORTH_LOOKING
    for row, sound in enumerate(around):
        here, before, after = sound[_BEFORE : stop + 1], sound[_BEFORE - 1 : stop], sound[_BEFORE + 1 : stop + 2]
        turns = (here > floor) & (here >= before) & (here >= after)
        turns |= (here < -floor) & (here <= before) & (here <= after)
        near = np.flatnonzero(turns[:-1] | turns[1:])
        if near.size:
            between = sliding_window_view(sound, _BEFORE + 1 + _AFTER)[near] @ _between()
            levels[row, near] = np.maximum(levels[row, near], np.abs(between).max(axis=1))
    return levels


@cache
def _between() -> Samples:
    """(taps, 3) weights of the samples around for the values one, two and three quarters of the way to the next."""
    taps = np.arange(-_BEFORE, _AFTER + 1)
    columns = []
    for part in (0.25, 0.5, 0.75):
        distance = part - taps
        window = np.i0(_STEEPNESS * np.sqrt(np.maximum(0.0, 1 - (distance / (_AFTER + 0.5)) ** 2)))
        weights = np.sinc(distance) * window
        columns.append(weights / weights.sum())
    kernel = np.stack(columns, axis=1).astype(np.float32)
    kernel.setflags(write=False)
    return kernel
