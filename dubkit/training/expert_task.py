"""Training an expert: which of a clip's sounds belongs to these lips?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from dubkit.lipsync import Expert, ModelConfig
from dubkit.lipsync.architecture import EXPERT
from dubkit.lipsync.expert import CLIP_FRAMES
from dubkit.training.dataset import Batch, ClipDraws
from dubkit.training.index import HELD_OUT, TRAIN, PreparedClips
from dubkit.training.losses import clip_pairs, pair_accuracy, paired_sync
from dubkit.training.players import ExpertPlayer, WarmUpPlayer
from dubkit.training.settings import AugmentSettings, TrainSettings
from dubkit.training.shapes import ClipShapes
from dubkit.training.task import Wrap, encoded_features, seconds, started_network, to_tensors

__all__ = ["ExpertTask"]

_HELD_OUT_WINDOWS = 4


@dataclass(frozen=True)
class _Report:
    numbers: Mapping[str, float]
    sheet: npt.NDArray[np.uint8] | None = None


class ExpertTask:
    """An expert in training.

    Args:
        settings: How it is trained.
        prepared: The clips.
        device: Where it runs.
        wrap: Makes a player run on all devices.
    """

    def __init__(self, settings: TrainSettings, prepared: PreparedClips, device: torch.device, wrap: Wrap) -> None:
        model = settings.model
        self._settings = settings
        self._device = device
        self._offset = seconds(model.mel_offset_frames)
        config = ModelConfig(EXPERT, model.width, mel_offset_frames=model.mel_offset_frames)
        self.products: Mapping[str, ModelConfig] = {"expert": config}
        self.state: dict[str, Any] = {}
        self._expert = started_network(settings, config, Expert).to(device)
        self._draws = ClipDraws(prepared, TRAIN, settings.data, settings.seed)
        # Held-out sounds are told apart that even a person could: no two groups share a frame.
        held_out = replace(settings.data, windows=_HELD_OUT_WINDOWS, apart=CLIP_FRAMES, augment=AugmentSettings(flip=0))
        self._held_out = ClipDraws(prepared, HELD_OUT, held_out, settings.seed)
        player = ExpertPlayer(self._expert, settings.expert, settings.data.windows)
        self._player = wrap(player)
        warm = settings.warm_up
        self._networks: dict[str, nn.Module] = {"expert": self._expert}
        if warm.steps:
            self._shapes = ClipShapes(prepared, warm.components)
            encoders = {"faces": self._expert.face_encoder, "windows": self._expert.audio_encoder}
            features = encoded_features(self._expert.audio_encoder)
            warm_up = WarmUpPlayer(encoders, features, CLIP_FRAMES * warm.components).to(device)
            self._warm_up = wrap(warm_up)
            self._networks["heads"] = warm_up.heads

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The expert, and the heads of its warm-up."""
        return self._networks

    def players(self, step: int) -> Mapping[str, nn.Module]:
        """The warm-up, then the expert."""
        if step < self._settings.warm_up.steps:
            return {"warm_up": self._warm_up}
        return {"expert": self._player}

    def batch(self, draw: tuple[int, ...]) -> Batch:
        """Of the warm-up or of the expert, by the step."""
        if draw[0] < self._settings.warm_up.steps:
            return self._draws.warm_up_batch(draw, self._settings.warm_up.batch, seconds(0), self._shapes)
        return self._draws.expert_batch(draw, self._offset)

    def losses(self, step: int, batch: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Mapping[str, Tensor]]]:
        """The one player's."""
        for name, player in self.players(step).items():
            loss, numbers = player(batch)
            yield name, loss, numbers

    def evaluate(self, networks: Mapping[str, nn.Module]) -> _Report:
        """The paper's loss on held-out clips, and the share of wrong sounds found farther than the right one."""
        expert = networks["expert"]
        found = []
        with torch.inference_mode():
            for index in range(self._settings.run.held_out_batches):
                batch = to_tensors(self._held_out.expert_batch((index,), self._offset), self._device)
                sound, faces = expert(batch["windows"], batch["faces"])
                pairs = clip_pairs(sound, faces, _HELD_OUT_WINDOWS)
                found.append([float(paired_sync(pairs)), float(pair_accuracy(pairs))])
        loss, accuracy = np.mean(found, axis=0)
        return _Report({"held_out_loss": float(loss), "held_out_accuracy": float(accuracy)})
