"""A training that is stopped, however rudely, goes on as if it had not been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from dubkit.errors import Cancelled, InputError
from dubkit.lipsync import Checkpoint, Expert, ModelConfig, load_checkpoint
from dubkit.lipsync.architecture import EXPERT
from dubkit.training import PreparedClips, joined, read_curve, read_settings, train
from tests.training.talking import made_clips

ROOT = Path(__file__).parents[2]
TINY = {
    "model.width": "0.0625",
    "model.discriminator_width": "0.0625",
    "data.clips": "2",
    "warm_up.steps": "2",
    "warm_up.batch": "4",
    "run.steps": "10",
    "run.log_every": "1",
    "run.evaluate_every": "4",
    "run.save_every": "3",
    "run.held_out_batches": "1",
    "generator.adversarial": "0.07",
    "generator.adversarial_from": "7",
    "generator.sync_below": "10.0",
    "optimizer.clip": "1.0",
    "optimizer.final_learning_rate": "1e-5",
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> PreparedClips:
    return PreparedClips(made_clips(tmp_path_factory.mktemp("talking") / "clips", clips=6, frames=20))


@pytest.fixture(scope="module")
def expert() -> Checkpoint:
    torch.manual_seed(3)
    state = {name: value.numpy() for name, value in Expert(0.0625).state_dict().items()}
    return Checkpoint(ModelConfig(EXPERT, 0.0625, mel_offset_frames=0), state)


def go(
    kind: str, clips: PreparedClips, folder: Path, expert: Checkpoint, *, stop_at: int = 0, **changes: str
) -> list[dict[str, float]]:
    """The curve of a training; ``stop_at``: the step at which the user stops it."""

    def progress(done: int, total: int, numbers: object) -> None:
        if done == stop_at:
            raise Cancelled

    settings = read_settings(None, kind, TINY | {name.replace("__", "."): value for name, value in changes.items()})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with joined("cpu") as place:
            train(settings, clips, folder, place, expert, progress)
    finally:
        torch.set_num_threads(threads)
    return read_curve(folder)


@pytest.mark.parametrize("kind", ["expert", "generator"])
@pytest.mark.parametrize("stop_at", [1, 5, 9])
def test_a_stopped_training_goes_on_to_the_same_losses(
    kind: str, stop_at: int, clips: PreparedClips, expert: Checkpoint, tmp_path: Path
) -> None:
    """Before the first save, in the middle, and after the schedule has switched losses on."""
    unbroken = go(kind, clips, tmp_path / "unbroken", expert)
    with pytest.raises(Cancelled):
        go(kind, clips, tmp_path / "broken", expert, stop_at=stop_at)
    assert go(kind, clips, tmp_path / "broken", expert) == unbroken
    first, second = (load_checkpoint(tmp_path / name / f"{kind}.safetensors") for name in ("unbroken", "broken"))
    assert all((first.state[name] == second.state[name]).all() for name in first.state)


def test_a_killed_training_goes_on_to_the_same_losses(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    unbroken = go("expert", clips, tmp_path / "unbroken", expert)
    folder = tmp_path / "killed"
    settings = [part for name, value in TINY.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "dubkit_cli", "train", "expert", str(clips.folder), "-o", str(folder)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "pipelines")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*command, "--device", "cpu", *settings], env=environment, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 120
        while not any(line["step"] >= 4 for line in read_curve(folder)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "it takes too long to begin"
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.communicate()
    assert read_curve(folder)[-1]["step"] < 10, "it was over before it was killed"
    assert (folder / "state.pt").is_file()
    # The curve of a process with as many threads may differ in the last digits from that of another.
    resumed = go("expert", clips, folder, expert)
    assert [line["step"] for line in resumed] == [line["step"] for line in unbroken]
    assert resumed == unbroken


def test_minutes_end_a_run_that_the_next_one_continues(
    clips: PreparedClips, expert: Checkpoint, tmp_path: Path
) -> None:
    unbroken = go("expert", clips, tmp_path / "unbroken", expert)
    found: list[dict[str, float]] = []
    for _ in range(12):
        found = go("expert", clips, tmp_path / "parts", expert, run__minutes="1e-9")
        if found[-1]["step"] == 10:
            break
    assert found == unbroken


def test_threads_that_make_batches_change_nothing(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    one = go("expert", clips, tmp_path / "one", expert)
    assert go("expert", clips, tmp_path / "three", expert, run__workers="3") == one


def test_accumulated_batches_are_all_of_the_step(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    one = go("expert", clips, tmp_path / "one", expert)
    two = go("expert", clips, tmp_path / "two", expert, optimizer__accumulate="2")
    assert [line["step"] for line in one] == [line["step"] for line in two]
    assert one[-1] != two[-1]


def test_half_precision_stays_near(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    exact = go("generator", clips, tmp_path / "fp32", expert)
    near = go("generator", clips, tmp_path / "bf16", expert, optimizer__precision="bf16")
    first, second = (next(line["l1"] for line in lines if "l1" in line) for lines in (exact, near))
    assert first != second
    assert first == pytest.approx(second, rel=0.05)


def test_other_settings_are_refused(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    go("expert", clips, tmp_path, expert)
    with pytest.raises(
        InputError, match=r"another optimizer\.learning_rate \(0\.0001, now 0\.002\); give the settings"
    ):
        go("expert", clips, tmp_path, expert, optimizer__learning_rate="2e-3")


def test_more_steps_may_be_asked_for_later(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:

    def steps(name: str, count: int) -> list[dict[str, float]]:
        constant = "0.0"  # a rate that falls to the last step depends on how many there are
        return go(
            "expert", clips, tmp_path / name, expert, run__steps=str(count), optimizer__final_learning_rate=constant
        )

    steps("later", 6)
    later, at_once = steps("later", 10), steps("once", 10)
    assert [line for line in later if "binary" in line] == [line for line in at_once if "binary" in line]


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_a_damaged_training_is_refused(damage: str, clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    go("expert", clips, tmp_path, expert, run__steps="3")
    state = tmp_path / "state.pt"
    if damage == "cut":
        state.write_bytes(state.read_bytes()[:-1000])
    elif damage == "text":
        state.write_text("no training")
    else:
        torch.save({"weights": torch.zeros(3)}, state)
    with pytest.raises(InputError, match=r"state\.pt.*is damaged; delete it to begin again"):
        go("expert", clips, tmp_path, expert)


def test_a_full_step_less_than_asked_trains_nothing(clips: PreparedClips, expert: Checkpoint, tmp_path: Path) -> None:
    done = go("expert", clips, tmp_path, expert)
    assert go("expert", clips, tmp_path, expert) == done
