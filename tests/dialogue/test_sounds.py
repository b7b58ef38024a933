from __future__ import annotations

import array
from typing import Any

import numpy as np
import pytest

from dubkit.dialogue import to_waveform
from dubkit.errors import VoiceError
from dubkit.schema import Waveform

STEREO = np.array([[0.5, -0.25, 1.0 - 2**-15, -1.0], [0.0, 0.125, -0.5, 0.25]], np.float32)


class Segment:
    """What pydub's AudioSegment offers of itself, where it is not installed."""

    def __init__(self, width: int) -> None:
        self.frame_rate, self.channels, self.sample_width = 48_000, 2, width
        scale = 1 << (8 * width - 1)
        values = [int(value * scale) for value in STEREO.T.reshape(-1)]
        self.samples = array.array({1: "b", 2: "h", 4: "i"}[width], [min(value, scale - 1) for value in values])

    def get_array_of_samples(self) -> Any:
        return self.samples


@pytest.mark.parametrize("width", [1, 2, 4])
def test_a_segment_like_pydubs(width: int) -> None:
    sound = to_waveform(Segment(width))
    assert (sound.sample_rate, sound.samples.shape) == (48_000, (2, 4))
    np.testing.assert_allclose(sound.samples, STEREO, atol=0.01 if width == 1 else 1e-4)


def test_pydubs_own_segment() -> None:
    pydub = pytest.importorskip("pydub")
    data = (STEREO.T * 32768).clip(-32768, 32767).astype("<i2").tobytes()
    segment = pydub.AudioSegment(data, frame_rate=44_100, sample_width=2, channels=2)
    sound = to_waveform(segment)
    assert sound.sample_rate == 44_100
    np.testing.assert_allclose(sound.samples, STEREO, atol=1e-4)


@pytest.mark.parametrize(
    "samples",
    [
        STEREO,
        STEREO.T,
        STEREO.astype(np.float64),
        (STEREO * 2**15).astype(np.int16),
        (STEREO.T.astype(np.float64) * 2**31).astype(np.int32),
        (STEREO * 128 + 128).clip(0, 255).astype(np.uint8),
        STEREO.tolist(),
    ],
)
def test_arrays_with_their_rate(samples: Any) -> None:
    sound = to_waveform((samples, 16_000))
    assert sound.sample_rate == 16_000
    np.testing.assert_allclose(sound.samples, STEREO, atol=0.01)


def test_mono_and_our_own() -> None:
    assert to_waveform((STEREO[0], 8000)).samples.shape == (1, 4)
    sound = Waveform(STEREO, 8000)
    assert to_waveform(sound) is sound


@pytest.mark.parametrize(
    "given",
    [
        STEREO,
        (STEREO, 0),
        (STEREO, "x"),
        (STEREO, None),
        (np.zeros((2, 2, 2)), 8000),
        (np.zeros(0), 8000),
        (np.array([np.nan]), 8000),
        (np.array(["a"]), 8000),
        (np.array([1j]), 8000),
        "voice.wav",
        None,
        3,
        (STEREO,),
    ],
)
def test_what_is_no_sound_is_refused(given: Any) -> None:
    with pytest.raises(VoiceError) as caught:
        to_waveform(given)
    assert caught.value.remedy
