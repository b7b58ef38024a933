"""Sound at another sample rate."""

from __future__ import annotations

import numpy as np
import soxr

from dubkit.errors import InputError
from dubkit.schema import Waveform
from dubkit.timing import sample_count

__all__ = ["resample"]


def resample(sound: Waveform, sample_rate: int) -> Waveform:
    """``sound`` at ``sample_rate`` Hz, band-limited (SoX resampler, high quality), with every channel kept.

    The result has ``sample_count(sound.duration, sample_rate)`` samples: as long as the sound, to the nearest sample.

    Raises:
        InputError: if the rate is not positive.
    """
    if sample_rate <= 0:
        raise InputError(f"a sample rate of {sample_rate} Hz does not exist", remedy="give a rate such as 16000")
    if sample_rate == sound.sample_rate:
        return sound
    wanted = sample_count(sound.duration, sample_rate)
    found = soxr.resample(np.ascontiguousarray(sound.samples.T), sound.sample_rate, sample_rate, quality="HQ")
    samples = np.zeros((sound.channels, wanted), np.float32)
    length = min(wanted, len(found))
    samples[:, :length] = found[:length].T
    return Waveform(samples, sample_rate)
