"""Work in processes: results, mishaps, and stopping."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dubkit.errors import Cancelled, DubkitError, MediaError
from dubkit.training.workers import Check, Died, Work, in_workers


def square(_offset: int) -> Work[int, int]:
    def work(job: int, _check: Check) -> int:
        return job * job + _offset

    return work


def deadly() -> Work[int, int]:
    """Kills its process over 1."""

    def work(job: int, _check: Check) -> int:
        if job == 1:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return job

    return work


def refusing() -> Work[int, int]:
    def work(job: int, _check: Check) -> int:
        raise MediaError("is no film", path=f"{job}.mp4", remedy="give one")

    return work


def unbuildable() -> Work[int, int]:
    raise RuntimeError("there is nothing here")


def patient(_folder: Path) -> Work[int, int]:
    """Quick over 0; over others it waits until it is told to stop."""

    def work(job: int, check: Check) -> int:
        until = time.monotonic() + 60
        while job and time.monotonic() < until:
            time.sleep(0.01)
            try:
                check()
            except Cancelled:
                (_folder / f"stopped {job}").touch()
                raise
        return job

    return work


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_has_its_result(workers: int) -> None:
    found = dict(in_workers(partial(square, 1), range(9), workers))
    assert found == {job: job * job + 1 for job in range(9)}


def test_nothing_to_do_starts_nothing() -> None:
    assert list(in_workers(unbuildable, [], 4)) == []


def test_a_dead_process_costs_its_job_and_no_other() -> None:
    found = dict(in_workers(deadly, range(4), 2))
    assert found == {0: 0, 1: Died(), 2: 2, 3: 3}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_work_comes_through_with_its_facts(workers: int) -> None:
    with pytest.raises(MediaError, match=r"7.mp4: is no film; give one") as caught:
        list(in_workers(refusing, [7], workers))
    assert caught.value.path == Path("7.mp4")


def test_workers_that_cannot_start_say_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DubkitError, match="could not be started; call it under"):
        list(in_workers(unbuildable, [1, 2], 2))
    capfd.readouterr()  # Python prints what went wrong over there


def closed_by_leaving(folder: Path) -> None:
    coming = in_workers(partial(patient, folder), range(3), 2)
    assert next(coming) == (0, 0)
    coming.close()  # type: ignore[attr-defined]


def closed_by_an_error(folder: Path) -> None:
    def shown() -> None:
        for _ in in_workers(partial(patient, folder), range(3), 2):
            raise Cancelled

    with pytest.raises(Cancelled):
        shown()


@pytest.mark.parametrize("leave", [closed_by_leaving, closed_by_an_error])
def test_work_under_way_is_told_to_stop(leave: Callable[[Path], None], tmp_path: Path) -> None:
    start = time.monotonic()
    leave(tmp_path)
    assert time.monotonic() - start < 40
    until = time.monotonic() + 30
    while not list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.05)  # a generator that nobody holds is closed when Python gets to it
    assert list(tmp_path.iterdir())
