"""Programs made by code that stand in for dubkit, for an editor, and for what either starts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from plugins.bridge.runner import Outcome, Runner

ROOT = Path(__file__).parents[3]
PATHS = [str(ROOT), str(ROOT / "pipelines")]
PATIENCE = 240.0
"""Seconds after which a test gives up on what should take far less than one."""

EVENT = """
import json, sys
def tell(**event):
    sys.stdout.write(json.dumps(event) + "\\n")
    sys.stdout.flush()
"""


def program(code: str) -> list[str]:
    """A command that runs ``code`` with dubkit and the bridge importable, whatever the environment."""
    return [sys.executable, "-c", f"import sys; sys.path[:0] = {PATHS!r}\n{EVENT}\n{code}"]


def dubkit(*arguments: str) -> list[str]:
    """The command line of dubkit."""
    return [*program("from dubkit_cli.main import main; main()"), *arguments]


def until(condition: Callable[[], bool], what: str = "it") -> None:
    """Wait for ``condition``."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} never happened"
        time.sleep(0.02)


def events_of(runner: Runner, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The events of a run until they are enough."""
    found: list[dict[str, Any]] = []

    def heard() -> bool:
        found.extend(runner.poll())
        return enough(found) or runner.finished

    until(heard, "the event")
    found.extend(runner.poll())
    return found


def outcome_of(runner: Runner) -> Outcome:
    """How a run ends."""
    until(lambda: runner.finished, "the end")
    return runner.outcome()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
