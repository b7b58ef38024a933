"""Rates and frame counts as editors write them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

__all__ = ["TimelineRate", "exact_rate", "frames_in", "parse_rate", "seconds_of"]

_NTSC = tuple(Fraction(nominal * 1000, 1001) for nominal in (24, 30, 48, 60, 120))
_NEAR = Fraction(1, 200)


class TimelineRate(NamedTuple):
    """Frames a second, exactly, and whether its timecode is drop-frame."""

    rate: Fraction
    drop: bool


def exact_rate(value: str | float | Fraction) -> Fraction:
    """The rate meant by ``value``: decimals near an NTSC rate (23.976, 29.97 ...) become n·1000/1001 exactly.

    Raises:
        ValueError: if it is no positive number.
    """
    try:
        exact = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
        raise ValueError(f"{value!r} is no frame rate") from error
    if exact <= 0:
        raise ValueError(f"{value!r} is no frame rate")
    for ntsc in _NTSC:
        if abs(exact - ntsc) < _NEAR:
            return ntsc
    return exact.limit_denominator(100_000)


def parse_rate(text: str | float) -> TimelineRate:
    """The rate in a setting such as ``29.97 DF``, ``23.976`` or ``24.0``.

    Raises:
        ValueError: if it is none.
    """
    words = str(text).split()
    drop = len(words) == 2 and words[1].upper() == "DF"
    if len(words) != 1 + drop:
        raise ValueError(f"{text!r} is no frame rate")
    return TimelineRate(exact_rate(words[0]), drop)


def seconds_of(frames: int, rate: Fraction) -> Fraction:
    """How long ``frames`` frames last, or when the one with that number begins."""
    return Fraction(frames) / rate


def frames_in(seconds: Fraction, rate: Fraction) -> int:
    """Frames in ``seconds``, to the nearest."""
    return math.floor(seconds * rate + Fraction(1, 2))
