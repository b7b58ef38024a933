from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from plugins.bridge.process import clean_environment
from plugins.bridge.runner import Runner, RunnerError, dubkit_command
from tests.plugins.bridge.processes import alive, events_of, outcome_of, program, until

RESULT = 'tell(event="result", ok=True, exit_code=0, result="/x")'
FAMILY = """
import os, signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code])
tell(event="hello", pid=os.getpid(), child=child.pid)
time.sleep(600)
"""
"""A program, and another that it started, that both take no hint."""


def test_events_come_in_order_and_the_last_is_kept() -> None:
    runner = Runner(program(f'tell(event="hello"); tell(event="progress", done=1); {RESULT}'))
    found = events_of(runner, lambda events: False)
    assert [event["event"] for event in found] == ["hello", "progress", "result"]
    outcome = outcome_of(runner)
    assert (outcome.exit_code, outcome.message, outcome.cancelled) == (0, "", False)
    assert outcome.has_result
    assert outcome.data["result"] == "/x"
    assert runner.poll() == []


def test_polling_never_waits() -> None:
    runner = Runner(program("import time; time.sleep(600)"))
    started = time.monotonic()
    for _ in range(200):
        assert runner.poll() == []
        assert not runner.finished
    assert time.monotonic() - started < 1
    with pytest.raises(RunnerError, match="still at work"):
        runner.outcome()
    runner.close(patience=0)
    assert outcome_of(runner).cancelled


def test_noise_on_the_pipe_costs_no_event() -> None:
    code = f"""
import os
os.write(1, b"plain words\\n\\xff\\xfe\\x00 no text\\n{{\\n[1]\\n")
tell(event="hello")
os.write(1, b"half a li")
os.write(1, b"ne and its rest\\n")
os.write(2, b"\\xff" * 10_000_000)
os.write(1, b"x" * 3_000_000 + b"\\n")
{RESULT}
os.write(1, b'{{"event": "res')
"""
    runner = Runner(program(code))
    outcome = outcome_of(runner)
    assert [event["event"] for event in runner.poll()] == ["hello", "result"]
    assert (outcome.exit_code, outcome.message) == (0, "")
    assert 0 < len(outcome.log) <= 1 << 16, "of ten megabytes the end is kept"


def test_a_cancel_ends_the_whole_tree_also_where_it_takes_no_hint() -> None:
    runner = Runner(program(FAMILY), grace=0.3)
    (hello,) = events_of(runner, bool)
    started = time.monotonic()
    runner.cancel()
    runner.cancel()
    assert time.monotonic() - started < 0.2, "the window goes on"
    outcome = outcome_of(runner)
    until(lambda: not alive(hello["pid"]) and not alive(hello["child"]))
    assert outcome.cancelled
    assert not outcome.has_result
    assert outcome.message == ""


def test_a_program_that_takes_the_hint_has_time_to_clean_up(tmp_path: Path) -> None:
    code = f"""
import signal, time, pathlib
def stop(*_):
    time.sleep(0.3); pathlib.Path({str(tmp_path / "clean")!r}).write_text("yes"); sys.exit(130)
signal.signal(signal.SIGTERM, stop)
tell(event="hello"); time.sleep(600)
"""
    runner = Runner(program(code))
    events_of(runner, bool)
    runner.cancel()
    assert outcome_of(runner).exit_code == 130
    assert (tmp_path / "clean").read_text() == "yes"


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_a_killed_program_is_a_clear_failure_without_a_result() -> None:
    runner = Runner(program(f"import time; {RESULT}; time.sleep(600)"))
    events_of(runner, bool)
    os.kill(runner.pid, signal.SIGKILL)
    outcome = outcome_of(runner)
    assert outcome.exit_code == -9
    assert not outcome.has_result, "what a killed program said is not believed"
    assert not outcome.cancelled
    assert "signal 9" in outcome.message
    assert "nothing was placed" in outcome.message


def test_what_a_killed_program_has_started_goes_with_it() -> None:
    runner = Runner(program(FAMILY))
    (hello,) = events_of(runner, bool)
    os.kill(runner.pid, signal.SIGKILL)
    outcome_of(runner)
    until(lambda: not alive(hello["child"]), "the end of the grandchild")


