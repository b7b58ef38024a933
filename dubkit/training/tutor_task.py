"""Training a generator under a tutor: first to draw what it is told, then to hear it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dubkit.lipsync import Generator, ModelConfig
from dubkit.training.data_settings import AugmentSettings
from dubkit.training.dataset import Batch, ClipDraws
from dubkit.training.index import HELD_OUT, TRAIN, PreparedClips
from dubkit.training.losses import mouth_l1, scaled_basis
from dubkit.training.players import masked_frames
from dubkit.training.settings import TrainSettings, TutorSettings
from dubkit.training.shapes import ClipShapes
from dubkit.training.sheet import picture_sheet
from dubkit.training.task import (
    Report,
    Wrap,
    encoded_features,
    generator_config,
    seconds,
    started_network,
    to_tensors,
)
from dubkit.training.tutor import DrawingPlayer, HearingPlayer, Taught, Tutor

__all__ = ["TutorTask"]

_PLAIN = TutorSettings(noise=0.0)
"""What a tutor sees and says of held-out faces."""


class TutorTask:
    """A generator and its tutor in training.

    Args:
        settings: How; ``settings.tutor.hearing`` steps at the end are for the sound.
        prepared: The clips.
        device: Where it runs.
        wrap: Makes a player run on all devices.
    """

    def __init__(self, settings: TrainSettings, prepared: PreparedClips, device: torch.device, wrap: Wrap) -> None:
        model, tutor = settings.model, settings.tutor
        self._settings, self._device = settings, device
        self._offset = seconds(model.mel_offset_frames)
        config = generator_config(model)
        self.products: dict[str, ModelConfig] = {"generator": config}
        self.state: dict[str, Any] = {}
        generator = started_network(settings, config, Generator)
        features = encoded_features(generator.audio_encoder)
        self._taught = Taught(generator, Tutor(tutor.codes, prepared.index.image_size, features), features).to(device)
        self._draws = ClipDraws(prepared, TRAIN, settings.data, settings.seed)
        plain = replace(settings.data, augment=AugmentSettings(flip=0))
        self._held_out = ClipDraws(prepared, HELD_OUT, plain, settings.seed)
        basis = scaled_basis(ClipShapes(prepared, settings.warm_up.components).basis)
        self._drawing = wrap(DrawingPlayer(self._taught, basis, tutor).to(device))
        self._hearing = wrap(HearingPlayer(self._taught, settings.data.windows))

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The generator with its tutor."""
        return {"generator": self._taught}

    def players(self, step: int) -> Mapping[str, nn.Module]:
        """Who draws, then who hears."""
        return {"hearing": self._hearing} if self._hears(step) else {"drawing": self._drawing}

    def batch(self, draw: tuple[int, ...]) -> Batch:
        """Faces to draw, or sounds and what is seen beside them, by the step."""
        if self._hears(draw[0]):
            return self._draws.heard_batch(draw, self._settings.tutor.batch, self._offset)
        return self._draws.drawn_batch(draw, self._settings.tutor, self._offset)

    def losses(self, step: int, batch: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Mapping[str, Tensor]]]:
        """The one player's; the tutor no longer learns once the sound does."""
        if not self._hears(step):
            loss, numbers = self._drawing(batch)
            yield "drawing", loss, numbers
            return
        self._taught.tutor.eval()
        with torch.no_grad():
            codes = self._taught.tutor.position(batch["mouths"])
        loss, numbers = self._hearing(batch["windows"], codes)
        yield "hearing", loss, numbers

    def evaluate(self, networks: Mapping[str, nn.Module]) -> Report:
        """Held-out mouths as the tutor tells them, and as right and wrong sound do; beside copying the reference."""
        taught = networks["generator"]
        assert isinstance(taught, Taught)
        alone = self.finished(taught)
        assert isinstance(alone, Generator)
        rows, sheets = [], []
        with torch.inference_mode():
            for index in range(self._settings.run.held_out_batches):
                batch = to_tensors(self._held_out.drawn_batch((index,), _PLAIN, self._offset), self._device)
                wanted, shown = batch["faces"], batch["references"]
                given = masked_frames(wanted, shown)
                code = taught.tutor.code(batch["mouths"], batch["mouths_beside"])
                told = taught.generator.draw(taught.tutor.say(code)[..., None, None], given)
                right, wrong = (alone(batch[name], given) for name in ("windows", "wrong_windows"))
                rows.append([float(mouth_l1(each, wanted)) for each in (told, right, wrong, shown)])
                sheets.append([each.cpu().numpy() for each in (wanted, shown, right, wrong)])
        names = ("mouth_told", "mouth_right", "mouth_wrong", "mouth_copied")
        means = np.mean(rows, axis=0)
        return Report(
            {f"held_out_{name}": float(value) for name, value in zip(names, means, strict=True)}, picture_sheet(sheets)
        )

    def finished(self, network: nn.Module) -> nn.Module:
        """The generator without its tutor."""
        assert isinstance(network, Taught)
        return network.finished(self._settings.tutor.gain)

    def _hears(self, step: int) -> bool:
        return step >= self._settings.run.steps - self._settings.tutor.hearing
