from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dubkit.errors import InputError, ModelError
from dubkit.lipsync import (
    BUILTIN,
    LipModel,
    Reference,
    find_expert,
    find_model,
    load_checkpoint,
    load_model,
    registry,
    save_checkpoint,
)
from dubkit.lipsync.checkpoint import Checkpoint


def test_the_built_in_model_is_found_by_name_and_by_default() -> None:
    assert find_model() == find_model("compact") == BUILTIN["compact"]
    assert all(path.is_file() for path in BUILTIN.values())


def test_a_path_is_that_file(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_bytes(b"")
    assert find_model(file) == find_model(str(file)) == file
    with pytest.raises(ModelError, match=r"other\.pth: there is no such model file; .*compact"):
        find_model(tmp_path / "other.pth")
    with pytest.raises(ModelError, match="no such model file"):
        find_model("other.pth")


def test_a_name_is_looked_for_in_the_folders(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    second.mkdir()
    (second / "wav2lip_gan.pth").touch()
    (second / "syncnet_v2.model").touch()
    (second / "mine.safetensors").touch()
    folders = [first, second]
    for name in ("wav2lip_gan", "wav2lip_gan.pth", "syncnet_v2", "mine", "mine.safetensors"):
        assert find_model(name, folders=folders).name.startswith(name)
    with pytest.raises(ModelError, match=r"'wav2lip' is not in .*first or .*second; get it with `dubkit models fetch"):
        find_model("wav2lip", folders=folders)
    with pytest.raises(ModelError, match=r"'wav2lip\.pth' is not in any folder"):
        find_model("wav2lip.pth")
    with pytest.raises(ModelError, match="no such model file"):
        find_model("second/mine.safetensors", folders=[tmp_path / "third"])


def test_the_expert_is_the_one_asked_for_or_the_best_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BUILTIN", {"compact": BUILTIN["compact"]})
    with pytest.raises(ModelError, match=r"no lip-sync expert to judge by: .*;.* fetch lipsync_expert`"):
        find_expert(folders=[tmp_path])
    published = tmp_path / "lipsync_expert.pth"
    published.touch()
    assert find_expert(folders=[tmp_path]) == find_expert("lipsync_expert", folders=[tmp_path]) == published
    own = tmp_path / "compact_expert.safetensors"
    monkeypatch.setattr(registry, "BUILTIN", {"compact": BUILTIN["compact"], "compact_expert": own})
    assert find_expert(folders=[tmp_path]) == own
    assert find_expert(published) == published


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match="'huge' is not a model dubkit has; use one of: compact"):
        find_model("huge")


def test_the_built_in_model_says_how_it_is_used(compact: LipModel) -> None:
    config = compact.config
    assert (compact.name, compact.device, config.width) == ("compact", "cpu", 0.25)
    assert (config.reference, config.mel_offset_frames) == (Reference.OTHER, -1)
    assert {"data", "steps", "licence"} <= set(config.training)
    assert load_checkpoint(BUILTIN["compact"]).parameters == 2_301_954
    assert repr(compact) == "LipModel(compact, width 0.25, on cpu)"


def test_the_built_in_model_comes_with_its_card() -> None:
    card = (BUILTIN["compact"].parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert all(name in card for name in BUILTIN)
    assert "licence" in card.lower()


def test_a_saved_model_runs_as_before(tmp_path: Path, tiny: Checkpoint, tiny_model: LipModel) -> None:
    save_checkpoint(tmp_path / "mine.safetensors", tiny)
    again = load_model(tmp_path / "mine.safetensors", "cpu")
    assert again.name == "mine"
    random = np.random.default_rng(3)
    windows, faces = random.random((2, 80, 16), np.float32), random.random((2, 6, 96, 96), np.float32)
    np.testing.assert_array_equal(again.run(windows, faces), tiny_model.run(windows, faces))


def test_a_device_that_is_not_there_is_an_error(tiny: Checkpoint) -> None:
    with pytest.raises(InputError, match="'cuda:63' is not available"):
        LipModel(tiny, "cuda:63")


@pytest.mark.parametrize(
    "words", ["CUDA out of memory. Tried to allocate", "MPS backend out of memory", "can't allocate memory: you tried"]
)
def test_out_of_memory_of_any_device_is_a_memory_error(
    monkeypatch: pytest.MonkeyPatch, tiny: Checkpoint, words: str
) -> None:
    model = LipModel(tiny, "cpu")

    def fail(*_: Any) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(model, "_drawn", fail)
    arrays = np.zeros((2, 80, 16), np.float32), np.zeros((2, 6, 96, 96), np.float32)
    with pytest.raises(MemoryError, match="batch of 2 faces"):
        model.run(*arrays)
    words = "mat1 and mat2 shapes cannot be multiplied"
    with pytest.raises(RuntimeError, match="mat1"):
        model.run(*arrays)


def test_a_compiled_model_draws_by_what_the_compiler_makes(monkeypatch: pytest.MonkeyPatch, tiny: Checkpoint) -> None:
    """Without the compiler itself, which takes minutes and is not everywhere."""
    asked: list[dict[str, Any]] = []
    drawn: list[int] = []

    def compiler(function: Any, **options: Any) -> Any:
        asked.append(options)

        def draw(heard: torch.Tensor, faces: torch.Tensor) -> Any:
            drawn.append(len(faces))
            return function(heard, faces)

        return draw

    monkeypatch.setattr(torch, "compile", compiler)
    arrays = np.zeros((3, 80, 16), np.float32), np.zeros((3, 6, 96, 96), np.float32)
    made = LipModel(tiny, "cpu", compiled=True).run(*arrays)
    assert asked == [{"mode": "default"}]
    assert drawn == [3]
    np.testing.assert_allclose(made, LipModel(tiny, "cpu").run(*arrays), atol=1e-6, rtol=0)
    assert drawn == [3]


def test_torch_stays_inside() -> None:
    for function in (LipModel.__init__, LipModel.run, load_model):
        assert "torch" not in str(inspect.signature(function)).lower()


def test_weights_need_no_gradients_and_grad_mode_stays_as_it_was(tiny_model: LipModel) -> None:
    tiny_model.run(np.zeros((1, 80, 16), np.float32), np.zeros((1, 6, 96, 96), np.float32))
    assert torch.is_grad_enabled()


def test_importing_dubkit_brings_no_torch() -> None:
    code = "import sys, dubkit, dubkit.audio; sys.exit('torch' in sys.modules or 'librosa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
