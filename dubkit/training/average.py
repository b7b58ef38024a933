"""A running mean of weights, which draws steadier than any of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import nn

__all__ = ["RunningMean"]


class RunningMean:
    """Copies of networks whose weights follow theirs slowly.

    Args:
        networks: Name -> network.
        decay: Share of the mean that stays at each step. Early on it is less, (1 + steps) / (10 + steps), so that the
            first weights are soon forgotten.
    """

    def __init__(self, networks: Mapping[str, nn.Module], decay: float) -> None:
        self.networks = {
            name: copy.deepcopy(network).eval().requires_grad_(False) for name, network in networks.items()
        }
        self._decay = decay

    @torch.no_grad()
    def follow(self, networks: Mapping[str, nn.Module], step: int) -> None:
        """Take in the weights after ``step`` steps; statistics and counters are taken over as they are."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, mean in self.networks.items():
            for kept, now in zip(mean.parameters(), networks[name].parameters(), strict=True):
                kept.lerp_(now.detach(), 1 - decay)
            for held, there in zip(mean.buffers(), networks[name].buffers(), strict=True):
                held.copy_(there)


def _twin(network: nn.Module) -> nn.Module:
    return copy.deepcopy(network).eval().requires_grad_(False)
