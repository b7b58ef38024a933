"""The cast file of a dub, opened: who speaks with which voice, and whose face is whose."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dubkit.errors import InputError

__all__ = ["read_cast_tables"]

_TABLES = ("voices", "faces", "cues")
_EXAMPLE = 'write a table [voices] with lines such as ANNA = "espeak:es+f3", or [faces] with lines such as ANNA = "A"'


def read_cast_tables(path: Path) -> Mapping[str, Any]:
    """The tables of a cast file, for :func:`dubkit.dialogue.cast_voices` and :func:`dubkit.casting.cast_faces`.

    Raises:
        InputError: if it cannot be read, or holds a table that is not known.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError("does not exist", path=path, remedy="give a cast file, in TOML") from error
    except (OSError, ValueError) as error:  # ValueError: neither UTF-8 nor TOML
        raise InputError(f"cannot be read as a cast file ({error})", path=path, remedy=_EXAMPLE) from error
    if not tables:
        raise InputError("is an empty cast file", path=path, remedy=_EXAMPLE)
    unknown = sorted(set(tables) - set(_TABLES))
    if unknown:
        raise InputError(f"has {unknown[0]!r}, which is not known here", path=path, remedy=_EXAMPLE)
    return tables
