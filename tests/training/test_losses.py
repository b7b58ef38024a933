from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dubkit.training.losses import (
    binary_sync,
    blurred,
    clip_contrast,
    clip_pairs,
    lower_l1,
    motion_l1,
    mouth_shape,
    pair_accuracy,
    paired_sync,
    roughness,
    shape_error,
    weighted_l1,
)
from dubkit.training.shapes import MouthBasis, mouth_bounds, mouth_pixels


def embeddings(clips: int, windows: int) -> torch.Tensor:
    """Of length 1, nowhere negative, and at right angles within a clip."""
    return torch.eye(windows).repeat(clips, 1)


def test_the_papers_loss_is_binary_cross_entropy_of_the_cosine() -> None:
    cosine = torch.tensor([0.9, 0.2])
    together = torch.tensor([1.0, 0.0])
    assert float(binary_sync(cosine, together)) == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2, rel=1e-3)
    assert math.isfinite(float(binary_sync(torch.tensor([0.0, 1.0]), together)))


def test_pairs_are_of_one_clip_and_right_ones_on_the_diagonal() -> None:
    sound, faces = embeddings(2, 3), embeddings(2, 3)
    pairs = clip_pairs(sound, faces, 3)
    assert pairs.shape == (2, 3, 3)
    assert torch.equal(pairs, torch.eye(3).expand(2, 3, 3))
    assert float(pair_accuracy(pairs)) == 1
    assert float(paired_sync(pairs)) < 1e-3
    assert float(clip_contrast(pairs, 0.07)) < 1e-3


def test_an_expert_that_says_nothing_is_at_chance() -> None:
    pairs = torch.full((2, 4, 4), 0.5)
    assert float(paired_sync(pairs)) == pytest.approx(math.log(2))
    assert float(clip_contrast(pairs, 0.07)) == pytest.approx(math.log(4))
    assert float(pair_accuracy(pairs)) == 0.5


def test_right_and_wrong_pairs_weigh_as_much_together() -> None:
    """However many wrong sounds there are: an expert that calls everything synced gains nothing."""
    for windows in (2, 8):
        yes = torch.full((1, windows, windows), 0.9)
        assert float(paired_sync(yes)) == pytest.approx(-(math.log(0.9) + math.log(0.1)) / 2, rel=1e-3)


def test_contrast_is_symmetric_in_lips_and_sounds() -> None:
    pairs = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    assert float(clip_contrast(pairs, 0.1)) == pytest.approx(float(clip_contrast(pairs.transpose(1, 2), 0.1)))


def test_a_difference_in_the_mouth_weighs_more_and_elsewhere_less() -> None:
    wanted = torch.zeros(1, 3, 96, 96)
    rows, columns = mouth_bounds(96)
    inside, outside = wanted.clone(), wanted.clone()
    inside[:, :, rows.start, columns.start] = 1
    outside[:, :, 0, 0] = 1
    assert float(weighted_l1(inside, wanted, 4)) == pytest.approx(4 * float(weighted_l1(outside, wanted, 4)))
    assert float(weighted_l1(inside, wanted, 1)) == pytest.approx(float((inside - wanted).abs().mean()))
    everywhere = torch.full_like(wanted, 0.3)
    assert float(weighted_l1(everywhere, wanted, 4)) == pytest.approx(0.3)


def test_shapes_of_tensors_are_those_of_arrays() -> None:
    draw = np.random.default_rng(0)
    faces = draw.integers(0, 256, (3, 96, 96, 3), np.uint8)
    directions, _ = np.linalg.qr(draw.normal(size=(mouth_pixels(faces).shape[1], 4)))
    basis = MouthBasis(np.asarray(directions.T, np.float32), 0.5)
    tensor = torch.from_numpy(faces.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    found = mouth_shape(tensor, torch.from_numpy(basis.components / basis.scale))
    centred = found - found.mean(dim=0)
    assert np.allclose(centred.numpy(), basis.measure(faces), atol=1e-4)
    assert float(shape_error(tensor, tensor, torch.from_numpy(basis.components))) == 0


def test_motion_is_what_changes_between_frames() -> None:
    moving = torch.rand(2, 3, 5, 8, 8, generator=torch.Generator().manual_seed(0))
    assert float(motion_l1(moving + 0.5, moving)) == pytest.approx(0, abs=1e-6)
    assert float(motion_l1(moving[:, :, :1].expand_as(moving), moving)) > 0.1


def test_in_the_lower_half_lips_count_most_and_the_upper_half_hardly() -> None:
    wanted = torch.zeros(1, 3, 96, 96)

    def error(row: int, column: int) -> float:
        made = wanted.clone()
        made[..., row, column] = 1
        return float(lower_l1(made, wanted, 8.0, 16.0))

    elsewhere, mouth, lips, above = error(94, 2), error(54, 26), error(70, 48), error(20, 48)
    assert mouth == pytest.approx(8 * elsewhere)
    assert lips == pytest.approx(16 * elsewhere)
    assert above == pytest.approx(elsewhere / 20)


def test_blurring_keeps_what_is_even_and_spreads_what_is_not() -> None:
    even = torch.full((1, 3, 20, 24), 0.4)
    torch.testing.assert_close(blurred(even), even)
    dot = torch.zeros(1, 1, 21, 21)
    dot[..., 10, 10] = 1
    spread = blurred(dot)
    assert float(spread.sum()) == pytest.approx(1)
    assert int((spread[0, 0, 10] > 0).sum()) == 9


def test_a_field_is_rough_by_its_steps() -> None:
    ramp = torch.arange(8.0).expand(1, 2, 6, 8)
    assert float(roughness(ramp)) == pytest.approx(1)
    assert float(roughness(torch.ones(1, 2, 6, 8))) == 0
