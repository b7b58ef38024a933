"""What loudness a mix is to have, and the gains that give it: told from measured stems, before anything is mixed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.audio.levels import gain_of
from dubkit.audio.loudness import (
    HOPS_PER_SECOND,
    SILENCE_LUFS,
    Powers,
    StemMeter,
    integrated_lufs,
    short_term_lufs,
)
from dubkit.dialogue.stems import Stems
from dubkit.errors import InputError
from dubkit.timing import TimeRange

__all__ = [
    "LevelSettings",
    "LoudnessTarget",
    "MeasuredStems",
    "gain_for",
    "loudness_presets",
    "loudness_target",
    "measure_stems",
    "spoken_hops",
    "voice_gain_for",
]

_LOUDEST, _SOFTEST = -5.0, -50.0


@dataclass(frozen=True)
class LoudnessTarget:
    """What loudness a mix is to have.

    Attributes:
        name: What it is called.
        lufs: Integrated loudness, in LUFS.
        true_peak_db: dBTP that nothing passes.
        dialogue: Whether the loudness is that of the mix while someone speaks; else that of the whole.
    """

    name: str
    lufs: float
    true_peak_db: float = -1.0
    dialogue: bool = False


_PRESETS = (
    LoudnessTarget("ebu-r128", -23.0, -1.0),
    LoudnessTarget("streaming-16", -16.0, -1.0),
    LoudnessTarget("streaming-14", -14.0, -1.0),
    LoudnessTarget("film-27", -27.0, -2.0, dialogue=True),
)


def loudness_presets() -> tuple[str, ...]:
    """Names that :func:`loudness_target` knows: EBU R 128, two of the streaming houses', and film dialogue."""
    return tuple(preset.name for preset in _PRESETS)


def loudness_target(text: str) -> LoudnessTarget:
    """The target called ``text``, or that many LUFS with a true peak of -1 dBTP.

    Raises:
        InputError: if there is none of that name, or no sound of that loudness.
    """
    for preset in _PRESETS:
        if preset.name == text.strip().lower():
            return preset
    remedy = f"use one of {', '.join(loudness_presets())}, or LUFS from {_SOFTEST:g} to {_LOUDEST:g}"
    try:
        lufs = float(text)
    except ValueError:
        raise InputError(f"there is no loudness {text!r}", remedy=remedy) from None
    if not _SOFTEST <= lufs <= _LOUDEST:
        raise InputError(f"{text} LUFS is no loudness to deliver", remedy=remedy)
    return LoudnessTarget(f"{lufs:g} LUFS", lufs)


@dataclass(frozen=True)
class LevelSettings:
    """How far levels may be moved.

    Attributes:
        most_gain_db: dB that a mix gets at most: beyond, room noise would be blown up to speech.
        most_voice_db: dB by which voices are moved at most to be as loud as the original's.
        tolerance_lu: LU between wanted and found loudness that are good enough.
        rounds: How often the gain is corrected for what the limiter takes, at most.
    """

    most_gain_db: float = 30.0
    most_voice_db: float = 15.0
    tolerance_lu: float = 0.1
    rounds: int = 5


