"""The file that a report is written to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dubkit.errors import OutputError
from dubkit.schema import DubReport, dumps

__all__ = ["check_report", "write_report"]


def check_report(path: Path, files: Sequence[Path | None]) -> None:
    """Refuse, before any work, a report that cannot be written or would take another file's place."""
    if not path.parent.is_dir():
        raise OutputError("the folder for the report does not exist", path=path, remedy="make it first")
    if not os.access(path.parent, os.W_OK):
        raise OutputError("the folder for the report cannot be written to", path=path, remedy="name another one")
    if path.is_dir():
        raise OutputError("is a folder", path=path, remedy="give the report a file's name")
    if path.resolve() in [file.resolve() for file in files if file is not None]:
        raise OutputError("is the report and another file at once", path=path, remedy="give the report its own name")


def write_report(report: DubReport, path: Path) -> None:
    """Write ``report`` as JSON."""
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_text(dumps(report) + "\n", encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
