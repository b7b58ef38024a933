"""dubkit as another process: started, listened to without waiting, cancelled with all that it started.

An editor's window must never wait: :meth:`Runner.poll` returns at once and is called from a timer::

    runner = run_job(preferences.python, job)
    ...
    for event in runner.poll():            # every 0.1 to 0.25 s
        show(event)
    if runner.finished:
        outcome = runner.outcome()
        result = read_result(job) if outcome.has_result else None

The reading threads touch nothing but bytes and a queue: no call of the editor's happens beside its main thread.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Callable

from .job import Job, write_job
from .lines import EventLines, Tail
from .process import end_tree, start_process, stop_tree

__all__ = ["Outcome", "Runner", "RunnerError", "dubkit_command", "run_doctor", "run_job"]

EXIT_OK, EXIT_SOME_FAILED, EXIT_CANCELLED = 0, 3, 130

_CHUNK = 1 << 16
_MOST_EVENTS = 10_000
_LAST_WORDS = 0.5
"""Seconds for which the pipes are still read when the program has ended but some other process holds them open."""


class RunnerError(Exception):
    """dubkit could not be started; the sentence is for the user."""


@dataclass(frozen=True)
class Outcome:
    """How a run of dubkit ended.

    Attributes:
        exit_code: The program's; negative where a signal ended it.
        cancelled: Whether it stopped because it was asked to.
        message: What went wrong, in one sentence for people; empty where nothing did.
        data: Its last event, ``result``; empty where there was none.
        log: The end of what it wrote to standard error.
    """

    exit_code: int
    cancelled: bool
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    log: str = ""

    @property
    def has_result(self) -> bool:
        """Whether it went through to its end, so that its result may be read: all, some, or none of it done."""
        return bool(self.data.get("result")) and not self.cancelled


def dubkit_command(program: str) -> tuple[str, ...]:
    """How dubkit is called: ``program`` is the Python it is installed in, or the ``dubkit`` command itself."""
    name = re.split(r"[\\/]", program)[-1].lower()
    return (program,) if name.startswith("dubkit") else (program, "-m", "dubkit_cli")


def run_job(program: str, job: Job, *, environment: Mapping[str, str] | None = None) -> Runner:
    """Write ``job`` and start dubkit on it.

    Args:
        program: As for :func:`dubkit_command`.
        job: What is to be done.
        environment: Variables to be set, such as ``DUBKIT_MODELS``.

    Raises:
        JobError: if the job cannot be written.
        RunnerError: if dubkit cannot be started.
    """
    path = write_job(job)
    command = (*dubkit_command(program), "host-run", path, "--json", "--until-stdin-closes")
    return Runner(command, folder=job.output, environment=environment)


def run_doctor(program: str, *, environment: Mapping[str, str] | None = None) -> Runner:
    """Start ``dubkit doctor``; what it found is the outcome's ``data``.

    Raises:
        RunnerError: if dubkit cannot be started.
    """
    return Runner((*dubkit_command(program), "doctor", "--json"), environment=environment)


class Runner:
    """A running program that writes events.

    Args:
        command: Program and arguments.
        folder: Its working folder; None for the editor's.
        environment: Variables to be set beside the clean environment.
        grace: Seconds that a cancelled program has to clean up before it is ended.

    Raises:
        RunnerError: if it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: str | None = None,
        environment: Mapping[str, str] | None = None,
        grace: float = 5.0,
    ) -> None:
        self._grace = grace
        self._events: deque[dict[str, Any]] = deque(maxlen=_MOST_EVENTS)
        self._lines, self._log = EventLines(), Tail()
        self._result: dict[str, Any] = {}
        self._cancelled = False
        self._ended_at: float | None = None
        try:
            self._process = start_process(command, folder, environment)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunnerError(
                f"{command[0]}: cannot be started ({reason}); choose the Python in which dubkit is installed"
            ) from error
        self._readers = (
            self._reader("dubkit events", self._process.stdout, self._take_events),
            self._reader("dubkit log", self._process.stderr, self._log.feed),
        )

    @property
    def pid(self) -> int:
        """The program's process, which is also the name of its group."""
        return self._process.pid

    @property
    def finished(self) -> bool:
        """Whether the program has ended and all it said was read from the pipe (not: polled)."""
        if self._process.poll() is None:
            return False
        if self._ended_at is None:
            self._ended_at = time.monotonic()
            end_tree(self._process)  # what it started and left behind
        reading = any(reader.is_alive() for reader in self._readers)
        return not reading or time.monotonic() - self._ended_at > _LAST_WORDS

    def poll(self) -> list[dict[str, Any]]:
        """The events since the last call, oldest first; returns at once."""
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def cancel(self) -> None:
        """Ask the program to stop; after the grace it is ended, with all that it started. Returns at once."""
        if self._cancelled or self._process.poll() is not None:
            return
        self._cancelled = True
        stop_tree(self._process)
        ender = threading.Thread(target=self._end_after_grace, name="dubkit cancel", daemon=True)
        ender.start()

    def close(self, patience: float = 1.0) -> None:
        """Stop at once, for an editor that closes: waits at most ``patience`` seconds before it ends the program."""
        self.cancel()
        deadline = time.monotonic() + patience
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        end_tree(self._process)
        self._process.wait()

    def outcome(self) -> Outcome:
        """How it ended.

        Raises:
            RunnerError: if it has not.
        """
        if not self.finished:
            raise RunnerError("dubkit is still at work")
        code = self._process.returncode
        cancelled = self._cancelled or code == EXIT_CANCELLED
        message = "" if cancelled else self._message(code)
        complete = self._result if code >= 0 else {}
        return Outcome(code, cancelled, message, complete, self._log.text())

    def _message(self, code: int) -> str:
        if code in (EXIT_OK, EXIT_SOME_FAILED) and self._result:
            return ""
        told = self._result.get("error")
        if isinstance(told, dict) and told.get("message"):
            return str(told["message"])
        if code < 0:
            return f"dubkit was ended by signal {-code}, perhaps for lack of memory; nothing was placed"
        log = self._log.text().strip()
        if "No module named dubkit" in log or "No module named 'dubkit" in log:
            return "this Python has no dubkit; install it there (pip install dubkit), or choose another Python"
        if self._result:
            return "nothing could be done"
        last = log.splitlines()[-1] if log else "it said nothing"
        return f"dubkit ended with code {code} and without a result: {last}"

    def _take_events(self, data: bytes) -> None:
        self._keep(self._lines.feed(data) if data else self._lines.finish())

    def _keep(self, events: Sequence[dict[str, Any]]) -> None:
        for event in events:
            if event["event"] == "result":
                self._result = event
            self._events.append(event)

    def _reader(self, name: str, stream: IO[bytes] | None, take: Callable[[bytes], None]) -> threading.Thread:
        assert stream is not None, "every stream is a pipe"
        number = stream.fileno()

        def read() -> None:
            with stream:
                while True:
                    try:
                        data = os.read(number, _CHUNK)
                    except OSError:
                        data = b""
                    take(data)
                    if not data:
                        return

        reader = threading.Thread(target=read, name=name, daemon=True)
        reader.start()
        return reader

    def _end_after_grace(self) -> None:
        deadline = time.monotonic() + self._grace
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        end_tree(self._process)
