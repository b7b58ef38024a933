from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.audio import mel_spectrogram
from dubkit.audio.mel import _filter_bank
from dubkit.errors import InputError
from dubkit.schema import MelSettings, Waveform

GOLDEN = Path(__file__).parents[1] / "golden" / "mel.npz"


def noise(samples: int, seed: int = 0, rate: int = 16_000) -> Waveform:
    random = np.random.default_rng(seed)
    return Waveform(random.normal(0, 0.1, (1, samples)).astype(np.float32), rate)


def golden_sound() -> Waveform:
    with np.load(GOLDEN) as stored:
        return Waveform(stored["wav"][None].astype(np.float32) / np.float32(32_768), 16_000)


def test_agrees_with_the_published_front_end() -> None:
    with np.load(GOLDEN) as stored:
        wanted = stored["mel"]
    found = mel_spectrogram(golden_sound(), padding="zero")
    assert found.values.dtype == np.float32
    np.testing.assert_allclose(found.values, wanted, atol=1e-4, rtol=0)


def test_padding_changes_two_columns_at_each_end_and_nothing_else() -> None:
    zero = mel_spectrogram(golden_sound(), padding="zero").values
    mirrored = mel_spectrogram(golden_sound()).values
    changed = np.abs(zero - mirrored).max(axis=0) > 1e-6
    assert list(np.nonzero(changed)[0]) == [0, 1, 159, 160]


def one_step(sound: Waveform, step: int, window: int = 800) -> npt.NDArray[np.float64]:
    """Step ``step`` of the chain, mirrored at the ends, written out for a single column."""
    heard = sound.samples[0].astype(np.float64)
    heard = np.concatenate((heard[:1], heard[1:] - 0.97 * heard[:-1]))
    frame = np.pad(heard, 400, mode="reflect")[step * 200 : step * 200 + 800]
    shape = np.pad(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window), (800 - window) // 2)
    decibels = 20 * np.log10(np.maximum(1e-5, _filter_bank(MelSettings()) @ np.abs(np.fft.rfft(frame * shape)))) - 20
    return np.asarray(np.clip(8 * (decibels + 100) / 100 - 4, -4, 4))


@pytest.mark.parametrize("step", [0, 1, 10, 19, 20])
def test_each_step_is_the_chain_written_out(step: int) -> None:
    sound = noise(4000)
    np.testing.assert_allclose(mel_spectrogram(sound).values[:, step], one_step(sound, step), atol=1e-4, rtol=0)


def test_a_window_shorter_than_the_transform_is_centred_in_it() -> None:
    sound = noise(4000)
    found = mel_spectrogram(sound, MelSettings(window=400)).values
    np.testing.assert_allclose(found[:, 7], one_step(sound, 7, window=400), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "settings_", [MelSettings(), MelSettings(sample_rate=48_000, n_fft=2048, window=2048, bands=40, f_max=8000.0)]
)
def test_filter_bank_is_slaneys(settings_: MelSettings) -> None:
    wanted = librosa.filters.mel(
        sr=settings_.sample_rate,
        n_fft=settings_.n_fft,
        n_mels=settings_.bands,
        fmin=settings_.f_min,
        fmax=settings_.f_max,
    )
    np.testing.assert_allclose(_filter_bank(settings_), wanted, atol=1e-7, rtol=1e-5)


@given(length=st.integers(0, 2000))
@settings(max_examples=40, deadline=None)
def test_every_length_has_its_steps(length: int) -> None:
    for found in (mel_spectrogram(noise(length)), mel_spectrogram(noise(length), padding="zero")):
        assert found.values.shape == (80, 1 + length // 200)
        assert np.all(np.abs(found.values) <= 4.0)


def test_long_sound_is_the_same_as_its_parts() -> None:
    """The transform runs in blocks; their seams must not show."""
    sound = noise(200 * 4500)
    whole = mel_spectrogram(sound).values
    first = 2040
    part = Waveform(sound.samples[:, (first - 4) * 200 : (first + 20) * 200], 16_000)
    np.testing.assert_allclose(mel_spectrogram(part).values[:, 4:20], whole[:, first : first + 16], atol=1e-5)


@given(level=st.floats(0.05, 1.0))
@settings(max_examples=20, deadline=None)
def test_louder_is_never_less(level: float) -> None:
    quiet = noise(3000)
    loud = Waveform(quiet.samples / np.float32(level), 16_000)
    assert np.all(mel_spectrogram(loud).values >= mel_spectrogram(quiet).values - 1e-5)


def test_a_tone_lies_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)[None].astype(np.float32) * np.float32(0.1)
    bands = mel_spectrogram(Waveform(tone, 16_000)).values[:, 20:60].mean(axis=1)
    centres = (np.argmax(_filter_bank(MelSettings()), axis=1)) * 20
    assert abs(int(centres[np.argmax(bands)]) - 1000) <= 40


def test_silence_is_the_lowest_value() -> None:
    assert np.all(mel_spectrogram(Waveform(np.zeros((1, 1000), np.float32), 16_000)).values == -4.0)


def test_the_start_is_handed_on_and_the_sound_left_alone() -> None:
    sound = noise(500)
    before = sound.samples.copy()
    assert mel_spectrogram(sound, start=Fraction(7, 3)).start == Fraction(7, 3)
    np.testing.assert_array_equal(sound.samples, before)


@pytest.mark.parametrize("sound", [noise(100, rate=48_000), Waveform(np.zeros((2, 100), np.float32), 16_000)])
def test_other_sound_is_refused_in_words(sound: Waveform) -> None:
    with pytest.raises(InputError, match=r"one channel at 16000 Hz, not of .* Hz; mix it to mono and resample"):
        mel_spectrogram(sound)
