"""Sound to mel spectrogram, as the networks were trained to hear it.

The chain is pre-emphasis, short-time Fourier transform (Hann window, centred), magnitude, mel filter bank, decibels,
and a linear map to -limit..limit. The filter bank follows Slaney's Auditory Toolbox (1998). It is computed here
because the library that has it ready takes two seconds to import; a test holds the two together.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.schema import MelSettings, MelSpectrogram, Waveform
from dubkit.timing import Seconds

__all__ = ["mel_spectrogram"]

_STEPS_AT_ONCE = 2048
_QUIETEST = 1e-5
_LINEAR_UNTIL = 1000.0
_HZ_PER_MEL = 200.0 / 3.0
_LOG_STEP = np.log(6.4) / 27.0


def mel_spectrogram(
    sound: Waveform,
    settings: MelSettings = MelSettings(),  # noqa: B008 - frozen, so it can be shared
    *,
    padding: Literal["zero", "reflect"] = "reflect",
    start: Seconds = Fraction(0),
) -> MelSpectrogram:
    """The mel spectrogram of ``sound``: one step every ``settings.hop`` samples, the first centred on sample 0.

    Args:
        sound: One channel at ``settings.sample_rate``.
        settings: How sound becomes a mel spectrogram.
        padding: What is heard before the first and after the last sample: silence, or the sound mirrored. The
            published weights were trained on mirrored sound. It changes the two outermost columns at each end.
        start: Second of the picture at which sample 0 is heard.

    Raises:
        InputError: if the sound has several channels or another sample rate.
    """
    if sound.channels != 1 or sound.sample_rate != settings.sample_rate:
        raise InputError(
            f"a mel spectrogram is made of one channel at {settings.sample_rate} Hz, "
            f"not of {sound.channels} at {sound.sample_rate} Hz",
            remedy="mix it to mono and resample it first",
        )
    samples = sound.samples[0]
    emphasised = samples.copy()
    emphasised[1:] -= np.float32(settings.pre_emphasis) * samples[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(_padded(emphasised, settings.n_fft // 2, padding), settings.n_fft)
    frames = frames[:: settings.hop]
    window, bank = _hann(settings), _filter_bank(settings)
    values = np.empty((settings.bands, len(frames)), np.float32)
    for first in range(0, len(frames), _STEPS_AT_ONCE):
        spectrum = np.fft.rfft(frames[first : first + _STEPS_AT_ONCE] * window)
        values[:, first : first + _STEPS_AT_ONCE] = _normalised(bank @ np.abs(spectrum).T, settings)
    return MelSpectrogram(values, settings, start)


def _padded(samples: npt.NDArray[np.float32], by: int, padding: str) -> npt.NDArray[np.float32]:
    if padding == "zero" or samples.size < 2:
        return np.pad(samples, by)
    return np.pad(samples, by, mode="reflect")


def _normalised(magnitudes: npt.NDArray[np.float64], settings: MelSettings) -> npt.NDArray[np.float64]:
    decibels = 20.0 * np.log10(np.maximum(_QUIETEST, magnitudes)) - settings.reference_db
    limit = settings.limit
    scaled = 2.0 * limit * (decibels - settings.floor_db) / -settings.floor_db - limit
    return np.asarray(np.clip(scaled, -limit, limit))


@cache
def _hann(settings: MelSettings) -> npt.NDArray[np.float64]:
    """Periodic Hann window, centred in ``n_fft`` samples."""
    n, size = settings.window, settings.n_fft
    window = np.zeros(size)
    first = (size - n) // 2
    window[first : first + n] = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    window.setflags(write=False)
    return window


def _to_mels(hz: float) -> float:
    """Slaney's mel scale: linear up to 1 kHz, logarithmic above."""
    if hz < _LINEAR_UNTIL:
        return hz / _HZ_PER_MEL
    return float(_LINEAR_UNTIL / _HZ_PER_MEL + np.log(hz / _LINEAR_UNTIL) / _LOG_STEP)


def _to_hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    knee = _LINEAR_UNTIL / _HZ_PER_MEL
    return np.where(mels < knee, mels * _HZ_PER_MEL, _LINEAR_UNTIL * np.exp(_LOG_STEP * (mels - knee)))


@cache
def _filter_bank(settings: MelSettings) -> npt.NDArray[np.float64]:
    """(bands, n_fft // 2 + 1): triangles evenly spaced in mels, each of area 1 over the frequencies in Hz."""
    edges = _to_hz(np.linspace(_to_mels(settings.f_min), _to_mels(settings.f_max), settings.bands + 2))
    low, peak, high = (edges[i : i + settings.bands, None] for i in range(3))
    bins = np.fft.rfftfreq(settings.n_fft, 1.0 / settings.sample_rate)
    triangles = np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak))
    bank = np.maximum(0.0, triangles) * 2.0 / (high - low)
    bank.setflags(write=False)
    return bank
