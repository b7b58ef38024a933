"""Voices over the original sound, block by block: a film is never held in memory.

Per sample: the bed times a gain that dips under each line, plus the voices, brought under the peak limit. The dip and
the limiter's bends are raised cosines; where nothing is to be done the bed stays bit-exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dubkit.audio.levels import Samples, gain_of, limit_blocks
from dubkit.audio.true_peak import limit_true_peaks
from dubkit.dialogue.mix_settings import MixSettings
from dubkit.dialogue.stems import Stems
from dubkit.schema import Waveform

__all__ = ["limited_blocks", "mixed_stems"]


def mixed_stems(stems: Iterable[Stems], settings: MixSettings) -> Iterator[Waveform]:
    """Both stems together, under the limit of ``settings``.

    Args:
        stems: As :func:`~dubkit.dialogue.stem_blocks` gives them; every block but the last has at least as many samples
            as the limiter looks ahead.
        settings: See there.
    """
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
