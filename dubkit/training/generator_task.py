"""Training a generator: reconstruction, a frozen expert's opinion, and perhaps a discriminator's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from dubkit.errors import InputError
from dubkit.lipsync import Checkpoint, Discriminator, Expert, Generator, ModelConfig
from dubkit.lipsync.architecture import DISCRIMINATOR, EXPERT, build_network
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.ready import trained_network
from dubkit.training.data_settings import AugmentSettings
from dubkit.training.dataset import Batch, ClipDraws
from dubkit.training.index import HELD_OUT, TRAIN, PreparedClips
from dubkit.training.losses import mouth_l1, mouth_shape, scaled_basis
from dubkit.training.players import (
    DiscriminatorPlayer,
    GeneratorPlayer,
    Weights,
    frames_of,
    masked_input,
    sync_error,
)
from dubkit.training.settings import TrainSettings
from dubkit.training.shapes import ClipShapes
from dubkit.training.sheet import picture_sheet
from dubkit.training.task import Report, Wrap, generator_config, seconds, started_network, to_tensors
from dubkit.training.warm_up import WarmUp

__all__ = ["GeneratorTask"]


class GeneratorTask:
    """A generator in training, with its expert and perhaps its adversary.

    Args:
        settings: How it is trained.
        prepared: The clips.
        expert: Judges, and does not learn.
        device: Where it runs.
        wrap: Makes a player run on all devices.

    Raises:
        ModelError: if ``expert`` is no checkpoint of an expert.
        InputError: if it cannot teach this generator to hear, as the settings ask.
    """

    def __init__(
        self,
        settings: TrainSettings,
        prepared: PreparedClips,
        expert: Checkpoint,
        device: torch.device,
        wrap: Wrap,
    ) -> None:
        expert.require(EXPERT)
        model = settings.model
        self._settings, self._device = settings, device
        self._offset, self._expert_offset = seconds(model.mel_offset_frames), expert.config.mel_offset
        self._expert = _frozen(expert, device)
        config = generator_config(model)
        self.products: dict[str, ModelConfig] = {"generator": config}
        self.state: dict[str, Any] = {"sync_on": False}
        self._generator = started_network(settings, config, Generator)
        if model.hear_as_expert and not model.start:
            _copy_hearing(expert, self._generator)
        self._generator.to(device)
        self._networks: dict[str, nn.Module] = {"generator": self._generator}
        self._draws = ClipDraws(prepared, TRAIN, settings.data, settings.seed)
        plain = replace(settings.data, augment=AugmentSettings(flip=0))
        self._held_out = ClipDraws(prepared, HELD_OUT, plain, settings.seed)
        shapes = ClipShapes(prepared, settings.warm_up.components)
        self._basis = scaled_basis(shapes.basis).to(device)
        self._discriminator: Discriminator | None = None
        if settings.generator.adversarial:
            self._add_discriminator(model.discriminator_width, wrap)
        self._player = wrap(
            GeneratorPlayer(self._generator, self._sync, self._odds, self._basis, settings.generator).to(device)
        )
        encoders = {"windows": self._generator.audio_encoder}
        self._warm_up = WarmUp(settings.warm_up, self._draws, shapes, encoders, device, wrap)
        self._networks |= self._warm_up.networks

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The generator, its adversary where there is one, and the head of its warm-up."""
        return self._networks

    def players(self, step: int) -> Mapping[str, nn.Module]:
        """The warm-up; then the generator, and with it its adversary where there is one."""
        if self._warm_up.covers(step):
            return self._warm_up.players
        if self._discriminator is None:
            return {"generator": self._player}
        return {"generator": self._player, "discriminator": self._adversary}

    def batch(self, draw: tuple[int, ...]) -> Batch:
        """Of the warm-up or of the generator, by the step."""
        if self._warm_up.covers(draw[0]):
            return self._warm_up.batch(draw)
        return self._draws.generator_batch(draw, self._offset, self._expert_offset, self._settings.model.reference)

    def losses(self, step: int, batch: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Mapping[str, Tensor]]]:
        """The warm-up's; or the generator's and then, on what it made, the discriminator's."""
        if self._warm_up.covers(step):
            yield self._warm_up.loss(batch)
            return
        # The discriminator judges here without learning; its turn comes below.
        for parameter in self._adversary_parameters():
            parameter.requires_grad_(False)
        loss, numbers, made = self._player(batch, self._weights(step))
        yield "generator", loss, numbers
        if self._discriminator is not None:
            for parameter in self._adversary_parameters():
                parameter.requires_grad_(True)
            loss, numbers = self._adversary(batch["faces"], made)
            yield "discriminator", loss, numbers

    def finished(self, network: nn.Module) -> nn.Module:
        """The network as it is."""
        return network

    def evaluate(self, networks: Mapping[str, nn.Module]) -> Report:
        """Held-out mouths made with the right and with wrong sound, beside copying the reference and the real ones."""
        generator = networks["generator"]
        rows: list[list[float]] = []
        found: list[tuple[Tensor, Tensor]] = []
        sheets = []
        with torch.inference_mode():
            for index in range(self._settings.run.held_out_batches):
                batch = to_tensors(
                    self._held_out.generator_batch(
                        (index,), self._offset, self._expert_offset, self._settings.model.reference
                    ),
                    self._device,
                )
                wanted, shown = batch["faces"], batch["references"]
                given = masked_input(wanted, shown)
                right, wrong = (generator(batch[name], given) for name in ("windows", "wrong_windows"))
                rows.append(
                    [
                        *(float(mouth_l1(each, wanted)) for each in (right, wrong, shown)),
                        *(
                            float(sync_error(self._sync, each, batch["sync_windows"], keep=False))
                            for each in (right, wrong, wanted)
                        ),
                    ]
                )
                found.append((self._movement(right, shown), self._movement(wanted, shown)))
                sheets.append([each[:, :, 2].cpu().numpy() for each in (wanted, shown, right, wrong)])
        names = ("mouth_right", "mouth_wrong", "mouth_copied", "sync_right", "sync_wrong", "sync_real")
        numbers = {f"held_out_{name}": float(value) for name, value in zip(names, np.mean(rows, axis=0), strict=True)}
        made, real = (torch.cat(each).flatten().cpu().numpy() for each in zip(*found, strict=True))
        numbers["held_out_shape_correlation"] = float(np.corrcoef(made, real)[0, 1]) if made.std() > 0 else 0.0
        if numbers["held_out_sync_right"] < self._settings.generator.sync_below:
            self.state["sync_on"] = True
        numbers["sync_on"] = float(self.state["sync_on"])
        return Report(numbers, picture_sheet(sheets))

    def _weights(self, step: int) -> Weights:
        loss = self._settings.generator
        opposed = self._discriminator is not None and step >= loss.adversarial_from
        return Weights(loss.sync if self.state["sync_on"] else 0.0, loss.adversarial if opposed else 0.0)

    def _sync(self, lips: Tensor, windows: Tensor) -> Tensor:
        sound, faces = self._expert(windows, lips)
        cosine: Tensor = (sound.float() * faces.float()).sum(1)
        return cosine

    def _odds(self, made: Tensor) -> Tensor:
        assert self._discriminator is not None, "asked only where the settings give it weight"
        return self._discriminator.weigh(made)

    def _movement(self, faces: Tensor, shown: Tensor) -> Tensor:
        """(clips x 5,) how far mouths are from their reference along the strongest direction."""
        return mouth_shape(frames_of(faces - shown), self._basis)[:, 0]

    def _add_discriminator(self, width: float, wrap: Wrap) -> None:
        torch.manual_seed(self._settings.seed + 1)
        self._discriminator = cast("Discriminator", build_network(DISCRIMINATOR, width)).to(self._device)
        for module in self._discriminator.modules():
            if isinstance(module, nn.Conv2d):
                # There is no norm: from PyTorch's own start the signal fades layer by layer, and nothing is learned.
                nn.init.kaiming_normal_(module.weight, a=0.01)
        self._networks["discriminator"] = self._discriminator
        self.products["discriminator"] = ModelConfig(DISCRIMINATOR, width)
        self._adversary = wrap(DiscriminatorPlayer(self._discriminator))

    def _adversary_parameters(self) -> Iterator[nn.Parameter]:
        return iter(()) if self._discriminator is None else self._discriminator.parameters()


def _frozen(checkpoint: Checkpoint, device: torch.device) -> Expert:
    expert = cast("Expert", trained_network(checkpoint))
    fold_batch_norm(expert)
    return expert.requires_grad_(False).to(device)


def _copy_hearing(expert: Checkpoint, generator: Generator) -> None:
    """The expert's sound encoder into the generator's, which lacks the last residual block at 256 channels."""
    if expert.config.width != generator.width:
        raise InputError(
            f"an expert of width {expert.config.width:g} cannot teach a generator of width {generator.width:g} to hear",
            remedy="turn model.hear_as_expert off, or give an expert of the same width",
        )
    count = len(generator.audio_encoder)
    places = [*range(count - 2), count - 1, count]  # in the expert, of each of the generator's blocks
    own = generator.audio_encoder.state_dict()
    for name in own:
        place, rest = name.split(".", 1)
        own[name] = torch.tensor(expert.state[f"audio_encoder.{places[int(place)]}.{rest}"])
    generator.audio_encoder.load_state_dict(own)
