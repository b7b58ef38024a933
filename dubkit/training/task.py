"""What the one training loop needs to know of the network it trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from dubkit.errors import InputError
from dubkit.lipsync import CLOCK_RATE, Checkpoint, ModelConfig, load_checkpoint
from dubkit.lipsync.architecture import GENERATOR, WARPING_GENERATOR, build_network
from dubkit.training.dataset import Batch
from dubkit.training.settings import ModelSettings, TrainSettings

__all__ = [
    "Report",
    "Task",
    "Wrap",
    "encoded_features",
    "generator_config",
    "network_checkpoint",
    "seconds",
    "started_network",
    "to_tensors",
]

Module = TypeVar("Module", bound=nn.Module)
Wrap = Callable[[nn.Module], nn.Module]
"""Makes a player run on all devices at once."""


@dataclass(frozen=True)
class Report:
    """What a look at held-out clips found.

    Attributes:
        numbers: Name -> value, for the curve.
        sheet: (h, w, 3) BGR picture to look at; None where there is nothing to see.
    """

    numbers: Mapping[str, float]
    sheet: npt.NDArray[np.uint8] | None = None


class Task(Protocol):
    """One kind of training."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Name -> everything whose weights are learned and kept."""
        ...

    @property
    def products(self) -> Mapping[str, ModelConfig]:
        """Name of each of ``networks`` that is worth having afterwards -> how it is used."""
        ...

    @property
    def state(self) -> dict[str, Any]:
        """What else must be kept so that a resumed run goes on alike: plain numbers."""
        ...

    def players(self, step: int) -> Mapping[str, nn.Module]:
        """Name -> module whose parameters learn in this step."""
        ...

    def batch(self, draw: tuple[int, ...]) -> Batch:
        """The batch of a draw (step first); called from several threads."""
        ...

    def losses(self, step: int, batch: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Mapping[str, Tensor]]]:
        """Player, loss and parts of the loss, one player after the other; each is stepped back through at once."""
        ...

    def finished(self, network: nn.Module) -> nn.Module:
        """What is saved for use of one of ``products``, whose network or running mean is given."""
        ...

    def evaluate(self, networks: Mapping[str, nn.Module]) -> Report:
        """Look at held-out clips with ``networks`` (those of ``products``, in eval mode)."""
        ...


def generator_config(model: ModelSettings) -> ModelConfig:
    """How a generator is used that is trained as ``model`` says."""
    architecture = WARPING_GENERATOR if model.moves else GENERATOR
    return ModelConfig(architecture, model.width, mel_offset_frames=model.mel_offset_frames, reference=model.reference)


def started_network(settings: TrainSettings, config: ModelConfig, kind: type[Module]) -> Module:
    """The network to train: with the weights of ``settings.model.start``, or random ones that the seed decides.

    Raises:
        InputError: if the checkpoint has another width.
        ModelError: if it is of another architecture, or cannot be read.
    """
    torch.manual_seed(settings.seed)
    network = build_network(config.architecture, config.width)
    assert isinstance(network, kind)
    if settings.model.start:
        start = load_checkpoint(settings.model.start)
        kinds = (GENERATOR,) if config.architecture == WARPING_GENERATOR else ()
        start.require(config.architecture, *kinds, path=settings.model.start)
        if start.config.width != config.width:
            raise InputError(
                f"has width {start.config.width:g}, and the settings say {config.width:g}",
                path=settings.model.start,
                remedy="set model.width to the width of the checkpoint to start from",
            )
        weights = {name: torch.tensor(value) for name, value in start.state.items()}
        # What moves pixels is new where a generator that only paints learns to.
        network.load_state_dict(weights, strict=start.config.architecture == config.architecture)
    # A tenth to a third faster on processors and on tensor cores; the function is the same.
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    return network


def network_checkpoint(network: nn.Module, config: ModelConfig) -> Checkpoint:
    """The weights of ``network`` as they are now."""
    return Checkpoint(config, {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()})


def encoded_features(encoder: nn.Module) -> int:
    """Length of the vector that an encoder ends in."""
    return [module.out_channels for module in encoder.modules() if isinstance(module, nn.Conv2d)][-1]


def to_tensors(batch: Batch, device: torch.device) -> dict[str, Tensor]:
    """A batch on its device."""
    return {
        name: torch.from_numpy(np.ascontiguousarray(value)).to(device, non_blocking=True)
        for name, value in batch.items()
    }


def seconds(frames: int) -> Fraction:
    """Seconds of ``frames`` of the 25 fps clock that networks are trained on."""
    return Fraction(frames, CLOCK_RATE)
