from __future__ import annotations

import pytest
import torch

from dubkit.errors import InputError
from dubkit.lipsync import Checkpoint, Expert, ModelConfig
from dubkit.lipsync.architecture import EXPERT
from dubkit.training import PreparedClips, read_settings
from dubkit.training.generator_task import GeneratorTask
from tests.training.talking import made_clips


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> PreparedClips:
    return PreparedClips(made_clips(tmp_path_factory.mktemp("talking") / "clips", clips=3, frames=20))


def task(clips: PreparedClips, expert: Checkpoint) -> GeneratorTask:
    changes = {"model.width": "0.0625", "model.hear_as_expert": "true"}
    settings = read_settings(None, "generator", changes)
    return GeneratorTask(settings, clips, expert, torch.device("cpu"), lambda player: player)


def an_expert(width: float) -> Checkpoint:
    torch.manual_seed(5)
    state = {name: value.numpy() for name, value in Expert(width).state_dict().items()}
    return Checkpoint(ModelConfig(EXPERT, width, mel_offset_frames=0), state)


def test_a_generator_takes_over_what_the_expert_hears(clips: PreparedClips) -> None:
    """Where the block that it lacks passes its input on, both hear the same."""
    expert = an_expert(0.0625)
    state = dict(expert.state)
    for name in ("conv_block.0.weight", "conv_block.0.bias", "conv_block.1.bias", "conv_block.1.running_mean"):
        state[f"audio_encoder.11.{name}"] = state[f"audio_encoder.11.{name}"] * 0
    expert = Checkpoint(expert.config, state)
    generator = task(clips, expert).networks["generator"].eval()
    network = Expert(0.0625).eval()
    network.load_state_dict({name: torch.tensor(value) for name, value in expert.state.items()})
    windows = torch.rand(4, 1, 80, 16)
    with torch.no_grad():
        heard = generator.get_submodule("audio_encoder")(windows)
        assert torch.allclose(heard, network.audio_encoder(windows), atol=1e-5)
    assert heard.abs().max() > 0


def test_an_expert_of_another_width_cannot_teach(clips: PreparedClips) -> None:
    sentence = r"an expert of width 0\.125 cannot teach a generator of width 0\.0625 to hear"
    with pytest.raises(InputError, match=sentence):
        task(clips, an_expert(0.125))
