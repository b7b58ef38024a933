"""Who a run belongs to: it stops when they are gone, or ask it to."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType

__all__ = ["Watch", "process_lives"]

_EVERY = 0.25
"""Seconds between two looks."""
_STILL_ACTIVE = 0x102
_SYNCHRONIZE = 0x00100000


class Watch:
    """Interrupts the main thread, as Ctrl-C does, when the run is no longer wanted.

    Use it as a context manager on the main thread. A run that does not heed the interrupt (some library computes on, or
    the machine is busy) is ended after the grace, with every process that it started where it is the head of a group of
    its own; what it would have tidied up itself goes first.

    Args:
        stdin: Whether the end of standard input means that whoever started the run is gone.
        process: Process that must be alive; 0 for none.
        file: File that asks the run to stop when it appears; None for none.
        leaving: Folder that only a run at work needs; None for none.
        grace: Seconds.
    """

    def __init__(
        self,
        *,
        stdin: bool = False,
        process: int = 0,
        file: Path | None = None,
        leaving: Path | None = None,
        grace: float = 10.0,
    ) -> None:
        self._process, self._file, self._leaving, self._grace = process, file, leaving, grace
        self._stdin = stdin
        self._over = threading.Event()
        self._gone = threading.Event()

    def __enter__(self) -> Watch:
        # A shell starts what runs in the background with interrupts ignored, and this one must be heard.
        self._handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._stdin:
            threading.Thread(target=self._read, name="dubkit input", daemon=True).start()
        threading.Thread(target=self._look, name="dubkit watch", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        signal.signal(signal.SIGINT, self._handler)

    def _read(self) -> None:
        """Read what nobody writes, until the pipe is closed."""
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        self._gone.set()

    def _look(self) -> None:
        while not self._over.wait(_EVERY):
            if self._unwanted():
                self._stop()
                return

    def _unwanted(self) -> bool:
        asked = self._file is not None and self._file.exists()
        return asked or self._gone.is_set() or (self._process > 0 and not process_lives(self._process))

    def _stop(self) -> None:
        _interrupt_main()
        if not self._over.wait(self._grace):
            if self._leaving is not None:
                shutil.rmtree(self._leaving, ignore_errors=True)
            _end_at_once()


def _interrupt_main() -> None:
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        # To the main thread itself: a signal to the process may reach another one and leave this one waiting.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _end_at_once() -> None:
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(130)


def process_lives(process: int) -> bool:
    """Whether a process with this number exists; one that may not be asked does."""
    if sys.platform == "win32":
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(_SYNCHRONIZE, False, process)
        if not handle:
            return False
        alive = ctypes.windll.kernel32.WaitForSingleObject(handle, 0) == _STILL_ACTIVE
        ctypes.windll.kernel32.CloseHandle(handle)
        return bool(alive)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
