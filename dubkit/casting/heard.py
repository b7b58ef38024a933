"""Where somebody is heard in the original, whose room and music change from scene to scene."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["HeardSettings", "heard_chunks"]

_LOWEST = -120.0


@dataclass(frozen=True)
class HeardSettings:
    """What counts as a voice among what is heard.

    Attributes:
        around: Seconds before and after in which the loudest and the quietest are looked for.
        step: Seconds from one such look to the next.
        loudest: Per cent of the chunks that lie below the level of a voice.
        quietest: Per cent of the chunks that hold nothing but the room.
        noise_db: dB above the room that a voice rises.
        depth_db: dB below the loudest down to which it is heard.
        headroom_db: dB below the loudest that the threshold never rises above, whatever the room.
        swing_db: dB between loudest and quietest below which there is no voice: nobody speaks without a pause.
        silent_db: Level of the loudest below which there is none.
        joined: Seconds of silence within a phrase that do not part it.
    """

    around: float = 2.0
    step: float = 0.5
    loudest: float = 95.0
    quietest: float = 10.0
    noise_db: float = 8.0
    depth_db: float = 35.0
    headroom_db: float = 15.0
    swing_db: float = 8.0
    silent_db: float = -60.0
    joined: float = 0.3


def heard_chunks(
    levels: npt.NDArray[np.float32], chunks_per_second: int, settings: HeardSettings | None = None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which chunks of a sound hold a voice, and the level below which there is none.

    Args:
        levels: (n,) dB below full scale, chunk by chunk.
        chunks_per_second: Chunks a second.
        settings: What counts as a voice.

    Returns:
        (n,) whether somebody is heard, and (n,) the threshold in dB.
    """
    settings = settings or HeardSettings()
    if not levels.size:
        return np.zeros(0, np.bool_), np.zeros(0)
    thresholds = _thresholds(levels, chunks_per_second, settings)
    loud = np.asarray(levels >= thresholds)
    for before, after in pairwise(np.flatnonzero(loud)):
        if 1 < after - before <= settings.joined * chunks_per_second:
            loud[before:after] = True
    return loud, thresholds


def _thresholds(
    levels: npt.NDArray[np.float32], chunks_per_second: int, settings: HeardSettings
) -> npt.NDArray[np.float64]:
    """(n,) the level from which on a chunk holds a voice, by what is around it; beyond all levels where none is."""
    size = max(1, round(settings.step * chunks_per_second))
    reach = max(1, round(settings.around / settings.step))
    count = -(-levels.size // size)
    padded = np.pad(levels, (0, count * size - levels.size), mode="edge").reshape(count, size)
    around = np.pad(padded, ((reach, reach), (0, 0)), constant_values=np.nan)
    found = np.empty(count)
    for block in range(count):
        near = around[block : block + 2 * reach + 1]
        near = near[np.isfinite(near)]
        quietest, loudest = np.percentile(near, [settings.quietest, settings.loudest])
        wanted = max(quietest + settings.noise_db, loudest - settings.depth_db)
        found[block] = min(wanted, loudest - settings.headroom_db)
        if loudest < settings.silent_db or loudest - quietest < settings.swing_db:
            found[block] = -_LOWEST
    return np.repeat(found, size)[: levels.size]
