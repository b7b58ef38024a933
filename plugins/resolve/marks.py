"""What lies on a timeline, and what of it is ours: a marker on each of our clips says so, and survives a save."""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from ..bridge.records import Medium, Placed
from ..bridge.tags import parse_tag
from .answers import ask, listed, table, whole
from .opened import Opened

__all__ = [
    "CLIP_COLOR",
    "Mark",
    "Seen",
    "Silenced",
    "file_of",
    "lying_on",
    "mark_of",
    "ours",
    "placed_records",
    "same_file",
    "walk",
]

CLIP_COLOR = "Violet"
"""What our clips look like."""


@dataclass(frozen=True)
class Seen:
    """A clip found on a track.

    Attributes:
        item: Resolve's own object.
        key: Its identity; empty where Resolve gives none, as to a clip that will vanish on the next save.
        medium: What it carries.
        track: Number of its track, from 1.
        start: First frame on the timeline, from 0.
        end: First frame after it.
    """

    item: Any
    key: str
    medium: Medium
    track: int
    start: int
    end: int


@dataclass(frozen=True)
class Silenced:
    """A sound clip of the user's that was switched off: its identity, and where it lay should that change."""

    key: str
    start: int
    track: int

    def found(self, seen: list[Seen]) -> Seen | None:
        """The clip, if it is still there."""
        sounds = [one for one in seen if one.medium is Medium.AUDIO]
        by_key = [one for one in sounds if one.key == self.key]
        there = [one for one in sounds if (one.start, one.track) == (self.start, self.track)]
        return next(iter(by_key or there), None)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"key": self.key, "start": self.start, "track": self.track}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Silenced:
        """From JSON."""
        return cls(str(document["key"]), int(document["start"]), int(document["track"]))


@dataclass(frozen=True)
class Mark:
    """What is written on a clip of ours.

    Attributes:
        tag: The bridge's tag.
        track: Name of the track that was added for it.
        silenced: What was switched off because this clip holds its sound.
    """

    tag: str
    track: str
    silenced: tuple[Silenced, ...] = field(default=())

    def text(self) -> str:
        """As a marker's custom data."""
        silenced = [one.document() for one in self.silenced]
        return json.dumps({"dubkit": 1, "tag": self.tag, "track": self.track, "silenced": silenced}, sort_keys=True)


def mark_of(item: Any) -> Mark | None:
    """What is written on a clip; None where it is not ours."""
    for marker in table(item.GetMarkers).values():
        try:
            document = json.loads(marker["customData"])
            parse_tag(document["tag"])
            silenced = tuple(Silenced.of(one) for one in document["silenced"])
            return Mark(document["tag"], str(document["track"]), silenced)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            continue
    return None


def walk(opened: Opened) -> list[Seen]:
    """Every clip of the timeline, track by track, in order."""
    timeline = opened.timeline
    counts = {medium: whole("how many tracks there are", timeline.GetTrackCount, medium.value) for medium in Medium}
    tracks = [(medium, number) for medium, count in counts.items() for number in range(1, count + 1)]
    return [one for medium, number in tracks for one in lying_on(opened, medium, number)]


def lying_on(opened: Opened, medium: Medium, number: int) -> list[Seen]:
    """Every clip of a track, in order."""
    timeline = opened.timeline
    items = listed(f"{medium.value} track {number}", timeline.GetItemListInTrack, medium.value, number)
    return sorted((_seen(opened, item, medium, number) for item in items), key=lambda seen: seen.start)


def _seen(opened: Opened, item: Any, medium: Medium, number: int) -> Seen:
    start = whole("where a clip starts", item.GetStart) - opened.start
    length = whole("how long a clip is", item.GetDuration)
    key = ask(item.GetUniqueId)
    return Seen(item, key if isinstance(key, str) else "", medium, number, start, start + length)


def file_of(media: Any) -> str:
    """The file behind a clip of the media pool; empty where there is none."""
    path = ask(media.GetClipProperty, "File Path") if media else ""
    return path if isinstance(path, str) else ""


def same_file(one: str, other: str) -> bool:
    """Whether two paths name one file, though written differently: macOS takes letters apart, Windows knows no case."""
    return _plain(one) == _plain(other)


def _plain(path: str) -> str:
    return unicodedata.normalize("NFC", os.path.normcase(os.path.normpath(path)))


def ours(seen: list[Seen]) -> list[tuple[Seen, Mark]]:
    """The clips that are ours, with what is written on them."""
    marked = [(one, mark_of(one.item)) for one in seen]
    return [(one, mark) for one, mark in marked if mark is not None]


def placed_records(opened: Opened) -> list[Placed]:
    """What is ours, in the bridge's words."""
    return [Placed(mark.tag, one.medium, one.start, one.end) for one, mark in ours(walk(opened))]
