"""Cepstral coefficients as the SyncNet judge was trained to hear them.

The chain is that of the HTK-style front-end its PyTorch port uses: pre-emphasis, frames of 25 ms every 10 ms under no
window, power spectrum, 26 mel triangles on whole FFT bins, log, orthonormal DCT-II, sine lifter, and the log of the
frame's energy in place of the first coefficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.schema import Waveform

__all__ = ["MfccSettings", "mfcc"]

_FULL_SCALE = 32768.0
_TINY = float(np.finfo(float).eps)


@dataclass(frozen=True)
class MfccSettings:
    """How the judge hears; the defaults are those its published weights need.

    Attributes:
        sample_rate: Hz.
        frame: Samples per frame.
        hop: Samples between frames.
        n_fft: Points of the Fourier transform.
        filters: Mel triangles from 0 Hz to half the sample rate.
        coefficients: Cepstral coefficients kept.
        pre_emphasis: k in y[n] = x[n] - k x[n-1].
        lifter: Length L of the lifter 1 + L/2 sin(pi n / L).
    """

    sample_rate: int = 16_000
    frame: int = 400
    hop: int = 160
    n_fft: int = 512
    filters: int = 26
    coefficients: int = 13
    pre_emphasis: float = 0.97
    lifter: int = 22


def mfcc(sound: Waveform, settings: MfccSettings = MfccSettings()) -> npt.NDArray[np.float32]:
    """(frames, coefficients) float32; 100 frames a second.

    Args:
        sound: One channel at ``settings.sample_rate``; full scale is taken as 16-bit integers, as in training.
        settings: How to hear.

    Raises:
        InputError: if the sound has several channels or another sample rate.
    """
    if sound.channels != 1 or sound.sample_rate != settings.sample_rate:
        raise InputError(
            f"the sync judge hears one channel at {settings.sample_rate} Hz, "
            f"not {sound.channels} at {sound.sample_rate} Hz",
            remedy="mix it to mono and resample it first",
        )
    samples = sound.samples[0].astype(np.float64) * _FULL_SCALE
    emphasised = np.append(samples[:1], samples[1:] - settings.pre_emphasis * samples[:-1])
    beyond = max(0, emphasised.size - settings.frame)
    count = 1 + -(-beyond // settings.hop)
    padded = np.pad(emphasised, (0, (count - 1) * settings.hop + settings.frame - emphasised.size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, settings.frame)[:: settings.hop]
    power = np.abs(np.fft.rfft(frames, settings.n_fft)) ** 2 / settings.n_fft
    bands = np.log(np.maximum(power @ _triangles(settings).T, _TINY))
    cepstra = bands @ _cosines(settings).T
    cepstra[:, 0] = np.log(np.maximum(power.sum(axis=1), _TINY))
    return cepstra.astype(np.float32)


@cache
def _triangles(settings: MfccSettings) -> npt.NDArray[np.float64]:
    """(filters, n_fft // 2 + 1): triangles whose corners lie on whole FFT bins."""
    top = 2595.0 * np.log10(1.0 + settings.sample_rate / 2 / 700.0)
    hertz = 700.0 * (10.0 ** (np.linspace(0.0, top, settings.filters + 2) / 2595.0) - 1.0)
    corners = np.floor((settings.n_fft + 1) * hertz / settings.sample_rate)
    bins = np.arange(settings.n_fft // 2 + 1)
    low, peak, high = (corners[i : i + settings.filters, None] for i in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        rising, falling = (bins - low) / (peak - low), (high - bins) / (high - peak)
    inside = (bins >= low) & (bins < peak)
    return np.where(inside, rising, np.where((bins >= peak) & (bins < high), falling, 0.0))


@cache
def _cosines(settings: MfccSettings) -> npt.NDArray[np.float64]:
    """(coefficients, filters): orthonormal DCT-II with the lifter applied."""
    n = np.arange(settings.coefficients)[:, None]
    k = np.arange(settings.filters)[None, :]
    basis = np.cos(np.pi * n * (2 * k + 1) / (2 * settings.filters)) * np.sqrt(2.0 / settings.filters)
    basis[0] /= np.sqrt(2.0)
    lifter = 1.0 + settings.lifter / 2.0 * np.sin(np.pi * n / settings.lifter)
    return np.asarray(basis * lifter)
