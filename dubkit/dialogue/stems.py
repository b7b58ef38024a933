"""The voices and the sound under them, side by side, block by block: what a mix is made of.

The bed goes down under each line on a raised cosine; away from lines its gain is not computed at all, so that it stays
bit-exact. A voice is read shortly before it sounds, and dropped when past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dubkit.audio.levels import Samples, faded, gain_of, ramp
from dubkit.dialogue.bed import Bed
from dubkit.dialogue.mix_settings import MixSettings
from dubkit.errors import DubkitError, InputError, RecordError, VoiceError
from dubkit.schema import Line, SoundClip, Waveform
from dubkit.timing import Seconds, TimeRange, sample_count

__all__ = ["Stems", "stem_blocks"]

_DEFAULTS = MixSettings()


@dataclass(frozen=True, eq=False)
class Stems:
    """A block of both stems.

    Attributes:
        bed: (channels, n) what is heard under the voices, ducked.
        voices: (channels, n) the voices; None where none is heard.
    """

    bed: Samples
    voices: Samples | None

    @property
    def mix(self) -> Samples:
        """Both together; the bed itself where no voice is heard."""
        return self.bed if self.voices is None else self.bed + self.voices


def stem_blocks(
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
) -> Iterator[Stems]:
    """The stems, in blocks; ``sample_count(duration, settings.sample_rate)`` samples in all.

    A voice lies sample-exactly at its line's start: as it is where it has as many channels as the mix; else as mono,
    to left and right alike in a mix of up to four channels, to the centre of a larger one (FFmpeg's order: FL FR FC
    LFE BL BR). Lines that go on from one another in the same file are joined without a fade.

    Args:
        lines: The lines, in any order.
        duration: Length of the picture in seconds.
        read_voice: Gives a clip's sound at the mix's sample rate.
        bed: The original sound at the mix's sample rate and channels, in blocks of any size, exactly as long as the
            picture; None for silence.
        channels: Channels of the stems.
        settings: See there; both stems come with their gains.
        block: Samples per block.
        ducked: Where the bed goes down, in any order; by default under each line's cue and voice.
        on_error: Told of each line whose voice cannot be read; the rest goes on without it, and a stretch of
            ``ducked`` that is this line's span is left as it is. Without a callback the error ends the mix.

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
    spans = [line.span for line in lines] if ducked is None else ducked
    voices = _Voices(lines, spans, total, channels, settings, read_voice, on_error)
    source = None if bed is None else Bed(bed, channels, settings.sample_rate)
    return _blocks(voices, source, total, channels, block, settings)


def _blocks(
    voices: _Voices, bed: Bed | None, total: int, channels: int, block: int, settings: MixSettings
) -> Iterator[Stems]:
    whole = np.float32(gain_of(settings.gain_db))
    for start in range(0, total, block):
        stop = min(total, start + block)
        voices.advance(start, stop)
        under = np.zeros((channels, stop - start), np.float32) if bed is None else bed.take(stop - start)
        if bed is not None:
            gain = voices.bed_gain(start, stop)
            if gain is not None or whole != 1:
                under = under * (whole if gain is None else whole * gain)
        heard = voices.overlapping(start, stop)
        if not heard:
            yield Stems(under, None)
            continue
        said = np.zeros_like(under)
        for voice in heard:
            first, last = max(start, voice.start), min(stop, voice.stop)
            said[list(voice.rows), first - start : last - start] += voice.samples[
                :, first - voice.start : last - voice.start
            ]
        yield Stems(under, said)
    if bed is not None:
        bed.finish()


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
        self._total, self._channels, self._rate = total, channels, rate
        by_start = sorted(lines, key=lambda line: line.span.start, reverse=True)
        self._waiting = [(self._at(line.span.start), line) for line in by_start]
        self._to_duck = [
            (self._at(span.start), span) for span in sorted(ducked, key=lambda span: span.start, reverse=True)
        ]
        self._silent: list[TimeRange] = []
        self._begins = {(line.voice.path, line.voice.span.start, line.start) for line in lines}
        self._ends = {(line.voice.path, line.voice.span.stop, line.sound.stop) for line in lines}
        self._read, self._on_error = read_voice, on_error
        self._attack, self._release = round(settings.attack * rate), round(settings.release * rate)
        self._gain = np.float32(gain_of(settings.gain_db + settings.voice_db))
        self._fade, self._depth = round(settings.fade * rate), np.float32(1.0 - gain_of(settings.duck_db))
        self._sounding: list[_Sounding] = []
        self._ducked: list[tuple[int, int]] = []

    def advance(self, start: int, stop: int) -> None:
        """Read what block ``[start, stop)`` needs; drop what is past."""
        near = self._attack + self._release
        self._sounding = [voice for voice in self._sounding if voice.stop > start]
        self._ducked = [(first, last) for first, last in self._ducked if last + near >= start]
        while self._waiting and self._waiting[-1][0] <= stop + near:
            _, line = self._waiting.pop()
            try:
                self._sounding.append(self._load(line))
            except InputError as error:
                if self._on_error is None:
                    raise
                self._silent.append(line.span)
                self._on_error(line, error)
        while self._to_duck and self._to_duck[-1][0] <= stop + near:
            first, span = self._to_duck.pop()
            if span in self._silent:
                self._silent.remove(span)
            else:
                self._ducked.append((first, self._at(span.stop)))

    def overlapping(self, start: int, stop: int) -> list[_Sounding]:
        """The voices heard in ``[start, stop)``."""
        return [voice for voice in self._sounding if voice.start < stop and start < voice.stop]

    def bed_gain(self, start: int, stop: int) -> Samples | None:
        """(n,) gain of the bed in ``[start, stop)``; None where it is exactly 1 throughout."""
        if not self._ducked:
            return None
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
        if not (self._depth and dip.any()):
            return None
        dip *= -self._depth
        dip += 1.0
        return dip

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
        samples *= self._gain
        return _Sounding(max(0, start), stop, samples, rows)


def _spread(voice: Waveform, channels: int) -> tuple[Samples, tuple[int, ...]]:
    """The voice's samples, and the channels of the mix they go to."""
    if voice.channels == channels:
        return voice.samples, tuple(range(channels))
    if channels == 1:
        return voice.mono().samples, (0,)
    return voice.mono().samples, (0, 1) if channels <= 4 else (2,)
