"""TTML, IMSC and DFXP, as broadcasters deliver them.

pysubs2 reads a part of TTML only: no frames or ticks, no ``dur``, no agents, no older namespaces. This reader follows
TTML2 (https://www.w3.org/TR/ttml2/): time expressions in section 12.3, containers in 12.4, agents in 14.1.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dubkit.errors import RecordError, SubtitleError
from dubkit.subtitles.event import Event, plain_text
from dubkit.timing import FrameRate, Seconds, Timecode

__all__ = ["is_ttml", "read_ttml"]

_ROOT = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<(?:\w+:)?tt[\s>]", re.DOTALL)
_CLOCK = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})(?:\.(\d+)|[:;](\d{1,3})(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|m|s|ms|f|t)")
_UNITS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


def is_ttml(text: str) -> bool:
    """Whether ``text`` is an XML document whose root is ``tt``."""
    return _ROOT.match(text) is not None


def read_ttml(text: str, path: Path, rate: FrameRate | None) -> list[Event]:
    """The events of a TTML file.

    Args:
        text: The document.
        path: Where it came from, for the error's sentence.
        rate: The picture's rate, used where times count frames and the document declares no rate.

    Raises:
        SubtitleError: if the XML is broken, or a time cannot be read.
    """
    if "<!ENTITY" in text:
        raise SubtitleError("declares XML entities, which subtitles never need", path=path, remedy="export it again")
    try:
        root = ET.fromstring(text)  # noqa: S314 - entities, the only way to make XML explode, are refused above
    except ET.ParseError as error:
        raise SubtitleError(
            f"is not well-formed XML ({error})", path=path, remedy="export the subtitles again"
        ) from error
    body = next((child for child in root if _local(child.tag) == "body"), None)
    if body is None:
        return []
    reader = _Reader(_Clock.of(root, path, rate), _agents(root))
    try:
        return list(reader.events(body, _Context(Fraction(0), None, ())))
    except RecursionError as error:
        raise SubtitleError("nests its elements too deeply", path=path, remedy="export the subtitles again") from error


def _local(tag: object) -> str:
    """An element's or attribute's name without its namespace; empty for comments."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _attribute(element: ET.Element, name: str) -> str:
    """The attribute ``name`` in whichever of TTML's namespaces it stands; empty where it is absent."""
    return next((value.strip() for key, value in element.attrib.items() if _local(key) == name), "")


def _agents(root: ET.Element) -> dict[str, str]:
    """Agent id -> the name to show for it."""
    names = {}
    for element in root.iter():
        if _local(element.tag) == "agent" and _XML_ID in element.attrib:
            given = [" ".join("".join(child.itertext()).split()) for child in element if _local(child.tag) == "name"]
            names[element.attrib[_XML_ID]] = next(filter(None, given), element.attrib[_XML_ID])
    return names


