"""Cues to subtitle files, in every format that pysubs2 writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pysubs2

from dubkit.errors import OutputError
from dubkit.schema import Cue
from dubkit.timing import FrameRate, Seconds

__all__ = ["subtitle_ending", "subtitle_formats", "write_cues"]

_ENDINGS = {
    "ass": ".ass",
    "json": ".json",
    "microdvd": ".sub",
    "mpl2": ".txt",
    "srt": ".srt",
    "ssa": ".ssa",
    "tmp": ".txt",
    "ttml": ".ttml",
    "vtt": ".vtt",
}
_LINE = 42
"""Characters a subtitle line holds, by the style guides of the large houses."""


def subtitle_formats() -> tuple[str, ...]:
    """Names of the formats that can be written, as pysubs2 knows them."""
    return tuple(_ENDINGS)


def subtitle_ending(form: str) -> str:
    """How the name of a file in format ``form`` ends.

    Raises:
        OutputError: if there is no such format.
    """
    ending = _ENDINGS.get(form)
    if ending is None:
        raise OutputError(
            f"subtitles cannot be written as {form!r}", remedy=f"use one of {', '.join(subtitle_formats())}"
        )
    return ending


def write_cues(path: Path, cues: Sequence[Cue], form: str, rate: FrameRate) -> None:
    """Write ``cues`` as UTF-8 text; the file appears whole or not at all.

    Times are rounded to what the format counts in. Texts longer than a line are broken in two at the word nearest to
    the middle. Speakers are kept where the format has a place for them (ASS, SSA). Curly brackets, which pysubs2 takes
    for commands, become round ones.

    Args:
        path: The file.
        cues: In film order.
        form: One of :func:`subtitle_formats`.
        rate: Frame rate of the picture, for formats that count frames.

    Raises:
        OutputError: if the format is unknown, or the file cannot be written.
    """
    subtitle_ending(form)
    script = pysubs2.SSAFile()
    for cue in cues:
        text = "\\N".join(_lines(cue.text.replace("{", "(").replace("}", ")")))
        script.append(pysubs2.SSAEvent(_ms(cue.span.start), _ms(cue.span.stop), text, name=cue.speaker))
    written = script.to_string(form, fps=float(rate.fps))
    part = path.with_name(f".{path.name}.part")  # the same for every run: one that is killed leaves nothing behind
    try:
        part.write_text(written, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"could not be written ({error.strerror or error})", path=path, remedy="write to another folder"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _ms(time: Seconds) -> int:
    return max(0, round(time * 1000))


def _lines(text: str) -> list[str]:
    """``text`` in one line or two, broken at the space nearest to the middle."""
    spaces = [at for at, char in enumerate(text) if char == " "]
    if len(text) <= _LINE or not spaces:
        return [text]
    at = min(spaces, key=lambda at: abs(at - len(text) / 2))
    return [text[:at], text[at + 1 :]]
