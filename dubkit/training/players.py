"""Who learns: modules that turn a batch into a loss, so that one wrapper makes each of them run on many devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from dubkit.lipsync import Discriminator, Expert, Generator
from dubkit.training.losses import (
    binary_sync,
    clip_contrast,
    clip_pairs,
    motion_l1,
    pair_accuracy,
    paired_sync,
    shape_error,
    weighted_l1,
)
from dubkit.training.settings import ExpertLoss, GeneratorLoss

__all__ = ["DiscriminatorPlayer", "ExpertPlayer", "GeneratorPlayer", "Outcome", "WarmUpPlayer", "Weights"]

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Outcome:
    """What a player made of a batch.

    Attributes:
        loss: What is to become small.
        numbers: What it consists of, for the curve.
        made: Pictures that were made, (clips, 3, 5, h, w), without gradients; empty of other players.
    """

    loss: Tensor
    numbers: Mapping[str, Tensor]
    made: Tensor


@dataclass(frozen=True)
class Weights:
    """Weights of the generator's losses at this moment of the schedule."""

    sync: float
    adversarial: float


class WarmUpPlayer(nn.Module):
    """Encoders that learn to say, through a linear layer each, what shape the mouth has in five frames.

    Args:
        encoders: Name of what each looks at in a batch -> the encoder.
        features: Width of their output.
        outputs: Numbers to say.
    """

    def __init__(self, encoders: Mapping[str, nn.Module], features: int, outputs: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.heads = nn.ModuleDict({name: nn.Linear(features, outputs) for name in encoders})

    def forward(self, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean squared error of all of them, and each one's share of the variance left unexplained."""
        wanted = batch["shapes"]
        losses, numbers = [], {}
        for name, encoder in self.encoders.items():
            error = (self.heads[name](encoder(batch[name]).flatten(1)).float() - wanted).square().mean()
            losses.append(error)
            numbers[f"unexplained_{name}"] = error.detach() / wanted.var(dim=0, correction=0).mean()
        return torch.stack(losses).sum(), numbers


class ExpertPlayer(nn.Module):
    """An expert that learns which of a clip's sounds belongs to which of its lips.

    Args:
        expert: The network.
        loss: What it is punished for.
        windows: Groups of each clip in a batch.
    """

    def __init__(self, expert: Expert, loss: ExpertLoss, windows: int) -> None:
        super().__init__()
        self.expert = expert
        self._loss = loss
        self._windows = windows

    def forward(self, batch: Tensors) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted losses."""
        sound, faces = self.expert(batch["windows"], batch["faces"])
        pairs = clip_pairs(sound, faces, self._windows)
        binary = paired_sync(pairs)
        contrast = clip_contrast(pairs, self._loss.temperature)
        numbers = {"binary": binary.detach(), "contrast": contrast.detach(), "accuracy": pair_accuracy(pairs.detach())}
        return self._loss.binary * binary + self._loss.contrast * contrast, numbers


class GeneratorPlayer(nn.Module):
    """A generator that learns to draw what was there, to convince the expert, and perhaps to fool a discriminator.

    Args:
        generator: The network.
        sync: (lips (clips, 15, 48, 96), windows) -> cosine with the frozen expert; gradients pass through.
        odds: (clips, 3, 5, h, w) -> log odds of each frame being a photograph; gradients pass through.
        basis: (k, pixels) directions in which mouths change.
        loss: What it is punished for.
    """

    def __init__(
        self,
        generator: Generator,
        sync: Callable[[Tensor, Tensor], Tensor],
        odds: Callable[[Tensor], Tensor],
        basis: Tensor,
        loss: GeneratorLoss,
    ) -> None:
        super().__init__()
        self.generator = generator
        self._sync = sync
        self._odds = odds
        self._basis: Tensor
        self.register_buffer("_basis", basis, persistent=False)
        self._loss = loss

    def forward(self, batch: Tensors, weights: Weights) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """The weighted losses, their parts, and the pictures."""
        wanted, loss = batch["faces"], self._loss
        made = self.generator(batch["windows"], masked_input(wanted, batch["references"]))
        flat_made, flat_wanted = frames_of(made), frames_of(wanted)
        parts = {
            "l1": weighted_l1(flat_made, flat_wanted, loss.mouth),
            "sync": sync_error(self._sync, made, batch["sync_windows"], keep=weights.sync > 0),
        }
        total = (1 - weights.sync - weights.adversarial) * parts["l1"]
        if weights.sync:
            total = total + weights.sync * parts["sync"]
        if weights.adversarial:
            parts["adversarial"] = functional.softplus(-self._odds(made).float()).mean()
            total = total + weights.adversarial * parts["adversarial"]
        if loss.shape:
            parts["shape"] = shape_error(flat_made, flat_wanted, self._basis)
            total = total + loss.shape * parts["shape"]
        if loss.motion:
            parts["motion"] = motion_l1(made, wanted)
            total = total + loss.motion * parts["motion"]
        return total, {name: part.detach() for name, part in parts.items()}, made.detach()


class DiscriminatorPlayer(nn.Module):
    """A discriminator that learns to tell photographs from what a generator made.

    Args:
        discriminator: The network.
    """

    def __init__(self, discriminator: Discriminator) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, real: Tensor, made: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean of both cross-entropies, for (clips, 3, 5, h, w) photographs and as many pictures that were made."""
        # Binary cross-entropy of log odds x is softplus(-x) for what is a photograph, softplus(x) for what is not.
        losses = {
            "photographs": functional.softplus(-self.discriminator.weigh(real).float()).mean(),
            "made": functional.softplus(self.discriminator.weigh(made).float()).mean(),
        }
        return (losses["photographs"] + losses["made"]) / 2, {name: loss.detach() for name, loss in losses.items()}


def masked_input(faces: Tensor, references: Tensor) -> Tensor:
    """(clips, 6, 5, h, w): the faces with their lower half taken out, then the references."""
    hidden = faces.clone()
    hidden[..., faces.shape[-2] // 2 :, :] = 0
    return torch.cat((hidden, references), dim=1)


def masked_frames(faces: Tensor, references: Tensor) -> Tensor:
    """(n, 6, h, w): as :func:`masked_input`, of (n, 3, h, w) single frames."""
    return masked_input(faces[:, :, None], references[:, :, None])[:, :, 0]


def frames_of(clips: Tensor) -> Tensor:
    """(clips, 3, t, h, w) to (clips x t, 3, h, w)."""
    return clips.transpose(1, 2).flatten(0, 1)


def stacked_lips(clips: Tensor) -> Tensor:
    """(clips, 3, 5, h, w) to the expert's (clips, 15, h/2, w)."""
    lower = clips[..., clips.shape[-2] // 2 :, :]
    return lower.transpose(1, 2).flatten(1, 2)


def sync_error(sync: Callable[[Tensor, Tensor], Tensor], made: Tensor, windows: Tensor, *, keep: bool) -> Tensor:
    """The expert's cross-entropy for lips that should go with their sound; with gradients only where wanted."""
    with torch.set_grad_enabled(keep and torch.is_grad_enabled()):
        cosine = sync(stacked_lips(made), windows)
        return binary_sync(cosine, torch.ones_like(cosine))
