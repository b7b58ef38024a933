"""Loudness by ITU-R BS.1770-4, as EBU R 128 and the streaming houses measure it: block by block, at any length.

Sound is filtered by the K weighting and its power kept per hop of 100 ms; all that is said of loudness (integrated,
short-term, of the spoken parts alone) comes from these powers. Powers of stems and the power they have in common give
the loudness of any mix of them without hearing it again.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dubkit.audio.k_weighting import KWeighting
from dubkit.audio.levels import Samples
from dubkit.audio.true_peak import TruePeakMeter

__all__ = [
    "HOPS_PER_SECOND",
    "SILENCE_LUFS",
    "LoudnessMeter",
    "Powers",
    "StemMeter",
    "integrated_lufs",
    "short_term_lufs",
]

Powers = npt.NDArray[np.float64]
"""(hops,) weighted mean squares of K-weighted sound, one per 100 ms."""

HOPS_PER_SECOND = 10
SILENCE_LUFS = -70.0
"""The absolute gate: what is quieter counts as silence, and silence is given this loudness."""

_BLOCK = 4
"""Hops per gating block: 400 ms, each overlapping the one before by three quarters."""
_SHORT_TERM = 30
_RELATIVE_GATE_LU = -10.0
_OFFSET_DB = -0.691
_BEHIND = 1.41
_WEIGHTS = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 0.0),
    4: (1.0, 1.0, _BEHIND, _BEHIND),
    5: (1.0, 1.0, 1.0, _BEHIND, _BEHIND),
    6: (1.0, 1.0, 1.0, 0.0, _BEHIND, _BEHIND),
    7: (1.0, 1.0, 1.0, 0.0, _BEHIND, _BEHIND, _BEHIND),
    8: (1.0, 1.0, 1.0, 0.0, _BEHIND, _BEHIND, _BEHIND, _BEHIND),
}
"""Weight of each channel by their number, in FFmpeg's order; the low-frequency channel does not count."""


def integrated_lufs(power: Powers, where: npt.NDArray[np.bool_] | None = None) -> float:
    """Integrated loudness: the mean of the 400 ms blocks that pass the absolute and the relative gate.

    Args:
        power: Power per hop.
        where: Hops to look at alone, such as those in which someone speaks; None for all. A block counts where all its
            hops do, or, where no block does, every single hop.

    Returns:
        LUFS; ``SILENCE_LUFS`` where nothing passes the gates.
    """
    chosen = np.ones(len(power), np.bool_) if where is None else where
    blocks = _means(power, _BLOCK)[_means(chosen.astype(np.float64), _BLOCK) > 1 - 1e-6]
    if not blocks.size:
        blocks = power[chosen]
    blocks = blocks[blocks > _power_of(SILENCE_LUFS)]
    if not blocks.size:
        return SILENCE_LUFS
    gate = float(blocks.mean()) * 10 ** (_RELATIVE_GATE_LU / 10)
    return _lufs(float(blocks[blocks > gate].mean()))


