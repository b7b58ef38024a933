"""What a store promises: it gives back what it was given, or says that there is nothing."""

from __future__ import annotations

import multiprocessing
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dubkit import store as store_module
from dubkit.errors import OutputError, RecordError
from dubkit.places import cache_folder
from dubkit.store import Recipe, Store, file_content, open_store
from dubkit.stored import pack_record, stored_record, unpack_record

RECIPE = Recipe("number", 3, {"of": "the beast", "base": "ten"})


@dataclass(frozen=True)
class Number:
    value: int


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


def only_file(store: Store) -> Path:
    (entry,) = store.entries()
    return entry.path


def test_it_gives_back_what_it_was_given(store: Store) -> None:
    assert not store.look_up(RECIPE).found
    assert not list(store.entries())
    data = os.urandom(5000) + b"\n\n"
    store.keep(RECIPE, data, "a number")
    found = store.look_up(RECIPE)
    assert (found.found, found.data, found.trouble) == (True, data, "")
    store.keep(RECIPE, b"", "nothing")
    assert store.look_up(RECIPE).found
    assert store.look_up(RECIPE).data == b""


def test_every_fact_counts_and_their_order_does_not(store: Store) -> None:
    store.keep(RECIPE, b"666", "a number")
    turned = Recipe("number", 3, {"base": "ten", "of": "the beast"})
    assert store.look_up(turned).data == b"666"
    for other in (
        Recipe("number", 3, {"of": "the beast", "base": "two"}),
        Recipe("number", 3, {"of": "the beast"}),
        Recipe("name", 3, RECIPE.facts),
    ):
        found = store.look_up(other)
        assert (found.found, found.trouble) == (False, "")


def test_an_entry_says_what_it_is_how_large_and_when_it_was_used(store: Store) -> None:
    store.keep(RECIPE, bytes(1000), "a number")
    path = only_file(store)
    os.utime(path, (1e9, 1e9))
    (entry,) = store.entries()
    assert (entry.kind, entry.about, entry.used) == ("number", "a number", 1e9)
    assert entry.size == path.stat().st_size > 1000
    store.look_up(RECIPE)
    (entry,) = store.entries()
    assert entry.used > 1e9
    store.remove(entry)
    store.remove(entry)
    assert not list(store.entries())


def test_another_version_is_made_again_in_its_place(store: Store) -> None:
    store.keep(RECIPE, b"old", "a number")
    newer = replace(RECIPE, version=4)
    assert "another version" in store.look_up(newer).trouble
    store.keep(newer, b"new", "a number")
    assert store.look_up(newer).data == b"new"
    assert len(list(store.entries())) == 1


@pytest.mark.parametrize("at", [0, 3, 20, 60, 100, -1])
def test_one_changed_byte_is_noticed_wherever_it_is(store: Store, at: int) -> None:
    store.keep(RECIPE, b"0123456789", "a number")
    path = only_file(store)
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    found = store.look_up(RECIPE)
    assert not found.found
    assert "damaged" in found.trouble


@pytest.mark.parametrize("left", [0, 1, 40, 120])
def test_a_file_that_breaks_off_is_noticed(store: Store, left: int) -> None:
    store.keep(RECIPE, b"0123456789", "a number")
    path = only_file(store)
    path.write_bytes(path.read_bytes()[:left])
    assert "damaged" in store.look_up(RECIPE).trouble
    (entry,) = store.entries()
    assert entry.kind == "number"


def test_a_file_of_something_else_is_noticed(store: Store) -> None:
    store.keep(RECIPE, b"666", "a number")
    other = replace(RECIPE, facts={"of": "luck"})
    only_file(store).rename(store.folder / "number" / f"{other.key}.kept")
    assert store.look_up(other).trouble == "is of something else"


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    store = Store(tmp_path / "kept")
    assert not store.look_up(RECIPE).found
    with pytest.raises(OutputError, match="kept"):
        store.keep(RECIPE, b"666", "a number")
    made = stored_record(store, RECIPE, Number, lambda: Number(666), "a number")
    assert made.record == Number(666)
    assert "could not be kept" in made.notes[0]


def test_a_record_is_made_once(store: Store) -> None:
    made: list[int] = []

    def make() -> Number:
        made.append(1)
        return Number(666)

    first = stored_record(store, RECIPE, Number, make, "a number")
    again = stored_record(store, RECIPE, Number, make, "a number")
    assert (first.reused, first.notes) == (False, ())
    assert (again.reused, again.record) == (True, Number(666))
    assert again.notes == ("the number kept before was used",)
    assert len(made) == 1


