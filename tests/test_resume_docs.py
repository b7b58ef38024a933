"""What docs/resume.md tells people to type works as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from dubkit.schema import DubReport
from dubkit.store import Recipe, Store
from dubkit_cli.main import run

TEXT = (Path(__file__).parents[1] / "docs" / "resume.md").read_text("utf-8")
COMMANDS = [line.strip() for line in TEXT.splitlines() if line.startswith("    dubkit ")]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBKIT_CACHE", str(tmp_path))
    Store(tmp_path).keep(Recipe("lips", 1, {}), b"lips", "film.mp4, frames 0-1")
    assert run(shlex.split(command)[1:]) == 0


def test_commands_and_names_are_there() -> None:
    assert len(COMMANDS) == 5
    assert {"spans", "spans_reused", "patches_reused"} <= set(DubReport.__dataclass_fields__)
