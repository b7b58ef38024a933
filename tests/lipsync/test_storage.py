from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.numpy import load_file, save_file

from dubkit.errors import ModelError, OutputError
from dubkit.lipsync import (
    Checkpoint,
    LipModel,
    ModelConfig,
    Reference,
    load_checkpoint,
    save_checkpoint,
    synthesize,
)
from tests.lipsync.conftest import TINY


def assert_same_state(found: Checkpoint, wanted: Checkpoint, tolerance: float = 0.0) -> None:
    assert list(found.state) == list(wanted.state)
    for name, value in wanted.state.items():
        assert found.state[name].dtype == value.dtype
        np.testing.assert_allclose(found.state[name], value, rtol=tolerance, atol=tolerance)


def with_facts(checkpoint: Checkpoint) -> Checkpoint:
    config = dataclasses.replace(
        checkpoint.config, reference=Reference.OTHER, mel_offset_frames=0, training={"steps": 12, "data": "añ"}
    )
    return Checkpoint(config, checkpoint.state)


def test_what_is_saved_is_loaded(tmp_path: Path, tiny: Checkpoint) -> None:
    saved = with_facts(tiny)
    save_checkpoint(tmp_path / "a.safetensors", saved)
    found = load_checkpoint(tmp_path / "a.safetensors")
    assert found.config == saved.config
    assert_same_state(found, saved)
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_half_precision_takes_half_the_space(tmp_path: Path, tiny: Checkpoint) -> None:
    save_checkpoint(tmp_path / "full", tiny)
    save_checkpoint(tmp_path / "half", tiny, half=True)
    weights = 4 * sum(value.size for value in tiny.state.values() if value.dtype == np.float32)
    assert (tmp_path / "full").stat().st_size - (tmp_path / "half").stat().st_size > weights * 0.45
    assert_same_state(load_checkpoint(tmp_path / "half"), tiny, 1e-3)


def test_a_weight_too_large_for_half_precision_is_named(tmp_path: Path, tiny: Checkpoint) -> None:
    name = "output_block.1.bias"
    large = Checkpoint(TINY, {**tiny.state, name: np.full(3, 1e6, np.float32)})
    with pytest.raises(OutputError, match=r"output_block\.1\.bias has a weight too large"):
        save_checkpoint(tmp_path / "half", large, half=True)
    assert not list(tmp_path.iterdir())


def test_saving_replaces_and_never_leaves_half_a_file(tmp_path: Path, tiny: Checkpoint) -> None:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, tiny)
    save_checkpoint(path, with_facts(tiny))
    assert load_checkpoint(path).config.mel_offset_frames == 0
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        save_checkpoint(tmp_path / "folder", tiny)
    with pytest.raises(OutputError, match="cannot be written"):
        save_checkpoint(tmp_path / "nowhere" / "a", tiny)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder", "model.safetensors"]


def test_settings_that_are_not_told_are_the_published_ones(tmp_path: Path, tiny: Checkpoint) -> None:
    metadata = {"width": "0.05", "mel_offset_frames": "0", "reference": "another frame of the same clip", "by": "pt"}
    save_file(dict(tiny.state), tmp_path / "a", metadata)
    found = load_checkpoint(tmp_path / "a").config
    assert found == ModelConfig(width=0.05, mel_offset_frames=0, reference=Reference.OTHER)


def test_the_published_file_gives_the_published_pixels(
    tmp_path: Path, full_state: dict[str, npt.NDArray[Any]], golden: dict[str, npt.NDArray[np.float32]]
) -> None:
    prefixed = {f"module.{name}": torch.tensor(value) for name, value in full_state.items()}
    path = tmp_path / "wav2lip.pth"
    torch.save({"state_dict": prefixed, "optimizer": None, "global_step": 7, "global_epoch": 1}, path)
    checkpoint = load_checkpoint(path)
    path.unlink()
    assert checkpoint.config == ModelConfig()
    assert checkpoint.parameters == 36_298_035

    model = LipModel(checkpoint, "cpu")
    found = model.run(golden["windows"], golden["faces"])
    np.testing.assert_allclose(found, golden["output"], atol=1e-4, rtol=0)
    faces, references = (golden["faces"][:, part].transpose(0, 2, 3, 1) for part in (slice(3), slice(3, 6)))
    through = synthesize(model, faces, references, golden["windows"])
    masked = golden["faces"].copy()
    masked[:, :3, 48:] = 0
    wanted = model.run(golden["windows"], masked).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(through, wanted, atol=1e-5, rtol=0)


def test_the_older_pytorch_format_and_bare_tensors_are_read(
    tmp_path: Path, full_state: dict[str, npt.NDArray[Any]]
) -> None:
    path = tmp_path / "wav2lip.pth"
    tensors = {name: torch.tensor(value) for name, value in full_state.items()}
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    found = load_checkpoint(path)
    path.unlink()
    assert_same_state(found, Checkpoint(ModelConfig(), full_state))


