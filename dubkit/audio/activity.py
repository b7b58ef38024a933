"""Where a voice speaks: the level of short chunks against a threshold.

The rule is that of pydub's silence detection: a chunk is silent where its RMS level lies below a threshold in dB below
full scale. It is kept here on numpy because pydub holds the whole sound as integers and calls ``audioop``, which Python
no longer has from 3.13 on; a test holds the two together. The threshold follows the recording: a quiet one is not taken
for silence, and a noisy one not for speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema import Waveform
from dubkit.timing import Seconds, TimeRange

__all__ = ["ActivitySettings", "Levels", "active_runs", "chunk_levels", "silence_threshold", "voiced_span"]

Levels = npt.NDArray[np.float32]
"""(chunks,) RMS levels in dB below full scale."""

_LOWEST = -120.0
_FLOOR_SHARE = 10.0  # per cent of the chunks that are taken to hold nothing but the noise of the room


@dataclass(frozen=True)
class ActivitySettings:
    """What counts as silence.

    Attributes:
        chunks_per_second: Chunks that a second is judged in; 100 finds an onset to 10 ms.
        quiet_db: dB below full scale under which a chunk of a well-levelled voice is silent.
        depth_db: dB below the loudest chunk under which a chunk of a quiet recording is silent.
        noise_db: dB above the noise of the room that a voice must rise, where there is noise.
        headroom_db: dB below the loudest chunk that the threshold never rises above, whatever the noise.
        silent_db: Level of the loudest chunk below which the whole is silent.
        tail: Seconds kept after the last loud chunk, in which a voice dies away.
        joined: Seconds of silence within a word or between two words, which do not part one run from the next.
    """

    chunks_per_second: int = 100
    quiet_db: float = -50.0
    depth_db: float = 40.0
    noise_db: float = 6.0
    headroom_db: float = 35.0
    silent_db: float = -60.0
    tail: Seconds = Fraction(1, 20)
    joined: Seconds = Fraction(3, 10)

    def __post_init__(self) -> None:
        """Refuse chunks that do not exist, and times below zero."""
        if not 10 <= self.chunks_per_second <= 1000 or self.tail < 0 or self.joined < 0:
            raise RecordError("silence is judged in 10 to 1000 chunks a second, and its times cannot be negative")


def chunk_levels(sound: Waveform, settings: ActivitySettings = ActivitySettings()) -> Levels:
    """(chunks,) RMS level of each chunk over all channels, in dB below full scale; the last chunk may be shorter."""
    size = max(1, sound.sample_rate // settings.chunks_per_second)
    power = np.mean(np.square(sound.samples, dtype=np.float32), axis=0)
    starts = np.arange(0, power.size, size)
    if not starts.size:
        return np.zeros(0, np.float32)
    lengths = np.minimum(size, power.size - starts)
    mean = np.add.reduceat(power, starts, dtype=np.float64) / lengths
    return np.asarray(10.0 * np.log10(np.maximum(mean, 10.0 ** (_LOWEST / 10.0))), np.float32)


def silence_threshold(levels: Levels, settings: ActivitySettings = ActivitySettings()) -> float:
    """DB below full scale under which a chunk is silent; above every level where nothing is heard at all."""
    loudest = float(levels.max(initial=_LOWEST))
    if loudest < settings.silent_db:
        return 0.0
    noise = float(np.percentile(levels, _FLOOR_SHARE)) + settings.noise_db
    wanted = max(min(settings.quiet_db, loudest - settings.depth_db), noise)
    return min(wanted, loudest - settings.headroom_db)


def active_runs(levels: Levels, settings: ActivitySettings = ActivitySettings()) -> list[tuple[int, int]]:
    """Runs of chunks ``[start, stop)`` in which the voice speaks; pauses up to ``settings.joined`` are bridged."""
    loud = np.flatnonzero(levels >= silence_threshold(levels, settings))
    if not loud.size:
        return []
    bridged = max(1, round(settings.joined * settings.chunks_per_second))
    cuts = np.flatnonzero(np.diff(loud) > bridged)
    starts, stops = loud[np.r_[0, cuts + 1]], loud[np.r_[cuts, loud.size - 1]] + 1
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def voiced_span(sound: Waveform, settings: ActivitySettings = ActivitySettings()) -> TimeRange:
    """From the first to the last chunk that is not silent, and what dies away after it; empty where all is silent.

    It begins at a sample where the wave crosses zero, up to 2 ms before the chunk, so that it can be cut there.
    """
    levels = chunk_levels(sound, settings)
    loud = np.flatnonzero(levels >= silence_threshold(levels, settings))
    if not loud.size:
        return TimeRange(Fraction(0), Fraction(0))
    rate = sound.sample_rate
    size = max(1, rate // settings.chunks_per_second)
    first = _zero_crossing(sound, int(loud[0]) * size)
    last = min(sound.length, (int(loud[-1]) + 1) * size + round(settings.tail * rate))
    return TimeRange(Fraction(first, rate), Fraction(last, rate))


def _zero_crossing(sound: Waveform, at: int) -> int:
    """The sample nearest before ``at``, within 2 ms, from which the wave changes sign; ``at`` where there is none."""
    earliest = max(0, at - sound.sample_rate // 500)
    before = sound.samples[:, earliest : at + 1].mean(axis=0)
    crossings = np.flatnonzero(np.signbit(before[:-1]) != np.signbit(before[1:]))
    return earliest + int(crossings[-1]) + 1 if crossings.size else at
