"""What a format's reader hands over: one event as the file has it, not yet judged."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from dubkit.timing import Seconds

__all__ = ["Event", "plain_text"]


@dataclass(frozen=True)
class Event:
    """A subtitle event of a file.

    Attributes:
        start: Seconds of the picture; may be negative.
        stop: Seconds of the picture; may lie before ``start``.
        text: Without mark-up; lines as in the file.
        speakers: Who speaks, in the order in which the file's own fields name them.
        layers: On how many layers the same text is drawn (ASS).
        label: What the file itself calls it, such as its printed number; empty where it does not.
    """

    start: Seconds
    stop: Seconds
    text: str
    speakers: tuple[str, ...] = ()
    layers: int = 1
    label: str = ""


_OVERRIDE = re.compile(r"\{\\[^}]*\}")
_READING = re.compile(r"<rt\b[^>]*>.*?(?:</rt>|(?=</ruby>)|$)", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
# Marks that steer display only. The joiners U+200C and U+200D stay: Persian and Hindi spell with them.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\x00-\x08\x0e-\x1f]")


def plain_text(text: str) -> str:
    """``text`` without HTML-like tags, ASS overrides, ruby readings, entities and invisible marks; lines are kept."""
    text = _BREAK.sub("\n", _READING.sub("", _OVERRIDE.sub("", text)))
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), _TAG.sub("", text))
    return _INVISIBLE.sub("", text)
