"""What networks are punished for, as pure functions of tensors."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from dubkit.training.shapes import MouthBasis, lip_bounds, mouth_bounds

__all__ = [
    "binary_sync",
    "blurred",
    "clip_contrast",
    "clip_pairs",
    "edge_l1",
    "lower_l1",
    "motion_l1",
    "pair_accuracy",
    "roughness",
    "shape_error",
    "weighted_l1",
]

_EDGE = 1e-4  # cosines are squeezed this far from 0 and 1, where their logarithm ends
_LUMA = (0.114, 0.587, 0.299)


def binary_sync(cosine: Tensor, together: Tensor) -> Tensor:
    """Binary cross-entropy of cosines 0..1 (any shape) with 1 where lips and sound belong together (same shape)."""
    return functional.binary_cross_entropy(_EDGE + (1 - 2 * _EDGE) * cosine.float().clamp(0, 1), together)


def clip_pairs(sound: Tensor, faces: Tensor, windows: int) -> Tensor:
    """(clips, windows, windows) cosines of each group of lips (rows) with each sound (columns) of its clip.

    Args:
        sound: (clips x windows, d), of length 1, clip by clip.
        faces: The same of the lips.
        windows: Groups of each clip.
    """
    shape = (-1, windows, sound.shape[1])
    return faces.float().reshape(shape) @ sound.float().reshape(shape).transpose(1, 2)


def paired_sync(pairs: Tensor) -> Tensor:
    """:func:`binary_sync` over :func:`clip_pairs`: as much weight on those that belong together as on all others."""
    count = pairs.shape[1]
    together = torch.eye(count, device=pairs.device).expand_as(pairs)
    right = binary_sync(torch.diagonal(pairs, dim1=1, dim2=2), torch.ones(pairs.shape[:2], device=pairs.device))
    wrong = binary_sync(pairs[together == 0], torch.zeros(int((together == 0).sum()), device=pairs.device))
    return (right + wrong) / 2


def clip_contrast(pairs: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding the right sound for each lips of a clip, and the right lips for each sound."""
    clips, count = pairs.shape[:2]
    right = torch.arange(count, device=pairs.device).expand(clips, count)
    scores = pairs / temperature
    rows = functional.cross_entropy(scores.reshape(-1, count), right.reshape(-1))
    columns = functional.cross_entropy(scores.transpose(1, 2).reshape(-1, count), right.reshape(-1))
    return (rows + columns) / 2


def pair_accuracy(pairs: Tensor) -> Tensor:
    """Share of wrong sounds that are farther from the lips than the right one is; ties count half."""
    right = torch.diagonal(pairs, dim1=1, dim2=2)[..., None]
    others = ~torch.eye(pairs.shape[1], dtype=torch.bool, device=pairs.device).expand_as(pairs)
    won = (right > pairs).float() + (right == pairs).float() / 2
    return won[others].mean()


def weighted_l1(made: Tensor, wanted: Tensor, mouth: float) -> Tensor:
    """Mean absolute difference of (n, 3, h, w), a pixel of the mouth region weighing ``mouth`` times one outside."""
    weight = torch.ones(made.shape[-2:], device=made.device)
    weight[mouth_bounds(made.shape[-1])] = mouth
    return ((made.float() - wanted).abs() * (weight / weight.mean())).mean()


def lower_l1(made: Tensor, wanted: Tensor, mouth: float, lips: float) -> Tensor:
    """As :func:`weighted_l1`, but for a pixel of the upper half, which nobody uses, weighing 1/20 of one below.

    A pixel of the lips weighs ``lips`` times as much as one of the lower half outside the mouth region.
    """
    weight = torch.ones(made.shape[-2:], device=made.device)
    weight[: made.shape[-2] // 2] = 0.05
    weight[mouth_bounds(made.shape[-1])] = mouth
    weight[lip_bounds(made.shape[-1])] = lips
    return ((made.float() - wanted).abs() * (weight / weight.mean())).mean()


def edge_l1(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of the steps from pixel to pixel, across and down, of (n, 3, h, w) mouth regions."""
    rows, columns = mouth_bounds(made.shape[-1])
    # The difference of two steps is the step of the difference.
    return roughness((made.float() - wanted)[..., rows, columns])


def mouth_l1(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of (n, 3, h, w) inside the mouth region."""
    rows, columns = mouth_bounds(made.shape[-1])
    return (made[..., rows, columns].float() - wanted[..., rows, columns]).abs().mean()


def motion_l1(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference between the changes from frame to frame of (clips, 3, frames, h, w)."""
    return (torch.diff(made.float(), dim=2) - torch.diff(wanted, dim=2)).abs().mean()


def mouth_shape(faces: Tensor, basis: Tensor) -> Tensor:
    """(n, k) places of (n, 3, h, w) BGR 0..1 along ``basis`` (k, pixels), not centred."""
    rows, columns = mouth_bounds(faces.shape[-1])
    luma = (faces[..., rows, columns].float() * faces.new_tensor(_LUMA, dtype=torch.float32)[:, None, None]).sum(1)
    return functional.avg_pool2d(luma[:, None], 2).flatten(1) @ basis.T


def shape_error(made: Tensor, wanted: Tensor, basis: Tensor) -> Tensor:
    """Mean squared error of (n, 3, h, w) along ``basis`` (k, pixels)."""
    return mouth_shape(made.float() - wanted, basis).square().mean()


def scaled_basis(basis: MouthBasis) -> Tensor:
    """(k, pixels): multiplied with mouth pixels it gives what :meth:`MouthBasis.measure` does, but for the mean."""
    return torch.from_numpy(basis.components / basis.scale)


def blurred(pictures: Tensor) -> Tensor:
    """(n, c, h, w) as wide as before, blurred by a triangle of 9 pixels; the edge counts only what is inside."""
    for _ in range(2):
        pictures = functional.avg_pool2d(pictures, 5, 1, 2, count_include_pad=False)
    return pictures


def roughness(field: Tensor) -> Tensor:
    """Mean absolute step from pixel to pixel of (n, c, h, w), to the right plus down."""
    return field.diff(dim=-1).abs().mean() + field.diff(dim=-2).abs().mean()
