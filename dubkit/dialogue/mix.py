"""Voices over the original sound, block by block: a film is never held in memory.

Per sample: the bed times a gain that dips under each line, plus the voices, brought under the peak limit. The dip and
the limiter's bends are raised cosines; away from lines the gain is not computed at all, so the bed stays bit-exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dubkit.audio.levels import Samples, faded, gain_of, limit_blocks, ramp
from dubkit.dialogue.bed import Bed
from dubkit.errors import DubkitError, InputError, RecordError, VoiceError
from dubkit.schema import Line, SoundClip, Waveform
from dubkit.timing import Seconds, TimeRange, sample_count

__all__ = ["MixSettings", "mix_blocks"]


@dataclass(frozen=True)
class MixSettings:
    """How voices and original sound are mixed.

    Attributes:
        sample_rate: Hz of bed, voices and mix.
        duck_db: dB that the bed gets under a line; 0 leaves it as it is, as a music-and-effects stem wants.
        attack: Seconds over which the bed goes down, ending where the line begins.
        release: Seconds over which it comes up again after the line. Between lines nearer to each other than attack
            and release together it stays down: no pumping.
        fade: Seconds over which a voice comes in and goes out, against clicks.
        peak_db: dB below full scale that voices never pass. The bed alone may: it is not ours to change.
        look_ahead: Seconds over which the limiter bends its gain before and after a peak.
    """

    sample_rate: int = 48_000
    duck_db: float = -24.0
    attack: float = 0.15
    release: float = 0.35
    fade: float = 0.005
    peak_db: float = -1.0
    look_ahead: float = 0.005

    def __post_init__(self) -> None:
        """Refuse times below zero, and gains that raise instead of lowering."""
        if self.sample_rate <= 0:
            raise RecordError(f"a sample rate of {self.sample_rate} Hz does not exist")
        if min(self.attack, self.release, self.fade) < 0 or self.look_ahead <= 0:
            raise RecordError("attack, release, fade and look-ahead of the mix cannot be negative")
        if self.duck_db > 0 or self.peak_db > 0:
            raise RecordError("ducking and peak limit of the mix are in dB, zero or below")


def mix_blocks(
    lines: Sequence[Line],
    duration: Seconds,
    *,
    read_voice: Callable[[SoundClip], Waveform],
    bed: Iterator[Waveform] | None,
    channels: int,
    settings: MixSettings = MixSettings(),
    block: int = 48_000,
    ducked: Sequence[TimeRange] | None = None,
    on_error: Callable[[Line, DubkitError], None] | None = None,
) -> Iterator[Waveform]:
    """The mix, in blocks; ``sample_count(duration, settings.sample_rate)`` samples in all.

    A voice lies sample-exactly at its line's start: as it is where it has as many channels as the mix; else as mono,
    to left and right alike in a mix of up to four channels, to the centre of a larger one (FFmpeg's order: FL FR FC
    LFE BL BR). It is read once, shortly before it sounds, and dropped when past. Lines that go on from one another in
    the same file are joined without a fade.

    Args:
        lines: The lines, in any order.
        duration: Length of the picture in seconds.
        read_voice: Gives a clip's sound at the mix's sample rate.
        bed: The original sound at the mix's sample rate and channels, in blocks of any size, exactly as long as the
            picture; None for silence, which makes a dialogue stem.
        channels: Channels of the mix.
        settings: See there.
        block: Samples per block; raised where it is shorter than the limiter's look-ahead.
        ducked: Where the bed goes down, in any order; by default under each line's cue and voice.
        on_error: Told of each line whose voice cannot be read; the mix goes on without it, and a stretch of ``ducked``
            that is this line's span is left as it is. Without a callback the error ends the mix.

    Yields:
        Blocks of ``block`` samples, the last one shorter.

    Raises:
        RecordError: at once, if channels or block are below one.
        MediaError: if the bed is not as promised.
        VoiceError: if a voice cannot be read and there is no ``on_error``.
    """
    if channels < 1 or block < 1:
        raise RecordError(f"a mix of {channels} channels in blocks of {block} samples does not exist")
    total = sample_count(duration, settings.sample_rate)
    reach = max(1, round(settings.look_ahead * settings.sample_rate) // 2)
    block = max(block, 2 * reach)
    spans = [line.span for line in lines] if ducked is None else ducked
    voices = _Voices(lines, spans, total, channels, settings, read_voice, on_error)
    source = None if bed is None else Bed(bed, channels, settings.sample_rate)
    raw = _raw_blocks(voices, source, total, channels, block, gain_of(settings.peak_db))
    return (Waveform(samples, settings.sample_rate) for samples in limit_blocks(raw, reach))


def _raw_blocks(
    voices: _Voices, bed: Bed | None, total: int, channels: int, block: int, limit: float
) -> Iterator[tuple[Samples, Samples | None]]:
    """Samples of each block before limiting, and the reduction that its peaks ask for."""
    for start in range(0, total, block):
        stop = min(total, start + block)
        voices.advance(start, stop)
        under = np.zeros((channels, stop - start), np.float32) if bed is None else bed.take(stop - start)
        if bed is not None:
            gain = voices.bed_gain(start, stop)
            under = under if gain is None else under * gain
        heard = voices.overlapping(start, stop)
        if not heard:
            yield under, None
            continue
        mix = under.copy()
        for voice in heard:
            first, last = max(start, voice.start), min(stop, voice.stop)
            mix[list(voice.rows), first - start : last - start] += voice.samples[
                :, first - voice.start : last - voice.start
            ]
        yield mix, _reduction(mix, under, limit)
    if bed is not None:
        bed.finish()


def _reduction(mix: Samples, bed: Samples, limit: float) -> Samples | None:
    """What part of each sample's level must go so that no voice lifts it above the limit, or above a hotter bed."""
    level = np.abs(mix)
    if float(level.max()) <= limit:
        return None
    ceiling = np.maximum(np.abs(bed), np.float32(limit))
    ratio = np.divide(ceiling, level, out=np.ones_like(level), where=level > ceiling)
    reduction: Samples = 1 - ratio.min(axis=0)
    return reduction


