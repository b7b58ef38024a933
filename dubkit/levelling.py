"""A soundtrack brought to the loudness asked for, and what was reached, measured once it was encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from dubkit.audio import LoudnessMeter, integrated_lufs
from dubkit.audio.levels import gain_of
from dubkit.audio.loudness import Powers
from dubkit.dialogue import (
    LevelSettings,
    LoudnessTarget,
    MeasuredStems,
    Stems,
    gain_for,
    loudness_target,
    measure_stems,
    spoken_hops,
    voice_gain_for,
)
from dubkit.media import keeps_sound_exact, read_ahead, sound_blocks
from dubkit.schema import DubJob, LoudnessReport, MediaInfo
from dubkit.soundtrack import Soundtrack
from dubkit.timing import Seconds

__all__ = ["check_sound", "level_soundtrack"]

_LEAST_GAINED = 0.3
"""LU that a dB of gain is taken to give at least, however hard the limiter works."""
_OVERSHOOT_DB = 1.5
"""What a lossy encoder may add to a peak; the mix stays that much lower where one follows. AAC at our bit rates added
1.3 dB to limited music full of noise, and less to all else that was tried."""


def level_soundtrack(
    sound: Soundtrack,
    job: DubJob,
    source: MediaInfo,
    *,
    settings: LevelSettings,
    progress: Callable[[int, int], None],
) -> Soundtrack:
    """``sound`` with the gains that ``job`` asks for: voices as loud as the original ones, the whole at its loudness.

    It is heard through where that is needed: once, and again where the limiter has to take its part.

    Args:
        sound: The mix as it comes.
        job: What is wanted.
        source: The original.
        settings: How far levels may be moved.
        progress: Called with (seconds measured, seconds in all).

    Raises:
        MediaError: if a sound cannot be read.
    """
    target = loudness_target(job.loudness) if job.loudness else None
    matched = source.audio and (job.voice_level == "match" or (job.voice_level == "auto" and job.voice is None))
    if not (target or matched or job.picture):
        return sound
    rate = sound.settings.sample_rate
    spoken = [line.sound for line in sound.lines.lines]
    measured = measure_stems(_told(sound.stems(), sound.duration, progress), sound.bed.channels, rate, spoken)
    sound = replace(sound, measured=measured)
    if matched:
        sound = _matched(sound, measured, _heard(source.path, sound.duration, rate).power, settings)
    if target is None:
        return sound
    exact = job.output is None or keeps_sound_exact(job.output)
    ceiling_db = target.true_peak_db - (0.0 if exact else _OVERSHOOT_DB)
    return _levelled(sound, measured, target, ceiling_db, settings)


def check_sound(sound: Soundtrack, path: Path) -> tuple[LoudnessReport | None, tuple[str, ...]]:
    """How loud the sound of a finished file is, and what is to be said about it; None where nobody asked.

    Raises:
        MediaError: if it cannot be read.
    """
    if sound.target is None:
        return None, ()
    meter = _heard(path, sound.duration, sound.settings.sample_rate)
    power, target = meter.power, sound.target
    spoken = spoken_hops([line.sound for line in sound.lines.lines], len(power))
    report = LoudnessReport(
        target.name,
        target.lufs,
        target.true_peak_db,
        target.dialogue,
        round(sound.before, 2),
        round(sound.settings.voice_db, 2),
        round(sound.settings.gain_db, 2),
        round(integrated_lufs(power), 2),
        round(integrated_lufs(power, spoken), 2),
        round(meter.true_peak_db, 2),
    )
    notes = []
    if report.true_peak_db > target.true_peak_db:
        notes.append(
            f"the encoder raised the true peak to {report.true_peak_db:.1f} dBTP, above the {target.true_peak_db:g} "
            "asked for; write to .mov or .mkv for sound without loss"
        )
    return report, tuple(notes)


def _told(stems: Iterator[Stems], duration: Seconds, progress: Callable[[int, int], None]) -> Iterator[Stems]:
    for second, block in enumerate(stems, 1):
        yield block
        progress(second, -(-duration.numerator // duration.denominator))


def _matched(sound: Soundtrack, measured: MeasuredStems, original: Powers, levels: LevelSettings) -> Soundtrack:
    voice_db = voice_gain_for(measured, original, levels)
    notes = sound.notes
    if abs(voice_db) >= 1:
        how = "raised" if voice_db > 0 else "lowered"
        notes = (*notes, f"the voices were {how} by {abs(voice_db):.1f} dB to be as loud as the original ones")
    return replace(sound, settings=replace(sound.settings, voice_db=voice_db), notes=notes)


def _levelled(
    sound: Soundtrack, measured: MeasuredStems, target: LoudnessTarget, ceiling_db: float, levels: LevelSettings
) -> Soundtrack:
    """``sound`` with the gain that gives ``target``, also after the limiter has taken its part."""
    voice_db = sound.settings.voice_db
    before = measured.loudness(target, voice_db)
    gain_db, said = gain_for(before, target, levels)
    notes = [*sound.notes, *said]
    if target.dialogue and not measured.speaks:
        notes.append("nobody is heard speaking, so the loudness is that of the whole")
    most = gain_db if said else levels.most_gain_db
    wanted = before + gain_db

    def with_gain(gain: float) -> Soundtrack:
        return replace(sound, settings=replace(sound.settings, gain_db=gain, true_peak_db=ceiling_db))

    at_worst = measured.limited_loudness(target, voice_db, gain_db, gain_of(ceiling_db))
    missing, gained, step = 0.0, 1.0, 0.0
    for _ in range(levels.rounds if wanted - at_worst > levels.tolerance_lu else 0):
        before_this, missing = missing, wanted - _loudness_of(with_gain(gain_db), measured, target)
        if abs(missing) <= levels.tolerance_lu or gain_db >= most:
            break
        if before_this:  # a decibel of gain gives less than a decibel of loudness where the limiter works
            gained = min(1.0, max(_LEAST_GAINED, (before_this - missing) / step))
        step = min(missing / gained, most - gain_db)
        gain_db += step
    if missing > 5 * levels.tolerance_lu:
        notes.append(f"the mix stays {missing:.1f} LU below {target.name}: its peaks leave no room to raise it further")
    return replace(with_gain(gain_db), target=target, before=before, notes=tuple(notes))


def _loudness_of(sound: Soundtrack, measured: MeasuredStems, target: LoudnessTarget) -> float:
    meter = LoudnessMeter(sound.bed.channels, sound.settings.sample_rate)
    for block in sound.blocks():
        meter.add(block.samples)
    return integrated_lufs(meter.power, measured.counted(target))


def _heard(path: Path, duration: Seconds, sample_rate: int) -> LoudnessMeter:
    """The first sound track of a file, heard through in its own channels."""
    meter: LoudnessMeter | None = None
    for block in read_ahead(sound_blocks(path, sample_rate=sample_rate, duration=duration, block=sample_rate)):
        meter = meter or LoudnessMeter(block.channels, sample_rate)
        meter.add(block.samples)
    return meter or LoudnessMeter(1, sample_rate)
