"""Checkpoints: weights with everything needed to use them, as data and never as pickled classes."""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.errors import ModelError
from dubkit.lipsync.architecture import EXPERT, GENERATOR, describe, describe_keys, expected_shapes
from dubkit.schema import MelSettings, to_json
from dubkit.timing import Seconds

__all__ = ["Checkpoint", "ModelConfig", "Reference", "published_config"]

_IMAGE_SIZE = 96
_TRAINING_RATE = 25


class Reference(enum.Enum):
    """Which picture of the face a generator wants beside the one it changes."""

    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True)
class ModelConfig:
    """How a network is used; the defaults are those of the published generator.

    Attributes:
        architecture: Name of the network's architecture.
        width: Factor on its inner channel counts.
        image_size: Pixels on each side of a face.
        channel_order: Order of the colour channels.
        mel: How sound becomes what the network hears.
        mel_offset_frames: Frames of 1/25 s from a frame's time to the start of its mel window; for an expert, from
            the first of its five frames.
        reference: ``same``: the frame to be changed, itself; ``other``: another frame of the same face track. Means
            nothing to networks other than generators.
        training: Facts about how it was trained, for people; no code depends on them.
    """

    architecture: str = GENERATOR
    width: float = 1.0
    image_size: int = _IMAGE_SIZE
    channel_order: str = "BGR"
    mel: MelSettings = MelSettings()  # noqa: RUF009 - frozen, so it can be shared
    mel_offset_frames: int = -1
    reference: Reference = Reference.SAME
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no network here can do."""
        if self.image_size != _IMAGE_SIZE:
            raise ModelError(
                f"is made for faces of {self.image_size}x{self.image_size} pixels, "
                f"{self.architecture} works on {_IMAGE_SIZE}x{_IMAGE_SIZE}"
            )
        if self.channel_order != "BGR":
            raise ModelError(f"expects colours in the order {self.channel_order!r}, dubkit gives BGR")
        usual = to_json(MelSettings())
        for name, value in to_json(self.mel).items():
            if value != usual[name]:
                raise ModelError(f"was trained with other mel settings: {name} {value} where dubkit has {usual[name]}")

    @property
    def mel_offset(self) -> Seconds:
        """Seconds from a frame's time to the start of its mel window."""
        return Fraction(self.mel_offset_frames, _TRAINING_RATE)


def published_config(architecture: str = GENERATOR) -> ModelConfig:
    """How the published network of an architecture is used.

    The expert was trained on the sound of its own five frames, the generator on a window that starts a frame early.
    """
    return ModelConfig(architecture, mel_offset_frames=0 if architecture == EXPERT else -1)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights and how to use them.

    Attributes:
        config: How the network is used.
        state: Name -> tensor, as the network names them, in its order: float32, and int64 for counters.
    """

    config: ModelConfig
    state: Mapping[str, npt.NDArray[Any]]

    def __post_init__(self) -> None:
        """Refuse weights of another network, of other shapes, or that are not numbers."""
        wanted = expected_shapes(self.config.architecture, self.config.width)
        self._check_names(wanted)
        for name, shape in wanted.items():
            found = self.state[name]
            if found.shape != shape:
                raise ModelError(
                    f"{name} is {found.shape} where a {self.config.architecture} of width {self.config.width:g} "
                    f"has {shape}",
                    remedy="give a file whose settings say its width, or one of the usual size",
                )
            if not np.isfinite(found).all():
                raise ModelError(f"{name} holds weights that are not numbers", remedy="get or train it again")

    def __repr__(self) -> str:
        config = self.config
        return f"Checkpoint({config.architecture}, width {config.width:g}, {self.parameters:,} parameters)"

    @property
    def parameters(self) -> int:
        """How many weights are learned."""
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        return sum(int(value.size) for name, value in self.state.items() if not name.endswith(statistics))

    def require(self, *architectures: str, path: str | os.PathLike[str] | None = None) -> None:
        """Refuse to be used as a network of another kind.

        Args:
            architectures: The kinds that serve, the usual one first.
            path: The file it came from, for the sentence.

        Raises:
            ModelError: if this is a checkpoint of another architecture.
        """
        if self.config.architecture not in architectures:
            raise ModelError(
                f"holds {describe(self.config.architecture)}, and {describe(architectures[0])} is needed here",
                path=path,
                remedy=f"give a checkpoint of the architecture {architectures[0]}",
            )

    def _check_names(self, wanted: Mapping[str, tuple[int, ...]]) -> None:
        missing = [name for name in wanted if name not in self.state]
        unknown = [name for name in self.state if name not in wanted]
        if not missing and not unknown:
            return
        faults = [f"lacks {missing[0]} (and {len(missing) - 1} more)"] if missing else []
        faults += [f"holds {unknown[0]} (and {len(unknown) - 1} more)"] if unknown else []
        raise ModelError(
            f"holds {describe_keys(self.state)}, not a {self.config.architecture} dubkit can run: "
            f"it {' and '.join(faults)}",
            remedy=f"give a file in the layout of the published {self.config.architecture}",
        )
