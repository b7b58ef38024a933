"""Every call of a placement and of a removal fails once in every way: never is half a dub left on the timeline."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from plugins.bridge.host import HostError
from plugins.bridge.records import PlacementPlan
from tests.plugins.resolve.drivers import ADAPTERS, Adapter, Driven, connect
from tests.plugins.resolve.fake import Fault, Killed
from tests.plugins.resolve.scenes import JOB, film, photograph, plan_of, whole

TAGS = (f"{JOB}/1", f"{JOB}/2")
ONCE = [Fault(None), Fault(False, done=True), Fault([])]
STOPPED = [Fault(error=KeyboardInterrupt), Fault(error=KeyboardInterrupt, done=True)]
LIES = [("GetClipEnabled", False), ("GetIsTrackLocked", False), ("GetSubFolderList", [])]
"""What nobody could find out to be wrong, said again and again."""
LOST = [
    Fault(error=Killed, for_good=True),
    Fault(None, for_good=True),
    Fault(error=Killed, for_good=True, done=True),
]
Work = Callable[[Driven, PlacementPlan], object]


def place(host: Driven, plan: PlacementPlan) -> None:
    host.place(plan)


def remove(host: Driven, _: PlacementPlan) -> None:
    host.remove(TAGS)


class Stage:
    """The same scene again and again; what has been done to it is known by photographs."""

    def __init__(self, adapter: Adapter, folder: Path, work: Work) -> None:
        self.adapter, self.folder, self.work = adapter, folder, work
        self.world = film(folder, shots=1)
        self.plan = plan_of(self.world, folder)
        if work is remove:
            connect(adapter, self.world, folder).place(self.plan)
        self.world.page = "color"
        self.scene = copy.deepcopy(self.world)
        self.before = self.after = photograph(self.world)
        self.set_up()
        self.world.arm()
        work(self.host, self.plan)
        self.after = photograph(self.world)
        self.calls = len(self.world.called)
        self.methods = {method for _, method in self.world.called}

    def set_up(self) -> None:
        self.world = copy.deepcopy(self.scene)
        self.host = connect(self.adapter, self.world, self.folder)
        self.world.current = 1  # the user has gone on to another timeline meanwhile

    def run(self) -> str:
        """Do the work; what was said when it failed."""
        try:
            self.work(self.host, self.plan)
        except HostError as error:
            return str(error)
        return ""

    def clean_up(self) -> None:
        self.world.arm()
        self.world.current = 0
        connect(self.adapter, self.world, self.folder).clean_up()

    def state(self) -> str:
        now = photograph(self.world)
        if _things(now) == _things(self.before):
            return "before"
        done = whole(self.world, self.before, self.plan) if self.work is place else _things(now) == _things(self.after)
        return "after" if done else "half"

    def as_it_was_shown(self) -> bool:
        now = photograph(self.world)
        return bool(now["page"] == "color" and now["open"] == (1, self.scene.folder.id))

    def journal(self) -> bool:
        return (self.folder / "resolve-journal.json").exists()


def _things(picture: dict[str, Any]) -> dict[str, Any]:
    return {"timelines": picture["timelines"], "pool": picture["pool"]}


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


WORKS = [(adapter, work) for adapter in ADAPTERS for work in (place, remove)]


@pytest.fixture(params=WORKS, ids=[f"{adapter}-{work.__name__}" for adapter, work in WORKS])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    adapter, work = request.param
    return Stage(adapter, tmp_path, work)


def test_without_a_fault_it_is_done(stage: Stage) -> None:
    assert stage.state() == "after"
    assert stage.as_it_was_shown()
    assert stage.calls > 50


def some_long(faults: list[Fault], short: int) -> list[Any]:
    """The faults as parameters; those after the first ``short`` are much like these, and left to the long tests."""
    marks = [()] * short + [(pytest.mark.long,)] * (len(faults) - short)
    return [pytest.param(fault, marks=mark, id=str(fault)) for fault, mark in zip(faults, marks, strict=True)]


def every_call(stage: Stage, fault: Fault) -> Iterator[str]:
    """The scene with ``fault`` in each of its calls in turn; which call that is."""
    for number in range(stage.calls):
        stage.set_up()
        stage.world.arm({number: fault})
        yield f"call {number} of {stage.calls}"


@pytest.mark.parametrize("fault", some_long(ONCE, 2))
def test_one_call_answers_nothing(stage: Stage, fault: Fault) -> None:
    for where in every_call(stage, fault):
        said = stage.run()
        assert stage.state() == ("before" if said else "after"), (where, said)
        assert "could not" not in said
        assert stage.as_it_was_shown(), where
        assert not stage.journal(), where


@pytest.mark.parametrize("fault", some_long(STOPPED, 1))
def test_the_user_stops_the_script(stage: Stage, fault: Fault) -> None:
    for where in every_call(stage, fault):
        with pytest.raises(KeyboardInterrupt):
            stage.work(stage.host, stage.plan)
        assert stage.state() in {"before", "after"}, where
        assert stage.as_it_was_shown(), where
        assert not stage.journal(), where


@pytest.mark.parametrize("fault", some_long(LOST, 1))
def test_what_a_killed_run_left_is_cleared_by_the_next(stage: Stage, fault: Fault) -> None:
    halves = 0
    for where in every_call(stage, fault):
        with suppress(Killed):
            stage.run()
        assert stage.journal() or stage.state() != "half", where
        halves += stage.state() == "half"
        stage.clean_up()
        assert stage.state() in {"before", "after"}, where
        assert not stage.journal(), where
    assert halves > 5  # or this tries nothing


def test_a_method_never_works(stage: Stage) -> None:
    for method in sorted(stage.methods):
        for fault in ONCE:
            if (method, fault.answer) in LIES:
                continue
            stage.set_up()
            stage.world.arm(broken={method: fault})
            stage.run()
            assert stage.journal() or stage.state() != "half", (method, fault)
            stage.clean_up()
            assert stage.state() in {"before", "after"}, (method, fault)
            assert not stage.journal(), (method, fault)
