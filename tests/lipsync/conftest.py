from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.lipsync import Checkpoint, LipModel, ModelConfig, load_model
from dubkit.lipsync.architecture import expected_shapes
from tests.lipsync.golden_rule import GENERATOR_GAIN, GOLDEN, golden_layout, golden_state

TINY = ModelConfig(width=0.05)


@pytest.fixture(scope="session")
def full_state() -> dict[str, npt.NDArray[Any]]:
    """The state of the published generator, filled by the golden rule."""
    return golden_state(golden_layout("wav2lip_generator"), GENERATOR_GAIN)


@pytest.fixture(scope="session")
def golden() -> dict[str, npt.NDArray[np.float32]]:
    """Fixed inputs of the published generator, and what it makes of them."""
    with np.load(GOLDEN / "wav2lip_generator.npz") as stored:
        return {
            "windows": stored["mel"][:, 0].astype(np.float32),
            "faces": stored["face"].astype(np.float32) / np.float32(255),
            "output": stored["output"],
        }


@pytest.fixture(scope="session")
def tiny() -> Checkpoint:
    """A generator too small to be of use, and quick."""
    layout = list(expected_shapes(TINY.architecture, TINY.width).items())
    return Checkpoint(TINY, golden_state(layout, GENERATOR_GAIN))


@pytest.fixture(scope="session")
def tiny_model(tiny: Checkpoint) -> LipModel:
    return LipModel(tiny, "cpu")


@pytest.fixture(scope="session")
def compact() -> LipModel:
    """The model that comes with dubkit."""
    return load_model("compact", "cpu")
