from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.timing import FrameRate
from plugins.bridge.rates import exact_rate, frames_in, parse_rate, seconds_of

RATES = [24, 25, 30, 48, 50, 60, 23.976, 23.98, 29.97, 47.952, 59.94, 119.88, "24000/1001", 12.5]


@pytest.mark.parametrize("value", RATES)
def test_the_bridge_means_the_rate_that_dubkit_means(value: float | str) -> None:
    assert exact_rate(value) == FrameRate.of(value).fps


@pytest.mark.parametrize(
    ("text", "rate", "drop"),
    [
        ("29.97 DF", Fraction(30000, 1001), True),
        ("23.976", Fraction(24000, 1001), False),
        ("24.0", Fraction(24), False),
        ("59.94 DF", Fraction(60000, 1001), True),
        (25, Fraction(25), False),
    ],
)
def test_settings_of_editors_are_read(text: str, rate: Fraction, drop: bool) -> None:
    assert parse_rate(text) == (rate, drop)


@pytest.mark.parametrize("text", ["", "fast", "0", "-25", "25 fps", "29.97 DF x", "1/0", "nan", "inf"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no frame rate"):
        parse_rate(text)


@given(st.integers(0, 10_000_000), st.sampled_from(RATES))
def test_frames_to_seconds_and_back(frames: int, value: float | str) -> None:
    rate = exact_rate(value)
    assert frames_in(seconds_of(frames, rate), rate) == frames
