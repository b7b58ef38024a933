"""Subtitle files to cues."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pysubs2
from pysubs2.formats import autodetect_format, get_format_identifier
from pysubs2.formats.substation import parse_tags

from dubkit.errors import SubtitleError
from dubkit.schema import Cue
from dubkit.subtitles.encoding import decode
from dubkit.subtitles.event import Event, plain_text
from dubkit.subtitles.speakers import split_speakers
from dubkit.subtitles.timed import has_timing_lines, read_timed
from dubkit.subtitles.ttml import is_ttml, read_ttml
from dubkit.timing import FrameRate, TimeRange

__all__ = ["read_cues"]

_LARGEST = 128 * 1024 * 1024
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_REMEDY = "give a subtitle file, such as SRT, WebVTT, ASS or TTML"
# What pysubs2's readers raise on damaged files, besides its own errors: they check little themselves.
_DAMAGE = (
    pysubs2.Pysubs2Error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, NotImplementedError,
)  # fmt: skip


def read_cues(
    path: str | os.PathLike[str], *, encoding: str = "", rate: FrameRate | None = None, language: str = ""
) -> tuple[Cue, ...]:
    """The cues of a subtitle file, in film order.

    SRT, WebVTT, ASS, SSA, TTML, MicroDVD, SAMI, MPL2, TMP, Whisper and pysubs2 JSON, told apart by their content; the
    ending decides only where the content fits two of them. Times are exact. Speakers come from the ASS name field,
    WebVTT voice tags and TTML agents, else from names written before the text. ASS comments and drawings, which nobody
    says, are left out, and a text drawn on several layers at once counts once; all else that is odd is in
    ``Cue.notes``. A cue that ends before it starts becomes one of no length; see :func:`dubkit.subtitles.check_cues`.

    Args:
        path: The file.
        encoding: Python's name of the text encoding, which then is not questioned; empty to find it out.
        rate: Frame rate of the picture, for files that count frames and do not declare their rate.
        language: Tag of the text's language, if known, by which the likely encodings are named where none is certain.

    Raises:
        SubtitleError: if the file is missing, is no subtitle file, is damaged, or holds no cues.
    """
    path = Path(path)
    text = decode(_load(path), path, encoding, language)
    if not text.strip():
        raise SubtitleError("is empty", path=path, remedy=_REMEDY)
    events = _events(text, path, rate)
    if not events:
        raise SubtitleError("holds no cues", path=path, remedy=_REMEDY)
    return _cues(events)


def _load(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise SubtitleError("is a folder, not a subtitle file", path=path, remedy="name one file in it")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise SubtitleError("does not exist", path=path, remedy="check the name of the subtitle file") from error
    except (OSError, ValueError) as error:  # ValueError: a name that holds a zero byte
        raise SubtitleError(f"cannot be read ({error})", path=path, remedy="check that the file may be read") from error
    if len(data) > _LARGEST:
        # The first bytes tell a film from a huge text; either way it is not read on.
        decode(data[:4096], path, "")
        raise SubtitleError("is larger than any subtitle file (128 MiB)", path=path, remedy=_REMEDY)
    return data


def _events(text: str, path: Path, rate: FrameRate | None) -> list[Event]:
    """The events of the file, by the reader its content asks for."""
    if is_ttml(text):
        return read_ttml(text, path, rate)
    scripted = re.search(r"^\s*(?:\[Script Info\]|\[V4\+? Styles\])", text, re.MULTILINE | re.IGNORECASE)
    if text.lstrip().startswith("WEBVTT") or (scripted is None and has_timing_lines(text)):
        return read_timed(text, path)
    form = _format(text, path)
    if form == "ttml":  # damaged at its very start
        return read_ttml(text, path, rate)
    fps = 1.0 if form == "microdvd" else None  # milliseconds then are frames times 1000, and so exact
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pysubs2 warns of style fields, which are not used here
            script = pysubs2.SSAFile.from_string(text, form, fps=fps)
            return _frame_events(script, path, rate) if form == "microdvd" else _script_events(script)
    except _DAMAGE as error:
        detail = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise SubtitleError(f"is a damaged {form} file ({detail})", path=path, remedy="export it again") from error


def _format(text: str, path: Path) -> str:
    """pysubs2's name of the format."""
    if re.match(r"\s*<sami\b", text, re.IGNORECASE):
        return "sami"
    try:
        return autodetect_format(text)
    except pysubs2.FormatAutodetectionError as error:
        try:
            by_ending = get_format_identifier(path.suffix.lower())
        except pysubs2.UnknownFileExtensionError:
            by_ending = ""
        if by_ending in error.formats:
            return by_ending
        raise SubtitleError("is in no subtitle format known here", path=path, remedy=_REMEDY) from error


