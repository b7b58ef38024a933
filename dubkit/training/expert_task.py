"""Training an expert: which of a clip's sounds belongs to these lips?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dubkit.lipsync import Expert, ModelConfig
from dubkit.lipsync.architecture import EXPERT
from dubkit.lipsync.expert import CLIP_FRAMES
from dubkit.training.data_settings import AugmentSettings
from dubkit.training.dataset import Batch, ClipDraws
from dubkit.training.index import HELD_OUT, TRAIN, PreparedClips
from dubkit.training.losses import clip_pairs, pair_accuracy, paired_sync
from dubkit.training.players import ExpertPlayer
from dubkit.training.settings import TrainSettings
from dubkit.training.shapes import ClipShapes
from dubkit.training.task import Report, Wrap, seconds, started_network, to_tensors
from dubkit.training.warm_up import WarmUp

__all__ = ["ExpertTask"]

_HELD_OUT_WINDOWS = 4


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
        self._player = wrap(ExpertPlayer(self._expert, settings.expert, settings.data.windows))
        shapes = ClipShapes(prepared, settings.warm_up.components)
        encoders = {"faces": self._expert.face_encoder, "windows": self._expert.audio_encoder}
        self._warm_up = WarmUp(settings.warm_up, self._draws, shapes, encoders, device, wrap)

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The expert, and the heads of its warm-up."""
        return {"expert": self._expert, **self._warm_up.networks}

    def players(self, step: int) -> Mapping[str, nn.Module]:
        """The warm-up, then the expert."""
        return self._warm_up.players if self._warm_up.covers(step) else {"expert": self._player}

    def batch(self, draw: tuple[int, ...]) -> Batch:
        """Of the warm-up or of the expert, by the step."""
        if self._warm_up.covers(draw[0]):
            return self._warm_up.batch(draw)
        return self._draws.expert_batch(draw, self._offset)

    def losses(self, step: int, batch: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Mapping[str, Tensor]]]:
        """The one player's."""
        if self._warm_up.covers(step):
            yield self._warm_up.loss(batch)
            return
        loss, numbers = self._player(batch)
        yield "expert", loss, numbers

    def finished(self, network: nn.Module) -> nn.Module:
        """The network as it is."""
        return network

    def evaluate(self, networks: Mapping[str, nn.Module]) -> Report:
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
        return Report({"held_out_loss": float(loss), "held_out_accuracy": float(accuracy)})
