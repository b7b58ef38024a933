"""Samples to samples: resampling, stretching, loudness, the mel spectrogram the networks listen to.

And what a recording is like: where a voice speaks, and what is wrong with it.
"""

from dubkit.audio.activity import ActivitySettings, Levels, chunk_levels, voiced_span
from dubkit.audio.flaws import FlawFinder
from dubkit.audio.loudness import LoudnessMeter, StemMeter, integrated_lufs, short_term_lufs
from dubkit.audio.mel import mel_spectrogram
from dubkit.audio.resample import resample
from dubkit.audio.stretch import StretchSettings, stretch
from dubkit.audio.true_peak import limit_true_peaks

__all__ = [
    "ActivitySettings",
    "FlawFinder",
    "Levels",
    "LoudnessMeter",
    "StemMeter",
    "StretchSettings",
    "chunk_levels",
    "integrated_lufs",
    "limit_true_peaks",
    "mel_spectrogram",
    "resample",
    "short_term_lufs",
    "stretch",
    "voiced_span",
]
