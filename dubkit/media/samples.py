"""A sound track as one unbroken run of samples: gaps filled, overlaps trimmed, at its own sample rate."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from dubkit.errors import MediaError
from dubkit.media.opening import decoded_sound, opened
from dubkit.media.sample_frames import STORED, Samples, sample_format, sound_layout, stored_samples
from dubkit.timing import Seconds

__all__ = ["SoundRun", "silence"]

_STEREO = 2
_TOLERANCE = Fraction(1, 50)
"""Seconds a timestamp may differ from the count of samples; containers round, and phones write a wandering clock."""
_LONGEST_GAP = 24 * 3600
"""Seconds; a longer one is a broken timestamp, not silence."""
_LONGEST_OVERLAP = 1
"""Seconds; a longer step back is a clock that was set anew, not a repetition."""
_RUN_UP = Fraction(1, 2)
"""Seconds decoded before a position, so that codecs with memory have forgotten where decoding began."""
_WORTH_SEEKING = 20
"""Seconds; less is decoded and passed over."""
_BATCH = Fraction(1, 4)
"""Seconds that are handed on together; a codec's frames are so short that each of them costs more than its samples."""


class SoundRun:
    """The samples of a sound track from its first one on, as a run without gaps.

    Args:
        path: The file, for messages.
        container: The opened file, at its start.
        stream: The sound track.
        channels: 1 for the mean of all channels, 2 doubles a single one; None for those stored; else FFmpeg's
            matrix.

    Attributes:
        sample_rate: Hz, of the first frame.
        channels: Number of channels delivered.
        start: Second of the container's clock at which the first sample is heard.

    Raises:
        MediaError: if no sample can be decoded.
    """

    def __init__(self, path: Path, container: InputContainer, stream: AudioStream, channels: int | None = None) -> None:
        self._path, self._container, self._stream = path, container, stream
        self._time_base = stream.time_base or Fraction(1, stream.sample_rate)
        self._decoded = decoded_sound(container, stream)
        first = next(self._decoded, None)
        if first is None:
            raise MediaError(
                "has sound of which nothing can be decoded", path=path, remedy="export the sound again as WAV or FLAC"
            )
        self._first = first
        self._first_pts = first.pts or 0
        self.sample_rate = first.sample_rate
        self.start: Seconds = self._first_pts * self._time_base
        stored = first.layout.nb_channels
        self.channels = channels or stored
        self._mean = channels == 1 and stored > 1
        self._doubled = channels == _STEREO and stored == 1  # at full level: the mean gives the original back
        self._layout = sound_layout(channels) if channels not in (None, 1, stored) else first.layout.name
        self._resampler: AudioResampler | None = None  # none: the frames are as wanted
        self._key: tuple[str, str, int] | None = None

    def blocks(self, position: int = 0) -> Iterator[tuple[int, Samples]]:
        """Position and samples, from a block that reaches ``position`` on; each begins where the last one ended.

        The first block may begin before ``position``. Only one call per object.

        Raises:
            MediaError: if a sample is not a number.
        """
        if position > _WORTH_SEEKING * self.sample_rate and self._can_seek():
            sought = self._sought(position)
            head = next(sought, None)
            if head is not None:
                yield head
                yield from sought
                return
            with opened(self._path) as again:
                stream = again.streams.audio[self._container.streams.audio.index(self._stream)]
                yield from self._from_start(decoded_sound(again, stream), position)
            return
        yield from self._from_start(chain([self._first], self._decoded), position)

    def _from_start(self, frames: Iterator[AudioFrame], position: int) -> Iterator[tuple[int, Samples]]:
        for start, samples in self._joined(frames, 0):
            if start + samples.shape[1] > position:
                yield start, samples

    def _sought(self, position: int) -> Iterator[tuple[int, Samples]]:
        wanted = position - round(_RUN_UP * self.sample_rate)
        per_tick = self._time_base * self.sample_rate
        try:
            self._container.seek(self._first_pts + int(wanted / per_tick), stream=self._stream)
        except FFmpegError:
            return
        frames = decoded_sound(self._container, self._stream)
        first = next(frames, None)
        if first is None or first.pts is None:
            return
        start = round((first.pts - self._first_pts) * per_tick)
        if not 0 <= start <= wanted:
            return
        usable = position - round(_RUN_UP * self.sample_rate / 2)
        for begin, samples in self._joined(chain([first], frames), start):
            cut = max(0, usable - begin)
            if cut < samples.shape[1]:
                yield begin + cut, samples[:, cut:]

    def _can_seek(self) -> bool:
        """Whether timestamps tell the exact sample: a clock that counts samples, and no frame out of step."""
        ticks = 1 / (self._time_base * self.sample_rate)
        if ticks.denominator != 1:
            return False
        if self._stream.codec_context.codec.canonical_name.startswith(("pcm_", "flac")):
            return True
        size = self._stream.codec_context.frame_size * int(ticks)
        stamps = np.array([entry.timestamp for entry in self._stream.index_entries], np.int64)
        return size > 0 and stamps.size > 1 and bool(np.all(np.diff(stamps)[:-1] == size))

    def _joined(self, frames: Iterator[AudioFrame], count: int) -> Iterator[tuple[int, Samples]]:
        """Blocks laid end to end from sample ``count`` on."""
        for samples in self._in_step(frames, count):
            if samples.shape[1]:
                yield count, self._finite(samples, count)
                count += samples.shape[1]

    def _in_step(self, frames: Iterator[AudioFrame], count: int) -> Iterator[Samples]:
        """The samples of the frames, many at once, and silence where the timestamps leave a gap."""
        shift, held, form = 0, AudioFifo(), ("", "")
        ticks, parts = (self._time_base * self.sample_rate).as_integer_ratio()  # a fraction for each frame takes long
        tolerance, batch = int(_TOLERANCE * self.sample_rate), int(_BATCH * self.sample_rate)
        for frame in frames:
            gap, cut = 0, 0
            if frame.pts is not None:
                ahead = (2 * (frame.pts - self._first_pts) * ticks + parts) // (2 * parts) + shift - count
                if tolerance < ahead < _LONGEST_GAP * self.sample_rate:
                    gap = ahead
                elif -_LONGEST_OVERLAP * self.sample_rate < ahead < -tolerance:
                    cut = -ahead
                elif abs(ahead) > tolerance:
                    shift -= ahead
            frame.pts = None  # which a queue would want without gaps
            whole = frame.sample_rate == self.sample_rate and not cut
            changed = form != (form := (frame.format.name, frame.layout.name))
            if gap or changed or not whole or held.samples >= batch:
                yield from self._emptied(held)
                held = AudioFifo() if changed else held
            yield from silence(self.channels, gap)
            if whole:
                held.write(frame)
                count += gap + frame.samples
            else:
                samples = self._converted(frame)[:, cut:]
                yield samples
                count += gap + samples.shape[1]
        yield from self._emptied(held)

    def _emptied(self, held: AudioFifo) -> Iterator[Samples]:
        frame = held.read(held.samples) if held.samples else None
        if frame is not None:
            yield self._converted(frame)

    def _finite(self, samples: Samples, start: int) -> Samples:
        if not np.isfinite(samples).all():
            bad = int(np.argmin(np.isfinite(samples).all(axis=0)))
            raise MediaError(
                f"has a sample that is not a number (NaN or infinite) at {(start + bad) / self.sample_rate:.3f} s",
                path=self._path,
                remedy="export the sound again as PCM or FLAC",
            )
        return samples

    def _converted(self, frame: AudioFrame) -> Samples:
        """One frame as float32 in the channels wanted, at the rate of the first frame."""
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        if key != self._key:  # also where a broadcast changes its sound midway
            layout = frame.layout.name if self._mean else "mono" if self._doubled else self._layout
            same = key[0].removesuffix("p") in STORED and key[1:] == (layout, self.sample_rate)
            kind = sample_format(AudioLayout(layout).nb_channels)
            self._resampler, self._key = None if same else AudioResampler(kind, layout, self.sample_rate), key
        if self._resampler is None:
            samples = stored_samples(frame)
        else:
            frame.pts = None
            parts = [stored_samples(part) for part in self._resampler.resample(frame)]
            samples = np.concatenate(parts, axis=1) if parts else np.zeros((self.channels, 0), np.float32)
        if self._doubled:
            return np.repeat(samples[:1], _STEREO, axis=0)
        return samples.mean(axis=0, keepdims=True, dtype=np.float32) if self._mean else samples


def silence(channels: int, length: int, block: int = 1 << 16) -> Iterator[Samples]:
    """Blocks of silence, ``length`` samples together."""
    for begin in range(0, length, block):
        yield np.zeros((channels, min(block, length - begin)), np.float32)
