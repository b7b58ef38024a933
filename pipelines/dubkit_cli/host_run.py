"""``dubkit host-run``: what the plugins in editors call."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import dubkit
from dubkit.errors import Cancelled, DubkitError
from dubkit.host_run_files import CANCEL_FILE, RESULT_FILE, STATUS_FILE, read_host_job, write_aside, write_host_result
from dubkit.host_run_job import HOST_VERSION, HostClipResult, HostJob
from dubkit.schema import to_json
from dubkit_cli.choices import json_option
from dubkit_cli.reporter import Reporter
from dubkit_cli.watch import Watch

if TYPE_CHECKING:
    from dubkit.host_run import HostStep

__all__ = ["host_run_command"]

_LEAST_NEWS = 0.005
"""Part of the work that is worth an event."""


@click.command("host-run")
@click.argument("job", type=click.Path(path_type=Path))
@click.option("--until-stdin-closes", is_flag=True, help="Stop when standard input ends: whoever started this is gone.")
@json_option
def host_run_command(job: Path, until_stdin_closes: bool, as_json: bool) -> int:
    """Do what an editor's plugin has written into the file JOB; for plugins, not for people.

    Clips become files in the job's folder, result.json says what became of them, and status.json always holds the last
    event. The run stops when a file called cancel appears there.
    """
    reporter = _HostReporter(as_json)

    def work() -> int:
        asked = read_host_job(job)
        _prepare(asked)
        reporter.status = asked.output / STATUS_FILE
        cancel = asked.output / CANCEL_FILE
        with Watch(stdin=until_stdin_closes, process=asked.host_pid, file=cancel, leaving=asked.work):
            reporter.hello(asked)
            from dubkit.host_run import run_host_job

            result = run_host_job(asked, progress=reporter.step, finished=reporter.clip)
            path = write_host_result(asked, result)
        states = [clip.status for clip in result.clips]
        facts = {"result": str(path), "clips": {state: states.count(state) for state in sorted(set(states))}}
        words = [
            f"{Path(clip.picture).name or clip.key}: {clip.status} {clip.reason}".rstrip() for clip in result.clips
        ]
        return reporter.facts(facts, words, result.exit_code)

    return reporter.guard(work)


def _prepare(job: HostJob) -> None:
    """The job's folder as it is before a run, whatever an earlier one has left there."""
    try:
        job.output.mkdir(parents=True, exist_ok=True)
        (job.output / RESULT_FILE).unlink(missing_ok=True)
        (job.output / CANCEL_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise DubkitError(
            f"cannot be written to ({error.strerror})", path=job.output, remedy="give another folder for the job"
        ) from error


class _HostReporter(Reporter):
    """Events of a job: on standard output for those who can read it, and the last one in a file.

    Attributes:
        status: That file; None before there is a job.
    """

    def __init__(self, as_json: bool) -> None:
        super().__init__(as_json)
        self.status: Path | None = None
        self._last = ("", 0, -1.0)
        self._heard = sys.stdout is not None

    def hello(self, job: HostJob) -> None:
        """Say who is at work."""
        if self.as_json:
            about = {"protocol": HOST_VERSION, "dubkit": dubkit.__version__, "job": job.id, "pid": os.getpid()}
            self._emit({"event": "hello", **about, "clips": len(job.clips)})

    def step(self, step: HostStep) -> None:
        """Show how far the work is."""
        if not self.as_json:
            self.progress(step.stage, step.done, step.total)
            return
        stage, clip, fraction = self._last
        if (stage, clip) != (step.stage, step.clip) or step.fraction - fraction >= _LEAST_NEWS:
            self._last = (step.stage, step.clip, step.fraction)
            self._emit({"event": "progress", **to_json(step)})

    def clip(self, result: HostClipResult) -> None:
        """Tell of a clip that is finished or has failed."""
        if self.as_json:
            told = to_json(result)
            del told["report"]
            self._emit({"event": "clip", **told})
        elif result.reason:
            click.echo(f"clip {result.number}: {result.reason}", err=True)

    def _emit(self, event: dict[str, Any]) -> None:  # type: ignore[override]  # the parent's needs no self
        if self.status is not None:
            write_aside(self.status, json.dumps(event))
        if not self._heard:
            return
        try:
            super()._emit(event)
        except OSError as error:  # the pipe's other end is gone, and the editor with it
            self._heard = False
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Cancelled from error
