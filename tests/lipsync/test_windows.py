from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dubkit.lipsync import mel_windows
from dubkit.schema import MelSettings, MelSpectrogram
from dubkit.timing import FrameRate

STEP = Fraction(1, 80)


def numbered_mel(steps: int, start: Fraction = Fraction(0)) -> MelSpectrogram:
    """Column i holds the value i / 100."""
    values = np.tile(np.arange(steps, dtype=np.float32) / np.float32(100), (80, 1))
    return MelSpectrogram(values, MelSettings(), start)


@given(frame=st.integers(1, 100))
def test_at_25_fps_windows_start_where_the_published_rule_says(frame: int) -> None:
    mel = numbered_mel(400)
    window = mel_windows(mel, [Fraction(frame, 25)], Fraction(-1, 25))[0]
    published = int(80 * (frame - 1) / 25)
    np.testing.assert_array_equal(window, mel.values[:, published : published + 16])


@given(
    time=st.fractions(-3, 3, max_denominator=30_000),
    offset=st.fractions(-1, 1, max_denominator=1000),
    start=st.fractions(-2, 2, max_denominator=48_000),
)
def test_each_column_is_the_sound_of_its_own_time_or_silence(time: Fraction, offset: Fraction, start: Fraction) -> None:
    mel = numbered_mel(60, start)
    window = mel_windows(mel, [time], offset)[0]
    for column in range(16):
        moment = time + offset - start + column * STEP
        step = moment // STEP
        wanted = mel.values[0, step] if 0 <= step < 60 else -4.0
        assert window[0, column] == wanted


def test_frames_outside_the_sound_hear_silence() -> None:
    windows = mel_windows(numbered_mel(20), [Fraction(-10), Fraction(0), Fraction(10)], Fraction(-1, 25))
    assert windows.shape == (3, 80, 16)
    assert windows.dtype == np.float32
    assert windows.flags.c_contiguous
    assert np.all(windows[[0, 2]] == -4.0)
    assert np.all(windows[1, :, :4] == -4.0)  # floor(-3.2) = -4: four steps before the sound
    assert np.all(windows[1, 0, 4:] == numbered_mel(20).values[0, :12])


def test_ntsc_and_uneven_times_do_not_drift() -> None:
    rate = FrameRate.of(29.97)
    hour = [rate.seconds(frame) for frame in (0, 107_892)]
    mel = numbered_mel(16, hour[1])
    windows = mel_windows(mel, hour, Fraction(0))
    np.testing.assert_array_equal(windows[1], mel.values)
    assert np.all(windows[0] == -4.0)


def test_no_frames_give_no_windows_and_the_mel_is_left_alone() -> None:
    mel = numbered_mel(40)
    before = mel.values.copy()
    assert mel_windows(mel, [], Fraction(0)).shape == (0, 80, 16)
    mel_windows(mel, [Fraction(0)], Fraction(0))[:] = 9
    np.testing.assert_array_equal(mel.values, before)


def test_sound_of_no_length_is_silence() -> None:
    assert np.all(mel_windows(numbered_mel(0), [Fraction(0)], Fraction(0)) == -4.0)
