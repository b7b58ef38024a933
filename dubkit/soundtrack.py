"""The sound of the master: lines over the original, read and mixed block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.audio import mel_spectrogram
from dubkit.dialogue import MixSettings, mix_blocks
from dubkit.errors import DubkitError
from dubkit.lines import Lines
from dubkit.lipsync import LipModel, mel_windows
from dubkit.media import SoundTrack, read_sound, sound_blocks
from dubkit.schema import Line, MediaInfo, SoundClip, Span, Waveform
from dubkit.timing import FrameTimes, Seconds, TimeRange

__all__ = ["Soundtrack", "SpanListener", "plan_soundtrack"]

_MIXES = (1, 2, 6)  # channels a mix can have: mono, stereo, 5.1
_STEREO = 2


@dataclass(frozen=True, eq=False)
class Soundtrack:
    """The mix of a film, to be drawn once.

    Attributes:
        track: How it is written.
        blocks: The mix, exactly as long as the picture.
        notes: What of the original sound is not in it.
    """

    track: SoundTrack
    blocks: Iterator[Waveform]
    notes: tuple[str, ...] = ()


def plan_soundtrack(
    lines: Lines,
    source: MediaInfo,
    duration: Seconds,
    language: str,
    *,
    over_original: bool,
    settings: MixSettings,
    on_error: Callable[[Line, DubkitError], None],
) -> Soundtrack:
    """The mix of ``lines``, over the ducked original sound of ``source`` where it has any and ``over_original``.

    Args:
        lines: What is heard.
        source: The original.
        duration: Length of the picture in seconds.
        language: Tags the track.
        over_original: Whether the original is heard under the lines.
        settings: How to mix.
        on_error: Told of lines whose voice cannot be read.
    """
    rate = settings.sample_rate
    original = source.audio[0] if source.audio and over_original else None
    channels = original.channels if original is not None and original.channels in _MIXES else _STEREO
    bed, notes = None, []
    if original is not None and len(source.audio) > 1:
        notes.append(f"the first of {len(source.audio)} original sound tracks is heard under the lines")
    if original is not None and channels != original.channels:
        notes.append(f"the original sound of {original.channels} channels was mixed to {channels}")
    if original is not None:
        bed = sound_blocks(source.path, sample_rate=rate, channels=channels, duration=duration, block=rate)

    def read_voice(clip: SoundClip) -> Waveform:
        stored = read_sound(clip.path, sample_rate=rate, span=clip.span)
        return stored if stored.channels in (1, channels) else stored.mono()

    blocks = mix_blocks(
        lines.heard,
        duration,
        read_voice=read_voice,
        bed=bed,
        channels=channels,
        settings=settings,
        ducked=[line.span for line in lines.lines],
        on_error=on_error,
    )
    track = SoundTrack(language=language, channels=channels, sample_rate=rate, default=True)
    return Soundtrack(track, blocks, tuple(notes))


class SpanListener:
    """Gives each span the mel windows of its line's voice; keeps the last line's spectrogram only.

    Args:
        lines: All lines.
        times: When each frame is shown.
        model: The generator that will listen.
    """

    # What the windows of a line's first and last frames reach beyond it, rounded up generously.
    _MARGIN = TimeRange(Seconds(-1, 2), Seconds(1, 2))

    def __init__(self, lines: Lines, times: FrameTimes, model: LipModel) -> None:
        self._lines = {line.cue.index: line for line in lines.lines}
        self._one_voice = lines.one_voice
        self._times, self._model = times, model

    def __call__(self, span: Span) -> npt.NDArray[np.float32]:
        """(frames of the span, bands, steps) float32.

        Raises:
            MediaError: if the voice cannot be read.
        """
        line = self._lines[span.line]
        config = self._model.config
        wanted = self._times.time_range(span.frames)
        heard = TimeRange(wanted.start + self._MARGIN.start, wanted.stop + self._MARGIN.stop)
        rate = config.mel.sample_rate
        if self._one_voice:  # its time is the picture's, and what is said just outside the cue is heard too
            sound = read_sound(line.voice.path, sample_rate=rate, channels=1, span=heard)
        else:
            sound = _placed_voice(line, heard, rate)
        mel = mel_spectrogram(sound, config.mel, start=heard.start)
        shown = [self._times.seconds(frame) for frame in span.frames.indices]
        return mel_windows(mel, shown, config.mel_offset)


def _placed_voice(line: Line, heard: TimeRange, sample_rate: int) -> Waveform:
    """The mono voice of ``line`` as it sounds during ``heard``, with silence where it does not."""
    shift = line.start - line.voice.span.start
    inside = TimeRange(max(line.voice.span.start, heard.start - shift), max(line.voice.span.start, heard.stop - shift))
    stop = min(inside.stop, line.voice.span.stop)
    clip = TimeRange(min(inside.start, stop), stop)
    sound = read_sound(line.voice.path, sample_rate=sample_rate, channels=1, span=clip)
    before = round((clip.start + shift - heard.start) * sample_rate)
    total = round(heard.duration * sample_rate)
    samples = np.zeros((1, total), np.float32)
    part = sound.samples[:, : max(0, total - before)]
    samples[:, before : before + part.shape[1]] = part
    return Waveform(samples, sample_rate)
