"""Two processes that train one network, as ``torchrun`` starts them; on processors, joined by gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dubkit.lipsync import load_checkpoint
from dubkit.training import read_curve
from tests.training.talking import made_clips
from tests.training.test_resume import TINY

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun's rendezvous needs libuv there")
def test_two_processes_train_one_network(tmp_path: Path) -> None:
    clips = made_clips(tmp_path / "clips", clips=6, frames=20)
    changes = TINY | {"run.steps": "5", "warm_up.steps": "2", "run.evaluate_every": "5", "optimizer.accumulate": "2"}
    settings = [part for name, value in changes.items() for part in ("--set", f"{name}={value}")]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "pipelines")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "dubkit_cli"]
    command = [*launch, "train", "expert", str(clips), "-o", str(tmp_path / "run"), "--device", "cpu", *settings]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    curve = read_curve(tmp_path / "run")
    assert [line["step"] for line in curve if "held_out_loss" not in line] == [1, 2, 3, 4, 5], "written once"
    load_checkpoint(tmp_path / "run" / "expert.safetensors").require("lipsync_expert")
    assert done.stdout.count("expert.safetensors") == 1
