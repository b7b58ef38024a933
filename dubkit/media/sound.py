"""Sound out of a file: whole, a span of it, or streamed in blocks on the picture's clock."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from dubkit.media.opening import opened, picture_stream, sound_stream
from dubkit.media.probe import probe
from dubkit.media.sample_frames import Samples, frame_of, sample_format, sound_layout, stored_samples
from dubkit.media.samples import SoundRun, silence
from dubkit.schema import MediaInfo, Waveform
from dubkit.timing import Seconds, TimeRange, sample_count

__all__ = ["read_sound", "sound_blocks", "sound_duration", "sound_end", "stored_blocks"]

_RUN_UP = 4096
"""Samples given to the resampler before those wanted; its filter reaches over some tens."""


def read_sound(
    path: Path, *, sample_rate: int, channels: int | None = None, span: TimeRange | None = None, stream: int = 0
) -> Waveform:
    """The sound of a file, in memory.

    Time 0 is the file's start: the first sample, or the first frame of its picture where that comes sooner (the
    sound then begins with silence). Gaps are silence. What a codec puts before the sound (priming) is left out.

    Args:
        path: A file with sound.
        sample_rate: Hz wanted.
        channels: Channels wanted: 1 is the mean of all, None those stored.
        span: Only this span, exact to the sample, with silence where it reaches beyond the file.
        stream: Which sound track, counted from 0 among sound tracks.

    Raises:
        MediaError: if the file cannot be read, has no such sound, or a sample that is not a number.
    """
    path = Path(path)
    with opened(path) as container:
        picture = _picture_of(path, container)
        run = SoundRun(path, container, sound_stream(container, path, stream), channels)
        origin = _file_start(picture, run)
        if span is None:
            parts = list(_stretch(run, sample_rate, run.start - origin, 0, None))
        else:
            first = sample_count(span.start, sample_rate)
            length = sample_count(span.stop, sample_rate) - first
            parts = list(_stretch(run, sample_rate, run.start - origin, first, length))
        empty = np.zeros((run.channels, 0), np.float32)
        return Waveform(np.concatenate([empty, *parts], axis=1), sample_rate)


def sound_duration(path: Path, *, stream: int = 0) -> Seconds:
    """How long :func:`read_sound` without a span would be, exactly; the sound is decoded once, and not kept.

    Args:
        path: A file with sound.
        stream: Which sound track, counted from 0 among sound tracks.

    Raises:
        MediaError: as :func:`read_sound`.
    """
    path = Path(path)
    with opened(path) as container:
        picture = _picture_of(path, container)
        run = SoundRun(path, container, sound_stream(container, path, stream))
        return run.start - _file_start(picture, run) + _length(run)


def sound_end(path: Path) -> Seconds:
    """When the sound of a file ends on the clock of :func:`sound_blocks`; it is decoded once, and not kept.

    Raises:
        MediaError: as :func:`read_sound`.
    """
    path = Path(path)
    with opened(path) as container:
        run = SoundRun(path, container, sound_stream(container, path, 0))
        return _offset(path, container, run) + _length(run)


def stored_blocks(path: Path, container: InputContainer) -> tuple[SoundRun, Iterator[Samples]]:
    """A file's sound at its own rate, on the clock of :func:`sound_blocks`: from time 0 to its end.

    Args:
        path: The file, for messages.
        container: The opened file, at its start.

    Raises:
        MediaError: as :func:`read_sound`.
    """
    run = SoundRun(path, container, sound_stream(container, path, 0))
    return run, _stretch(run, run.sample_rate, _offset(path, container, run), 0, None)


def sound_blocks(
    path: Path,
    *,
    sample_rate: int,
    channels: int | None = None,
    start: Seconds = Fraction(0),
    duration: Seconds,
    block: int = 1 << 16,
    stream: int = 0,
) -> Iterator[Waveform]:
    """A stretch of a file's sound on its picture's clock, block by block.

    Time 0 is the first frame of the picture, so that sound which begins before or after it stays in step;
    in a file without a picture it is the first sample. All blocks together are exactly as long as ``duration``.

    Args:
        path: A file with sound.
        sample_rate: Hz wanted.
        channels: As for :func:`read_sound`.
        start: Seconds; may lie before 0.
        duration: Seconds.
        block: Samples per block; the last may be shorter.
        stream: Which sound track, counted from 0 among sound tracks.

    Raises:
        MediaError: as :func:`read_sound`.
    """
    path = Path(path)
    with opened(path) as container:
        run = SoundRun(path, container, sound_stream(container, path, stream), channels)
        offset = _offset(path, container, run)
        first = sample_count(start, sample_rate)
        length = sample_count(start + duration, sample_rate) - first
        filled, whole = 0, np.empty((run.channels, block), np.float32)
        for part in _stretch(run, sample_rate, offset, first, length):
            while part.shape[1]:
                taken = part[:, : block - filled]
                whole[:, filled : filled + taken.shape[1]] = taken
                part, filled = part[:, taken.shape[1] :], filled + taken.shape[1]
                if filled == block:
                    yield Waveform(whole, sample_rate)
                    filled, whole = 0, np.empty_like(whole)
        if filled:
            yield Waveform(whole[:, :filled].copy(), sample_rate)


def _picture_of(path: Path, container: InputContainer) -> Seconds | None:
    """As :func:`picture_start`; a file of sound alone need not be opened twice for it."""
    return None if picture_stream(container) is None else picture_start(probe(path))


def _length(run: SoundRun) -> Seconds:
    """From its first sample to its end, decoded once."""
    end = max((begin + samples.shape[1] for begin, samples in run.blocks()), default=0)
    return Fraction(end, run.sample_rate)


def _offset(path: Path, container: InputContainer, run: SoundRun) -> Seconds:
    """When the first sample is heard on the picture's clock; 0 in a file without a picture."""
    picture = _picture_of(path, container)
    return Fraction(0) if picture is None else run.start - picture


