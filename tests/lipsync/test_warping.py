from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import ModelError
from dubkit.lipsync import Checkpoint, LipModel, ModelConfig, load_checkpoint, load_model, save_checkpoint, synthesize
from dubkit.lipsync.architecture import EXPERT, GENERATORS, WARPING_GENERATOR, recognise
from dubkit.lipsync.warping import WarpingGenerator
from dubkit.training.task import network_checkpoint


def made_network(*, paints: float = 0.0) -> WarpingGenerator:
    """Random weights that move pixels by several; ``paints`` are log odds added to what is painted."""
    torch.manual_seed(3)
    network = WarpingGenerator(0.0625)
    heard, faces = some_faces(8)
    with torch.no_grad():
        weight, bias = network.motion_block[-1].parameters()
        weight.mul_(20)
        bias[0] += paints
        for _ in range(30):
            network.draw(heard, faces)  # so that norms are of what there is
    return network.eval()


def made_checkpoint() -> Checkpoint:
    return network_checkpoint(made_network(), ModelConfig(WARPING_GENERATOR, 0.0625))


def some_faces(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, 512 scaled, 1, 1) heard, (n, 6, 96, 96) faces."""
    random = torch.Generator().manual_seed(5)
    return torch.rand(count, 32, 1, 1, generator=random), torch.rand(count, 6, 96, 96, generator=random)


def still(network: WarpingGenerator, right: float, down: float) -> None:
    """Make it move everything alike, and paint nothing."""
    with torch.no_grad():
        weight, bias = network.motion_block[-1].parameters()
        weight.zero_()
        bias.copy_(torch.tensor([-40.0, right / 8, down / 8]))


@settings(max_examples=10, deadline=None)
@given(right=st.integers(-12, 12), down=st.integers(-12, 12))
def test_where_a_pixel_comes_from_is_said_in_pixels(right: int, down: int) -> None:
    network = WarpingGenerator(0.0625).eval()
    still(network, right, down)
    heard, faces = some_faces(1)
    with torch.inference_mode():
        made = network.draw(heard, faces)
    reference = faces[0, 3:]
    rows = (torch.arange(96) + down).clamp(0, 95)
    columns = (torch.arange(96) + right).clamp(0, 95)
    torch.testing.assert_close(made[0], reference[:, rows][:, :, columns], atol=1e-4, rtol=0)


def test_the_reference_comes_out_where_nothing_moves() -> None:
    network = made_network()
    still(network, 0, 0)
    heard, faces = some_faces(2)
    with torch.inference_mode():
        torch.testing.assert_close(network.draw(heard, faces), faces[:, 3:], atol=1e-5, rtol=0)


def test_what_is_painted_covers_what_is_moved() -> None:
    heard, faces = some_faces(2)
    with torch.inference_mode():
        network = made_network(paints=200)
        painted = network._painted(network._decoded(heard, faces)[-1])
        torch.testing.assert_close(network.draw(heard, faces), painted)
        mixed = made_network().move(heard, faces)
        painted = made_network()._painted(made_network()._decoded(heard, faces)[-1])
    assert mixed.flow.abs().max() > 1
    low, high = torch.minimum(mixed.moved, painted), torch.maximum(mixed.moved, painted)
    assert ((low - 1e-6 <= mixed.made) & (mixed.made <= high + 1e-6)).all()


def test_a_mouth_moves_with_what_is_heard_and_learns_to() -> None:
    network = made_network()
    heard, faces = some_faces(2)
    assert (network.draw(heard, faces) - network.draw(heard.flip(0), faces)).abs().mean() > 1e-4
    wanted = faces[:, 3:].roll(3, 2)
    optimizer = torch.optim.Adam(network.motion_block.parameters(), 3e-3)
    errors = []
    for _ in range(40):
        error = (network.move(heard, faces).made - wanted).abs().mean()
        errors.append(error.item())
        optimizer.zero_grad()
        torch.autograd.backward(error)
        optimizer.step()
    assert errors[-1] < 0.93 * errors[0]


def test_stored_and_found_again_it_is_a_generator_that_dubbing_can_use(tmp_path: Path) -> None:
    path = tmp_path / "moves.safetensors"
    checkpoint = made_checkpoint()
    save_checkpoint(path, checkpoint)
    again = load_checkpoint(path)
    assert again.config == checkpoint.config
    assert recognise(again.state) == WARPING_GENERATOR
    again.require(*GENERATORS)
    with pytest.raises(ModelError, match=r"holds a lip generator, and a lip-sync expert .* needed"):
        again.require(EXPERT)
    faces = np.random.default_rng(0).random((3, 96, 96, 3), np.float32)
    lips = synthesize(load_model(path, "cpu"), faces, faces[:1], np.full((3, 80, 16), -4.0, np.float32))
    assert lips.shape == faces.shape
    assert lips.min() >= 0
    assert lips.max() <= 1


def test_it_draws_as_fast_as_it_can_what_it_draws_slowly() -> None:
    """Folded, laid out anew and prepacked; alone and beside others."""
    checkpoint = made_checkpoint()
    model = LipModel(checkpoint, "cpu", precision="fp32")
    random = np.random.default_rng(1)
    windows = random.uniform(-4, 4, (5, 80, 16)).astype(np.float32)
    faces = random.random((5, 6, 96, 96), np.float32)
    with torch.inference_mode():
        plain = made_network()(torch.tensor(windows)[:, None], torch.tensor(faces)).numpy()
    found = model.run(windows, faces)
    np.testing.assert_allclose(found, plain, atol=1e-4, rtol=0)
    np.testing.assert_array_equal(model.run(windows[2:3], faces[2:3])[0], found[2])


def test_in_half_the_numbers_places_stay_exact() -> None:
    coarse = torch.rand(1, 6, 8, 8, generator=torch.Generator().manual_seed(2))
    faces = torch.nn.functional.interpolate(coarse, (96, 96), mode="bilinear").numpy()
    windows = np.zeros((1, 80, 16), np.float32)
    exact, half = (LipModel(made_checkpoint(), "cpu", precision=each).run(windows, faces) for each in ("fp32", "bf16"))
    assert half.dtype == np.float32
    assert np.abs(exact - half).mean() < 0.02
