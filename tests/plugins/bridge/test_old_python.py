"""The bridge in a real Python 3.9, copied into a package as a plugin's build does it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BRIDGE = Path(__file__).parents[3] / "plugins" / "bridge"

STORY = """
import importlib, pkgutil, sys, time
from fractions import Fraction
from some_plugin import bridge
for module in pkgutil.iter_modules(bridge.__path__):
    importlib.import_module("some_plugin.bridge." + module.name)
from some_plugin.bridge.job import ClipResult, Job, Result, write_job
from some_plugin.bridge.placing import Journal, plan_placement
from some_plugin.bridge.planning import choose
from some_plugin.bridge.records import Clip, Medium, Timeline
from some_plugin.bridge.runner import Runner
from some_plugin.bridge.tags import job_tag
rate = Fraction(24000, 1001)
clip = Clip("k", "n", Medium.VIDEO, 1, 0, 24, sys.argv[1], Fraction(0), 24 / rate)
timeline = Timeline("t", rate)
choice = choose([clip], timeline, lambda path: True)
job = Job(timeline, choice.tasks, sys.argv[2], "es", subtitles=sys.argv[1], tts="espeak")
path = write_job(job)
told = "import json; print(json.dumps(dict(event='result', result='x')))"
runner = Runner([sys.executable, "-c", told], folder=sys.argv[2])
while not runner.finished:
    time.sleep(0.01)
assert [event["event"] for event in runner.poll()] == ["result"]
assert runner.outcome().has_result, runner.outcome()
result = Result(job.identity, 0, (ClipResult("k", 1, "done", "", "p", "s", 0, 24, job_tag("es", job.identity, 1)),))
plan = plan_placement(job, result, timeline)
with Journal(plan, sys.argv[2]) as journal:
    journal.added("x", lambda: None)
print(sys.version_info[:2], len(plan.tracks))
"""


@pytest.mark.parametrize("name", ["python3.9", "python3.10", "python3.13"])
def test_a_copy_of_it_works(tmp_path: Path, name: str) -> None:
    python = os.environ.get("DUBKIT_" + name.upper().replace(".", "_")) or shutil.which(name)
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no {name} here")
    package = tmp_path / "some_plugin"
    shutil.copytree(BRIDGE, package / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").write_text("")
    command = [python, "-W", "error", "-c", STORY, "/films/é.mov", str(tmp_path / "a job")]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().endswith(" 2")
