from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dubkit.errors import ModelError
from dubkit.lipsync import Checkpoint, ModelConfig, Reference
from dubkit.lipsync.architecture import build_network, expected_shapes
from dubkit.schema import MelSettings, dumps, loads
from tests.lipsync.conftest import TINY
from tests.lipsync.golden_rule import golden_layout, golden_state


def test_defaults_are_the_published_settings() -> None:
    config = ModelConfig()
    assert (config.architecture, config.width, config.image_size) == ("wav2lip_generator", 1.0, 96)
    assert (config.channel_order, config.reference, config.mel) == ("BGR", Reference.SAME, MelSettings())
    assert config.mel_offset == Fraction(-1, 25)


def test_settings_survive_json() -> None:
    config = ModelConfig(width=0.25, reference=Reference.OTHER, training={"steps": 8000, "data": ["a", "b"]})
    assert loads(ModelConfig, dumps(config)) == config


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_size": 288}, "288x288"),
        ({"channel_order": "RGB"}, "'RGB'"),
        ({"mel": MelSettings(hop=160)}, "other mel settings: hop 160 where dubkit has 200"),
    ],
)
def test_settings_no_network_here_can_use_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        ModelConfig(**change)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ModelConfig(architecture="wav2lip_hd"), "'wav2lip_hd' is not an architecture dubkit knows; use one of"),
        (ModelConfig(width=0.0), "width 0 cannot be built"),
        (ModelConfig(width=float("nan")), "width nan cannot be built"),
        (ModelConfig(width=100.0), "width 100 cannot be built"),
    ],
)
def test_networks_that_cannot_be_built_are_refused(config: ModelConfig, words: str, tiny: Checkpoint) -> None:
    with pytest.raises(ModelError, match=words):
        Checkpoint(config, tiny.state)


def test_state_of_another_width_is_refused_by_tensor(tiny: Checkpoint) -> None:
    with pytest.raises(ModelError, match=r"face_encoder_blocks\.0\.0.* is \(1, 6, 7, 7\) where .* width 0\.25 has \(4"):
        Checkpoint(dataclasses.replace(TINY, width=0.25), tiny.state)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("face_encoder.0.conv_block.0.weight", "lip-sync expert"),
        ("binary_pred.0.weight", "discriminator"),
        ("netcnnlip.0.weight", "SyncNet that judges"),
        ("stem.weight", "another network"),
    ],
)
def test_another_network_is_recognised(name: str, words: str) -> None:
    with pytest.raises(
        ModelError, match=f"{words}.*not a wav2lip_generator dubkit can run: it lacks .* and holds {name}"
    ):
        Checkpoint(ModelConfig(), {name: np.zeros(1, np.float32)})


def test_missing_and_additional_tensors_are_named(tiny: Checkpoint) -> None:
    name = "output_block.1.bias"
    with pytest.raises(ModelError, match=r"lacks output_block\.1\.bias \(and 0 more\)"):
        Checkpoint(TINY, {key: value for key, value in tiny.state.items() if key != name})
    with pytest.raises(ModelError, match=r"holds extra\.weight \(and 0 more\)"):
        Checkpoint(TINY, {**tiny.state, "extra.weight": np.zeros(1, np.float32)})


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_weights_that_are_not_numbers_are_refused(poison: float, tiny: Checkpoint) -> None:
    name = "audio_encoder.3.conv_block.1.running_var"
    poisoned = tiny.state[name].copy()
    poisoned[0] = poison
    with pytest.raises(ModelError, match=r"audio_encoder\.3.*not numbers"):
        Checkpoint(TINY, {**tiny.state, name: poisoned})


def test_shapes_are_known_without_building_the_network() -> None:
    assert list(expected_shapes("wav2lip_generator", 1.0).items()) == golden_layout("wav2lip_generator")
    found = {name: tuple(value.shape) for name, value in build_network(TINY.architecture, 0.05).state_dict().items()}
    assert found == expected_shapes(TINY.architecture, 0.05)


def test_a_checkpoint_prints_what_it_is_and_not_its_weights(tiny: Checkpoint) -> None:
    assert len(repr(tiny)) < 100
    layout = [(name, shape) for name, shape in golden_layout("wav2lip_generator") if "running" not in name]
    learned = sum(int(np.prod(shape)) for name, shape in layout if not name.endswith("tracked"))
    assert learned == 36_298_035
    assert tiny.parameters < learned / 100
    assert golden_state([("a.bias", (2,))], 1.0)["a.bias"].shape == (2,)