def test_a_pipe_held_open_by_another_program_holds_up_nobody() -> None:
    code = """
import os, subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
tell(event="hello", child=child.pid)
"""
    runner = Runner(program(code))
    try:
        started = time.monotonic()
        outcome = outcome_of(runner)
        assert time.monotonic() - started < 20
        assert "without a result" in outcome.message
    finally:
        os.kill(events_of(runner, bool)[0]["child"], signal.SIGKILL)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("sys.exit(1)", "ended with code 1 and without a result: it said nothing"),
        ("raise ValueError('odd')", "ValueError: odd"),
        ("import no_such_thing_dubkit_cli", "without a result"),
        ('sys.stderr.write("x: No module named dubkit_cli"); sys.exit(1)', "this Python has no dubkit"),
        (
            'tell(event="result", ok=False, exit_code=1, error={"message": "a.srt: is empty"}); sys.exit(1)',
            "a.srt: is empty",
        ),
        ('tell(event="result", ok=False, exit_code=1, result="/x"); sys.exit(1)', "nothing could be done"),
    ],
)
def test_each_failure_says_why(code: str, word: str) -> None:
    outcome = outcome_of(Runner(program(code)))
    assert word in outcome.message
    assert outcome.has_result == ("/x" in code)


def test_a_program_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=r"cannot be started .*choose the Python"):
        Runner([str(tmp_path / "no python"), "-c", ""])
    with pytest.raises(RunnerError):
        Runner(["a\0b"])


@pytest.mark.parametrize("name", ["two words", 'it\'s "quoted" $HOME', "映画 фильм é"])
def test_arguments_and_folders_reach_the_program_as_they_are(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    code = 'import os; tell(event="result", arguments=sys.argv[1:], folder=os.getcwd())'
    runner = Runner([*program(code), name, "a b", ""], folder=str(folder))
    outcome = outcome_of(runner)
    assert outcome.data["arguments"] == [name, "a b", ""]
    assert outcome.data["folder"] == str(folder)


def test_the_editors_python_and_libraries_are_kept_from_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    editors = {
        "PYTHONHOME": "/blender",
        "PYTHONPATH": "/blender/lib",
        "PYTHONSTARTUP": "/x",
        "LD_LIBRARY_PATH": "/resolve",
        "DYLD_LIBRARY_PATH": "/resolve",
        "DYLD_INSERT_LIBRARIES": "/x",
        "VIRTUAL_ENV": "/v",
    }
    kept = {"PATH": "/bin", "HOME": "/home/é", "DUBKIT_MODELS": "/models", "LANG": "C"}
    clean = clean_environment({**editors, **kept}, {"DUBKIT_CACHE": "off"})
    assert not set(editors) & set(clean)
    assert clean.items() >= kept.items()
    assert clean["DUBKIT_CACHE"] == "off"
    assert clean["PYTHONUTF8"] == clean["PYTHONUNBUFFERED"] == "1"
    for name, value in editors.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("LD_LIBRARY_PATH")  # this very Python may need the real one
    outcome = outcome_of(Runner(program('import os; tell(event="result", names=sorted(os.environ))')))
    assert "PYTHONHOME" not in outcome.data["names"]


def test_how_dubkit_is_called() -> None:
    assert dubkit_command("/usr/bin/python3") == ("/usr/bin/python3", "-m", "dubkit_cli")
    assert dubkit_command("C:\\Program Files\\dub\\dubkit.exe") == ("C:\\Program Files\\dub\\dubkit.exe",)
    assert dubkit_command("/opt/dubkit/bin/python") == ("/opt/dubkit/bin/python", "-m", "dubkit_cli")
    assert dubkit_command("C:\\dubkit\\python.exe") == ("C:\\dubkit\\python.exe", "-m", "dubkit_cli")


def test_nothing_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
    for _ in range(5):
        outcome_of(Runner(program(RESULT)))
    if sys.platform == "linux":
        until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before + 1, "the end of the pipes")
