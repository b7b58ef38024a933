"""When the new voice of each line really sounds: what comes and goes between are pauses, and silence around it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dubkit.audio import ActivitySettings, chunk_levels
from dubkit.audio.activity import active_runs
from dubkit.errors import DubkitError
from dubkit.lines import Lines
from dubkit.media import sound_blocks
from dubkit.schema import Line
from dubkit.timing import TimeRange

__all__ = ["sounding_times"]

_RATE = 16_000  # Hz; enough for the level of a voice


def sounding_times(lines: Lines, settings: ActivitySettings | None = None) -> dict[int, tuple[TimeRange, ...]]:
    """Number of each line's cue -> when its voice sounds, in seconds of the picture.

    A line whose voice cannot be read is left out: that is said where its sound is mixed.

    Args:
        lines: The lines.
        settings: What counts as silence.
    """
    settings = settings or ActivitySettings()
    found = {}
    for line in lines.lines:
        try:
            found[line.cue.index] = _runs(line, settings)
        except DubkitError:
            continue
    return found


def _runs(line: Line, settings: ActivitySettings) -> tuple[TimeRange, ...]:
    clip, shift = line.voice, line.start - line.voice.span.start
    size = _RATE // settings.chunks_per_second
    blocks = sound_blocks(
        clip.path,
        sample_rate=_RATE,
        channels=1,
        start=clip.span.start,
        duration=clip.span.duration,
        block=30 * settings.chunks_per_second * size,  # a whole number of chunks
    )
    levels = [chunk_levels(block, settings) for block in blocks]
    runs = active_runs(np.concatenate(levels), settings) if levels else []
    chunk = Fraction(size, _RATE)
    first = clip.span.start + shift
    return tuple(TimeRange(first + start * chunk, min(line.sound.stop, first + stop * chunk)) for start, stop in runs)
