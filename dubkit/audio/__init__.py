"""Samples to samples: resampling, and the mel spectrogram the networks listen to."""

from dubkit.audio.mel import mel_spectrogram
from dubkit.audio.resample import resample

__all__ = ["mel_spectrogram", "resample"]
