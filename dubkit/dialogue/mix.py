"""Voices over the original sound, block by block: a film is never held in memory.

Per sample: the bed times a gain that dips under each line, plus the voices, brought under the peak limit. The dip and
the limiter's bends are raised cosines; where nothing is to be done the bed stays bit-exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from dubkit.audio.levels import Samples, gain_of, limit_blocks
from dubkit.audio.true_peak import limit_true_peaks
from dubkit.dialogue.mix_settings import MixSettings
from dubkit.dialogue.stems import Stems, stem_blocks
from dubkit.errors import DubkitError, RecordError
from dubkit.schema import Line, SoundClip, Waveform
from dubkit.timing import Seconds, TimeRange

__all__ = ["limited_blocks", "mix_blocks", "mixed_stems"]

_DEFAULTS = MixSettings()


def mix_blocks(
    lines: Sequence[Line],
    duration: Seconds,
    *,
    read_voice: Callable[[SoundClip], Waveform],
    bed: Iterator[Waveform] | None,
    channels: int,
    settings: MixSettings = _DEFAULTS,
    block: int = 48_000,
    ducked: Sequence[TimeRange] | None = None,
    on_error: Callable[[Line, DubkitError], None] | None = None,
) -> Iterator[Waveform]:
    """The mix, in blocks; ``sample_count(duration, settings.sample_rate)`` samples in all.

    Args:
        lines: As for :func:`~dubkit.dialogue.stem_blocks`, and so are all that follow.
        duration: Length of the picture in seconds.
        read_voice: Gives a clip's sound at the mix's sample rate.
        bed: The original sound; None for silence, which makes a dialogue stem.
        channels: Channels of the mix.
        settings: See there.
        block: Samples per block; raised where it is shorter than the limiter's look-ahead.
        ducked: Where the bed goes down.
        on_error: Told of each line whose voice cannot be read.

    Yields:
        Blocks of ``block`` samples, the last one shorter.

    Raises:
        RecordError, MediaError, VoiceError: as :func:`~dubkit.dialogue.stem_blocks`.
    """
    if block < 1:
        raise RecordError(f"a mix in blocks of {block} samples does not exist")
    stems = stem_blocks(
        lines,
        duration,
        read_voice=read_voice,
        bed=bed,
        channels=channels,
        settings=settings,
        block=max(block, 2 * _reach(settings)),
        ducked=ducked,
        on_error=on_error,
    )
    return mixed_stems(stems, settings)


def mixed_stems(stems: Iterable[Stems], settings: MixSettings) -> Iterator[Waveform]:
    """Both stems together, under the limit of ``settings``; blocks of at least its look-ahead."""
    if settings.true_peak_db is not None:
        return limited_blocks((block.mix for block in stems), settings)
    asked = _asked(stems, gain_of(settings.peak_db))
    return (Waveform(samples, settings.sample_rate) for samples in limit_blocks(asked, _reach(settings)))


def limited_blocks(blocks: Iterable[Samples], settings: MixSettings) -> Iterator[Waveform]:
    """``blocks`` under the true-peak limit of ``settings``; as they are where it has none."""
    if settings.true_peak_db is not None:
        blocks = limit_true_peaks(blocks, gain_of(settings.true_peak_db), _reach(settings))
    return (Waveform(samples, settings.sample_rate) for samples in blocks)


def _asked(stems: Iterable[Stems], limit: float) -> Iterator[tuple[Samples, Samples | None]]:
    """The mix of each block, and the reduction that its voices' peaks ask for."""
    for block in stems:
        mix = block.mix
        yield mix, None if block.voices is None else _reduction(mix, block.bed, limit)


def _reach(settings: MixSettings) -> int:
    return max(1, round(settings.look_ahead * settings.sample_rate) // 2)


def _reduction(mix: Samples, bed: Samples, limit: float) -> Samples | None:
    """What part of each sample's level must go so that no voice lifts it above the limit, or above a hotter bed."""
    level = np.abs(mix)
    if float(level.max()) <= limit:
        return None
    ceiling = np.maximum(np.abs(bed), np.float32(limit))
    ratio = np.divide(ceiling, level, out=np.ones_like(level), where=level > ceiling)
    reduction: Samples = 1 - ratio.min(axis=0)
    return reduction
