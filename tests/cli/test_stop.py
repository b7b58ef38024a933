"""A run that is stopped from outside, or whose disk is full, leaves nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samples.make import SampleFiles

ROOT = Path(__file__).parents[2]
MAIN = "import sys; from dubkit_cli.main import main; main()"


def command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "pipelines")])
    return [sys.executable, "-c", MAIN, *arguments], os.environ | {"PYTHONPATH": paths}


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(16_000 * 40), 16_000)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped(number: signal.Signals, sample: SampleFiles, voice: Path, tmp_path: Path) -> None:
    output = tmp_path / "out" / "talk.mp4"
    output.parent.mkdir()
    arguments, environment = command("lipsync", str(sample.portrait), str(voice), "-o", str(output), "--json")
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["stage"] == "dub" and event["done"] > 40:
                process.send_signal(number)
                break
        last = [json.loads(line) for line in process.stdout][-1]
        code = process.wait(30)
    assert code == 130
    assert last["exit_code"] == 130
    assert list(output.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_no_room_left(sample: SampleFiles, voice: Path, tmp_path: Path) -> None:
    output = tmp_path / "out" / "talk.mp4"
    output.parent.mkdir()

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    arguments, environment = command("lipsync", str(sample.portrait), str(voice), "-o", str(output))
    run = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, preexec_fn=no_large_files, check=False
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    sentences = run.stderr.strip().splitlines()
    assert len(sentences) == 1, run.stderr
    assert "talk.mp4" in sentences[0]
    assert list(output.parent.iterdir()) == []
