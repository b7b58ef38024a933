from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from dubkit.errors import InputError, ModelError
from dubkit.evaluation import SyncNet, SyncNetJudge, mfcc, score_sync
from dubkit.schema import Waveform
from tests.lipsync.golden_rule import GOLDEN, golden_layout

State = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def network(syncnet_state: State) -> SyncNet:
    network = SyncNet().eval()
    network.load_state_dict({name: torch.tensor(value) for name, value in syncnet_state.items()})
    return network


def faces(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    blocks = np.random.default_rng(seed).integers(0, 256, (count, 14, 14, 3)).astype(np.uint8)
    return blocks.repeat(16, axis=1).repeat(16, axis=2)


def noise(samples: int) -> Waveform:
    return Waveform(np.random.default_rng(1).uniform(-0.3, 0.3, (1, samples)).astype(np.float32), 16_000)


def test_layers_are_named_and_shaped_as_published() -> None:
    with torch.device("meta"):
        network = SyncNet()
    found = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    assert found == golden_layout("syncnet_original")


def test_embeddings_are_those_of_the_published_network(network: SyncNet) -> None:
    with np.load(GOLDEN / "syncnet_original.npz") as golden, torch.inference_mode():
        lips = golden["lip_blocks"].repeat(8, axis=-1).repeat(8, axis=-2).astype(np.float32)
        found_lips = network.lips(torch.tensor(lips)).numpy()
        found_sound = network.sound(torch.tensor(golden["mfcc"].astype(np.float32))).numpy()
        np.testing.assert_allclose(found_lips, golden["lip_embedding"], atol=1e-4, rtol=0)
        np.testing.assert_allclose(found_sound, golden["audio_embedding"], atol=1e-4, rtol=0)


def test_the_judge_scores_the_windows_of_the_published_port(judge: SyncNetJudge, network: SyncNet) -> None:
    """Each window alone through the network, as the port runs it, against the judge's runs of frames in batches."""
    clip, sound = faces(11), noise(640 * 12)
    picture = torch.tensor(clip.transpose(3, 0, 1, 2).astype(np.float32))
    heard = torch.tensor(mfcc(sound).T.copy())
    with torch.inference_mode():
        lips = np.concatenate([network.lips(picture[None, :, i : i + 5]).numpy() for i in range(6)])
        sounds = np.concatenate([network.sound(heard[None, None, :, 4 * i : 4 * i + 20]).numpy() for i in range(6)])
    wanted, found = score_sync(lips, sounds), judge.judge(clip, sound)
    assert found.frame_confidence.shape == (6,)
    np.testing.assert_allclose(found.distances, wanted.distances, atol=1e-4, rtol=0)
    assert found.offset == wanted.offset
    assert found.distance == pytest.approx(wanted.distance, abs=1e-4)


@pytest.mark.parametrize(("frames", "samples", "windows"), [(6, 16_000, 1), (9, 16_000, 4), (20, 640 * 8 + 639, 3)])
def test_the_shorter_of_picture_and_sound_decides(judge: SyncNetJudge, frames: int, samples: int, windows: int) -> None:
    assert judge.judge(faces(frames), noise(samples)).frame_confidence.shape == (windows,)


def test_what_cannot_be_judged_is_refused(judge: SyncNetJudge) -> None:
    with pytest.raises(InputError, match=r"5 faces with 1\.00 s of sound are too short to judge; give more than 5"):
        judge.judge(faces(5), noise(16_000))
    with pytest.raises(InputError, match="too short"):
        judge.judge(faces(9), noise(640 * 6 - 1))
    with pytest.raises(InputError, match=r"sees faces as uint8 \(n, 224, 224, 3\), not float32"):
        judge.judge(np.asarray(faces(6), np.float32), noise(16_000))
    with pytest.raises(InputError, match="sees faces"):
        judge.judge(faces(6)[:, :112], noise(16_000))
    with pytest.raises(InputError, match="one channel at 16000 Hz"):
        judge.judge(faces(6), Waveform(np.zeros((2, 16_000), np.float32), 16_000))


def tiny(state: State, **changed: npt.NDArray[Any]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value) for name, value in {**state, **changed}.items()}


def test_files_of_other_things_are_refused(tmp_path: Path, syncnet_state: State) -> None:
    path = tmp_path / "a.model"
    with pytest.raises(ModelError, match=r"a\.model: there is no such file"):
        SyncNetJudge(path, "cpu")
    with pytest.raises(ModelError, match="cannot be read"):
        SyncNetJudge(tmp_path, "cpu")
    path.write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ModelError, match=r"a\.model: "):
        SyncNetJudge(path, "cpu")
    torch.save({"a.weight": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match=r"is not SyncNet: it lacks netcnnaud\.0\.weight; give the published"):
        SyncNetJudge(path, "cpu")
    for changed, words in (
        ({"netcnnaud.0.bias": np.zeros(3, np.float32)}, r"netcnnaud\.0\.bias is \(3,\), not \(64,\)"),
        ({"netcnnaud.0.bias": np.full(64, np.nan, np.float32)}, "not numbers"),
        ({"further.weight": np.zeros(1, np.float32)}, r"holds further\.weight"),
    ):
        torch.save(tiny(syncnet_state, **changed), path)
        with pytest.raises(ModelError, match=words):
            SyncNetJudge(path, "cpu")
    path.unlink()


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "code was run")


def test_code_in_the_file_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"netcnnaud.0.weight": Trap(tmp_path / "ran")}, tmp_path / "a.model")
    with pytest.raises(ModelError, match="could run code"):
        SyncNetJudge(tmp_path / "a.model", "cpu")
    assert not (tmp_path / "ran").exists()


def test_an_empty_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a batch of 0 windows"):
        SyncNetJudge(tmp_path / "a.model", "cpu", batch=0)
