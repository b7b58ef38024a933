from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from dubkit.errors import ModelError, OutputError
from dubkit.lipsync import Checkpoint, ModelConfig, convert_checkpoint, load_checkpoint, load_expert, save_checkpoint
from dubkit.lipsync.architecture import DISCRIMINATOR, EXPERT, GENERATOR, expected_shapes
from tests.lipsync.golden_rule import golden_state


@pytest.mark.parametrize("architecture", [GENERATOR, EXPERT, DISCRIMINATOR])
def test_published_layouts_become_safetensors(tmp_path: Path, architecture: str) -> None:
    state = golden_state(list(expected_shapes(architecture, 1.0).items()), 1.0)
    source, target = tmp_path / "published.pth", tmp_path / "ours.safetensors"
    prefixed = {f"module.{name}": torch.tensor(value) for name, value in state.items()}
    torch.save({"state_dict": prefixed, "global_step": 3}, source)
    made = convert_checkpoint(source, target, half=True)
    source.unlink()
    found = load_checkpoint(target)
    target.unlink()
    assert found.config == made.config
    assert found.config.architecture == architecture
    assert found.config.mel_offset_frames == (0 if architecture == EXPERT else -1)
    assert found.config.training == {"converted_from": "published.pth"}
    assert list(found.state) == list(state)
    for name in (next(iter(state)), list(state)[-1]):
        np.testing.assert_allclose(found.state[name], state[name], atol=1e-3)


def test_a_published_file_keeps_its_name_and_licence(
    tmp_path: Path, tiny: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    from dubkit.lipsync import PUBLISHED

    source = tmp_path / "downloaded"
    save_checkpoint(source, tiny)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    entry = dataclasses.replace(PUBLISHED["wav2lip"], sha256=digest)
    monkeypatch.setitem(PUBLISHED, "wav2lip", entry)
    made = convert_checkpoint(source, tmp_path / "ours.safetensors")
    facts = {"converted_from": "downloaded", "published": "wav2lip", "licence": entry.licence}
    assert made.config.training == load_checkpoint(tmp_path / "ours.safetensors").config.training == facts
    with pytest.raises(ModelError, match=r"a lip-sync expert .* is needed"):
        load_expert(tmp_path / "ours.safetensors", "cpu")


def test_what_is_no_checkpoint_leaves_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "a.pth", tmp_path / "b.safetensors"
    torch.save({"state_dict": {"netcnnlip.0.weight": torch.zeros(1)}}, source)
    with pytest.raises(ModelError, match="holds the SyncNet that judges, not a wav2lip_generator"):
        convert_checkpoint(source, target)
    torch.save({"state_dict": {"a": torch.zeros(1), "optimizer": [1, 2]}}, source)
    with pytest.raises(ModelError, match="does not hold a dictionary of tensors"):
        convert_checkpoint(source, target)
    torch.save({"state_dict": {"a": Path}}, source)
    with pytest.raises(ModelError, match="other than tensors, which could run code"):
        convert_checkpoint(source, target)
    assert not target.exists()


def test_a_file_is_not_converted_into_itself(tmp_path: Path, tiny: Checkpoint) -> None:
    save_checkpoint(tmp_path / "a", tiny)
    before = (tmp_path / "a").read_bytes()
    with pytest.raises(OutputError, match="is the source and the result at once"):
        convert_checkpoint(tmp_path / "a", tmp_path / "." / "a")
    assert (tmp_path / "a").read_bytes() == before
    assert ModelConfig() != tiny.config