@dataclass(frozen=True, eq=False)
class _Sounding:
    """A voice in memory, in samples of the picture's time."""

    start: int
    stop: int
    samples: Samples
    rows: tuple[int, ...]


class _Voices:
    """The lines on their way through the mix: waiting, sounding, or just past and still bending the bed's gain."""

    def __init__(
        self,
        lines: Sequence[Line],
        ducked: Sequence[TimeRange],
        total: int,
        channels: int,
        settings: MixSettings,
        read_voice: Callable[[SoundClip], Waveform],
        on_error: Callable[[Line, DubkitError], None] | None,
    ) -> None:
        rate = settings.sample_rate
        self._waiting = sorted(lines, key=lambda line: line.span.start, reverse=True)
        self._to_duck = sorted(ducked, key=lambda span: span.start, reverse=True)
        self._silent: list[TimeRange] = []
        self._begins = {(line.voice.path, line.voice.span.start, line.start) for line in lines}
        self._ends = {(line.voice.path, line.voice.span.stop, line.sound.stop) for line in lines}
        self._total, self._channels, self._rate = total, channels, rate
        self._read, self._on_error = read_voice, on_error
        self._attack, self._release = round(settings.attack * rate), round(settings.release * rate)
        self._fade, self._depth = round(settings.fade * rate), np.float32(1.0 - gain_of(settings.duck_db))
        self._sounding: list[_Sounding] = []
        self._ducked: list[tuple[int, int]] = []

    def advance(self, start: int, stop: int) -> None:
        """Read what block ``[start, stop)`` needs; drop what is past."""
        near = self._attack + self._release
        self._sounding = [voice for voice in self._sounding if voice.stop > start]
        self._ducked = [(first, last) for first, last in self._ducked if last + near >= start]
        while self._waiting and self._at(self._waiting[-1].span.start) <= stop + near:
            line = self._waiting.pop()
            try:
                self._sounding.append(self._load(line))
            except InputError as error:
                if self._on_error is None:
                    raise
                self._silent.append(line.span)
                self._on_error(line, error)
        while self._to_duck and self._at(self._to_duck[-1].start) <= stop + near:
            span = self._to_duck.pop()
            if span in self._silent:
                self._silent.remove(span)
            else:
                self._ducked.append((self._at(span.start), self._at(span.stop)))

    def overlapping(self, start: int, stop: int) -> list[_Sounding]:
        """The voices heard in ``[start, stop)``."""
        return [voice for voice in self._sounding if voice.start < stop and start < voice.stop]

    def bed_gain(self, start: int, stop: int) -> Samples | None:
        """(n,) gain of the bed in ``[start, stop)``; None where it is exactly 1 throughout."""
        dip = np.zeros(stop - start, np.float32)
        for first, last in self._merged():
            for at, shape in (
                (first - self._attack, ramp(self._attack)),
                (last, ramp(self._release)[::-1]),
            ):
                low, high = max(start, at), min(stop, at + len(shape))
                if low < high:
                    dip[low - start : high - start] = shape[low - at : high - at]
            dip[max(0, first - start) : max(0, last - start)] = 1.0
        return 1.0 - self._depth * dip if self._depth and dip.any() else None

    def _at(self, time: Seconds) -> int:
        return sample_count(time, self._rate)

    def _merged(self) -> list[tuple[int, int]]:
        """Where the bed is down, in order; stretches too near to come up between are one."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(self._ducked):
            if merged and first - merged[-1][1] <= self._attack + self._release:
                merged[-1] = merged[-1][0], max(merged[-1][1], last)
            else:
                merged.append((first, last))
        return merged

    def _load(self, line: Line) -> _Sounding:
        sound = self._read(line.voice)
        start = self._at(line.start)
        stop = min(start + sound.length, self._at(line.sound.stop), self._total)
        if sound.sample_rate != self._rate:
            raise VoiceError(
                f"comes at {sound.sample_rate} Hz, not at the mix's {self._rate} Hz",
                path=line.voice.path,
                remedy="resample it when reading",
            )
        if stop <= max(0, start):
            raise VoiceError(
                f"has no sound within the picture for line {line.cue.index}",
                path=line.voice.path,
                remedy="check the recording and the cue's time",
            )
        samples, rows = _spread(sound, self._channels)
        joined_before = (line.voice.path, line.voice.span.start, line.start) in self._ends
        joined_after = (line.voice.path, line.voice.span.stop, line.sound.stop) in self._begins
        samples = samples[:, max(0, -start) : stop - start]
        samples = faded(samples, 0 if joined_before else self._fade, 0 if joined_after else self._fade)
        return _Sounding(max(0, start), stop, samples, rows)


def _spread(voice: Waveform, channels: int) -> tuple[Samples, tuple[int, ...]]:
    """The voice's samples, and the channels of the mix they go to."""
    if voice.channels == channels:
        return voice.samples, tuple(range(channels))
    if channels == 1:
        return voice.mono().samples, (0,)
    return voice.mono().samples, (0, 1) if channels <= 4 else (2,)
