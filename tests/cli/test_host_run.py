"""``dubkit host-run`` as editors use it: another process, watched, stopped, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from dubkit_cli.main import run
from dubkit_cli.watch import process_lives
from plugins.bridge.job import Job, read_result, write_job
from plugins.bridge.placing import plan_placement
from plugins.bridge.planning import choose
from plugins.bridge.records import Clip, Medium, Task, Timeline
from plugins.bridge.runner import Runner
from samples.make import SampleFiles
from tests.plugins.bridge.processes import PATHS, alive, dubkit, events_of, outcome_of, program, until

RATE = Fraction(25)
TIMELINE = Timeline("reel", RATE)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def clip(video: Path, start: int, end: int) -> Clip:
    return Clip(f"v{start}", video.name, Medium.VIDEO, 1, start, end, str(video), start / RATE, end / RATE)


def job_of(sample: SampleFiles, folder: Path, *spans: tuple[int, int], **changes: Any) -> Job:
    tasks = tuple(Task(clip(sample.video, start, end)) for start, end in spans)
    given = {"subtitles": str(sample.subtitles["es"]), "tts": "espeak", "picture": "ffv1", "host": "a test", **changes}
    return Job(TIMELINE, tasks, str(folder / "a jöb's folder"), "es", **given)


def long_job(sample: SampleFiles, folder: Path) -> Job:
    """More work than any test waits for."""
    return job_of(sample, folder, (0, 350), (0, 340), (0, 330))


def started(job: Job) -> Runner:
    return Runner(dubkit("host-run", write_job(job), "--json", "--until-stdin-closes"), folder=job.output)


def left_in(job: Job) -> set[str]:
    return {path.name for path in Path(job.output).iterdir()}


def test_from_a_selection_to_a_plan(sample: SampleFiles, tmp_path: Path) -> None:
    selection = [
        clip(sample.video, 0, 12),
        clip(sample.video.with_name("gone.mp4"), 12, 30),
        clip(sample.video, 30, 45),
    ]
    choice = choose(selection, TIMELINE)
    assert [refusal.clip.start for refusal in choice.refused] == [12]
    job = replace(job_of(sample, tmp_path), tasks=choice.tasks)
    runner = started(job)
    events = events_of(runner, lambda found: False)
    outcome = outcome_of(runner)
    assert outcome.message == "", outcome.log
    assert outcome.has_result
    kinds = [event["event"] for event in events]
    assert kinds[0] == "hello"
    assert kinds[-1] == "result"
    assert kinds.count("clip") == 2
    assert events[0]["job"] == job.identity
    assert events[0]["pid"] == runner.pid
    fractions = [event["fraction"] for event in events if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    assert len(fractions) < 400, "no more than a window can show"
    result = read_result(job)
    assert [each.status for each in result.clips] == ["unchanged", "done"]
    plan = plan_placement(job, result, TIMELINE)
    assert [(item.start, item.frames) for item in plan.placements] == [(30, 15), (30, 15)]
    assert all(Path(item.path).is_file() for item in plan.placements)
    assert json.loads((Path(job.output) / "status.json").read_text())["event"] == "result"


@pytest.fixture
def busy(sample: SampleFiles, tmp_path: Path) -> tuple[Job, Runner]:
    """A job in the middle of its work."""
    job = long_job(sample, tmp_path)
    runner = started(job)
    events_of(runner, lambda found: any(event.get("stage") == "cut" and event["done"] > 5 for event in found))
    assert not runner.finished
    return job, runner


def test_a_cancel_leaves_nothing(busy: tuple[Job, Runner]) -> None:
    job, runner = busy
    runner.cancel()
    outcome = outcome_of(runner)
    assert outcome.cancelled
    assert outcome.exit_code == 130
    assert not outcome.has_result
    assert left_in(job) == {"job.json", "status.json"}
    assert not alive(runner.pid)


@POSIX
def test_a_killed_child_is_a_clear_failure_and_no_result(busy: tuple[Job, Runner]) -> None:
    job, runner = busy
    os.kill(runner.pid, signal.SIGKILL)
    outcome = outcome_of(runner)
    assert "ended by signal 9" in outcome.message
    assert not outcome.has_result
    assert "result.json" not in left_in(job)
    again = started(replace(job, tasks=(Task(clip(Path("/gone.mp4"), 0, 9)),)))
    outcome_of(again)
    assert left_in(job) == {"job.json", "status.json", "result.json"}, "the next run sweeps up"


def test_the_end_of_its_input_stops_it(busy: tuple[Job, Runner]) -> None:
    job, runner = busy
    assert runner._process.stdin is not None
    runner._process.stdin.close()
    assert outcome_of(runner).exit_code == 130
    assert left_in(job) == {"job.json", "status.json"}


def test_a_file_called_cancel_stops_it(busy: tuple[Job, Runner]) -> None:
    job, runner = busy
    (Path(job.output) / "cancel").touch()
    assert outcome_of(runner).exit_code == 130
    status = json.loads((Path(job.output) / "status.json").read_text())
    assert (status["event"], status["exit_code"]) == ("result", 130)


EDITOR = """
from pathlib import Path
from plugins.bridge.runner import Runner
runner = Runner({command!r}, folder={folder!r})
import time
while True:
    for event in runner.poll():
        tell(**event)
    time.sleep(0.05)
