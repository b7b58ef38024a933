from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from dubkit.lipsync import Checkpoint, Generator, LipModel, ModelConfig
from dubkit.lipsync.blocks import fold_batch_norm, scaled
from tests.lipsync.golden_rule import golden_layout


def test_layers_are_named_and_shaped_as_published() -> None:
    with torch.device("meta"):
        network = Generator()
    found = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    assert found == golden_layout("wav2lip_generator")
    assert sum(parameter.numel() for parameter in network.parameters()) == 36_298_035


def test_pixels_are_those_of_the_published_network(
    full_state: dict[str, npt.NDArray[Any]], golden: dict[str, npt.NDArray[np.float32]]
) -> None:
    network = Generator().eval()
    network.load_state_dict({name: torch.tensor(value) for name, value in full_state.items()})
    windows, faces = torch.tensor(golden["windows"]).unsqueeze(1), torch.tensor(golden["faces"])
    with torch.inference_mode():
        plain = network(windows, faces)
        clip = network(windows.unsqueeze(0), faces.transpose(0, 1).unsqueeze(0))
    np.testing.assert_allclose(plain.numpy(), golden["output"], atol=1e-4, rtol=0)
    assert clip.shape == (1, 3, 2, 96, 96)
    np.testing.assert_allclose(clip[0].transpose(0, 1).numpy(), plain.numpy(), atol=1e-5, rtol=0)


def test_model_gives_the_published_pixels_too(
    full_state: dict[str, npt.NDArray[Any]], golden: dict[str, npt.NDArray[np.float32]]
) -> None:
    model = LipModel(Checkpoint(ModelConfig(), full_state), "cpu")
    found = model.run(golden["windows"], golden["faces"])
    np.testing.assert_allclose(found, golden["output"], atol=1e-4, rtol=0)


def test_several_clips_keep_their_order_in_time() -> None:
    torch.manual_seed(0)
    network = Generator(0.05).eval()
    windows, faces = torch.rand(2, 5, 1, 80, 16), torch.rand(2, 6, 5, 96, 96)
    with torch.inference_mode():
        together = network(windows, faces)
        alone = network(windows[1, 3:4], faces[1, :, 3].unsqueeze(0))
    assert together.shape == (2, 3, 5, 96, 96)
    torch.testing.assert_close(together[1, :, 3], alone[0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("width", [0.05, 0.25, 0.3, 0.5])
def test_every_width_joins_up(width: float) -> None:
    network = Generator(width).eval()
    with torch.inference_mode():
        found = network(torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96))
    assert found.shape == (1, 3, 96, 96)
    assert 0.0 <= float(found.min()) <= float(found.max()) <= 1.0


def test_width_scales_channels_and_never_to_none() -> None:
    assert [scaled(channels, 0.25) for channels in (16, 384, 512)] == [4, 96, 128]
    assert scaled(16, 0.01) == 1


def test_folding_batch_norm_changes_nothing_seen() -> None:
    torch.manual_seed(1)
    network = Generator(0.1)
    windows, faces = torch.rand(4, 1, 80, 16) * 8 - 4, torch.rand(4, 6, 96, 96)
    with torch.no_grad():
        for _ in range(3):
            network(windows, faces)  # moves the running statistics away from 0 and 1
        network.eval()
        before = network(windows, faces)
        fold_batch_norm(network)
        after = network(windows, faces)
    assert not any("conv_block.1" in name for name in network.state_dict())
    torch.testing.assert_close(after, before, atol=1e-5, rtol=0)
