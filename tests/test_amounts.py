from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.amounts import given_seconds, parse_age, parse_size, size_words
from dubkit.errors import InputError


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("5GiB", 5 * 1024**3), ("500 MB", 500_000_000), ("1.5kb", 1500), ("2tib", 2 * 1024**4), (" 7B ", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


def test_a_number_without_a_unit_means_what_the_caller_says() -> None:
    assert parse_size("512", plain="MiB") == 512 * 1024**2
    assert parse_size("512kB", plain="MiB") == 512_000
    with pytest.raises(InputError, match="'512' is not a size; write it like 500MB or 5GiB"):
        parse_size("512")


@pytest.mark.parametrize(
    ("text", "age"), [("30d", 2_592_000), ("12 h", 43_200), ("90min", 5400), ("2w", 1_209_600), ("0.5s", 0.5)]
)
def test_ages(text: str, age: float) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize(
    "text", ["", "d", "30", "-3d", "3 months", "1e9d", "3d4h", "nan d", "٣d", "3m", "9" * 99 + "d"]
)
def test_what_is_no_age_is_said_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="is not a length of time; write it like 90min, 12h, 30d or 2w"):
        parse_age(text)


@given(st.integers(0, 2**50))
def test_words_are_near_the_size(size: int) -> None:
    number, _ = words = size_words(size).split()
    assert float(number) < 1100 or words[1] == "TiB"
    assert parse_size(size_words(size)) == pytest.approx(size, rel=0.06)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_of_seconds_is_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"shift cannot be (nan|-?inf); give a number of seconds"):
        given_seconds(value, "shift")
    assert given_seconds(-3600.0004, "shift") == -3600
    assert given_seconds(0.1, "shift") == Fraction(1, 10)
