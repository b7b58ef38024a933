"""The first steps of a training, in which encoders learn to say what shape the mouth has."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dubkit.lipsync.expert import CLIP_FRAMES
from dubkit.training.dataset import Batch, ClipDraws
from dubkit.training.players import WarmUpPlayer
from dubkit.training.settings import WarmUpSettings
from dubkit.training.shapes import ClipShapes
from dubkit.training.task import Wrap, encoded_features, seconds

__all__ = ["WarmUp"]


class WarmUp:
    """A warm-up, if there is one.

    Args:
        settings: How long, and how.
        draws: Where its batches come from.
        shapes: The shapes of all mouths.
        encoders: Name of what each looks at in a batch -> the encoder.
        device: Where they run.
        wrap: Makes a player run on all devices.

    Attributes:
        players: Who learns, under the name ``warm_up``; nobody where there is no warm-up.
        networks: What is learned beside the encoders.
    """

    def __init__(
        self,
        settings: WarmUpSettings,
        draws: ClipDraws,
        shapes: ClipShapes,
        encoders: Mapping[str, nn.Module],
        device: torch.device,
        wrap: Wrap,
    ) -> None:
        self._settings, self._draws, self._shapes = settings, draws, shapes
        self.players: Mapping[str, nn.Module] = {}
        self.networks: Mapping[str, nn.Module] = {}
        if settings.steps:
            _ = shapes.basis  # found here, before several threads ask for it at once
            features = encoded_features(next(iter(encoders.values())))
            player = WarmUpPlayer(encoders, features, CLIP_FRAMES * settings.components).to(device)
            self.players = {"warm_up": wrap(player)}
            self.networks = {"heads": player.heads}

    def covers(self, step: int) -> bool:
        """Whether ``step`` belongs to it."""
        return step < self._settings.steps

    def batch(self, draw: tuple[int, ...]) -> Batch:
        """As :meth:`ClipDraws.warm_up_batch`; the sound is that of the five frames themselves."""
        return self._draws.warm_up_batch(draw, self._settings.batch, seconds(0), self._shapes)

    def loss(self, batch: Mapping[str, Tensor]) -> tuple[str, Tensor, Mapping[str, Tensor]]:
        """Its player's name, its loss, and the parts of it."""
        loss, numbers = self.players["warm_up"](batch)
        return "warm_up", loss, numbers
