"""The generator by every way to run it, beside the limit: ``python -m benchmarks.generator``.

In turns, several rounds, processor time of one thread (``--threads`` for more, then wall time): the network as the
published code runs it (eager, fp32, norms apart), with norms folded, channels last, as dubkit runs it, and by ONNX
Runtime, OpenVINO and MNN where they are installed. The limit is the time that the multiplications of its convolutions
would take at the rate of a large matrix product, measured in the same rounds: in fp32, and in bf16 where the processor
has instructions for it. Steady is what makes a picture the same to the last bit wherever it lies in a batch.
``--compile`` adds PyTorch's compiler, which takes minutes. Weights are random, as no time depends on them, except for
the compact model's, on which int8 is judged with ``--int8``. Writes ``benchmarks/results/generator.json``.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from benchmarks.machine import describe_machine
from benchmarks.runtimes import Array, Way, export, other_ways, quantize
from benchmarks.untrained import untrained
from dubkit.lipsync import Checkpoint, LipModel, find_model, load_checkpoint
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.precision import fast_precisions, psnr
from dubkit.lipsync.ready import trained_network

_RESULT = Path(__file__).parent / "results" / "generator.json"
_MATRIX = 1024


def operations(network: nn.Module, windows: Tensor, faces: Tensor) -> float:
    """Floating point operations of the convolutions for one face: two for each multiplication."""
    total = 0.0

    def count(layer: nn.Module, given: tuple[Tensor], made: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
        places = (given[0] if isinstance(layer, nn.ConvTranspose2d) else made)[0, 0].numel()
        total += 2.0 * places * layer.weight.numel()

    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.inference_mode():
        network(windows[:1], faces[:1])
    for hook in hooks:
        hook.remove()
    return total


def inputs(batch: int) -> tuple[Tensor, Tensor]:
    """Mel windows and faces."""
    random = torch.Generator().manual_seed(0)
    windows = torch.rand((batch, 1, 80, 16), generator=random) * 8 - 4
    coarse = torch.rand((batch, 6, 12, 12), generator=random)
    faces = nn.functional.interpolate(coarse, (96, 96), mode="bilinear")
    faces[:, :3, 48:] = 0
    return windows, faces


def torch_ways(checkpoint: Checkpoint, windows: Tensor, faces: Tensor, compiled: bool) -> Iterator[tuple[str, Way]]:
    """PyTorch, from the way the published code has it to the way dubkit has it."""
    eager = trained_network(checkpoint)
    folded = copy.deepcopy(eager)
    fold_batch_norm(folded)
    last = copy.deepcopy(folded)
    convert_conv2d_weight_memory_format(last, torch.channels_last)

    def published(sound: Array, pictures: Array) -> Array:
        with torch.no_grad():
            return np.asarray(eager(torch.from_numpy(sound), torch.from_numpy(pictures)).numpy())

    def by(network: Callable[[Tensor, Tensor], Tensor], layout: torch.memory_format = torch.contiguous_format) -> Way:
        def run(sound: Array, pictures: Array) -> Array:
            with torch.inference_mode():
                given = torch.from_numpy(pictures).to(memory_format=layout)
                return np.asarray(network(torch.from_numpy(sound), given).numpy())

        return run

    yield "published, eager", published
    yield "norms folded, inference mode", by(folded)
    yield "channels last", by(last, torch.channels_last)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.optimize_for_inference(torch.jit.trace(folded, (windows, faces)))  # type: ignore[no-untyped-call]
    yield "optimize_for_inference", by(scripted)
    if compiled:
        yield "torch.compile", by(torch.compile(last), torch.channels_last)
    for precision in ("fp32", *fast_precisions(torch.device("cpu"))):
        yield f"dubkit, {precision}", partial(_by_dubkit, LipModel(checkpoint, "cpu", precision=precision))


def _by_dubkit(model: LipModel, sound: Array, pictures: Array) -> Array:
    return model.run(sound[:, 0], pictures)


def product(dtype: torch.dtype) -> Callable[[], Tensor]:
    """A large product of matrices, whose rate is the machine's."""
    first, second = (torch.rand(_MATRIX, _MATRIX).to(dtype) for _ in range(2))
    return lambda: first @ second


def in_turns(ways: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Median seconds of each way."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            began = clock()
            way()
            taken[name].append(clock() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def steady(way: Way, sound: Array, pictures: Array) -> bool:
    """Whether the order of a batch changes no bit of any picture; some lay themselves out in a first call before."""
    return bool(np.array_equal(way(sound[::-1].copy(), pictures[::-1].copy())[::-1], way(sound, pictures)))


def measure(checkpoint: Checkpoint, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The table of one width."""
    windows, faces = inputs(given.batch)
    sound, pictures = windows.numpy(), faces.numpy()
    ways = dict(torch_ways(checkpoint, windows, faces, given.compile))
    path = export(checkpoint, windows, faces, folder / f"width_{checkpoint.config.width:g}.onnx")
    ways |= dict(other_ways(path, given.threads))
    if given.int8:
        ways |= dict(other_ways(quantize(path, sound, pictures), given.threads))
    exact = torch.tensor(ways["published, eager"](sound, pictures))
    alike = {name: round(psnr(torch.tensor(way(sound, pictures)), exact), 1) for name, way in ways.items()}
    kept = {name: steady(way, sound, pictures) for name, way in ways.items()}
    kinds = {"fp32": torch.float32}
    if fast_precisions(torch.device("cpu")):
        kinds["bf16"] = torch.bfloat16
    products = {name: product(dtype) for name, dtype in kinds.items()}
    clock = time.process_time if given.threads == 1 else time.perf_counter
    calls = {name: partial(way, sound, pictures) for name, way in ways.items()}
    taken = in_turns({**calls, **products}, given.rounds, clock)
    work = operations(trained_network(checkpoint), windows, faces)
    rates = {name: 2 * _MATRIX**3 / taken.pop(name) for name in products}
    limits = {name: 1000 * work / rate for name, rate in rates.items()}
    eager = taken["published, eager"]
    rows = [
        {
            "way": name,
            "ms": round(1000 * seconds / given.batch, 2),
            "times_faster": round(eager / seconds, 2),
            "of_fp32_limit": round(1000 * seconds / given.batch / limits["fp32"], 2),
            "psnr": alike[name],
            "steady": kept[name],
        }
        for name, seconds in taken.items()
    ]
    return {
        "width": checkpoint.config.width,
        "gflop": round(work / 1e9, 2),
        "matrix_gflops": {name: round(rate / 1e9, 1) for name, rate in rates.items()},
        "limit_ms": {name: round(limit, 2) for name, limit in limits.items()},
        "rows": rows,
    }


def checkpoints() -> Iterator[Checkpoint]:
    """The published size with random weights, and the model that comes with dubkit."""
    torch.manual_seed(0)
    yield untrained(1.0)
    yield load_checkpoint(find_model("compact"))


def main() -> None:
    """Measure, print the tables, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="also by PyTorch's compiler")
    parser.add_argument("--int8", action="store_true", help="also in int8, where ONNX Runtime is installed")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        tables = [measure(checkpoint, given, Path(folder)) for checkpoint in checkpoints()]
    figures = {"machine": describe_machine(), "threads": given.threads, "batch": given.batch, "tables": tables}
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for table in tables:
        print(f"width {table['width']:g}: {table['gflop']} GFLOP, limit {table['limit_ms']} ms")
        print("| way | ms | times faster | of the fp32 limit | PSNR, dB | steady |\n|---|---|---|---|---|---|")
        for row in table["rows"]:
            print("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