def _file_start(picture: Seconds | None, run: SoundRun) -> Seconds:
    return run.start if picture is None else min(run.start, picture)


def picture_start(info: MediaInfo) -> Seconds | None:
    """Second of the container's clock at which the picture starts; None where there is no moving picture."""
    return None if info.video is None or info.video.is_still else info.video.start


def _stretch(run: SoundRun, sample_rate: int, offset: Seconds, first: int, length: int | None) -> Iterator[Samples]:
    """Samples ``first`` to ``first + length`` of ``run`` at ``sample_rate``, its first sample lying at ``offset``.

    None for ``length`` means up to the end of the sound.
    """
    lead = sample_count(offset, sample_rate)
    position, stop = first, None if length is None else first + length
    if position == stop:
        return
    for begin, samples in _resampled(run, sample_rate, max(0, first - lead)):
        at = begin + lead
        if stop is not None and at >= stop:
            break
        if at > position:
            yield np.zeros((run.channels, at - position), np.float32)
            position = at
        piece = samples[:, position - at : None if stop is None else stop - at]
        if piece.shape[1]:
            yield piece
            position += piece.shape[1]
        if stop is not None and position >= stop:
            return
    if stop is not None and position < stop:
        yield from silence(run.channels, stop - position)


def _resampled(run: SoundRun, sample_rate: int, wanted: int) -> Iterator[tuple[int, Samples]]:
    """Position and samples at ``sample_rate``, from a block that reaches ``wanted`` on.

    The resampler is always started on a sample that lies on both grids, so that a stretch holds the very
    samples that the whole would.
    """
    source = run.sample_rate
    if source == sample_rate:
        yield from run.blocks(wanted)
        return
    common = gcd(source, sample_rate)
    cycle_in, cycle_out = source // common, sample_rate // common
    cycle = max(0, wanted // cycle_out - -(-_RUN_UP // cycle_in))
    resampler = AudioResampler(sample_format(run.channels), sound_layout(run.channels), sample_rate)
    position, total = cycle * cycle_out, cycle * cycle_in
    for begin, stored in run.blocks(total):
        samples = stored[:, max(0, total - begin) :]
        if not samples.shape[1]:
            continue
        total += samples.shape[1]
        for part in _arrays(resampler, frame_of(samples, source)):
            yield position, part
            position += part.shape[1]
    end = -(-total * cycle_out // cycle_in)
    for part in _arrays(resampler, None):
        kept = part[:, : max(0, end - position)]
        yield position, kept
        position += kept.shape[1]


def _arrays(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[Samples]:
    for part in resampler.resample(frame):
        yield stored_samples(part)
