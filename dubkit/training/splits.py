"""Which clips are held out: by a list of the user's, or by a hash that no machine and no order changes."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from dubkit.errors import InputError
from dubkit.training.index import HELD_OUT, TRAIN

__all__ = ["SplitEntry", "read_splits", "split_by_hash"]

_VIDEO, _SPLIT, _IDENTITY = "video", "split", "identity"
_HEADER_REMEDY = "let its first line be video,split or video,split,identity"


@dataclass(frozen=True)
class SplitEntry:
    """What is known of a video.

    Attributes:
        split: ``train`` or ``held-out``.
        identity: Who is seen; empty where not known.
    """

    split: str
    identity: str = ""


def split_by_hash(key: str, held_out_share: float) -> str:
    """``train`` or ``held-out``, by a hash of ``key``: the same on every machine, whatever else is in the folder."""
    place = int.from_bytes(hashlib.sha256(key.encode("utf-8")).digest()[:8], "big") / 2**64
    return HELD_OUT if place < held_out_share else TRAIN


def read_splits(path: Path, videos: Sequence[str], held_out_share: float) -> dict[str, SplitEntry]:
    """What a list says of the videos; those it does not name are left out.

    The list is CSV with the columns ``video`` (a path relative to the folder, or a pattern in which ``*`` and ``?``
    stand for parts of one name and ``**`` for any folders), ``split`` (``train`` or ``held-out``; empty leaves it to
    the hash of the identity or the video) and, if wanted, ``identity``.

    Args:
        path: The list.
        videos: The videos that are there, relative to the folder, with ``/`` between names.
        held_out_share: 0..1, for those whose split is left open.

    Raises:
        InputError: if it cannot be read, names a split nobody knows or a video that is not there, or puts one video
            or one person on both sides.
    """
    found: dict[str, SplitEntry] = {}
    for line, row in _rows(path):
        split, identity = row[_SPLIT].strip(), row.get(_IDENTITY, "").strip()
        if split not in (TRAIN, HELD_OUT, ""):
            raise InputError(
                f"line {line}: there is no split {split!r}", path=path, remedy=f"use {TRAIN}, {HELD_OUT} or nothing"
            )
        pattern = row[_VIDEO].strip().replace("\\", "/")
        matching = [video for video in videos if _matches(video.split("/"), pattern.split("/"))]
        if not matching:
            raise InputError(
                f"line {line}: no video matches {pattern!r}", path=path, remedy="write it relative to the folder"
            )
        for video in matching:
            entry = SplitEntry(split or split_by_hash(identity or video, held_out_share), identity)
            if found.setdefault(video, entry) != entry:
                raise InputError(
                    f"line {line}: {video} is already listed as {_words(found[video])}, here as {_words(entry)}",
                    path=path,
                    remedy="name each video once",
                )
    _check_identities(path, found)
    return found


def _rows(path: Path) -> Iterable[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restval="")
            header = [name.strip() for name in reader.fieldnames or ()]
            if not {_VIDEO, _SPLIT} <= set(header) <= {_VIDEO, _SPLIT, _IDENTITY}:
                raise InputError(f"has the columns {', '.join(header) or '(none)'}", path=path, remedy=_HEADER_REMEDY)
            reader.fieldnames = header
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError as error:
        raise InputError("there is no such list of splits", path=path, remedy="check the name") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read as CSV ({error})", path=path, remedy="save it as CSV in UTF-8") from error
    for line, row in rows:
        if None in row:
            raise InputError(
                f"line {line} has more columns than the header", path=path, remedy='put names with a comma in ""'
            )
    return rows


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not names
    if pattern[0] == "**":
        return any(_matches(names[skipped:], pattern[1:]) for skipped in range(len(names) + 1))
    # A name that is there counts as it stands: brackets in it are no pattern.
    fits = bool(names) and (names[0] == pattern[0] or fnmatchcase(names[0], pattern[0]))
    return fits and _matches(names[1:], pattern[1:])


def _check_identities(path: Path, found: Mapping[str, SplitEntry]) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for video, entry in sorted(found.items()):
        if not entry.identity:
            continue
        before, split = seen.setdefault(entry.identity, (video, entry.split))
        if split != entry.split:
            raise InputError(
                f"{entry.identity!r} is seen in both splits ({before} is {split}, {video} is {entry.split})",
                path=path,
                remedy="put each person on one side",
            )


def _words(entry: SplitEntry) -> str:
    return f"{entry.split} of {entry.identity!r}" if entry.identity else entry.split
