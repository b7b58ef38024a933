"""``dubkit cache``."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from dubkit.store import Recipe, Store
from dubkit_cli.main import run


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    store = Store(tmp_path / "kept")
    store.keep(Recipe("lips", 1, {"a": "1"}), bytes(3000), "film.mkv, frames 0-9")
    store.keep(Recipe("analysis", 1, {"a": "1"}), bytes(300), "film.mkv")
    old = next(entry.path for entry in store.entries() if entry.kind == "lips")
    os.utime(old, (time.time() - 3 * 86_400,) * 2)
    return store.folder


def test_listing(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cache", "--work-dir", str(kept)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{kept}: 3.")
    assert lines[0].endswith(" KiB in 2 entries")
    assert [line.split()[0] for line in lines[1:3]] == ["analysis", "lips"]
    assert "3 days ago" in lines[2]
    assert lines[2].endswith("film.mkv")
    assert run(["cache", "--work-dir", str(kept), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [group["kind"] for group in told["cache"]["groups"]] == ["analysis", "lips"]


def test_pruning(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["cache", "prune", "--work-dir", str(kept)]
    assert run([*arguments, "--older-than", "2d", "--dry-run"]) == 0
    assert "in 1 entries would be removed" in capsys.readouterr().out
    assert run([*arguments, "--older-than", "2d"]) == 0
    assert [entry.kind for entry in Store(kept).entries()] == ["analysis"]
    capsys.readouterr()
    assert run([*arguments, "--down-to", "0B", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pruned"]["left"] == 0
    assert not list(Store(kept).entries())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "dubkit: nothing says what to remove; give --older-than, --down-to or --all"),
        (["--kind", "lips"], "dubkit: nothing says what to remove; give --older-than, --down-to or --all"),
        (["--older-than", "soon"], "dubkit: 'soon' is not a length of time; write it like 90min, 12h, 30d or 2w"),
        (["--down-to", "5"], "dubkit: '5' is not a size; write it like 500MB or 5GiB"),
        (["--all", "--kind", "eyes"], "dubkit: nothing of the kind 'eyes' is kept; there is: analysis, lips"),
    ],
)
def test_what_is_not_understood_removes_nothing(
    options: list[str], sentence: str, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["cache", "prune", "--work-dir", str(kept), *options]) == 1
    assert capsys.readouterr().err.strip() == sentence
    assert len(list(Store(kept).entries())) == 2


def test_a_cache_that_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cache"]) == 1
    assert "nothing is kept: DUBKIT_CACHE is off; name a folder with --work-dir" in capsys.readouterr().err
