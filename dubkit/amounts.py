"""Amounts as people give them: ``5GiB``, ``30d``, seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from dubkit.errors import InputError
from dubkit.timing import Seconds

__all__ = ["given_seconds", "parse_age", "parse_size", "size_words"]

_SIZES: Mapping[str, int] = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
_AGES: Mapping[str, int] = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([A-Za-z]*)")


def parse_size(text: str, plain: str = "") -> int:
    """Bytes meant by ``text``, such as ``500MB`` (of 1000 kB) or ``5GiB`` (of 1024 MiB).

    Args:
        text: A number and a unit; capitals do not matter.
        plain: The unit of a number without one; empty refuses it.

    Raises:
        InputError: if it is no size.
    """
    return int(_parsed(text, plain, _SIZES, "size", "500MB or 5GiB"))


def parse_age(text: str) -> float:
    """Seconds meant by ``text``, such as ``90min``, ``12h``, ``30d`` or ``2w``.

    Raises:
        InputError: if it is no length of time.
    """
    return float(_parsed(text, "", _AGES, "length of time", "90min, 12h, 30d or 2w"))


def given_seconds(value: float | Fraction, name: str, finest: int = 1000) -> Seconds:
    """Seconds as somebody gave them, to the nearest 1/``finest``.

    Raises:
        InputError: if ``value`` is infinite or no number; it is called ``name``.
    """
    try:
        return Fraction(value).limit_denominator(finest)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{name} cannot be {value}", remedy="give a number of seconds") from error


def size_words(size: int) -> str:
    """``size`` bytes for people: ``1.5 GiB``."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size >= _SIZES[unit]:
            return f"{size / _SIZES[unit]:.1f} {unit}"
    return f"{size} B"


def _parsed(text: str, plain: str, units: Mapping[str, int], what: str, examples: str) -> Fraction:
    found = _AMOUNT.fullmatch(text.strip())
    by_name = {name.lower(): value for name, value in units.items()}
    unit = (found[2] or plain).lower() if found else ""
    if found is None or unit not in by_name:
        raise InputError(f"{text!r} is not a {what}", remedy=f"write it like {examples}")
    return Fraction(found[1]) * by_name[unit]
