"""A generator that begins under a tutor: it draws what it is told, then what it hears."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from dubkit.lipsync import Generator, load_checkpoint, load_model, save_checkpoint, synthesize
from dubkit.lipsync.architecture import GENERATORS
from dubkit.lipsync.warping import WarpingGenerator
from dubkit.training import PreparedClips, joined, read_curve, read_settings, train
from dubkit.training.task import network_checkpoint, to_tensors
from dubkit.training.tutor import Taught, Tutor
from dubkit.training.tutor_task import TutorTask
from tests.training.talking import made_clips

SETTINGS = {
    "model.width": "0.125",
    "data.clips": "2",
    "data.windows": "6",
    "optimizer.learning_rate": "3e-3",
    "optimizer.ema": "0.9",
    "optimizer.clip": "5.0",
    "tutor.codes": "2",
    "tutor.mouth": "4.0",
    "tutor.edges": "0.0",
    "tutor.shape": "1.0",
    "tutor.hearing": "60",
    "tutor.batch": "48",
    "tutor.learning_rate": "3e-3",
    "run.steps": "240",
    "run.log_every": "10",
    "run.evaluate_every": "60",
    "run.save_every": "240",
    "run.held_out_batches": "2",
}


def go(clips: PreparedClips, folder: Path, **changes: str) -> None:
    settings = read_settings(
        None, "tutor", SETTINGS | {name.replace("__", "."): text for name, text in changes.items()}
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with joined("cpu") as place:
            train(settings, clips, folder, place)
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> PreparedClips:
    return PreparedClips(made_clips(tmp_path_factory.mktemp("talking") / "clips"))


def learned(
    player: torch.nn.Module, give: Callable[[], tuple[torch.Tensor, dict[str, torch.Tensor]]], steps: int
) -> tuple[dict[str, float], dict[str, float]]:
    """The numbers of a player before and after some steps on the same batch."""
    optimizer = torch.optim.Adam(player.parameters(), 1e-2)
    found = []
    for _ in range(steps):
        loss, numbers = give()
        found.append({name: float(value) for name, value in numbers.items()})
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return found[0], found[-1]


@pytest.fixture(scope="module", params=["false", "true"], ids=["paints", "moves"])
def task(clips: PreparedClips, request: pytest.FixtureRequest) -> TutorTask:
    """A task whose generator has learned one batch by heart, first to draw it, then to hear it."""
    settings = read_settings(None, "tutor", SETTINGS | {"model.moves": request.param})
    task = TutorTask(settings, clips, torch.device("cpu"), lambda player: player)
    batch = to_tensors(task.batch((0,)), torch.device("cpu"))
    [drawing] = task.players(0).values()
    before, after = learned(drawing.train(), lambda: drawing(batch), 60)
    assert after["l1"] < before["l1"] / 2
    assert after["shape"] < 0.8 * before["shape"]
    return task


def test_a_tutor_tells_what_the_mouth_does(task: TutorTask) -> None:
    """The same faces come out worse when it tells of others."""
    batch = to_tensors(task.batch((0,)), torch.device("cpu"))
    [drawing] = task.players(0).values()
    with torch.no_grad():
        told = drawing(batch)[1]["shape"]
        mistold = drawing({**batch, "mouths": batch["mouths"].roll(1, 0)})[1]["shape"]
    assert mistold > 1.4 * told


def test_the_sound_learns_to_say_the_same(task: TutorTask) -> None:
    settings = read_settings(None, "tutor", SETTINGS)
    step = settings.run.steps - 1
    batch = to_tensors(task.batch((step,)), torch.device("cpu"))
    [hearing] = task.players(step).values()

    def give() -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        [(name, loss, numbers)] = task.losses(step, batch)
        assert name == "hearing"
        return loss, dict(numbers)

    _, after = learned(hearing.train(), give, 60)
    assert after["unexplained_codes"] < 0.5


def test_what_is_saved_is_a_generator_like_any_other(task: TutorTask, tmp_path: Path) -> None:
    alone = task.finished(task.networks["generator"])
    save_checkpoint(tmp_path / "generator.safetensors", network_checkpoint(alone, task.products["generator"]))
    load_checkpoint(tmp_path / "generator.safetensors").require(*GENERATORS)
    made = load_model(tmp_path / "generator.safetensors", "cpu")
    faces = np.random.default_rng(0).random((2, 96, 96, 3), np.float32)
    lips = synthesize(made, faces, faces[:1], np.full((2, 80, 16), -4.0, np.float32))
    assert lips.shape == faces.shape


@pytest.mark.parametrize("kind", [Generator, WarpingGenerator])
def test_nothing_is_lost_where_tutor_and_generator_become_one(kind: type[Generator]) -> None:
    """For any weights: the generator alone draws from the sound what it drew when told what was heard."""
    torch.manual_seed(4)
    features = 32
    taught = Taught(kind(0.0625), Tutor(3, 96, features), features)
    with torch.no_grad():
        for layer in taught.generator.hearing_layers:
            layer.weight.uniform_(-1, 1)
        for module in taught.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 2)
        taught.eval()
        windows = torch.rand(3, 1, 80, 16) * 8 - 4
        features_heard = taught.generator.listen(windows)
        code = taught.hear(taught.heard(features_heard.flatten(1)))
        for told, hears in zip(taught.generator.hearing_layers, taught.finished(2.5).hearing_layers, strict=True):
            wanted = told(taught.tutor.say(2.5 * code)[..., None, None])
            torch.testing.assert_close(hears(features_heard), wanted, rtol=1e-4, atol=1e-5)
            assert (told(taught.tutor.say(code)[..., None, None]) - wanted).abs().mean() > 0.01
        faces = torch.rand(3, 6, 96, 96)
        told_of_it = taught.generator.draw(taught.tutor.say(2.5 * code)[..., None, None], faces)
        torch.testing.assert_close(taught.finished(2.5)(windows, faces), told_of_it, rtol=1e-3, atol=1e-3)


def test_stopped_and_gone_on_with_it_is_the_same(clips: PreparedClips, tmp_path: Path) -> None:
    """Across the step at which drawing ends and hearing begins."""
    tiny = {
        "model__width": "0.0625",
        "data__clips": "2",
        "data__windows": "2",
        "tutor__hearing": "4",
        "tutor__batch": "8",
        "run__log_every": "1",
        "run__evaluate_every": "4",
        "run__save_every": "3",
        "run__held_out_batches": "1",
        "run__steps": "10",
    }
    go(clips, tmp_path / "whole", **tiny)
    for _ in range(12):  # each run stops after its next save
        go(clips, tmp_path / "pieces", **tiny, run__minutes="1e-6")
    whole, pieces = (load_checkpoint(tmp_path / name / "generator.safetensors") for name in ("whole", "pieces"))
    assert all(np.array_equal(value, pieces.state[name]) for name, value in whole.state.items())
    assert read_curve(tmp_path / "whole") == read_curve(tmp_path / "pieces")