def _script_events(script: pysubs2.SSAFile) -> list[Event]:
    found: dict[Event, int] = {}
    for line in script:
        if line.is_comment:
            continue
        raw = line.text
        if r"\p" in raw:
            fragments = parse_tags(raw)
            raw = "".join(part for part, style in fragments if not style.drawing)
            if not raw.strip() and any(style.drawing for _, style in fragments):
                continue
        text = plain_text(pysubs2.SSAEvent(text=raw).plaintext)
        if script.format == "sami" and not text.strip():
            continue  # how SAMI clears the screen
        speaker = " ".join(line.name.split())
        start, stop = Fraction(line.start, 1000), Fraction(line.end, 1000)
        event = Event(start, stop, text, (speaker,) if speaker else ())
        found[event] = found.get(event, 0) + 1
    layered = script.format in ("ass", "ssa")
    return [
        event
        for item, count in found.items()
        for event in ([replace(item, layers=count)] if layered else [item] * count)
    ]


def _frame_events(script: pysubs2.SSAFile, path: Path, rate: FrameRate | None) -> list[Event]:
    """MicroDVD's events, read at one frame per second; the rate a file declares on its first line wins.

    Players write that line at frame 1, pysubs2 at frame 0.
    """
    lines = list(script)
    if lines and lines[0].start == lines[0].end <= 1000 and _NUMBER.fullmatch(lines[0].text.strip()):
        declared = float(lines.pop(0).text)
        rate = FrameRate.of(declared) if declared > 0 else rate
    if rate is None:
        raise SubtitleError("counts frames without telling the rate", path=path, remedy="give the picture's frame rate")
    return [
        Event(rate.seconds(line.start // 1000), rate.seconds(line.end // 1000), plain_text(line.plaintext))
        for line in lines
    ]


def _cues(events: list[Event]) -> tuple[Cue, ...]:
    """Events as cues, sorted by start and end (ties as in the file).

    They keep the numbers printed in the file, by which people speak of them and name their voice files; where it
    prints none, or one twice, they are numbered from 1 in film order.
    """
    printed = [int(event.label) for event in events if event.label.isdecimal()]
    kept = len(printed) == len(events) == len(set(printed))
    cues = []
    latest = events[0].start
    for place, event in enumerate(events):
        named, text = ((), event.text) if event.speakers else split_speakers(event.text)
        speakers = event.speakers or named
        notes = []
        if event.start < latest:
            notes.append("stood out of order in the file; moved to its time")
        latest = max(latest, event.start)
        if event.stop < event.start:
            notes.append(f"ends {float(event.start - event.stop):.3f} s before it starts; its end is not used")
        if len(speakers) > 1:
            notes.append(f"is spoken by {', '.join(speakers)}; taken as one line by {speakers[0]}")
        if event.layers > 1:
            notes.append(f"is drawn on {event.layers} layers; taken once")
        span = TimeRange(event.start, max(event.start, event.stop))
        speaker = speakers[0] if speakers else ""
        cues.append(Cue(printed[place] if kept else 0, span, " ".join(text.split()), speaker, tuple(notes)))
    cues.sort(key=lambda cue: (cue.span.start, cue.span.stop))
    return tuple(cues if kept else (replace(cue, index=index) for index, cue in enumerate(cues, 1)))
