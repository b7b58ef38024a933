"""One training step against its convolutions alone: ``python -m benchmarks.training_step``.

For expert and generator, at the width of the built-in models and of the paper: the time of a whole step (batch,
forward, backward, optimizer, running mean), and the time that the step's convolutions need on their own, forward and
backward, one after the other on inputs of the same shapes; the least of some repeats of each, in the same run. Their
ratio is the share of the step that is the method itself; the rest is norms, activations, losses, weights and us. One
thread, unless OMP_NUM_THREADS says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from benchmarks.machine import describe_machine
from dubkit.lipsync import Checkpoint, Expert, Generator, ModelConfig
from dubkit.lipsync.architecture import EXPERT
from dubkit.training import TRAIN, PreparedClips, TrainingClip, TrainingIndex, joined, read_settings, train, write_index
from dubkit.training.task import network_checkpoint

_RESULT = Path(__file__).parent / "results" / "training_step.json"
_REPEATS = 5
_EXPERT_WIDTH = 0.25


def noise_clips(folder: Path) -> PreparedClips:
    """Clips of noise: what they show does not change how long a step takes."""
    draw = np.random.default_rng(0)
    for part in ("faces", "sounds"):
        (folder / part).mkdir(parents=True)
    clips = []
    for number in range(8):
        name = f"noise{number}"
        np.save(folder / "faces" / f"{name}.npy", draw.integers(0, 256, (50, 96, 96, 3), np.uint8))
        np.save(folder / "sounds" / f"{name}.npy", draw.uniform(-4, 4, (80, 320)).astype(np.float32))
        split = TRAIN if number % 2 else "held-out"
        clips.append(TrainingClip(name, name, 0, name, split, Fraction(0), 50, Fraction(-1)))
    write_index(folder, TrainingIndex(tuple(clips)))
    return PreparedClips(folder)


def seconds_per_step(kind: str, width: float, clips: PreparedClips, expert: Checkpoint) -> float:
    """Seconds of the quickest step of the real loop, the first ones left out."""
    changes = {
        "model.width": str(width),
        "data.clips": "4" if kind == "generator" else "8",
        "data.windows": "8",
        "generator.sync_below": "100.0",
        "run.steps": str(_REPEATS + 3),
        "run.log_every": "1",
    }
    moments: list[float] = []

    def note(*_: object) -> None:
        moments.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder, joined("cpu") as place:
        train(read_settings(None, kind, changes), clips, Path(folder), place, expert, note)
    return min(after - before for before, after in pairwise(moments[2 : _REPEATS + 3]))


def convolutions(network: nn.Module, *inputs: Tensor) -> Iterator[tuple[nn.Module, tuple[int, ...]]]:
    """Every convolution of a forward pass, with the shape of what it is given."""
    found: list[tuple[nn.Module, tuple[int, ...]]] = []
    handles = [
        module.register_forward_hook(lambda layer, given, _: found.append((layer, tuple(given[0].shape))))
        for module in network.modules()
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
    ]
    with torch.no_grad():
        network(*inputs)
    for handle in handles:
        handle.remove()
    yield from found


def seconds_alone(network: nn.Module, *inputs: Tensor, learns: bool = True) -> float:
    """Seconds of all its convolutions, each timed alone: forward, back to inputs, and to weights if it learns."""
    network.requires_grad_(learns)
    convert_conv2d_weight_memory_format(network, torch.channels_last)
    first = True
    total = 0.0
    for layer, shape in convolutions(network, *inputs):
        given = torch.rand(shape).to(memory_format=torch.channels_last).requires_grad_(not (first and learns))
        first = False
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            made: Tensor = layer(given)
            torch.autograd.backward(made, torch.ones_like(made))
            taken.append(time.perf_counter() - began)
        total += min(taken)
    return total


def rows(width: float, clips: PreparedClips) -> Iterator[dict[str, object]]:
    """A row for the expert's step and one for the generator's."""
    torch.manual_seed(0)
    judge = network_checkpoint(Expert(_EXPERT_WIDTH), ModelConfig(EXPERT, _EXPERT_WIDTH, mel_offset_frames=0))
    lips, windows = torch.rand(64, 15, 48, 96), torch.rand(64, 1, 80, 16)
    cases: dict[str, tuple[str, Callable[[], float]]] = {
        "expert": ("64 groups of five frames", lambda: seconds_alone(Expert(width), windows, lips)),
        "generator": (
            "20 frames",
            lambda: (
                seconds_alone(Generator(width), windows[:20], torch.rand(20, 6, 96, 96))
                + seconds_alone(Expert(_EXPERT_WIDTH).eval(), windows[:4], lips[:4], learns=False)
            ),
        ),
    }
    for kind, (batch, alone) in cases.items():
        step, least = seconds_per_step(kind, width, clips, judge), alone()
        yield {
            "step": f"{kind}, width {width:g}, {batch}",
            "seconds": round(step, 3),
            "convolutions_alone": round(least, 3),
            "share": round(least / step, 2),
        }


def main() -> None:
    """Print the rows and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", type=float, nargs="+", default=[0.25, 1.0])
    widths = parser.parse_args().widths
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with tempfile.TemporaryDirectory() as folder:
        clips = noise_clips(Path(folder) / "clips")
        found = [row for width in widths for row in rows(width, clips)]
    result = {"machine": describe_machine(), "threads": torch.get_num_threads(), "rows": found}
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for row in found:
        print(row)


if __name__ == "__main__":
    main()
