"""What lies in a store, and what is removed from it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from dubkit.errors import InputError
from dubkit.store import Recipe, Store
from dubkit.store_care import PruneSettings, describe_store, prune_store

DAY = 86_400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three lips of two films and an analysis, used 0, 10, 20 and 30 days ago."""
    store = Store(tmp_path / "kept")
    entries = [("lips", "a.mkv, frames 0-9"), ("lips", "a.mkv, frames 9-12"), ("lips", "b.mkv, frames 0-3")]
    for number, (kind, about) in enumerate([*entries, ("analysis", "a.mkv")]):
        recipe = Recipe(kind, 1, {"number": str(number)})
        store.keep(recipe, bytes(1000 * (number + 1)), about)
        path = store.folder / kind / f"{recipe.key}.kept"
        then = time.time() - 10 * DAY * number
        os.utime(path, (then, then))
    return store


def left(store: Store) -> list[int]:
    """Whole kilobytes of what is left."""
    return sorted(entry.size // 1000 for entry in store.entries())


def test_what_lies_in_a_store(store: Store) -> None:
    found = describe_store(store)
    told = [(group.kind, group.about, group.entries) for group in found.groups]
    assert told == [("analysis", "a.mkv", 1), ("lips", "a.mkv", 2), ("lips", "b.mkv", 1)]
    assert [(group.kind, group.about, group.entries) for group in found.kinds] == [("analysis", "", 1), ("lips", "", 3)]
    assert found.entries == 4
    assert found.size == sum(group.size for group in found.groups) == sum(group.size for group in found.kinds) > 10_000
    assert time.time() - found.groups[1].used < 60
    empty = describe_store(Store(store.folder / "nowhere"))
    assert (empty.entries, empty.groups) == (0, ())


def test_by_age(store: Store) -> None:
    would = prune_store(store, PruneSettings(older_than=15 * DAY), dry_run=True)
    assert (would.entries, left(store)) == (2, [1, 2, 3, 4])
    assert prune_store(store, PruneSettings(older_than=15 * DAY)) == would
    assert left(store) == [1, 2]


def test_by_size_what_was_used_longest_ago_goes_first(store: Store) -> None:
    done = prune_store(store, PruneSettings(down_to=4000))
    assert left(store) == [1, 2]
    assert done.left == sum(entry.size for entry in store.entries()) <= 4000
    assert prune_store(store, PruneSettings(down_to=4000)).entries == 0


def test_by_kind(store: Store) -> None:
    assert prune_store(store, PruneSettings(older_than=5 * DAY, kinds=("lips",))).entries == 2
    assert left(store) == [1, 4]
    assert prune_store(store, PruneSettings(everything=True, kinds=("lips",))).entries == 1
    assert prune_store(store, PruneSettings(everything=True)).entries == 1
    assert left(store) == []
    with pytest.raises(InputError, match="nothing of the kind 'lip' is kept; there is: nothing at all"):
        prune_store(store, PruneSettings(everything=True, kinds=("lip",)))


def test_nothing_is_guessed(store: Store) -> None:
    with pytest.raises(InputError, match="nothing says what is to be removed"):
        PruneSettings(kinds=("lips",))


def test_damaged_entries_and_leftovers_go_too(store: Store) -> None:
    next(store.entries()).path.write_bytes(b"")
    assert describe_store(store).entries == 4
    prune_store(store, PruneSettings(everything=True))
    assert left(store) == []
