"""What is wrong with a recording, in words: clipping, a telephone's band, a constant offset."""

from __future__ import annotations

import numpy as np

from dubkit.schema import Waveform

__all__ = ["FlawFinder"]

_FULL = 0.9995  # of the largest sample: what lies above is pressed against the ceiling
_CEILING = 0.5  # a recording whose largest sample is lower was clipped, if at all, on purpose
_RUN = 4  # samples in a row at the ceiling; a wave that just touches it stays there for less
_CLIPPED_SHARE = 2e-4
_TELEPHONE = 11_025
_OFFSET = 0.02


class FlawFinder:
    """Looks at a recording block by block; nothing of it is kept.

    Args:
        sample_rate: Hz at which the file was recorded.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._peak = 0.0
        self._clipped = 0
        self._count = 0
        self._sum = 0.0

    def hear(self, sound: Waveform) -> None:
        """Look at the next block."""
        samples = sound.samples
        if not samples.size:
            return
        peak = float(np.abs(samples).max())
        if _FULL * peak > self._peak:  # what was full before was not the ceiling
            self._peak, self._clipped = peak, 0
        self._count += samples.shape[1]
        self._sum += float(samples.mean(dtype=np.float64)) * samples.shape[1]
        if self._peak >= _CEILING:
            self._clipped += max(_pressed(channel, _FULL * self._peak) for channel in samples)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is wrong, each in words that go on from the name of the file."""
        found = []
        if self._count and self._clipped > _CLIPPED_SHARE * self._count:
            found.append(f"is clipped: {100 * self._clipped / self._count:.1f} % of it is pressed against the ceiling")
        if self._rate <= _TELEPHONE:
            found.append(f"is of telephone quality: {self._rate} Hz, nothing above {self._rate // 2} Hz is heard")
        if self._count and abs(self._sum / self._count) > _OFFSET:
            found.append(f"has a constant offset of {self._sum / self._count:+.2f}")
        return tuple(found)


def _pressed(channel: np.ndarray[tuple[int], np.dtype[np.float32]], level: float) -> int:
    """How many samples lie in runs of at least four beyond the level, on one side."""
    total = 0
    for side in (channel, -channel):
        full = side >= level
        if not full.any():
            continue
        edges = np.diff(np.concatenate([[False], full, [False]]).astype(np.int8))
        lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        total += int(lengths[lengths >= _RUN].sum())
    return total
