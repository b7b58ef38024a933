"""SRT and WebVTT: blocks of text under a line ``start --> stop``.

pysubs2 reads these too, but loses what dubbing needs: it drops WebVTT's voice tags, adds cue names and NOTE blocks to
the text before them, and speaks a damaged timing line as text. So the blocks are read here, by one reader for both.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from dubkit.errors import SubtitleError
from dubkit.subtitles.event import Event, plain_text
from dubkit.timing import Seconds

__all__ = ["has_timing_lines", "read_timed"]

# After a colon three digits are thousandths; two would be frames, at a rate nobody tells.
_STAMP = r"(-?)(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](?=\d)|:(?=\d{3}(?!\d)))?(\d{1,6})?"
_TIMING = re.compile(rf"\s*{_STAMP}\s*(?:-{{1,3}}>|→)\s*{_STAMP}(?:\s.*)?")
_DAMAGED = re.compile(r"\s*[^\s:]*\d[^>]*:[^>]*-->|.*-->\s*\S*\d:\d")
_NOT_CUES = re.compile(r"(?:NOTE|STYLE|REGION)\b")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")


def has_timing_lines(text: str) -> bool:
    """Whether some line of ``text`` is a timing line."""
    return any(_TIMING.fullmatch(line) for line in text.splitlines() if ">" in line or "→" in line)


def read_timed(text: str, path: Path) -> list[Event]:
    """The events of an SRT or WebVTT file.

    Raises:
        SubtitleError: naming the line, where a timing line is damaged.
    """
    vtt = text.lstrip().startswith("WEBVTT")
    blocks = _blocks(text.splitlines(), path, vtt)
    return [_event(start, stop, lines, vtt, label) for start, stop, lines, label in blocks]


def _blocks(lines: list[str], path: Path, vtt: bool) -> Iterator[tuple[Seconds, Seconds, list[str], str]]:
    """Timing, text lines and printed number of each cue; the number or name over the next cue is taken off."""
    times: tuple[Seconds, Seconds] | None = None
    body: list[str] = []
    numbered = False
    label = ""
    for number, line in enumerate(lines, 1):
        match = _TIMING.fullmatch(line)
        if match is None:
            if "-->" in line and _DAMAGED.match(line[:200]):
                raise SubtitleError(
                    f"has a damaged timing line {number}: {line.strip()[:60]!r}",
                    path=path,
                    remedy="write it as 00:01:02,500 --> 00:01:04,000",
                )
            body.append(line)
            continue
        if times is None:
            label = "".join(body[-2:]).strip()
            numbered = label.isdigit()
        else:
            own = _without_name(body, vtt, numbered)
            yield *times, own, label
            label = "".join(body[len(own) :]).strip()
        times = _seconds(match.groups()[:5]), _seconds(match.groups()[5:])
        body = []
    if times is not None:
        yield *times, body, label


def _without_name(body: list[str], vtt: bool, numbered: bool) -> list[str]:
    """``body`` without the next cue's number (SRT) or name (WebVTT), which stands last."""
    filled = len(body)
    while filled and not body[filled - 1].strip():
        filled -= 1
    if not filled:
        return []
    last, apart = body[filled - 1].strip(), filled == 1 or not body[filled - 2].strip()
    # A lone "42" is a number of the file, not something said, where the file numbers its cues or a blank line parts it.
    # A cue of nothing but "42" is followed by its successor's number, so it is not the last line here.
    is_number = last.isdigit() and (numbered or (apart and filled > 1))
    is_name = vtt and filled == len(body) and apart and filled > 1
    return body[: filled - 1] if is_number or is_name else body[:filled]


def _seconds(groups: tuple[str | None, ...]) -> Seconds:
    sign, hours, minutes, seconds, decimals = groups
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    time = whole + (Fraction(int(decimals), 10 ** len(decimals)) if decimals else 0)
    return Fraction(-time if sign else time)


def _event(start: Seconds, stop: Seconds, lines: list[str], vtt: bool, label: str) -> Event:
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines))
    if vtt:  # the first paragraph is the cue's own, whatever it begins with
        paragraphs = [part for i, part in enumerate(paragraphs) if i == 0 or not _NOT_CUES.match(part)]
    text = "\n".join(paragraphs)
    names = [" ".join(plain_text(html.unescape(name)).split()) for name in _VOICE.findall(text)] if vtt else []
    speakers = tuple(dict.fromkeys(filter(None, names)))
    return Event(start, stop, plain_text(text), speakers, label=label)
