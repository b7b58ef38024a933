from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.audio import resample
from dubkit.errors import InputError
from dubkit.schema import Waveform
from dubkit.timing import sample_count


def tone(frequency: float, rate: int, seconds: float = 1.0) -> Waveform:
    time = np.arange(round(rate * seconds)) / rate
    return Waveform(np.sin(2 * np.pi * frequency * time).astype(np.float32)[None], rate)


@given(
    length=st.integers(0, 5000), source=st.sampled_from([8000, 22_050, 44_100, 48_000]), rate=st.integers(4000, 96_000)
)
@settings(max_examples=60, deadline=None)
def test_the_duration_stays(length: int, source: int, rate: int) -> None:
    sound = Waveform(np.zeros((1, length), np.float32), source)
    found = resample(sound, rate)
    assert (found.length, found.sample_rate) == (sample_count(sound.duration, rate), rate)


@pytest.mark.parametrize(("source", "rate"), [(48_000, 16_000), (44_100, 16_000), (16_000, 48_000)])
def test_a_tone_stays_the_same_tone(source: int, rate: int) -> None:
    found = resample(tone(1000, source), rate).samples[0]
    wanted = tone(1000, rate).samples[0]
    inner = slice(rate // 20, -rate // 20)
    np.testing.assert_allclose(found[inner], wanted[inner], atol=2e-3)


def test_what_the_new_rate_cannot_hold_is_removed() -> None:
    found = resample(tone(12_000, 48_000), 16_000).samples[0, 800:-800]
    assert np.abs(found).max() < 1e-3


def test_every_channel_is_kept_apart() -> None:
    left, right = tone(440, 48_000), tone(880, 48_000)
    both = Waveform(np.concatenate((left.samples, right.samples)), 48_000)
    found = resample(both, 16_000)
    assert found.channels == 2
    np.testing.assert_array_equal(found.samples[0], resample(left, 16_000).samples[0])
    np.testing.assert_array_equal(found.samples[1], resample(right, 16_000).samples[0])


def test_the_same_rate_is_the_same_sound() -> None:
    sound = tone(440, 16_000)
    assert resample(sound, 16_000) is sound


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(InputError, match="0 Hz does not exist"):
        resample(tone(440, 16_000), 0)
