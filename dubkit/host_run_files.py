"""The files that an editor and dubkit exchange, all in the job's folder."""

from __future__ import annotations

import json
from pathlib import Path

from dubkit.errors import OutputError, RecordError
from dubkit.host_run_job import HostJob, HostResult
from dubkit.schema import dumps, from_json

__all__ = ["CANCEL_FILE", "RESULT_FILE", "STATUS_FILE", "read_host_job", "write_aside", "write_host_result"]

RESULT_FILE = "result.json"
"""What became of the job; there when it is through, and only then."""
STATUS_FILE = "status.json"
"""The last event, for editors that cannot read a pipe."""
CANCEL_FILE = "cancel"
"""An editor that finds no other way asks to stop by making this file."""

_MAYBE_EMPTY = ("subtitles", "voice")


def read_host_job(path: Path) -> HostJob:
    """The job written at ``path``.

    Raises:
        RecordError: if it is missing, no JSON, or no job; naming what is wrong.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"cannot be read ({error.strerror})", path=path, remedy="give a job file") from error
    except ValueError as error:
        raise RecordError("is not JSON", path=path, remedy="give a job file") from error
    if isinstance(data, dict):
        data = {name: value for name, value in data.items() if value != "" or name not in _MAYBE_EMPTY}
    try:
        return from_json(HostJob, data)
    except RecordError as error:
        raise RecordError(error.problem, path=path, remedy=error.remedy) from error


def write_host_result(job: HostJob, result: HostResult) -> Path:
    """Write what became of ``job`` into its folder; the file is there whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    path = job.output / RESULT_FILE
    write_aside(path, dumps(result))
    return path


def write_aside(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and let it take its place.

    Raises:
        OutputError: if it cannot be written.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise OutputError(
            f"could not be written ({error.strerror})", path=path, remedy="check the disk and its permissions"
        ) from error
