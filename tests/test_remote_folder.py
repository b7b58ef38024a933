"""What is kept may lie behind a URL, and is the same there as in a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from dubkit.errors import InputError, MissingDependencyError, OutputError
from dubkit.remote_folder import RemoteFolder, folder_url
from dubkit.store import Recipe, Store, open_store
from dubkit.store_care import PruneSettings, describe_store, prune_store

fsspec = pytest.importorskip("fsspec", reason="URLs need the extra 'ray'")

RECIPE = Recipe("lips", 3, {"video": "abc"})


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "file":
        return Store((tmp_path / "far").as_uri())
    return Store(f"memory://{tmp_path.name}/kept")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("s3://shelf/kept", "s3://shelf/kept"),
        (Path("s3://shelf/kept"), "s3://shelf/kept"),
        (Path("file:///tmp/kept"), "file:///tmp/kept"),
        ("file:///tmp/kept", "file:///tmp/kept"),
        (Path("memory://kept"), "memory://kept"),
        ("kept", ""),
        (Path("/tmp/kept"), ""),
        ("C:/kept", ""),
        ("C:\\kept", ""),
    ],
)
def test_what_is_a_url(given: str | Path, url: str) -> None:
    assert folder_url(given) == url


def test_what_is_kept_is_found_again(store: Store) -> None:
    assert not store.look_up(RECIPE).found
    assert list(store.entries()) == []
    store.keep(RECIPE, b"first", "film.mov, frames 0-8")
    store.keep(RECIPE, b"one\ntwo", "film.mov, frames 0-8")
    assert Store(store.folder).look_up(RECIPE).data == b"one\ntwo"
    (entry,) = store.entries()
    assert (entry.kind, entry.about) == ("lips", "film.mov, frames 0-8")
    assert entry.size > 7
    assert entry.used > 1e9
    assert store.look_up(Recipe("lips", 4, {"video": "abc"})).trouble == "is of another version of dubkit"
    assert describe_store(store).entries == 1
    assert prune_store(store, PruneSettings(everything=True)).entries == 1
    assert list(store.entries()) == []
    store.remove(entry)


def test_it_is_the_same_as_in_a_folder(tmp_path: Path) -> None:
    Store((tmp_path / "far").as_uri()).keep(RECIPE, b"data", "film")
    Store(tmp_path / "near").keep(RECIPE, b"data", "film")
    (far,), (near,) = ((tmp_path / name / "lips").iterdir() for name in ("far", "near"))
    assert far.name == near.name
    assert far.read_bytes() == near.read_bytes()


def test_what_is_damaged_counts_as_not_there(store: Store) -> None:
    store.keep(RECIPE, b"data", "film")
    files, root = fsspec.core.url_to_fs(store.url)
    (path,) = files.find(root)
    files.pipe_file(path, files.cat_file(path)[:-1])
    assert store.look_up(RECIPE).trouble == "is damaged"


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store((tmp_path / "far").as_uri())
    store.keep(RECIPE, b"old", "film")

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the line is dead")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.mv", broken)
    with pytest.raises(OutputError, match="the line is dead"):
        store.keep(RECIPE, b"new", "film")
    assert store.look_up(RECIPE).data == b"old"
    assert len(list((tmp_path / "far" / "lips").iterdir())) == 1


def test_a_place_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="nosuch://x cannot be reached: Protocol not known: nosuch"):
        Store("nosuch://x")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingDependencyError, match=r"memory://x needs the package fsspec; .*dubkit\[ray\]"):
        RemoteFolder("memory://x")


def test_the_environment_may_name_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBKIT_CACHE", "memory://shelf")
    store = open_store()
    assert store is not None
    assert store.url == "memory://shelf"
