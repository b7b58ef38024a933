"""Records kept in a store: looked up, or made and kept for the next time."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from dubkit.errors import OutputError, RecordError
from dubkit.schema import dumps, loads
from dubkit.store import Recipe, Store

__all__ = ["StoredRecord", "pack_record", "stored_record", "unpack_record"]

R = TypeVar("R")

_LEVEL = 1  # the tracks of ten minutes: 1.4 MB in 0.1 s, read in 0.04; higher levels take longer and save a tenth


@dataclass(frozen=True)
class StoredRecord(Generic[R]):
    """A record, and where it came from.

    Attributes:
        record: The record.
        reused: Whether it was kept before.
        notes: What its reader should know: that it was there, or why it was made again or could not be kept.
    """

    record: R
    reused: bool = False
    notes: tuple[str, ...] = ()


def stored_record(
    store: Store,
    recipe: Recipe,
    kind: type[R],
    make: Callable[[], R],
    about: str,
    still_true: Callable[[], bool] = lambda: True,
) -> StoredRecord[R]:
    """What ``store`` holds for ``recipe``; if nothing that can be used, what ``make`` returns, which is then kept.

    Two who do this at once may both make it; they make the same, and either may be the one that is kept.

    Args:
        store: Where it is kept.
        recipe: What it is.
        kind: Type of the record.
        make: Makes it.
        about: What it is of, for people, in one line.
        still_true: Asked before it is kept: whether what it was made from is still what ``recipe`` says.
    """
    found = store.look_up(recipe)
    trouble = found.trouble
    if found.found:
        try:
            return StoredRecord(unpack_record(kind, found.data), True, (f"the {recipe.kind} kept before was used",))
        except RecordError as error:
            trouble = f"cannot be used ({error})"
    record = make()
    notes = [f"the {recipe.kind} kept before {trouble}, so it was made again"] if trouble else []
    if not still_true():
        notes.append(f"{about} was changed meanwhile, so its {recipe.kind} was not kept")
        return StoredRecord(record, notes=tuple(notes))
    try:
        store.keep(recipe, pack_record(record), about)
    except OutputError as error:
        notes.append(f"the {recipe.kind} could not be kept for the next run: {error}")
    return StoredRecord(record, notes=tuple(notes))


def pack_record(record: object) -> bytes:
    """A record as bytes: the same for the same record."""
    return zlib.compress(dumps(record, indent=None).encode(), _LEVEL)


def unpack_record(kind: type[R], data: bytes) -> R:
    """The record in ``data``.

    Raises:
        RecordError: if it is none of that type.
    """
    try:
        text = zlib.decompress(data).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise RecordError(f"not a packed record ({error})") from error
    return loads(kind, text)
