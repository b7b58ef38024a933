"""A picture of any rate on the clock that the networks know: 25 moments a second.

The picture is not resampled: for each moment the nearest frame stands, if there is one near enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.timing import Seconds

__all__ = ["CLOCK_RATE", "Moments", "pick_moments"]

CLOCK_RATE = 25
"""Moments a second."""


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of a 25 fps clock that starts with the first frame; k is their number.

    Attributes:
        nearest: (k,) int64: which frame stands for each moment.
        near: (k,) bool: whether it lies near enough; False in a hole.
    """

    nearest: npt.NDArray[np.int64]
    near: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.nearest)


def pick_moments(times: Sequence[Seconds], reach: float) -> Moments:
    """Which frames stand for the moments of a 25 fps clock that starts at ``times[0]``.

    Args:
        times: When each frame is shown, in seconds, rising; any rate, also a varying one.
        reach: Seconds that a frame may lie from the moment it stands for.
    """
    if not len(times):
        return Moments(np.zeros(0, np.int64), np.zeros(0, np.bool_))
    shown = np.array([float(time) for time in times])
    # The last frame may be a rounding of the container's clock short of the last moment.
    moments = shown[0] + np.arange(int((shown[-1] - shown[0]) * CLOCK_RATE + 0.1) + 1) / CLOCK_RATE
    after = np.searchsorted(shown, moments).clip(1, max(1, len(shown) - 1))
    before = after - 1
    after = after.clip(max=len(shown) - 1)
    nearest = np.where(moments - shown[before] <= shown[after] - moments, before, after)
    return Moments(nearest, np.abs(shown[nearest] - moments) <= reach)
