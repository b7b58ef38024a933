"""The same work on many things at once, in processes of their own; one that dies costs the thing it was at, no more."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
from typing import Any, TypeAlias, TypeVar

import cv2
import torch

from dubkit.errors import Cancelled, DubkitError

__all__ = ["Check", "Died", "Work", "in_workers"]

J = TypeVar("J")
R = TypeVar("R")

Check: TypeAlias = Callable[[], None]
"""To be called now and then by work that takes long; raises :class:`dubkit.errors.Cancelled` when it should stop."""

Work: TypeAlias = Callable[[J, Check], R]
"""What is done with one thing."""


@dataclass(frozen=True)
class Died:
    """In place of a result: the process that worked on it died, for instance for want of memory."""


def in_workers(build: Callable[[], Work[J, R]], jobs: Iterable[J], workers: int) -> Iterator[tuple[J, R | Died]]:
    """Do the same work for every job, in any order.

    Args:
        build: Makes the work ready, once in every process: what is heavy is made here. With more than one worker it
            is pickled, and so are jobs and results.
        jobs: What there is to do.
        workers: Processes; with 1 all is done in this one.

    Yields:
        A job and its result, as soon as it is there.

    Raises:
        DubkitError: if no process can be started; also what the work itself raises.
    """
    if workers == 1:
        work = build()
        for job in jobs:
            yield job, work(job, _go_on)
        return
    waiting = deque(jobs)
    while waiting:
        suspects = yield from _pooled(build, waiting, min(workers, len(waiting)))
        # All that was under way is lost when one process dies: alone, each shows whether it was the one.
        for job in suspects:
            if (yield from _pooled(build, deque([job]), 1)):
                yield job, Died()


def _go_on() -> None:
    """Nobody stops work in the caller's own process but the caller."""


def _pooled(
    build: Callable[[], Work[J, R]], waiting: deque[J], workers: int
) -> Generator[tuple[J, R | Died], None, list[J]]:
    """Work off what is waiting; returns what was under way when a process died."""
    context = get_context("spawn")  # a fork would copy the threads' locks of OpenCV and PyTorch in whatever state
    stop, ready = context.Event(), context.Event()
    pool = ProcessPoolExecutor(workers, context, _start, (build, stop, ready))
    flying: dict[Future[R], J] = {}
    try:
        while waiting or flying:
            while waiting and len(flying) < workers:
                future = pool.submit(_run, waiting[0])
                flying[future] = waiting.popleft()
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.result()
                yield flying.pop(future), result
    except BrokenProcessPool as error:
        if not ready.is_set():
            raise DubkitError(
                "the worker processes could not be started",
                remedy="call it under `if __name__ == '__main__':`, or give 1 worker",
            ) from error
        return list(flying.values())
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return []


_here: dict[str, Any] = {}
"""What a worker process has made ready."""


def _start(build: Callable[[], Work[J, R]], stop: Event, ready: Event) -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone decides, and tells through ``stop``.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)

    def check() -> None:
        if stop.is_set():
            raise Cancelled

    _here["work"], _here["check"] = build(), check
    ready.set()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(job: Any) -> Any:
    return _here["work"](job, _here["check"])
