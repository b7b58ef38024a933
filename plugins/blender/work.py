# SPDX-License-Identifier: GPL-3.0-or-later
"""A dub on its way: started, looked after by a timer or a loop, and placed when it is through. One at a time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..bridge.host import HostError
from ..bridge.job import Job, JobError, Result, read_result
from ..bridge.placing import plan_placement, unfinished_placement
from ..bridge.planning import choose, choose_sync
from ..bridge.runner import Runner, RunnerError, run_job
from .adapter import BlenderHost

__all__ = ["Done", "Work", "abandon", "begin", "current", "last"]

_STAGES = {
    "cut": "reading the strip",
    "shots": "finding cuts",
    "faces": "finding faces",
    "mouths": "choosing mouths",
    "voices": "speaking",
    "levels": "setting levels",
    "dub": "moving lips",
    "check": "checking",
}


@dataclass(frozen=True)
class Done:
    """What became of it.

    Attributes:
        state: ``done``, ``failed`` or ``cancelled``.
        message: One sentence.
        details: What was refused or odd, a sentence each.
    """

    state: str
    message: str
    details: tuple[str, ...] = ()


class Work:
    """A job on its way.

    Args:
        host: The scene it comes from.
        job: What was asked for.
        runner: dubkit at work on it.
        refused: Why the other strips are not done, a sentence each.

    Attributes:
        fraction: Part of it that is done, 0 to 1.
        words: What is being done.
        done: What became of it; None while it is on its way.
    """

    def __init__(self, host: BlenderHost, job: Job, runner: Runner, refused: tuple[str, ...]) -> None:
        self._host, self._job, self._runner, self._refused = host, job, runner, refused
        self._since = time.monotonic()
        self.fraction, self.words = 0.0, "starting"
        self.done: Done | None = None

    @property
    def pid(self) -> int:
        """Process number of dubkit."""
        return self._runner.pid

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self._since

    def tick(self) -> bool:
        """See how far it is and, when dubkit is through, place what it made; True while it is on its way."""
        if self.done is not None:
            return False
        finished = self._runner.finished  # looked at first: what it said last is then in the poll
        for event in self._runner.poll():
            self._take(event)
        if finished:
            self._end(self._outcome())
        return not finished

    def cancel(self) -> None:
        """Ask it to stop; the next ticks tell when it has."""
        self.words = "stopping"
        self._runner.cancel()

    def close(self) -> None:
        """Stop it at once, for a file or program that is being closed."""
        if self.done is None:
            self._runner.close()
            self._end(Done("cancelled", "the dub was broken off; the timeline is as it was"))

    def _take(self, event: Mapping[str, Any]) -> None:
        if event.get("event") != "progress":
            return
        fraction, stage = event.get("fraction"), str(event.get("stage", ""))
        if isinstance(fraction, (int, float)):
            self.fraction = min(1.0, max(self.fraction, float(fraction)))
        if self.words != "stopping":
            clip, clips = event.get("clip"), event.get("clips")
            of = f", strip {clip} of {clips}" if clip and clips != 1 else ""
            self.words = f"{_STAGES.get(stage, stage)}{of}"

    def _outcome(self) -> Done:
        outcome = self._runner.outcome()
        if outcome.cancelled:
            return Done("cancelled", "the dub was cancelled; the timeline is as it was", self._refused)
        if not outcome.has_result:
            return Done("failed", outcome.message or "dubkit ended without a result", self._refused)
        try:
            return self._placed(read_result(self._job))
        except (JobError, HostError) as error:
            return Done("failed", str(error), self._refused)

    def _placed(self, result: Result) -> Done:
        said = [note for clip in result.clips for note in (clip.reason, *clip.notes) if note]
        said = [*self._refused, *result.notes, *said]
        plan = plan_placement(self._job, result, self._host.timeline(), self._host.placed())
        if not plan.placements:
            return Done("failed", "nothing came out of it; the timeline is as it was", tuple(said))
        self._host.place(plan, {clip.tag: clip.key for clip in result.clips})
        count = sum(clip.done for clip in result.clips)
        strips = "1 strip is" if count == 1 else f"{count} strips are"
        others = len(result.clips) - count + len(self._refused)
        rest = f", {others} not" if others else ""
        return Done("done", f"{strips} done{rest}", (*said, *self._host.notes))

    def _end(self, done: Done) -> None:
        self.done = done
        # Strips of a placement that could not be taken back still show the films there, and its journal tells which.
        if done.state != "done" and not unfinished_placement(self._job.output):
            shutil.rmtree(self._job.output, ignore_errors=True)
        _finished[:] = [done]
        if current() is self:
            _running.clear()


_running: list[Work] = []
_finished: list[Done] = []


def current() -> Work | None:
    """What is on its way; None where nothing is."""
    return _running[0] if _running else None


def last() -> Done | None:
    """What became of the last one; None where there was none."""
    return _finished[0] if _finished else None


def begin(host: BlenderHost, program: str, folder: str, fields: Mapping[str, Any]) -> Work:
    """Start dubkit on what is selected.

    Args:
        host: The scene.
        program: The Python with dubkit.
        folder: Where its films go: a folder of this job alone.
        fields: As :func:`.settings.job_fields` gives them.

    Raises:
        HostError: if nothing can be done, and why.
    """
    if current() is not None:
        raise HostError("a dub is on its way already; wait for it, or cancel it")
    timeline, selection = host.timeline(), host.selection()
    choice = choose_sync(selection, timeline) if fields["operation"] == "sync" else choose(selection, timeline)
    refused = tuple(refusal.reason for refusal in choice.refused)
    if not choice.tasks:
        raise HostError("; ".join(refused) or "select a film strip first")
    job = Job(timeline, choice.tasks, output=folder, host=host.name, **fields)
    try:
        runner = run_job(program, job)
    except (JobError, RunnerError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise HostError(str(error)) from error
    host.folder = folder
    work = Work(host, job, runner, refused)
    _running[:] = [work]
    return work


def abandon() -> None:
    """Stop what is on its way at once."""
    work = current()
    if work is not None:
        work.close()
