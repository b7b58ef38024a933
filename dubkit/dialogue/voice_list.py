"""A list that says which file is which cue's voice, in place of files named by cue."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dubkit.dialogue.voices import VoiceFiles
from dubkit.errors import VoiceError
from dubkit.schema import Cue

__all__ = ["is_voice_list", "read_voice_list"]

_ENDINGS = (".csv", ".tsv", ".json")
_CUE_HEADS = ("cue", "line", "number", "index", "no", "nr", "#")
_FILE_HEADS = ("file", "path", "voice", "name", "filename", "sound")
_REMEDY = 'write "1,takes/anna.wav" a line, or {"1": "takes/anna.wav"}'
_LARGEST = 16 << 20


def is_voice_list(path: Path) -> bool:
    """Whether ``path`` names a list rather than a sound, by its ending."""
    return path.suffix.lower() in _ENDINGS


def read_voice_list(path: Path, cues: Sequence[Cue]) -> VoiceFiles:
    """Match files to ``cues`` as a CSV or JSON list says: two columns, cue number and file, with or without a header.

    JSON is an object of numbers and files, or a list of objects with ``cue`` and ``file``. Relative files lie beside
    the list. Whether they exist is seen when they are read.

    Raises:
        VoiceError: if it cannot be read, or is no such list.
    """
    path = Path(path)
    text = _text(path)
    rows = list(_json_rows(text, path) if path.suffix.lower() == ".json" else _csv_rows(text, path))
    if not rows:
        raise VoiceError("lists no files", path=path, remedy=_REMEDY)
    known = {cue.index: cue for cue in cues}
    named: dict[int, list[Path]] = {}
    unmatched = []
    for number, name in rows:
        file = path.parent / name
        if number in known:
            files = named.setdefault(number, [])
            if file not in files:
                files.append(file)
        else:
            unmatched.append(file)
    return VoiceFiles(
        {number: files[0] for number, files in named.items() if len(files) == 1},
        tuple(cue for cue in cues if cue.index not in named),
        tuple((known[number], tuple(files)) for number, files in named.items() if len(files) > 1),
        tuple(unmatched),
        listed=True,
    )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise VoiceError("does not exist", path=path, remedy="give a list of voice files") from error
    except OSError as error:
        raise VoiceError(f"cannot be read ({error.strerror})", path=path, remedy="check it") from error
    if len(data) > _LARGEST:
        raise VoiceError("is larger than any list of voice files", path=path, remedy=_REMEDY)
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # as spreadsheets write it


def _json_rows(text: str, path: Path) -> Iterable[tuple[int, str]]:
    try:
        tree: Any = json.loads(text)
    except ValueError as error:
        raise VoiceError(f"is no JSON ({error})", path=path, remedy=_REMEDY) from error
    if isinstance(tree, dict):
        pairs = list(tree.items())
    elif isinstance(tree, list) and all(isinstance(item, dict) and {"cue", "file"} <= set(item) for item in tree):
        pairs = [(item["cue"], item["file"]) for item in tree]
    else:
        raise VoiceError("is no list of cues and files", path=path, remedy=_REMEDY)
    for place, (cue, file) in enumerate(pairs, 1):
        yield _row(str(cue), file if isinstance(file, str) else "", place, path)


def _csv_rows(text: str, path: Path) -> Iterable[tuple[int, str]]:
    first = text.lstrip().partition("\n")[0]
    separator = max(("\t", ";", ","), key=first.count)
    cue, file = 0, 1
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise VoiceError(f"is no table ({error})", path=path, remedy=_REMEDY) from error
    for place, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        heads = [cell.casefold() for cell in cells]
        if place == 1 and not any(_number(cell) >= 0 for cell in cells):
            cue = next((heads.index(head) for head in _CUE_HEADS if head in heads), 0)
            file = next((heads.index(head) for head in _FILE_HEADS if head in heads), 1)
            continue
        if len(cells) <= max(cue, file):
            raise VoiceError(f"has no cue and file in line {place}", path=path, remedy=_REMEDY)
        yield _row(cells[cue], cells[file], place, path)


def _row(cue: str, file: str, place: int, path: Path) -> tuple[int, str]:
    number = _number(cue)
    if number < 0 or not file.strip():
        raise VoiceError(f"has no cue and file in line {place}", path=path, remedy=_REMEDY)
    return number, file.strip()


def _number(text: str) -> int:
    """The number of a cue; -1 where it is none."""
    return int(text) if text.strip().isdecimal() else -1