def short_term_lufs(power: Powers) -> npt.NDArray[np.float64]:
    """(hops,) loudness of the three seconds around each hop, in LUFS; never below ``SILENCE_LUFS``."""
    if not len(power):
        return np.zeros(0)
    padded = np.concatenate([np.zeros(_SHORT_TERM // 2), power, np.zeros(_SHORT_TERM - 1 - _SHORT_TERM // 2)])
    means = np.maximum(_means(padded, _SHORT_TERM), _power_of(SILENCE_LUFS))
    curve: npt.NDArray[np.float64] = _OFFSET_DB + 10 * np.log10(means)
    return curve


class LoudnessMeter:
    """Measures loudness and true peak of one sound.

    Args:
        channels: Channels of the sound; up to eight have weights of their own, of more all count alike.
        sample_rate: Hz.
    """

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._weights = _weights(channels)
        self._hops = _WeightedHops(channels, sample_rate)
        self._peak = TruePeakMeter(channels)
        self._powers: list[Powers] = []

    def add(self, samples: Samples) -> None:
        """Hear the next (channels, n) samples."""
        self._peak.add(samples)
        weighted = self._hops.add(samples)
        self._powers.append(_product(weighted, weighted, self._weights))

    @property
    def power(self) -> Powers:
        """Power of each whole hop so far."""
        return np.concatenate([np.zeros(0), *self._powers])

    @property
    def integrated(self) -> float:
        """Integrated loudness so far in LUFS."""
        return integrated_lufs(self.power)

    @property
    def true_peak_db(self) -> float:
        """The highest true peak so far, in dBTP; -200 for digital silence."""
        return 20 * math.log10(max(self._peak.peak, 1e-10))


class StemMeter:
    """Measures two stems together, so that the loudness of any mix of them can be told.

    The mix ``a * first + b * second`` has the power ``a^2 first + 2ab common + b^2 second``, hop by hop.

    Args:
        channels: Channels of each.
        sample_rate: Hz.
    """

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._weights = _weights(channels)
        self._hops = [_WeightedHops(channels, sample_rate) for _ in range(2)]
        self._peaks = [_HopPeaks(self._hops[0].length, channels) for _ in range(2)]
        self._powers: list[npt.NDArray[np.float64]] = []

    def add(self, first: Samples, second: Samples) -> None:
        """Hear the next (channels, n) samples of both."""
        for peaks, samples in zip(self._peaks, (first, second), strict=True):
            peaks.add(samples)
        a, b = (hops.add(samples) for hops, samples in zip(self._hops, (first, second), strict=True))
        self._powers.append(np.stack([_product(*pair, self._weights) for pair in ((a, a), (b, b), (a, b))]))

    @property
    def powers(self) -> tuple[Powers, Powers, Powers]:
        """Power of the first stem, of the second, and what they have in common, per hop."""
        first, second, common = np.concatenate([np.zeros((3, 0)), *self._powers], axis=1)
        return first, second, common

    @property
    def peaks(self) -> tuple[Powers, Powers]:
        """Highest sample of the first and the second stem, per hop."""
        first, second = (peaks.values for peaks in self._peaks)
        return first, second


class _Hops:
    """Sound in whole hops of 100 ms; what is left waits for more."""

    def __init__(self, rows: int, length: int) -> None:
        self.length = length
        self._rest = np.zeros((rows, 0), np.float32)

    def whole(self, samples: Samples) -> Samples:
        """(rows, n) what has become whole with ``samples``; not copied where it came in whole hops."""
        heard = np.concatenate([self._rest, samples], axis=1) if self._rest.shape[1] else samples
        whole = heard.shape[1] // self.length * self.length
        self._rest = heard[:, whole:].copy()  # not a view, which would keep all of it
        return heard[:, :whole]


class _WeightedHops:
    """K-weighted sound, cut into whole hops."""

    def __init__(self, rows: int, sample_rate: int) -> None:
        self.length = round(sample_rate / HOPS_PER_SECOND)
        self._weighting = KWeighting(rows, sample_rate, self.length)
        self._hops = _Hops(rows, self.length)

    def add(self, samples: Samples) -> Samples:
        """(rows, hops, length) of what has become whole with ``samples``."""
        return self._weighting(self._hops.whole(samples)).reshape(len(samples), -1, self.length)


class _HopPeaks:
    """The highest sample of each hop, over all channels."""

    def __init__(self, length: int, channels: int) -> None:
        self._hops = _Hops(channels, length)
        self._found: list[Samples] = []

    def add(self, samples: Samples) -> None:
        hops = self._hops.whole(samples).reshape(len(samples), -1, self._hops.length)
        self._found.append(np.maximum(hops.max(axis=2), -hops.min(axis=2)).max(axis=0))

    @property
    def values(self) -> Powers:
        return np.concatenate([np.zeros(0), *self._found])


def _weights(channels: int) -> npt.NDArray[np.float64]:
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels))


def _product(one: Samples, other: Samples, weights: Powers) -> Powers:
    """(hops,) weighted mean of the products of two (channels, hops, length) sounds."""
    sums: Powers = weights @ np.einsum("ckt,ckt->ck", one, other) / one.shape[2]
    return sums


def _means(values: Powers, width: int) -> Powers:
    """Mean of every ``width`` neighbours."""
    if len(values) < width:
        return np.zeros(0)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means: Powers = np.maximum(0.0, (sums[width:] - sums[:-width]) / width)
    return means


def _power_of(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_DB) / 10))


def _lufs(power: float) -> float:
    return _OFFSET_DB + 10 * math.log10(power)
