from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dubkit.errors import ModelError
from dubkit.lipsync import Discriminator, LipModel, load_checkpoint
from dubkit.lipsync.architecture import DISCRIMINATOR
from tests.lipsync.golden_rule import DISCRIMINATOR_GAIN, GOLDEN, golden_layout, golden_state


def test_layers_are_named_and_shaped_as_published() -> None:
    with torch.device("meta"):
        network = Discriminator()
    found = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    assert found == golden_layout("wav2lip_discriminator")
    assert sum(parameter.numel() for parameter in network.parameters()) == 14_113_793


def test_the_published_file_gives_the_published_judgement(tmp_path: Path) -> None:
    state = golden_state(golden_layout("wav2lip_discriminator"), DISCRIMINATOR_GAIN)
    path = tmp_path / "visual_quality_disc.pth"
    torch.save({"state_dict": {name: torch.tensor(value) for name, value in state.items()}}, path)
    checkpoint = load_checkpoint(path)
    path.unlink()
    assert (checkpoint.config.architecture, checkpoint.parameters) == (DISCRIMINATOR, 14_113_793)
    network = Discriminator().eval()
    network.load_state_dict({name: torch.tensor(value) for name, value in checkpoint.state.items()})
    with np.load(GOLDEN / "wav2lip_discriminator.npz") as stored:
        faces, wanted = stored["face"].astype(np.float32) / np.float32(255), stored["output"]
    with torch.inference_mode():
        found = network(torch.tensor(faces)).numpy()
        last = network(torch.tensor(faces[1:, :, 4])).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=0)
    np.testing.assert_allclose(last, found[9:], atol=1e-5, rtol=0)
    with pytest.raises(ModelError, match="holds a visual quality discriminator, and a lip generator is needed"):
        LipModel(checkpoint, "cpu")


@pytest.mark.parametrize("width", [0.05, 0.5])
def test_every_width_joins_up_and_only_the_lower_half_counts(width: float) -> None:
    torch.manual_seed(0)
    network = Discriminator(width).eval()
    faces = torch.rand(2, 3, 96, 96)
    other = faces.clone()
    other[:, :, :48] = 0
    with torch.inference_mode():
        found, same = network(faces), network(other)
    assert found.shape == (2, 1)
    torch.testing.assert_close(found, same)
    assert 0 < float(found.min()) <= float(found.max()) < 1