@dataclass(frozen=True)
class _Clock:
    """How the document writes times.

    Attributes:
        path: The document, for the error's sentence.
        rate: Frames per second; None where neither document nor caller tells.
        ticks: Ticks per second.
        labels: Whether ``HH:MM:SS:FF`` is a timecode label (time base smpte) rather than seconds and frames.
        drop: Whether those labels are drop-frame.
    """

    path: Path
    rate: FrameRate | None
    ticks: Fraction
    labels: bool
    drop: bool

    @classmethod
    def of(cls, root: ET.Element, path: Path, rate: FrameRate | None) -> _Clock:
        declared = _attribute(root, "frameRate")
        try:
            if declared:
                multiplier = re.split(r"[\s:]+", _attribute(root, "frameRateMultiplier") or "1 1")
                rate = FrameRate(Fraction(declared) * Fraction(int(multiplier[0]), int(multiplier[1])))
            tick_rate = _attribute(root, "tickRate")
            ticks = FrameRate(Fraction(tick_rate)).fps if tick_rate else rate.fps if rate and declared else Fraction(1)
        except (ValueError, ZeroDivisionError, IndexError, RecordError) as error:
            raise SubtitleError(
                "declares an impossible frame or tick rate", path=path, remedy="export it again"
            ) from error
        drop = _attribute(root, "dropMode") == "dropNTSC"
        return cls(path, rate, ticks, _attribute(root, "timeBase") == "smpte", drop)

    def seconds(self, text: str) -> Seconds:
        clock, offset = _CLOCK.fullmatch(text), _OFFSET.fullmatch(text)
        if offset is not None:
            count, unit = Fraction(offset[1]), offset[2]
            if unit == "f":
                return count / self._frames_per_second(text)
            return count / self.ticks if unit == "t" else count * _UNITS[unit]
        if clock is None:
            raise self._unreadable(text)
        hours, minutes, seconds = (int(clock[i]) for i in (1, 2, 3))
        if clock[5] is not None and self.labels:
            return self._label(text, hours, minutes, seconds, int(clock[5]))
        decimals = Fraction(int(clock[4]), 10 ** len(clock[4])) if clock[4] else Fraction(0)
        frames = int(clock[5]) / self._frames_per_second(text) if clock[5] else Fraction(0)
        return Fraction((hours * 60 + minutes) * 60 + seconds) + decimals + frames

    def _label(self, text: str, hours: int, minutes: int, seconds: int, frames: int) -> Seconds:
        fps = self._frames_per_second(text)
        mark = ";" if self.drop else ":"
        try:
            code = Timecode.parse(f"{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:02}", FrameRate(fps))
        except RecordError as error:
            raise self._unreadable(text) from error
        return code.frame / fps

    def _frames_per_second(self, text: str) -> Fraction:
        if self.rate is None:
            raise SubtitleError(
                f"counts frames ({text!r}) without a frame rate", path=self.path, remedy="give the picture's frame rate"
            )
        return self.rate.fps

    def _unreadable(self, text: str) -> SubtitleError:
        return SubtitleError(f"has a time that cannot be read: {text!r}", path=self.path, remedy="write HH:MM:SS.mmm")


@dataclass(frozen=True)
class _Context:
    """What an element takes over from those around it."""

    start: Seconds
    stop: Seconds | None
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class _Reader:
    clock: _Clock
    agents: dict[str, str]

    def events(self, element: ET.Element, around: _Context, origin: Seconds | None = None) -> Iterator[Event]:
        """The events in ``element``, whose times count from ``origin`` (default: where its surroundings start)."""
        here = self._context(element, around, around.start if origin is None else origin)
        kind = _local(element.tag)
        timed_parts = [child for child in element if _local(child.tag) == "span" and _attribute(child, "begin")]
        if kind == "span" or (kind == "p" and (_attribute(element, "begin") or not timed_parts)):
            text, speakers = self._text(element)
            stop = here.start if here.stop is None else here.stop
            if text.strip() or _attribute(element, "begin"):
                yield Event(here.start, stop, plain_text(text), tuple(dict.fromkeys((*here.speakers, *speakers))))
            return
        sequence, follow = _attribute(element, "timeContainer") == "seq", here.start
        for child in timed_parts if kind == "p" else element:
            if _local(child.tag) not in ("div", "p", "span"):
                continue
            last = follow
            for event in self.events(child, here, follow if sequence else None):
                last = max(last, event.stop)
                yield event
            follow = last

    def _context(self, element: ET.Element, around: _Context, origin: Seconds) -> _Context:
        begin, end, length = (_attribute(element, name) for name in ("begin", "end", "dur"))
        start = origin + (self.clock.seconds(begin) if begin else 0)
        ends = [origin + self.clock.seconds(end)] if end else []
        ends += [start + self.clock.seconds(length)] if length else []
        stop = min(ends) if ends else around.stop
        named = _attribute(element, "agent").split()
        speakers = tuple(self.agents.get(agent, agent) for agent in named) or around.speakers
        return _Context(start, stop, speakers)

    def _text(self, element: ET.Element) -> tuple[str, tuple[str, ...]]:
        """Text of ``element`` with ``br`` as line breaks, and the agents named inside."""
        parts, speakers = [_collapsed(element.text)], []
        for child in element:
            kind = _local(child.tag)
            if kind == "br":
                parts.append("\n")
            elif kind == "span" and _attribute(child, "ruby") not in ("text", "textContainer", "delimiter"):
                speakers += [self.agents.get(agent, agent) for agent in _attribute(child, "agent").split()]
                text, inner = self._text(child)
                parts.append(text)
                speakers += inner
            parts.append(_collapsed(child.tail))
        return "".join(parts), tuple(speakers)


def _collapsed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")
