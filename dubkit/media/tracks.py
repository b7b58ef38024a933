"""Sound tracks of a master: new ones encoded, original ones copied packet by packet."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream

from dubkit.errors import OutputError
from dubkit.media.containers import ContainerRules, takes
from dubkit.media.copied import CopiedPackets
from dubkit.media.languages import container_language
from dubkit.media.opening import opened, read_only
from dubkit.media.sample_frames import Samples, frame_of, sound_layout
from dubkit.schema import AudioInfo, Waveform
from dubkit.timing import Seconds, sample_count

__all__ = ["CopiedSound", "NewSound", "SoundTrack"]

_BLOCK = 8192
_MIN_TIME = Fraction(-10)
_BIT_RATES = {"aac": (192_000, 128_000), "libopus": (128_000, 96_000), "mp2": (192_000, 192_000)}
_BIT_RATES |= {"ac3": (192_000, 160_000), "eac3": (192_000, 160_000), "libmp3lame": (192_000, 160_000)}
"""Bits a second: of a mono track, and per channel of any other."""
_FULL_SPEED = 32_000
_BEST_FORMATS = ("fltp", "flt", "s32p", "s32", "s16p", "s16")


@dataclass(frozen=True)
class SoundTrack:
    """A new sound track of a master.

    Attributes:
        language: ISO 639 code to tag it with; empty for none.
        title: Name to show; empty for none.
        sample_rate: Hz of the sound that will be written to it.
        channels: Channels of that sound.
        codec: ``auto`` takes what the container is used to; else any sound encoder of this FFmpeg.
        default: Whether players should choose it. If none is chosen, the first is.
    """

    language: str = ""
    title: str = ""
    sample_rate: int = 48_000
    channels: int = 2
    codec: str = "auto"
    default: bool = False


class NewSound:
    """Encodes one sound track, no further than the picture has come.

    Args:
        path: The master, for messages.
        container: The master, before its header is written.
        track: What is wanted.
        rules: What the container takes.

    Attributes:
        notes: What differs from what was wanted.

    Raises:
        OutputError: if the encoder is unknown or does not fit the container.
    """

    def __init__(self, path: Path, container: OutputContainer, track: SoundTrack, rules: ContainerRules) -> None:
        self._path, self._container, self._track = path, container, track
        self.notes: list[str] = []
        codec = rules.sound if track.codec == "auto" else track.codec
        encoder = _sound_encoder(path, codec, rules)
        stream = container.add_stream(codec, self._rate(encoder, rules))
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        context.layout = sound_layout(track.channels)
        offered = [item.name for item in encoder.audio_formats or []]
        context.format = next(name for name in (*_BEST_FORMATS, *offered) if name in offered)
        mono, each = _BIT_RATES.get(codec, (0, 0))
        if mono:
            slow = 3 if context.sample_rate < _FULL_SPEED else 1  # MPEG's low sample rates come with low bit rates
            context.bit_rate = (mono if track.channels == 1 else each * track.channels) // slow
        self._stream = stream
        self._waiting: list[Samples] = []
        self._held = 0
        self._written = 0
        _tag(stream, container_language(track.language, rules.muxer), track.title)

    @property
    def stream(self) -> AudioStream:
        """The stream in the master."""
        return self._stream

    @property
    def reached(self) -> Seconds:
        """Second up to which sound was given."""
        return Fraction(self._written + self._held, self._track.sample_rate)

    def _rate(self, encoder: Codec, rules: ContainerRules) -> int:
        wanted, offered = self._track.sample_rate, rules.sound_rates or encoder.audio_rates
        if not offered or wanted in offered:
            return wanted
        rate = min(offered, key=lambda rate: (rate < wanted, abs(rate - wanted)))
        self.notes.append(f"the sound was resampled from {wanted} to {rate} Hz, which the file needs")
        return rate

    def write(self, block: Waveform) -> None:
        """Take the next block; it is encoded when the picture has come as far.

        Raises:
            OutputError: if it has another sample rate or number of channels than the track.
        """
        if (block.sample_rate, block.channels) != (self._track.sample_rate, self._track.channels):
            raise OutputError(
                f"was given sound of {block.channels} channels at {block.sample_rate} Hz for a track of "
                f"{self._track.channels} channels at {self._track.sample_rate} Hz",
                path=self._path,
                remedy="convert the sound first",
            )
        self._waiting.append(block.samples)
        self._held += block.length

    def advance(self, time: Seconds) -> None:
        """Encode what is waiting up to ``time`` of the picture."""
        until = min(sample_count(time, self._track.sample_rate), self._written + self._held)
        if until - self._written < _BLOCK:
            return
        self._encode(until)

    def finish(self, time: Seconds) -> None:
        """Encode up to ``time``, the end of the picture, with silence where no sound was given; drop what is beyond."""
        end = sample_count(time, self._track.sample_rate)
        while self._written + self._held < end:
            lacking = min(1 << 16, end - self._written - self._held)
            self._waiting.append(np.zeros((self._track.channels, lacking), np.float32))
            self._held += lacking
            self._encode(self._written + self._held)
        self._encode(end)
        self._container.mux(self._stream.encode(None))

    def _encode(self, until: int) -> None:
        while self._written < until:
            samples = self._waiting.pop(0)
            length = min(samples.shape[1], until - self._written, _BLOCK)
            if length < samples.shape[1]:
                self._waiting.insert(0, samples[:, length:])
            if length:
                frame = frame_of(samples[:, :length], self._track.sample_rate)
                frame.pts, frame.time_base = self._written, Fraction(1, self._track.sample_rate)
                self._container.mux(self._stream.encode(frame))
            self._written += length
            self._held -= length


class CopiedSound(CopiedPackets):
    """Copies sound tracks of the source without decoding them, in step with the picture.

    Args:
        container: The master, before its header is written.
        rules: What the container takes.
        source: The file to copy from.
        tracks: Its sound tracks to copy.
        origin: Second of the source's clock at which its picture starts.
    """

    def __init__(
        self,
        container: OutputContainer,
        rules: ContainerRules,
        source: Path,
        tracks: Sequence[AudioInfo],
        origin: Seconds,
    ) -> None:
        super().__init__(origin, ExitStack())
        self._container = container
        self._earliest = _MIN_TIME if rules.muxer in {"mp4", "mov"} else Fraction(0)
        self._input = self._stack.enter_context(opened(source))
        stored = [self._input.streams[track.stream] for track in tracks]
        self._targets = {}
        for track, stream in zip(tracks, stored, strict=True):
            assert isinstance(stream, AudioStream)
            copy = container.add_stream_from_template(stream)
            _tag(copy, container_language(track.language, rules.muxer), stream.metadata.get("title", ""))
            copy.disposition = Disposition(stream.disposition & ~Disposition.default)
            self._targets[stream.index] = copy
        read_only(self._input, stored)
        self._packets: Iterator[Packet[Stream]] = self._input.demux(*stored)
        self._open = set(self._targets)

    def finish(self, time: Seconds) -> None:
        """Copy the rest up to ``time``, the end of the picture, and close the source."""
        while self._open:
            packet = self._taken()
            if packet is None:
                break
            if self._begin(packet) < time:
                self._copy(packet)
            else:
                self._open.discard(packet.stream_index)
        self.close()

    def _read(self) -> Packet[Stream] | None:
        while True:
            try:
                packet = next(self._packets)
            except (StopIteration, FFmpegError):
                self._open.clear()
                return None
            if packet.size and packet.pts is not None and packet.stream_index in self._open:
                return packet

    def _copy(self, packet: Packet[Stream]) -> None:
        # A packet that ends where the picture starts is kept: codecs need it to begin well. Where the container
        # has no edit list to hide it, it has to go, or the whole film would start later.
        begin = self._begin(packet)
        if begin < self._earliest or begin + (packet.duration or 0) * packet.time_base < 0:
            return
        packet.pts = (packet.pts or 0) - round(self._origin / packet.time_base)
        packet.dts = packet.pts  # sound is heard in the order it is stored, whatever the source says
        packet.stream = self._targets[packet.stream_index]
        self._container.mux_one(packet)


def can_copy(source: Path, track: AudioInfo, rules: ContainerRules) -> bool:
    """Whether the container takes the codec of an original track."""
    return takes(rules, track.codec) if rules.only else _template_fits(source, track, rules)


def _template_fits(source: Path, track: AudioInfo, rules: ContainerRules) -> bool:
    with opened(source) as container, av.open(io.BytesIO(), "w", format=rules.muxer) as trial:
        try:
            trial.add_stream_from_template(container.streams[track.stream])
        except ValueError:
            return False
    return True


def _sound_encoder(path: Path, codec: str, rules: ContainerRules) -> Codec:
    try:
        encoder = Codec(codec, "w")
    except UnknownCodecError:
        encoder = None
    if encoder is None or encoder.type != "audio":
        raise OutputError(
            f"cannot be written with {codec!r}: this FFmpeg has no such sound encoder",
            path=path,
            remedy=f"use {rules.sound!r}, or 'auto'",
        )
    if not takes(rules, codec):
        raise OutputError(
            f"cannot be written with {codec!r}: a {path.suffix} file does not take that codec",
            path=path,
            remedy=f"use {rules.sound!r}, or 'auto'",
        )
    return encoder


def _tag(stream: AudioStream, language: str, title: str) -> None:
    if language:
        stream.metadata["language"] = language
    if title:
        stream.metadata["title"] = title
