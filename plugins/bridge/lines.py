"""Events out of the bytes of a pipe, whatever else comes through it."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["EventLines", "Tail"]

_LONGEST = 1 << 20
"""Bytes; a longer line is none of ours."""


class EventLines:
    """Takes bytes as they come and gives the events in them.

    An event is a line that holds a JSON object with a text under ``event``. All else is noise: other people's prints,
    half a line, bytes that are no UTF-8, a line that never ends.

    Attributes:
        noise: How many lines were none of ours.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._skipping = False
        self.noise = 0

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The events that ``data`` completes."""
        events = []
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._take(piece)
            if not self._skipping:
                events.extend(self._event(bytes(self._begun)))
            self._begun.clear()
            self._skipping = False
        self._take(rest)
        return events

    def finish(self) -> list[dict[str, Any]]:
        """The event in a last line without an end."""
        events = [] if self._skipping else self._event(bytes(self._begun))
        self._begun.clear()
        self._skipping = False
        return events

    def _take(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._begun += piece
        if len(self._begun) > _LONGEST:
            self._begun.clear()
            self._skipping = True
            self.noise += 1

    def _event(self, line: bytes) -> list[dict[str, Any]]:
        if not line.strip():
            return []
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and isinstance(value.get("event"), str):
            return [value]
        self.noise += 1
        return []


class Tail:
    """The end of a stream that may be long.

    Args:
        size: Bytes to be kept.
    """

    def __init__(self, size: int = 1 << 16) -> None:
        self._size = size
        self._kept = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what comes next."""
        self._kept += data
        if len(self._kept) > 2 * self._size:
            del self._kept[: -self._size]

    def text(self) -> str:
        """The last of it, as text."""
        return bytes(self._kept[-self._size :]).decode("utf-8", "replace")