@dataclass(frozen=True, eq=False)
class MeasuredStems:
    """What was measured of bed and voices, per hop of 100 ms; see :class:`~dubkit.audio.loudness.StemMeter`.

    Attributes:
        bed: Power of the bed.
        voices: Power of the voices.
        common: Power they have in common.
        bed_peaks: Highest sample of the bed.
        voice_peaks: Highest sample of the voices.
        spoken: Whether someone speaks throughout the hop.
    """

    bed: Powers
    voices: Powers
    common: Powers
    bed_peaks: Powers
    voice_peaks: Powers
    spoken: npt.NDArray[np.bool_]

    def mix(self, voice_db: float = 0.0, gain_db: float = 0.0) -> Powers:
        """Power of the mix with these gains on the voices and on the whole."""
        voice, whole = gain_of(voice_db), gain_of(gain_db)
        return whole**2 * np.maximum(0.0, self.bed + 2 * voice * self.common + voice**2 * self.voices)

    def loudness(self, target: LoudnessTarget, voice_db: float = 0.0, gain_db: float = 0.0) -> float:
        """Loudness in LUFS of the mix with these gains, as ``target`` counts it."""
        return integrated_lufs(self.mix(voice_db, gain_db), self.counted(target))

    def counted(self, target: LoudnessTarget) -> npt.NDArray[np.bool_] | None:
        """The hops that count; None for all."""
        return self.spoken if target.dialogue and self.speaks else None

    @property
    def speaks(self) -> bool:
        """Whether anything is heard of the voices."""
        return integrated_lufs(self.voices, self.spoken) > SILENCE_LUFS

    def limited_loudness(self, target: LoudnessTarget, voice_db: float, gain_db: float, ceiling: float) -> float:
        """Loudness at worst once peaks were brought down to ``ceiling``: each hop as if it were lowered throughout."""
        voice, whole = gain_of(voice_db), gain_of(gain_db)
        swing = 1.4  # samples show most of a peak, not all
        peaks = swing * whole * (self.bed_peaks + voice * self.voice_peaks)
        near = np.maximum(peaks, np.maximum(np.roll(peaks, 1), np.roll(peaks, -1)))
        lowered = self.mix(voice_db, gain_db) * np.minimum(1.0, ceiling / np.maximum(near, 1e-9)) ** 2
        return integrated_lufs(lowered, self.counted(target))

    def curve(self, voice_db: float = 0.0, gain_db: float = 0.0) -> npt.NDArray[np.float64]:
        """(hops,) short-term loudness of the mix with these gains, in LUFS."""
        return short_term_lufs(self.mix(voice_db, gain_db))


def measure_stems(
    stems: Iterable[Stems], channels: int, sample_rate: int, spoken: Sequence[TimeRange]
) -> MeasuredStems:
    """Hear the stems through, once.

    Args:
        stems: Bed and voices, block by block.
        channels: Channels of each.
        sample_rate: Hz.
        spoken: When someone speaks, in seconds of the picture.
    """
    meter = StemMeter(channels, sample_rate)
    for block in stems:
        meter.add(block.bed, np.zeros_like(block.bed) if block.voices is None else block.voices)
    bed, voices, common = meter.powers
    return MeasuredStems(bed, voices, common, *meter.peaks, spoken_hops(spoken, len(bed)))


def spoken_hops(spoken: Sequence[TimeRange], hops: int) -> npt.NDArray[np.bool_]:
    """(hops,) whether each of so many hops lies within one of ``spoken``."""
    inside = np.zeros(hops, np.bool_)
    for span in spoken:
        first, last = math.ceil(span.start * HOPS_PER_SECOND), math.floor(span.stop * HOPS_PER_SECOND)
        inside[max(0, first) : max(0, last)] = True
    return inside


def voice_gain_for(stems: MeasuredStems, original: Powers, settings: LevelSettings = LevelSettings()) -> float:
    """The dB that make the voices as loud as the original was at the same places.

    0 where one of them is silent there: nothing can be told then.

    Args:
        stems: What was measured.
        original: Power of the film's own sound, per hop.
        settings: See there.
    """
    spoken = stems.spoken[: len(original)]
    before = integrated_lufs(original[: len(spoken)], spoken)
    now = integrated_lufs(stems.voices, stems.spoken)
    if SILENCE_LUFS in (before, now):
        return 0.0
    return min(max(before - now, -settings.most_voice_db), settings.most_voice_db)


def gain_for(
    loudness: float, target: LoudnessTarget, settings: LevelSettings = LevelSettings()
) -> tuple[float, tuple[str, ...]]:
    """The dB that bring a mix of ``loudness`` LUFS to ``target``, and what is to be said about it.

    Silence stays silence, and what is very quiet is raised by ``most_gain_db`` only.
    """
    if loudness <= SILENCE_LUFS:
        return 0.0, ("the mix is silent, so its loudness was left alone",)
    gain = target.lufs - loudness
    if gain <= settings.most_gain_db:
        return gain, ()
    note = (
        f"the mix is very quiet ({loudness:.1f} LUFS); it was raised by {settings.most_gain_db:g} dB and not by "
        f"{gain:.1f} dB to {target.lufs:g} LUFS, which would blow up its noise"
    )
    return settings.most_gain_db, (note,)
