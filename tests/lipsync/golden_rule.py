"""The rule by which golden numbers fill a network, so that weights need not be stored."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

GOLDEN = Path(__file__).parents[1] / "golden"
GENERATOR_GAIN = 0.7
EXPERT_GAIN = 1.0
DISCRIMINATOR_GAIN = 2.2


def golden_layout(name: str) -> list[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a published network's state, in order."""
    text = (GOLDEN / f"{name}.state_dict.json").read_text(encoding="utf-8")
    return [(key, tuple(shape)) for key, shape in json.loads(text)]


def golden_state(layout: list[tuple[str, tuple[int, ...]]], gain: float) -> dict[str, npt.NDArray[Any]]:
    """Every tensor of ``layout``, filled: u is a hash of name and flat index, in -0.5..0.5."""
    return {name: _filled(name, shape, gain) for name, shape in layout}


def _filled(name: str, shape: tuple[int, ...], gain: float) -> npt.NDArray[Any]:
    kind = name.rsplit(".", 1)[1]
    if kind == "num_batches_tracked":
        return np.array(1, np.int64)
    index = np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(zlib.crc32(name.encode()))
    u = (index * np.uint64(2_654_435_761) % np.uint64(2**32)).astype(np.float64) / 2**32 - 0.5
    if kind in ("running_mean", "bias"):
        values = 0.2 * u
    elif kind == "running_var" or len(shape) == 1:
        values = 1.0 + u
    else:
        values = u * np.sqrt(12.0 / np.prod(shape[1:])) * gain
    return values.astype(np.float32).reshape(shape)