@pytest.mark.parametrize("data", [b"", b"{}", pack_record({"value": "six"}), pack_record({"worth": 6})])
def test_a_record_that_cannot_be_read_is_made_again(store: Store, data: bytes) -> None:
    store.keep(RECIPE, data, "a number")
    with pytest.raises(RecordError):
        unpack_record(Number, data)
    made = stored_record(store, RECIPE, Number, lambda: Number(666), "a number")
    assert (made.record, made.reused) == (Number(666), False)
    assert "so it was made again" in made.notes[0]
    assert stored_record(store, RECIPE, Number, lambda: Number(0), "a number").record == Number(666)


def test_what_is_no_longer_true_is_not_kept(store: Store) -> None:
    made = stored_record(store, RECIPE, Number, lambda: Number(1), "film.mp4", still_true=lambda: False)
    assert made.record == Number(1)
    assert "film.mp4 was changed meanwhile" in made.notes[0]
    assert not list(store.entries())


def test_packed_records_are_the_same_for_the_same_record() -> None:
    @dataclass(frozen=True, eq=False)
    class Row:
        values: npt.NDArray[np.float32]

    row = Row(np.linspace(0, np.nan, 7, dtype=np.float32))
    assert pack_record(row) == pack_record(Row(row.values.copy()))


def _keep_often(folder: Path, data: bytes) -> None:
    for _ in range(60):
        Store(folder).keep(RECIPE, data, "a number")


def test_two_processes_and_two_threads_at_once(store: Store) -> None:
    """Whoever looks meanwhile finds the whole of one of them, and nothing else is left behind."""
    one, other = b"1" * 300_000, b"2" * 500_000
    spawn = multiprocessing.get_context("spawn")
    writers: list[threading.Thread | multiprocessing.process.BaseProcess] = [
        spawn.Process(target=_keep_often, args=(store.folder, one)),
        threading.Thread(target=_keep_often, args=(store.folder, other)),
        threading.Thread(target=_keep_often, args=(store.folder, one)),
    ]
    store.keep(RECIPE, one, "a number")
    for writer in writers:
        writer.start()
    looks = 0
    while any(writer.is_alive() for writer in writers) or not looks:
        found = store.look_up(RECIPE)
        assert found.trouble == ""
        assert found.data in (one, other)
        looks += 1
    for writer in writers:
        writer.join()
    assert [path.suffix for path in (store.folder / "number").iterdir()] == [".kept"]


def settled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file was changed long ago."""
    later = path.stat().st_ctime + 60
    monkeypatch.setattr("dubkit.store.time.time", lambda: later)


def test_a_file_is_read_once_while_it_stays_as_it_is(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"frames" * 1000)
    settled(path, monkeypatch)
    first = file_content(path, store)
    assert first.unchanged()
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "_hash_file", lambda _: pytest.fail("it was read again"))
        assert file_content(path, store) == first
    assert file_content(path).digest == first.digest


def test_a_changed_file_is_read_again_though_size_and_time_are_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"frames" * 1000)
    settled(path, monkeypatch)
    first, status = file_content(path, store), path.stat()
    path.write_bytes(b"Frames" * 1000)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not first.unchanged()
    assert file_content(path, store).digest != first.digest
    path.unlink()
    assert not first.unchanged()


def test_a_file_that_may_still_be_changing_is_not_remembered(store: Store, tmp_path: Path) -> None:
    """Two changes within one tick of the file system's clock look like one."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"frames")
    file_content(path, store)
    assert not list(store.entries())


def test_one_content_under_two_names(store: Store, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"frames")
    assert file_content(tmp_path / "a.mp4", store).digest == file_content(tmp_path / "b.mp4", store).digest


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_store() is None  # as the tests' own environment says
    monkeypatch.setenv("DUBKIT_CACHE", str(tmp_path / "named"))
    named = open_store()
    assert named is not None
    assert named.folder == tmp_path / "named"
    given = open_store(tmp_path / "given")
    assert given is not None
    assert given.folder == tmp_path / "given"
    monkeypatch.delenv("DUBKIT_CACHE")
    own = cache_folder()
    assert own is not None
    assert "dubkit" in own.parts
    assert not any((tmp_path / name).exists() for name in ("named", "given"))
