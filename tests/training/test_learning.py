"""Each of the three kinds, trained for a few steps on clips whose sync is known: the mouth opens with the loudness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from dubkit.lipsync import (
    Checkpoint,
    SyncModel,
    load_checkpoint,
    load_model,
    mel_windows,
    score_track,
    synthesize,
)
from dubkit.lipsync.architecture import DISCRIMINATOR
from dubkit.training import HELD_OUT, PreparedClips, TrainSettings, joined, read_curve, read_settings, train
from tests.training.talking import made_clips

SMALL = {
    "model.width": "0.125",
    "optimizer.learning_rate": "3e-3",
    "optimizer.ema": "0.9",
    "run.held_out_batches": "4",
    "run.log_every": "10",
}


@dataclass(frozen=True)
class Trained:
    """A training that is over."""

    folder: Path
    settings: TrainSettings
    clips: PreparedClips


def learn(
    kind: str, changes: dict[str, str], clips: PreparedClips, folder: Path, expert: Checkpoint | None = None
) -> Trained:
    settings = read_settings(None, kind, SMALL | changes)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with joined("cpu") as place:
            assert train(settings, clips, folder, place, expert) == settings.run.steps
    finally:
        torch.set_num_threads(threads)
    return Trained(folder, settings, clips)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> PreparedClips:
    return PreparedClips(made_clips(tmp_path_factory.mktemp("talking") / "clips"))


@pytest.fixture(scope="module")
def expert(clips: PreparedClips, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    changes = {
        "model.width": "0.0625",
        "data.clips": "4",
        "data.windows": "4",
        "data.apart": "5",
        "expert.contrast": "1.0",
        "warm_up.steps": "30",
        "warm_up.batch": "16",
        "run.steps": "110",
        "run.evaluate_every": "110",
        "run.save_every": "110",
    }
    return learn("expert", changes, clips, tmp_path_factory.mktemp("expert"))


@pytest.fixture(scope="module")
def generator(clips: PreparedClips, expert: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    changes = {
        "data.clips": "2",
        "generator.mouth": "4.0",
        "generator.shape": "0.05",
        "generator.sync": "0.03",
        "generator.sync_below": "10.0",
        "warm_up.steps": "30",
        "warm_up.batch": "32",
        "run.steps": "150",
        "run.evaluate_every": "50",
        "run.save_every": "150",
    }
    checkpoint = load_checkpoint(expert.folder / "expert.safetensors")
    return learn("generator", changes, clips, tmp_path_factory.mktemp("generator"), checkpoint)


def held_out(trained: Trained, name: str) -> float:
    return [line for line in read_curve(trained.folder) if f"held_out_{name}" in line][-1][f"held_out_{name}"]


def test_an_expert_learns_to_tell_synced_from_shifted(expert: Trained) -> None:
    """Chance is 0.5, and the loss of an expert that says nothing 0.69."""
    assert held_out(expert, "accuracy") > 0.75
    assert held_out(expert, "loss") < 0.6


@pytest.mark.parametrize("late", [-4, 0, 3])
def test_an_expert_finds_how_late_the_picture_is(expert: Trained, late: int, tmp_path: Path) -> None:
    model = SyncModel(load_checkpoint(expert.folder / "expert.safetensors"), "cpu")
    clips = PreparedClips(made_clips(tmp_path / "late", clips=3, frames=50, late=late))
    clip = clips.clips(HELD_OUT)[0]
    faces = np.asarray(clips.faces(clip), np.float32) / np.float32(255)
    score = score_track(model, faces, [Fraction(frame, 25) for frame in range(len(faces))], clips.sound(clip))
    assert abs(score.offset_frames - late) <= 1


def test_a_generators_mouth_follows_the_sound(generator: Trained) -> None:
    model = load_model(generator.folder / "generator.safetensors", "cpu")
    following = []
    for clip in generator.clips.clips(HELD_OUT):
        faces = np.asarray(generator.clips.faces(clip), np.float32) / np.float32(255)
        times = [Fraction(frame, 25) for frame in range(len(faces))]
        windows = mel_windows(generator.clips.sound(clip), times, model.config.mel_offset)
        made = synthesize(model, faces, faces[:1], windows)
        darkness = [-each[:, 60:84, 40:56].mean(axis=(1, 2, 3)) for each in (made, faces)]
        following.append(float(np.corrcoef(*darkness)[0, 1]))
    assert np.mean(following) > 0.6, following


def test_a_generator_does_better_with_the_right_sound(generator: Trained) -> None:
    assert held_out(generator, "mouth_right") < held_out(generator, "mouth_wrong")
    assert held_out(generator, "sync_right") < held_out(generator, "sync_wrong") / 2
    assert held_out(generator, "shape_correlation") > 0.6


def test_the_expert_is_heard_once_held_out_clips_allow_it(generator: Trained) -> None:
    lines = [line for line in read_curve(generator.folder) if "sync_on" in line]
    assert [line["step"] for line in lines] == [50, 100, 150]
    assert lines[-1]["sync_on"] == 1


def test_a_sheet_is_drawn_at_each_look(generator: Trained) -> None:
    sheets = sorted((generator.folder / "sheets").iterdir())
    assert [sheet.stem for sheet in sheets] == ["0000050", "0000100", "0000150"]
    sheet = cv2.imread(str(sheets[-1]))
    assert sheet is not None
    assert sheet.shape[0] == 4 * 96
    target, _, result, wrong = (sheet[row * 96 : (row + 1) * 96, 84:].astype(float) for row in range(4))
    assert np.abs(result - target).mean() < np.abs(wrong - target).mean()


def test_metrics_go_to_tensorboard(generator: Trained) -> None:
    pytest.importorskip("tensorboard", reason="needs the extra `train`")
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(generator.folder / "tensorboard"))
    events.Reload()
    assert {"l1", "sync", "held_out_mouth_right"} <= set(events.Tags()["scalars"])
    assert "sheet" in events.Tags()["images"]


def test_a_discriminator_learns_beside_its_generator(clips: PreparedClips, expert: Trained, tmp_path: Path) -> None:
    changes = {
        "model.discriminator_width": "0.0625",
        "data.clips": "2",
        "generator.adversarial": "0.07",
        "generator.adversarial_from": "4",
        "optimizer.learning_rate": "1e-3",
        "optimizer.betas": "[0.5, 0.999]",
        "run.steps": "24",
        "run.log_every": "1",
        "run.evaluate_every": "24",
        "run.save_every": "24",
    }
    checkpoint = load_checkpoint(expert.folder / "expert.safetensors")
    trained = learn("generator", changes, clips, tmp_path, checkpoint)
    lines = [line for line in read_curve(trained.folder) if "photographs" in line]
    assert len(lines) == 24
    assert ["adversarial" in line for line in lines] == [False] * 4 + [True] * 20
    # Who says nothing has ln 2 for photographs, and ln 2 for what was made.
    before, after = ([line["photographs"] + line["made"] for line in part] for part in (lines[:3], lines[-5:]))
    assert np.mean(before) == pytest.approx(2 * math.log(2), rel=0.2)
    assert np.mean(after) < np.mean(before) - 0.2
    load_checkpoint(tmp_path / "discriminator.safetensors").require(DISCRIMINATOR)
