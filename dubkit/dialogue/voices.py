"""Recorded voices: one file per cue, found by its name."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dubkit.errors import VoiceError
from dubkit.schema import Cue

__all__ = ["VoiceFiles", "find_voices"]

_SOUND_ENDINGS = frozenset(
    {".aac", ".ac3", ".aif", ".aiff", ".amr", ".caf", ".flac", ".m4a", ".mka", ".mp2", ".mp3", ".oga", ".ogg"}
    | {".opus", ".w64", ".wav", ".webm", ".wma"}
)
_TAKE = re.compile(r"(?<=.)[\s_.-]*(?<![a-z])(?:take|tk|version|ver|v)[\s_.-]*\d+$|(?<=.)\s*\(\d+\)$", re.IGNORECASE)
_KEYED = re.compile(r"(?:^|[^a-z])(?:cue|line|voice|vo|loop|dialog|dialogue|sub|subtitle)[\s_.#-]*0*(\d{1,6})(?!\d)")
_CLOCK = re.compile(r"(\d{1,2})[-_.h](\d{2})[-_.m](\d{2})(?:[-_.s](\d{3}))?")
_LEADING = re.compile(r"#?0*(\d{1,6})(?![\d])")
_TRAILING = re.compile(r"(?:^|\D)0*(\d{1,6})$")
_SHORTEST_SLUG = 6
"""Letters of a file name below which it is too short to be recognised as the text of a cue."""


@dataclass(frozen=True)
class VoiceFiles:
    """Which file is which cue's voice.

    Attributes:
        files: Number of the cue -> its file.
        missing: Cues that no file is named after.
        ambiguous: Cues that several files are named after, with those files; none of them is taken.
        unmatched: Sound files that are named after no cue.
        listed: Whether a list said so, rather than the files' names.
    """

    files: Mapping[int, Path]
    missing: tuple[Cue, ...] = ()
    ambiguous: tuple[tuple[Cue, tuple[Path, ...]], ...] = ()
    unmatched: tuple[Path, ...] = ()
    listed: bool = False

    @property
    def reasons(self) -> Mapping[int, str]:
        """Number of the cue -> why it has no voice, for those that have none."""
        how = "listed for" if self.listed else "named after"
        reasons = {cue.index: f"no sound file is {how} it" for cue in self.missing}
        for cue, paths in self.ambiguous:
            names = ", ".join(path.name for path in paths)
            reasons[cue.index] = f"several sound files are {how} it ({names}); keep one"
        return reasons

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of files that are nobody's voice."""
        where = "the list" if self.listed else "the folder"
        return tuple(f"{path.name} in {where} of voices belongs to no cue" for path in self.unmatched)


def find_voices(folder: str | os.PathLike[str], cues: Sequence[Cue]) -> VoiceFiles:
    """Match the sound files in ``folder`` to ``cues`` by their names.

    In this order: the cue's number alone (``1.wav``, ``001.flac``), a word and the number (``line_12.mp3``,
    ``cue-0003 take2.wav``), the time at which the cue starts (``00-01-05-200.wav``), a number at the beginning or at
    the end once what all names have in common is taken off (``ep1_anna_007.wav``), the text of the cue
    (``where-are-you.wav``). A file named by the number alone goes before others for the same cue. Folders inside the
    folder, and files that are no sound by their ending, are passed over.

    Raises:
        VoiceError: if the folder is missing or holds no sound files.
    """
    folder = Path(folder)
    paths = _sound_files(folder)
    stems = {path: _TAKE.sub("", path.stem).strip() for path in paths}
    distinct = _without_common_parts(list(stems.values()))
    by_number = {cue.index: cue for cue in cues}
    found: dict[int, list[tuple[bool, Path]]] = {}
    unmatched = []
    for path, short in zip(paths, distinct, strict=True):
        number = _number_of(stems[path], short, by_number, cues)
        if number in by_number:
            found.setdefault(number, []).append((not path.stem.isdigit(), path))
        else:
            unmatched.append(path)
    files, ambiguous = {}, []
    for number, candidates in sorted(found.items()):
        best = [path for other, path in candidates if other == min(candidates)[0]]
        if len(best) == 1:
            files[number] = best[0]
            unmatched += [path for _, path in candidates if path != best[0]]
        else:
            ambiguous.append((by_number[number], tuple(best)))
    missing = tuple(cue for cue in cues if cue.index not in found)
    return VoiceFiles(files, missing, tuple(ambiguous), tuple(sorted(unmatched)))


def _sound_files(folder: Path) -> list[Path]:
    """Sound files in ``folder``, as people count: 2 before 10."""
    remedy = "give a folder of sound files named by cue number, such as 001.wav"
    if not folder.exists():
        raise VoiceError("does not exist", path=folder, remedy=remedy)
    if not folder.is_dir():
        raise VoiceError("is not a folder", path=folder, remedy=remedy)
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() in _SOUND_ENDINGS and path.is_file()]
    except OSError as error:
        raise VoiceError(f"cannot be read ({error})", path=folder, remedy="check that it may be read") from error
    paths = [path for path in paths if not path.name.startswith(".")]
    if not paths:
        raise VoiceError("holds no sound files", path=folder, remedy=remedy)
    return sorted(paths, key=lambda path: ([(len(run), run) for run in re.findall(r"\d+", path.stem)], path.name))


def _without_common_parts(stems: list[str]) -> list[str]:
    """``stems`` without the beginning and the end that all of them share; a number is never cut in two."""
    if len(set(stems)) < 2:
        return stems
    head = _common(stems)
    tail = _common([stem[head:][::-1] for stem in stems])
    return [stem[head : len(stem) - tail] for stem in stems]


def _common(texts: list[str]) -> int:
    """Length of the beginning that all ``texts`` share, without a number that they share in part."""
    first, last = min(texts), max(texts)
    length = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    while length and first[length - 1].isdigit():
        length -= 1
    return length


def _number_of(stem: str, distinct: str, by_number: Mapping[int, Cue], cues: Sequence[Cue]) -> int:
    """Number of the cue that a file is named after; -1 where there is none."""
    if stem.isdecimal():
        return int(stem)
    keyed = _KEYED.search(stem.lower())
    if keyed is not None:
        return int(keyed[1])
    clock = _CLOCK.fullmatch(stem)
    if clock is not None:
        return _starting_at(clock, cues)
    for pattern in (_LEADING.match, _TRAILING.search):
        match = pattern(distinct.strip(" _.-"))
        if match is not None and int(match[1]) in by_number:
            return int(match[1])
    return _saying(stem, cues)


def _starting_at(clock: re.Match[str], cues: Sequence[Cue]) -> int:
    """Number of the only cue that starts at that time, to the precision in which it is written; -1 where none."""
    time = Fraction((int(clock[1]) * 60 + int(clock[2])) * 60 + int(clock[3])) + Fraction(int(clock[4] or 0), 1000)
    precision = Fraction(1, 1000) if clock[4] else Fraction(1)
    numbers = [cue.index for cue in cues if 0 <= cue.span.start - time < precision]
    return numbers[0] if len(numbers) == 1 else -1


def _saying(stem: str, cues: Sequence[Cue]) -> int:
    """Number of the only cue whose text is the stem, or begins with it."""
    slug = _slug(stem)
    if len(slug) < _SHORTEST_SLUG:
        return -1
    same = [cue.index for cue in cues if _slug(cue.text) == slug]
    numbers = same or [cue.index for cue in cues if _slug(cue.text).startswith(slug)]
    return numbers[0] if len(numbers) == 1 else -1


def _slug(text: str) -> str:
    """Letters and digits alone, without accents and case."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if char.isalnum())
