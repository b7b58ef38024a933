# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the Python that was named has dubkit, and what is missing there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..bridge.runner import Outcome, Runner, run_doctor

__all__ = ["Examination", "found_lines"]

_Lines = tuple[tuple[str, str], ...]
_last: list[_Lines] = []


def found_lines() -> _Lines:
    """What the last look found: icon and text of each line; nothing where none was taken."""
    return _last[0] if _last else ()


class Examination:
    """A look that is being taken.

    Args:
        program: The Python with dubkit.

    Attributes:
        message: What came of it, in one sentence; empty while it runs.
        works: Whether dubkit works there.

    Raises:
        RunnerError: if it cannot be started.
    """

    def __init__(self, program: str) -> None:
        self.message, self.works = "", False
        self._runner: Runner = run_doctor(program)
        _last[:] = [(("TIME", "dubkit is being asked ..."),)]

    def tick(self) -> bool:
        """Look whether it is through; True while it is not."""
        if not self._runner.finished:
            return True
        self._runner.poll()
        outcome = self._runner.outcome()
        self.message = _summary(outcome)
        self.works = bool(outcome.data.get("works"))
        icon = "CHECKMARK" if self.works else "ERROR"
        _last[:] = [((icon, self.message), *_missing(outcome.data))]
        return False

    def close(self) -> None:
        """Break it off, if it is not through."""
        if not self.message:
            self._runner.close()
            _last.clear()


def _summary(outcome: Outcome) -> str:
    data = outcome.data
    if "works" not in data:
        return outcome.message or "dubkit did not answer"
    what = f"dubkit {data.get('dubkit', '')} on {data.get('device', '')}"
    return f"{what} works" if data["works"] else f"{what} does not work yet"


def _missing(data: Mapping[str, Any]) -> _Lines:
    lines = []
    for check in data.get("checks", ()):
        if check.get("state") != "ok":
            icon = "ERROR" if check.get("needed") else "DOT"
            remedy = f": {check['remedy']}" if check.get("remedy") else ""
            lines.append((icon, f"{check.get('name')}: {check.get('found')}{remedy}"))
    return tuple(lines)
