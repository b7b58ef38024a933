"""The sound of one video, any stretch of it, on the picture's clock; kept on disk, so that length costs no memory."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.analysis import picture_of
from dubkit.audio import mel_spectrogram
from dubkit.errors import OutputError
from dubkit.media import sound_blocks, sound_duration
from dubkit.schema import MediaInfo, MelSettings, MelSpectrogram, Waveform
from dubkit.timing import Seconds, TimeRange, sample_count

__all__ = ["VideoSound", "open_sound"]

_BLOCK = 1 << 20  # samples looked at together


class VideoSound:
    """The sound of a video on its picture's clock.

    Args:
        samples: (n,) float32, one channel at the rate of ``settings``.
        start: Seconds of the picture at which the first sample is heard; negative where that is before the picture.
        settings: How it becomes a mel spectrogram.
    """

    def __init__(self, samples: npt.NDArray[np.float32], start: Seconds, settings: MelSettings) -> None:
        self._samples = samples
        self._settings = settings
        self.span = TimeRange(start, start + Fraction(len(samples), settings.sample_rate))

    def peak(self, span: TimeRange) -> float:
        """The largest sample within ``span``, either way; 0 where there is no sound."""
        first, last = (self._sample(time) for time in (span.start, span.stop))
        # In blocks: the samples are on disk, and may be more than memory holds.
        blocks = (self._samples[at : min(at + _BLOCK, last)] for at in range(first, last, _BLOCK))
        return max((float(np.abs(block).max()) for block in blocks), default=0.0)

    def mel(self, span: TimeRange) -> MelSpectrogram:
        """The steps of the whole sound's mel spectrogram that lie within ``span``; none where there is no sound."""
        hop, rate = self._settings.hop, self._settings.steps_per_second
        first = max(0, math.ceil((span.start - self.span.start) * rate))
        last = min(len(self._samples) // hop, math.floor((span.stop - self.span.start) * rate))
        start = self.span.start + first / rate
        if last < first:
            return MelSpectrogram(np.zeros((self._settings.bands, 0), np.float32), self._settings, start)
        # Steps near the ends of what is analysed hear the ends; those of the whole sound do so only at its own.
        edge = -(-(self._settings.n_fft // 2 + 1) // hop)
        begin = max(0, first - edge)
        heard = np.array(self._samples[begin * hop : (last + edge) * hop])[None]
        values = mel_spectrogram(Waveform(heard, self._settings.sample_rate), self._settings).values
        return MelSpectrogram(values[:, first - begin : last + 1 - begin], self._settings, start)

    def waveform(self, span: TimeRange) -> Waveform:
        """What is heard in ``span``, one channel; silence where it reaches beyond the sound."""
        rate = self._settings.sample_rate
        wanted = sample_count(span.stop - self.span.start, rate) - sample_count(span.start - self.span.start, rate)
        first, last = (self._sample(time) for time in (span.start, span.stop))
        samples = np.zeros((1, wanted), np.float32)
        lead = max(0, first - sample_count(span.start - self.span.start, rate))
        samples[0, lead : lead + last - first] = self._samples[first:last]
        return Waveform(samples, rate)

    def _sample(self, time: Seconds) -> int:
        return min(max(0, sample_count(time - self.span.start, self._settings.sample_rate)), len(self._samples))


@contextmanager
def open_sound(
    path: Path,
    media: MediaInfo,
    settings: MelSettings = MelSettings(),  # noqa: B008 - frozen, so it can be shared
    folder: Path | None = None,
) -> Iterator[VideoSound]:
    """The sound of the video at ``path``, read once into a nameless file in ``folder`` that vanishes afterwards.

    Args:
        path: The video.
        media: What it holds. Where there is no sound in it, there is none to be heard at any time.
        settings: How sound becomes a mel spectrogram.
        folder: Where there is room; None takes the system's folder for such files.

    Raises:
        MediaError: if the sound cannot be read.
        OutputError: if there is no room for it.
    """
    if not media.audio:
        yield VideoSound(np.zeros(0, np.float32), Fraction(0), settings)
        return
    picture, rate = picture_of(media), settings.sample_rate
    begin = media.audio[0].start - picture.start
    duration = min(begin, Fraction(0)) + sound_duration(path) - begin
    try:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed below, after what maps it
    except OSError as error:
        raise _no_room(folder, error) from error
    with file:
        for block in sound_blocks(path, sample_rate=rate, channels=1, start=begin, duration=duration):
            try:
                file.write(block.samples.tobytes())
                file.flush()
            except OSError as error:
                raise _no_room(folder, error) from error
        empty = file.tell() == 0
        samples = np.zeros(0, np.float32) if empty else np.memmap(file, np.float32, "r")
        yield VideoSound(samples, Fraction(sample_count(begin, rate), rate), settings)


def _no_room(folder: Path | None, error: OSError) -> OutputError:
    folder = folder or Path(tempfile.gettempdir())
    return OutputError(f"could not be written to ({error.strerror or error})", path=folder, remedy="check the disk")
