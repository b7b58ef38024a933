"""A dub that is killed, and started again by the same command, gives the same files as one that is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from dubkit.store import Store
from tests.killed import CUES, Killed, make_film

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="processes are made and killed otherwise there"),
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    make_film(tmp_path)
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    """Every file in a folder; timelines name the folder they lie in."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found[str(path.relative_to(folder))] = data.replace(folder.name.encode(), b"FOLDER")
    return found


def killed_and_resumed(film: Path, kills: int, seed: int, *, real: bool, codec: str) -> None:
    rng = np.random.default_rng(seed)
    runs = Killed(film, real=real, codec=codec)
    started = time.perf_counter()
    whole = runs.run("whole", "kept-whole")
    length = time.perf_counter() - started
    assert whole is not None
    assert (whole.spans, whole.spans_reused, whole.patches_reused) == (CUES, 0, 0)
    wanted = files(film / "whole")
    killed = 0
    for number in range(4 * kills):
        output, kept = f"killed{number}", f"kept{number}"
        started = time.perf_counter()
        report = runs.run(output, kept, seconds=float(rng.uniform(0.02, 1.0)) * length)
        if report is not None:  # it was too quick for that; the machine is less busy now
            length = min(length, time.perf_counter() - started)
        else:
            killed += 1
            stored = sum(entry.kind == "lips" for entry in Store(film / kept).entries())
            report = runs.run(output, kept)
            assert report is not None
            assert report.spans_reused >= stored - 1  # one span may be kept in two pieces
        assert not report.failed
        found = files(film / output)
        assert set(found) == set(wanted)
        assert [name for name in wanted if found[name] != wanted[name]] == []
        if killed == kills:
            return
    raise AssertionError(f"only {killed} of {4 * kills} runs could be killed")


def test_what_is_killed_is_finished_by_the_same_command(film: Path) -> None:
    killed_and_resumed(film, 3, 7, real=False, codec="libx264")


@pytest.mark.long
def test_twenty_kills_with_the_real_generator(film: Path) -> None:
    killed_and_resumed(film, 20, 20, real=True, codec="libx264")
