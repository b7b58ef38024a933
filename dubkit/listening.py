"""What the generator hears: the mel windows of each span, out of its line's voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dubkit.audio import mel_spectrogram
from dubkit.lines import Lines
from dubkit.lipsync import LipModel, mel_windows
from dubkit.media import read_sound
from dubkit.schema import Line, Span, Waveform
from dubkit.timing import FrameTimes, Seconds, TimeRange

__all__ = ["SpanListener"]


class SpanListener:
    """Gives each span the mel windows of its line's voice; keeps the last line's spectrogram only.

    Args:
        lines: All lines.
        times: When each frame is shown.
        model: The generator that will listen.
        held: Number of a line's cue -> when its voice sounds, where lips are to stay as it left them between.
    """

    # What the windows of a line's first and last frames reach beyond it, rounded up generously.
    _MARGIN = TimeRange(Seconds(-1, 2), Seconds(1, 2))

    _INSET = Seconds(3, 50)  # before a voice has died away: held lips say its last sound, not the silence after it

    def __init__(
        self,
        lines: Lines,
        times: FrameTimes,
        model: LipModel,
        held: Mapping[int, Sequence[TimeRange]] | None = None,
    ) -> None:
        self._lines = {line.cue.index: line for line in lines.lines}
        self._one_voice = lines.one_voice
        self._times, self._model = times, model
        self._held = held or {}

    def __call__(self, span: Span) -> npt.NDArray[np.float32]:
        """(frames of the span, bands, steps) float32.

        Raises:
            MediaError: if the voice cannot be read.
        """
        line = self._lines[span.line]
        config = self._model.config
        shown = [self._listened(span.line, self._times.seconds(frame)) for frame in span.frames.indices]
        rate = config.mel.sample_rate
        # Steps are counted from the start of the picture, so that a frame hears the same in whatever span it lies.
        step = Seconds(config.mel.hop, rate)
        start = (min(shown) + self._MARGIN.start) // step * step
        heard = TimeRange(start, max(shown) + self._MARGIN.stop)
        if self._one_voice:  # its time is the picture's, and what is said just outside the cue is heard too
            sound = read_sound(line.voice.path, sample_rate=rate, channels=1, span=heard)
        else:
            sound = _placed_voice(line, heard, rate)
        mel = mel_spectrogram(sound, config.mel, start=heard.start)
        return mel_windows(mel, shown, config.mel_offset)

    def _listened(self, line: int, time: Seconds) -> Seconds:
        """The moment that a frame shown at ``time`` listens to: itself, or the nearest in which the voice sounds."""
        runs = [(span.start, max(span.start, span.stop - self._INSET)) for span in self._held.get(line, ())]
        moments = [min(max(time, start), stop) for start, stop in runs]
        return min(moments, key=lambda moment: abs(moment - time), default=time)


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
