"""What lies in a store, and taking out of it what nobody needs any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from dubkit.errors import InputError
from dubkit.media.aside import left_behind
from dubkit.store import Store, StoreEntry

__all__ = ["PruneSettings", "Pruned", "StoreGroup", "StoreOverview", "describe_store", "prune_store"]


@dataclass(frozen=True)
class StoreGroup:
    """Entries that belong together: of one kind, or of one kind and one film.

    Attributes:
        kind: What they are, such as ``lips``.
        about: What they are of; empty where that is not the question.
        entries: How many they are.
        size: Bytes on the disk.
        used: When one of them was last used or made, in seconds since 1970.
    """

    kind: str
    about: str
    entries: int
    size: int
    used: float


@dataclass(frozen=True)
class StoreOverview:
    """What lies in a store.

    Attributes:
        folder: Where it is.
        groups: By kind and film, those used last first within a kind.
        kinds: By kind alone.
        entries: How many entries there are.
        size: Bytes on the disk.
    """

    folder: Path
    groups: tuple[StoreGroup, ...]
    kinds: tuple[StoreGroup, ...]
    entries: int
    size: int


@dataclass(frozen=True)
class PruneSettings:
    """What is to be removed; several conditions remove what any of them names.

    Attributes:
        older_than: Seconds: what was not used for so long; negative to ask nothing.
        down_to: Bytes: what was used longest ago, until no more than this is left; negative to ask nothing.
        kinds: Only entries of these kinds; none for all kinds.
        everything: All of it.
    """

    older_than: float = -1.0
    down_to: int = -1
    kinds: tuple[str, ...] = ()
    everything: bool = False

    def __post_init__(self) -> None:
        """Refuse to guess what is meant."""
        if self.older_than < 0 and self.down_to < 0 and not self.everything:
            raise InputError(
                "nothing says what is to be removed", remedy="give an age, a size that is to be left, or all of it"
            )


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be.

    Attributes:
        groups: By kind and film.
        entries: How many entries.
        size: Their bytes.
        left: Bytes that are left, of all kinds.
    """

    groups: tuple[StoreGroup, ...]
    entries: int
    size: int
    left: int


def describe_store(store: Store) -> StoreOverview:
    """What lies in ``store``."""
    entries = list(store.entries())
    by_kind = _grouped(entries, lambda entry: (entry.kind, ""))
    groups = _grouped(entries, _belongs)
    return StoreOverview(store.folder, groups, by_kind, len(entries), sum(entry.size for entry in entries))


def prune_store(store: Store, settings: PruneSettings, *, dry_run: bool = False) -> Pruned:
    """Remove entries from ``store``, and what runs that were killed while they wrote left in it.

    Args:
        store: The store.
        settings: What is to be removed.
        dry_run: Only say what would be.

    Raises:
        InputError: if it holds nothing of a kind that was named.
        OutputError: if something cannot be removed.
    """
    every = list(store.entries())
    _check_kinds(settings.kinds, {entry.kind for entry in every})
    entries = [entry for entry in every if not settings.kinds or entry.kind in settings.kinds]
    chosen = _chosen(entries, settings, time.time())
    if not dry_run:
        for entry in chosen:
            store.remove(entry)
        for part in store.folder.glob("*/.*.part*"):
            if left_behind(part.name):
                part.unlink(missing_ok=True)
    size = sum(entry.size for entry in chosen)
    left = sum(entry.size for entry in every) - size
    return Pruned(_grouped(chosen, _belongs), len(chosen), size, left)


def _chosen(entries: Iterable[StoreEntry], settings: PruneSettings, now: float) -> list[StoreEntry]:
    oldest_first = sorted(entries, key=lambda entry: (entry.used, entry.path))
    if settings.everything:
        return oldest_first
    over = sum(entry.size for entry in oldest_first) - settings.down_to if settings.down_to >= 0 else 0
    chosen = []
    for entry in oldest_first:
        old = 0 <= settings.older_than <= now - entry.used
        if old or over > 0:
            chosen.append(entry)
            over -= entry.size
    return chosen


def _check_kinds(wanted: Collection[str], there: Collection[str]) -> None:
    for kind in wanted:
        if kind not in there:
            known = ", ".join(sorted(there)) or "nothing at all"
            raise InputError(f"nothing of the kind {kind!r} is kept", remedy=f"there is: {known}")


def _belongs(entry: StoreEntry) -> tuple[str, str]:
    return entry.kind, entry.about.partition(", ")[0]


def _grouped(entries: Iterable[StoreEntry], key: Callable[[StoreEntry], tuple[str, str]]) -> tuple[StoreGroup, ...]:
    found: dict[tuple[str, str], list[StoreEntry]] = {}
    for entry in entries:
        found.setdefault(key(entry), []).append(entry)
    groups = [
        StoreGroup(*name, len(members), sum(entry.size for entry in members), max(entry.used for entry in members))
        for name, members in found.items()
    ]
    return tuple(sorted(groups, key=lambda group: (group.kind, -group.used, group.about)))
