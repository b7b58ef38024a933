"""Gains, fades and a look-ahead limiter: samples to samples, block by block."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["Samples", "faded", "gain_of", "limit_blocks", "ramp"]

Samples = npt.NDArray[np.float32]
"""(channels, n) float32, or (n,) for one value per sample."""


def gain_of(decibels: float) -> float:
    """The factor on samples that ``decibels`` mean: 0.5012 for -6."""
    return math.pow(10.0, decibels / 20.0)


@cache
def ramp(length: int) -> Samples:
    """(length,) rise of a raised cosine from just above 0 to just below 1; read only.

    The samples lie at the middles of ``length`` equal steps, so that the reversed ramp is one minus the ramp.
    """
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))).astype(np.float32)
    rise.setflags(write=False)
    return rise


def faded(samples: Samples, rise: int, fall: int) -> Samples:
    """A copy of ``samples`` that comes in over ``rise`` samples and goes out over ``fall``, on a raised cosine.

    Each is at most half as long as the sound, so that a short sound still reaches its full level.
    """
    result = samples.copy()
    half = samples.shape[-1] // 2
    rise, fall = min(rise, half), min(fall, half)
    if rise:
        result[..., :rise] *= ramp(rise)
    if fall:
        result[..., -fall:] *= ramp(fall)[::-1]
    return result


def limit_blocks(blocks: Iterable[tuple[Samples, Samples | None]], reach: int) -> Iterator[Samples]:
    """Bring the level down smoothly around the samples that ask for it, and touch no others.

    A look-ahead limiter: the wanted reduction is held by a running maximum over ``reach`` samples to either side, and
    then smoothed with a Hann window of the same width. Each weight of that window falls on a maximum that has seen the
    sample in its middle; so the smooth gain is nowhere above the wanted one, and no peak passes.

    Args:
        blocks: Samples (channels, n), and with them what part of each sample's level must go: (n,) 0..1, or None where
            nothing must. Every block but the last has at least ``2 * reach`` samples.
        reach: Samples before and after a peak over which the gain bends, half of the whole.

    Yields:
        The samples of each block; the very same array where no reduction is asked for within ``2 * reach`` samples.
    """
    margin = 2 * reach
    before: Samples | None = None
    waiting: tuple[Samples, Samples | None] | None = None
    for samples, wanted in blocks:
        if waiting is not None:
            after = None if wanted is None else wanted[:margin]
            yield _limited(*waiting, before, after, reach)
            before = None if waiting[1] is None else waiting[1][-margin:]
        waiting = samples, wanted
    if waiting is not None:
        yield _limited(*waiting, before, None, reach)


def _limited(
    samples: Samples, wanted: Samples | None, before: Samples | None, after: Samples | None, reach: int
) -> Samples:
    if not any(part is not None and part.any() for part in (wanted, before, after)):
        return samples
    margin, length = 2 * reach, samples.shape[-1]
    around = np.zeros(length + 2 * margin, np.float32)
    for part, start in ((before, 0), (wanted, margin), (after, margin + length)):
        if part is not None:
            around[start : start + len(part)] = part
    window = np.hanning(margin + 3)[1:-1]
    smooth = np.convolve(_running_max(around, margin + 1), (window / window.sum()).astype(np.float32), mode="valid")
    result: Samples = samples * (1 - smooth)
    return result


def _running_max(values: Samples, width: int) -> Samples:
    """Largest of every ``width`` neighbours, by doubling: (n - width + 1,)."""
    seen = 1
    while seen < width:
        step = min(seen, width - seen)
        values = np.maximum(values[:-step], values[step:])
        seen += step
    return values