"""


@POSIX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_editor_that_dies_leaves_no_orphan(sample: SampleFiles, tmp_path: Path, number: signal.Signals) -> None:
    job = long_job(sample, tmp_path)
    command = dubkit("host-run", write_job(job), "--json", "--until-stdin-closes")
    editor = Runner(program(EDITOR.format(command=command, folder=job.output)))
    found = events_of(editor, lambda events: any(event.get("stage") == "cut" for event in events))
    child = next(event["pid"] for event in found if event["event"] == "hello")
    assert alive(child)
    os.kill(editor.pid, number)
    until(lambda: not alive(child), "the child's end")
    assert "result.json" not in left_in(job)
    assert ".work" not in left_in(job), "and it has cleaned up"
    outcome_of(editor)


@POSIX
def test_a_program_that_cannot_hold_a_pipe_is_watched_by_its_number(sample: SampleFiles, tmp_path: Path) -> None:
    """As the Lua of a free Resolve starts it: in the background of a shell that is gone at once, its pipes nowhere."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as editor:
        job = replace(long_job(sample, tmp_path), host_pid=editor.pid)
        log = tmp_path / "log"
        path = write_job(job)
        command = " ".join(f"'{word}'" for word in [sys.executable, "-m", "dubkit_cli", "host-run"])
        quoted = path.replace("'", "'\\''")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(PATHS)}
        shell = f"{command} '{quoted}' </dev/null >/dev/null 2>'{log}' & echo $!"
        child = int(subprocess.run(["sh", "-c", shell], env=environment, capture_output=True, check=True).stdout)
        status = Path(job.output) / "status.json"
        until(lambda: (Path(job.output) / ".work" / "001").is_dir(), "work")
        assert alive(child)
        editor.kill()
    until(lambda: not alive(child), "the child's end")
    assert left_in(job) <= {"job.json", status.name}, log.read_text()


DEAF = """
import sys, time
from pathlib import Path
from dubkit_cli.watch import Watch
with Watch(stdin=True, leaving=Path(sys.argv[1]), grace=0.2):
    print(flush=True)
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass
"""


def test_a_run_that_does_not_heed_is_ended_and_tidied_up(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "001").mkdir(parents=True)
    (work / "001" / "half a film").touch()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(PATHS)}
    command = [sys.executable, "-c", DEAF, str(work)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdout.readline()
        run.stdin.close()
        assert run.wait(60) != 0
    assert not work.exists()
    assert tmp_path.exists()


def test_a_job_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("", "{}"):
        (tmp_path / "job.json").write_text(text)
        assert run(["host-run", str(tmp_path / "job.json"), "--json"]) == 1
        result = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert result["error"]["kind"] == "RecordError"
        assert "result" not in result
    assert run(["host-run", str(tmp_path / "none.json")]) == 1
    assert "none.json: cannot be read" in capsys.readouterr().err


def test_where_no_clip_can_be_done_the_result_says_why(
    sample: SampleFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = replace(job_of(sample, tmp_path), tasks=(Task(clip(tmp_path / "gone.mp4", 0, 9)),))
    handler = signal.getsignal(signal.SIGINT)
    assert run(["host-run", write_job(job), "--json"]) == 1
    assert signal.getsignal(signal.SIGINT) is handler
    capsys.readouterr()
    (each,) = read_result(job).clips
    assert each.status == "failed"
    assert "does not exist" in each.reason


def test_a_stale_cancel_or_result_is_not_believed(sample: SampleFiles, tmp_path: Path) -> None:
    job = replace(job_of(sample, tmp_path), tasks=(Task(clip(tmp_path / "gone.mp4", 0, 9)),))
    path = write_job(job)
    (Path(job.output) / "cancel").touch()
    (Path(job.output) / "result.json").write_text("old")
    assert run(["host-run", path, "--json"]) == 1
    assert read_result(job).job == job.identity


def test_processes_live_or_do_not() -> None:
    assert process_lives(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        time.sleep(0.01)
    assert not process_lives(process.pid)
