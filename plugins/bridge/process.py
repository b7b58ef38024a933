"""Another program, started clean of the editor's surroundings, and stopped with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

__all__ = ["clean_environment", "end_tree", "start_process", "stop_tree"]

_WINDOWS = os.name == "nt"
_EDITORS_OWN = ("PYTHON", "DYLD_")
_EDITORS_OWN_NAMES = frozenset({"LD_LIBRARY_PATH", "LD_PRELOAD", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"})


def clean_environment(inherited: Mapping[str, str], further: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program that is not the editor's: no library and no Python of the editor's is found in it.

    Args:
        inherited: The editor's.
        further: What is set besides.
    """
    clean = {
        name: value
        for name, value in inherited.items()
        if not name.upper().startswith(_EDITORS_OWN) and name.upper() not in _EDITORS_OWN_NAMES
    }
    clean.update({"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"})
    clean.update(further or {})
    return clean


def start_process(
    command: Sequence[str], folder: str | None, further: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start ``command``, a list of texts that no shell reads, at the head of a group of its own.

    Its three streams are pipes. Its input stays open for as long as the editor lives: a program may take its end for
    the editor's.

    Raises:
        OSError: if it cannot be started.
    """
    group: dict[str, Any] = {"start_new_session": True}
    if _WINDOWS:
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
        group = {"creationflags": flags}
    return subprocess.Popen(  # noqa: S603 - the program is the one the user named in the preferences
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=clean_environment(os.environ, further),
        bufsize=0,
        **group,
    )


def stop_tree(process: subprocess.Popen[bytes]) -> None:
    """Ask ``process`` and all that it started to stop and clean up: SIGTERM, and on Windows the end of its input."""
    if not _WINDOWS:
        _signal_group(process.pid, "SIGTERM")
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def end_tree(process: subprocess.Popen[bytes]) -> None:
    """End ``process`` and all that it started at once, and close its input. What has already ended is not missed."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    if not _WINDOWS:
        _signal_group(process.pid, "SIGKILL")
        return
    if process.poll() is None:
        _taskkill(process.pid)


def _signal_group(group: int, name: str) -> None:
    # The second is macOS's answer for a group of which only a zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, getattr(signal, name))


def _taskkill(pid: int) -> None:
    arguments: list[str] = ["taskkill", "/T", "/F", "/PID", str(pid)]
    subprocess.call(  # noqa: S603
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
