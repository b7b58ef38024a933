"""Names of architectures, and the networks they stand for.

To add one: write its module in a file of its own, with the published layer names, and give it a line in ``NETWORKS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

import torch
from torch import nn

from dubkit.errors import ModelError
from dubkit.lipsync.discriminator import Discriminator
from dubkit.lipsync.expert import Expert
from dubkit.lipsync.generator import Generator
from dubkit.lipsync.warping import WarpingGenerator

__all__ = [
    "DISCRIMINATOR",
    "EXPERT",
    "GENERATOR",
    "GENERATORS",
    "NETWORKS",
    "WARPING_GENERATOR",
    "build_network",
    "describe",
    "describe_keys",
    "expected_shapes",
    "recognise",
]

GENERATOR = "wav2lip_generator"
WARPING_GENERATOR = "warping_generator"
GENERATORS = (GENERATOR, WARPING_GENERATOR)
EXPERT = "lipsync_expert"
DISCRIMINATOR = "visual_quality_discriminator"

NETWORKS: Mapping[str, Callable[[float], nn.Module]] = {
    GENERATOR: Generator,
    WARPING_GENERATOR: WarpingGenerator,
    EXPERT: Expert,
    DISCRIMINATOR: Discriminator,
}
"""Architecture -> the network of a width."""

_WORDS = {
    GENERATOR: "a lip generator",
    WARPING_GENERATOR: "a lip generator",
    EXPERT: "a lip-sync expert (colour SyncNet)",
    DISCRIMINATOR: "a visual quality discriminator",
}
_MARKS = {
    "motion_block.": WARPING_GENERATOR,
    "face_decoder_blocks.": GENERATOR,
    "binary_pred.": DISCRIMINATOR,
    "face_encoder.": EXPERT,
}
_STRANGERS = {"netcnnlip.": "the SyncNet that judges"}


def build_network(architecture: str, width: float, device: torch.device | str = "cpu") -> nn.Module:
    """An untrained network.

    Raises:
        ModelError: if there is no such architecture, or no network of such a width.
    """
    if architecture not in NETWORKS:
        known = ", ".join(sorted(NETWORKS))
        raise ModelError(f"{architecture!r} is not an architecture dubkit knows", remedy=f"use one of {known}")
    if not 0 < width <= 4:
        raise ModelError(f"a network of width {width:g} cannot be built", remedy="widths lie between 0 and 4")
    with torch.device(device):
        return NETWORKS[architecture](width)


@cache
def expected_shapes(architecture: str, width: float) -> Mapping[str, tuple[int, ...]]:
    """Name and shape of every tensor in the state of a network, in order; nothing is allocated.

    Raises:
        ModelError: as :func:`build_network`.
    """
    network = build_network(architecture, width, "meta")
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def recognise(names: Iterable[str]) -> str:
    """The architecture whose published layer names these seem to be; empty where it is none of ours."""
    names = list(names)
    for prefix, architecture in _MARKS.items():
        if any(name.startswith(prefix) for name in names):
            return architecture
    return ""


def describe(architecture: str) -> str:
    """What networks of an architecture are, in words."""
    return _WORDS.get(architecture, architecture)


def describe_keys(names: Iterable[str]) -> str:
    """What a file with tensors of these names seems to hold, in words."""
    names = list(names)
    for prefix, meaning in _STRANGERS.items():
        if any(name.startswith(prefix) for name in names):
            return meaning
    return describe(recognise(names)) or "another network"