def test_every_header_length_is_told_from_a_pickle(tmp_path: Path, tiny: Checkpoint) -> None:
    """A length whose first byte is 0x80, as a pickle's is, comes up once in 32."""
    starts = set()
    for note in range(32):
        config = dataclasses.replace(TINY, training={"note": "x" * 8 * note})
        save_checkpoint(tmp_path / "a", Checkpoint(config, tiny.state))
        starts.add((tmp_path / "a").read_bytes()[0])
        assert load_checkpoint(tmp_path / "a").config == config
    assert 0x80 in starts


def test_half_precision_pytorch_files_are_read(tmp_path: Path) -> None:
    state = {"module.a.weight": torch.zeros(2, dtype=torch.float16)}
    torch.save({"state_dict": state}, tmp_path / "a.pth")
    with pytest.raises(ModelError, match=r"holds another network, not a wav2lip_generator.*holds a\.weight"):
        load_checkpoint(tmp_path / "a.pth")


class Trap:
    """A pickle of it would write a file when opened without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "code was run")


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path, zipped: bool) -> None:
    torch.save({"state_dict": Trap(tmp_path / "ran")}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match="other than tensors, which could run code"):
        load_checkpoint(tmp_path / "a.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": {"a": 1}}, {1: torch.zeros(1)}, "text"])
def test_pytorch_files_without_tensors_are_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(ModelError, match=r"a\.pth: does not hold a dictionary of tensors; give"):
        load_checkpoint(tmp_path / "a.pth")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused_by_name(tmp_path: Path) -> None:
    trace: Any = torch.jit.trace
    trace(torch.nn.Linear(1, 1), torch.zeros(1, 1)).save(str(tmp_path / "a.pt"))
    with pytest.raises(ModelError, match="TorchScript program, not a checkpoint; give the weights as a state dict"):
        load_checkpoint(tmp_path / "a.pt")


def test_missing_files_folders_and_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.pth: there is no such file; give"):
        load_checkpoint(tmp_path / "gone.pth")
    with pytest.raises(ModelError, match="cannot be read"):
        load_checkpoint(tmp_path)
    for content in (b"", b"<!DOCTYPE html><html>", b"version https://git-lfs.github.com/spec/v1\n", b"\x00" * 100):
        (tmp_path / "a.pth").write_bytes(content)
        with pytest.raises(ModelError, match="neither a safetensors nor a PyTorch file; download"):
            load_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize("part", [0.0005, 0.3, 0.9, 0.9999])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "pickle"])
def test_truncated_files_are_refused(tmp_path: Path, tiny: Checkpoint, kind: str, part: float) -> None:
    path = tmp_path / "a"
    if kind == "safetensors":
        save_checkpoint(path, tiny)
    else:
        tensors = {name: torch.tensor(value) for name, value in tiny.state.items()}
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ModelError, match="/a: "):
        load_checkpoint(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("zipped", [True, False])
def test_scrambled_files_are_refused_and_nothing_else_escapes(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "a"
    torch.save({"state_dict": {"a.weight": torch.zeros(2, 3)}}, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(150):
        scrambled = bytearray(whole)
        for at in random.integers(2, len(whole), random.integers(1, 12)):
            scrambled[at] = int(random.integers(256))
        path.write_bytes(scrambled[: int(random.integers(len(whole) // 2, len(whole) + 1))])
        with pytest.raises(ModelError):
            load_checkpoint(path)


def test_every_changed_byte_of_a_saved_checkpoint_is_noticed(tmp_path: Path, tiny: Checkpoint) -> None:
    path = tmp_path / "a"
    save_checkpoint(path, tiny)
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for at in (9, 200, header // 2, header - 3, header + 1, (header + len(whole)) // 2, len(whole) - 1):
        changed = bytearray(whole)
        changed[at] ^= 0x15
        path.write_bytes(changed)
        with pytest.raises(ModelError):
            load_checkpoint(path)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"width": "wide"}, "setting width that cannot be read"),
        ({"width": "[1]"}, "width should be float"),
        ({"reference": "none"}, "reference is 'none'; use one of 'same', 'other'"),
        ({"width": "0.05", "mel": json.dumps({"hop": 160})}, "other mel settings: hop 160"),
        ({"width": "0.05", "mel": json.dumps({"hops": 160})}, "no field 'hops'"),
        ({"architecture": "lipgan"}, "'lipgan' is not an architecture"),
        ({}, r"is \(1, 6, 7, 7\) where a wav2lip_generator of width 1 has \(16, 6, 7, 7\)"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    tmp_path: Path, tiny: Checkpoint, metadata: dict[str, str], words: str
) -> None:
    save_file(dict(tiny.state), tmp_path / "a", metadata)
    with pytest.raises(ModelError, match=words) as caught:
        load_checkpoint(tmp_path / "a")
    assert caught.value.path == tmp_path / "a"


def test_other_tools_can_read_what_is_saved(tmp_path: Path, tiny: Checkpoint) -> None:
    save_checkpoint(tmp_path / "a.safetensors", tiny)
    assert set(load_file(tmp_path / "a.safetensors")) == set(tiny.state)
