"""Sound records."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.timing import Seconds, TimeRange

__all__ = ["AudioInfo", "MelSettings", "MelSpectrogram", "SoundClip", "Waveform"]


@dataclass(frozen=True)
class AudioInfo:
    """A sound track, as its container describes it.

    Attributes:
        stream: Index of the stream in its file.
        codec: FFmpeg's name of the codec.
        sample_rate: Hz.
        channels: Number of channels.
        layout: FFmpeg's name of the channel layout, such as ``5.1``.
        language: ISO 639 code as tagged; empty where there is none.
        start: Timestamp of the first sample in seconds, on the container's clock.
        duration: Seconds, as the container says; 0 where it does not.
    """

    stream: int
    codec: str
    sample_rate: int
    channels: int
    layout: str
    language: str = ""
    start: Seconds = Fraction(0)
    duration: Seconds = Fraction(0)


@dataclass(frozen=True, eq=False)
class Waveform:
    """Sound in memory.

    Attributes:
        samples: (channels, n) float32; full scale is -1..1. Finite everywhere.
        sample_rate: Hz.
    """

    samples: npt.NDArray[np.float32]
    sample_rate: int

    def __post_init__(self) -> None:
        """Refuse other shapes and types, and samples that are not numbers."""
        if self.samples.ndim != 2 or self.samples.dtype != np.float32 or self.samples.shape[0] == 0:
            raise RecordError(f"sound must be float32 (channels, n), not {self.samples.dtype} {self.samples.shape}")
        if self.sample_rate <= 0:
            raise RecordError(f"a sample rate of {self.sample_rate} Hz does not exist")
        finite = np.isfinite(self.samples).all(axis=0)
        if not finite.all():
            at = int(np.argmin(finite)) / self.sample_rate
            raise RecordError(
                f"the sound has a sample that is not a number (NaN or infinite) at {at:.3f} s",
                remedy="export the sound again as PCM or FLAC",
            )

    def __repr__(self) -> str:
        return f"Waveform({self.channels} x {self.length} at {self.sample_rate} Hz, {float(self.duration):.3f} s)"

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> Seconds:
        """Seconds."""
        return Fraction(self.length, self.sample_rate)

    def mono(self) -> Waveform:
        """The mean of all channels."""
        if self.channels == 1:
            return self
        return Waveform(self.samples.mean(axis=0, keepdims=True, dtype=np.float32), self.sample_rate)


@dataclass(frozen=True)
class SoundClip:
    """A stretch of a sound file: a voice is referred to, not held in memory.

    Attributes:
        path: The sound file.
        span: The stretch of it that is meant, in seconds from its own start.
    """

    path: Path
    span: TimeRange


@dataclass(frozen=True)
class MelSettings:
    """How sound becomes a mel spectrogram; the defaults are those of the published Wav2Lip (hparams).

    Attributes:
        sample_rate: Hz the sound must have.
        n_fft: Samples per analysis.
        hop: Samples between analyses.
        window: Samples under the Hann window.
        bands: Mel bands (Slaney scale and normalisation).
        f_min: Hz, lower edge of the first band.
        f_max: Hz, upper edge of the last band.
        pre_emphasis: k in y[n] = x[n] - k x[n-1].
        reference_db: dB subtracted.
        floor_db: dB mapped to -limit; 0 dB maps to +limit.
        limit: Values are clipped to -limit..limit.
        window_steps: Mel steps the generator sees per frame.
    """

    sample_rate: int = 16_000
    n_fft: int = 800
    hop: int = 200
    window: int = 800
    bands: int = 80
    f_min: float = 55.0
    f_max: float = 7600.0
    pre_emphasis: float = 0.97
    reference_db: float = 20.0
    floor_db: float = -100.0
    limit: float = 4.0
    window_steps: int = 16

    @property
    def steps_per_second(self) -> Fraction:
        """Mel steps per second of sound."""
        return Fraction(self.sample_rate, self.hop)


@dataclass(frozen=True, eq=False)
class MelSpectrogram:
    """A mel spectrogram.

    Attributes:
        values: (bands, steps) float32, within -limit..limit of the settings.
        settings: How it was made.
        start: Seconds of the picture's time at which step 0 lies.
    """

    values: npt.NDArray[np.float32]
    settings: MelSettings
    start: Seconds = Fraction(0)

    def __post_init__(self) -> None:
        """Refuse other shapes."""
        if self.values.ndim != 2 or self.values.shape[0] != self.settings.bands:
            raise RecordError(f"a mel spectrogram of {self.settings.bands} bands cannot be {self.values.shape}")

    def __repr__(self) -> str:
        return f"MelSpectrogram({self.values.shape[0]} bands x {self.values.shape[1]} steps)"
