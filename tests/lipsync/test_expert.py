from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from dubkit.errors import ModelError
from dubkit.lipsync import (
    BUILTIN,
    Checkpoint,
    Expert,
    LipModel,
    ModelConfig,
    SyncModel,
    load_checkpoint,
    load_expert,
    load_model,
    save_checkpoint,
)
from dubkit.lipsync.architecture import EXPERT, build_network, expected_shapes
from dubkit.lipsync.blocks import fold_batch_norm
from tests.lipsync.golden_rule import EXPERT_GAIN, GOLDEN, golden_layout, golden_state

TINY_EXPERT = ModelConfig(EXPERT, width=0.05, mel_offset_frames=0)


@pytest.fixture(scope="module")
def expert_state() -> dict[str, npt.NDArray[Any]]:
    """The state of the published expert, filled by the golden rule."""
    return golden_state(golden_layout("syncnet_color"), EXPERT_GAIN)


@pytest.fixture(scope="module")
def golden_expert() -> dict[str, npt.NDArray[np.float32]]:
    """Fixed inputs of the published expert, and where it sees them."""
    with np.load(GOLDEN / "syncnet_color.npz") as stored:
        return {
            "windows": stored["mel"][:, 0].astype(np.float32),
            "clips": stored["face"].astype(np.float32) / np.float32(255),
            "sound": stored["audio_embedding"],
            "faces": stored["face_embedding"],
        }


@pytest.fixture(scope="module")
def tiny_expert() -> Checkpoint:
    layout = list(expected_shapes(EXPERT, TINY_EXPERT.width).items())
    return Checkpoint(TINY_EXPERT, golden_state(layout, EXPERT_GAIN))


def test_layers_are_named_and_shaped_as_published() -> None:
    with torch.device("meta"):
        network = Expert()
    found = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    assert found == golden_layout("syncnet_color")
    assert sum(parameter.numel() for parameter in network.parameters()) == 16_435_072


def test_embeddings_are_those_of_the_published_network(
    expert_state: dict[str, npt.NDArray[Any]], golden_expert: dict[str, npt.NDArray[np.float32]]
) -> None:
    network = Expert().eval()
    network.load_state_dict({name: torch.tensor(value) for name, value in expert_state.items()})
    with torch.inference_mode():
        sound, faces = network(
            torch.tensor(golden_expert["windows"]).unsqueeze(1), torch.tensor(golden_expert["clips"])
        )
    np.testing.assert_allclose(sound.numpy(), golden_expert["sound"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(faces.numpy(), golden_expert["faces"], atol=1e-5, rtol=0)


def test_the_published_file_gives_the_published_embeddings(
    tmp_path: Path, expert_state: dict[str, npt.NDArray[Any]], golden_expert: dict[str, npt.NDArray[np.float32]]
) -> None:
    path = tmp_path / "lipsync_expert.pth"
    torch.save({"state_dict": {name: torch.tensor(value) for name, value in expert_state.items()}}, path)
    model = load_expert(path, "cpu")
    path.unlink()
    assert (model.config.architecture, model.mel_offset, model.device) == (EXPERT, Fraction(0), "cpu")
    assert repr(model) == "SyncModel(lipsync_expert, width 1, on cpu)"
    sound, faces = model.embed_sound(golden_expert["windows"]), model.embed_faces(golden_expert["clips"])
    np.testing.assert_allclose(sound, golden_expert["sound"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(faces, golden_expert["faces"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("width", [0.05, 0.25, 0.5])
def test_every_width_gives_unit_vectors_that_are_nowhere_negative(width: float) -> None:
    torch.manual_seed(2)
    network = Expert(width).eval()
    with torch.inference_mode():
        found = network(torch.rand(2, 1, 80, 16), torch.rand(2, 15, 48, 96))
    for embedding in found:
        assert embedding.shape == (2, round(512 * width))
        assert float(embedding.min()) >= 0
        torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


def test_folding_batch_norm_changes_nothing_seen() -> None:
    torch.manual_seed(1)
    network = Expert(0.1)
    windows, faces = torch.rand(4, 1, 80, 16) * 8 - 4, torch.rand(4, 15, 48, 96)
    with torch.no_grad():
        for _ in range(3):
            network(windows, faces)  # moves the running statistics away from 0 and 1
        network.eval()
        before = network(windows, faces)
        fold_batch_norm(network)
        after = network(windows, faces)
    assert not any("conv_block.1" in name for name in network.state_dict())
    torch.testing.assert_close(after, before, atol=1e-5, rtol=0)


def test_what_is_saved_is_loaded(tmp_path: Path, tiny_expert: Checkpoint) -> None:
    save_checkpoint(tmp_path / "mine.safetensors", tiny_expert)
    found = load_checkpoint(tmp_path / "mine.safetensors")
    assert found.config == TINY_EXPERT
    assert list(found.state) == list(tiny_expert.state)
    windows = np.zeros((1, 80, 16), np.float32)
    np.testing.assert_array_equal(
        load_expert(tmp_path / "mine.safetensors", "cpu").embed_sound(windows),
        SyncModel(tiny_expert, "cpu").embed_sound(windows),
    )


def test_one_kind_is_refused_where_another_is_needed(tmp_path: Path, tiny: Checkpoint, tiny_expert: Checkpoint) -> None:
    path = tmp_path / "expert.safetensors"
    save_checkpoint(path, tiny_expert)
    with pytest.raises(ModelError, match=r"expert\.safetensors: holds a lip-sync expert .* a lip generator is needed"):
        load_model(path, "cpu")
    with pytest.raises(ModelError, match=r"compact\.safetensors: holds a lip generator, and a lip-sync expert .* need"):
        load_expert(BUILTIN["compact"], "cpu")
    with pytest.raises(ModelError, match="a lip generator is needed here; give a checkpoint of the architecture"):
        LipModel(tiny_expert, "cpu")
    with pytest.raises(ModelError, match=r"a lip-sync expert .* is needed here"):
        SyncModel(tiny, "cpu")


def test_the_kind_is_told_by_the_names_where_no_setting_says_it(tmp_path: Path, tiny_expert: Checkpoint) -> None:
    from safetensors.numpy import save_file

    save_file(dict(tiny_expert.state), tmp_path / "a", {"width": "0.05"})
    assert load_checkpoint(tmp_path / "a").config == TINY_EXPERT


def test_out_of_memory_is_a_memory_error_and_other_faults_are_not(
    monkeypatch: pytest.MonkeyPatch, tiny_expert: Checkpoint
) -> None:
    model = SyncModel(tiny_expert, "cpu")
    words = "CUDA out of memory. Tried to allocate"

    def fail(*_: Any) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(model._expert, "embed_faces", fail)
    with pytest.raises(MemoryError, match="2 clips of five faces"):
        model.embed_faces(np.zeros((2, 15, 48, 96), np.float32))
    words = "mat1 and mat2 shapes cannot be multiplied"
    with pytest.raises(RuntimeError, match="mat1"):
        model.embed_faces(np.zeros((2, 15, 48, 96), np.float32))


def test_shapes_are_known_without_building_the_network() -> None:
    built = build_network(EXPERT, 0.05).state_dict()
    assert {name: tuple(value.shape) for name, value in built.items()} == expected_shapes(EXPERT, 0.05)
