"""What sharing a batch out by pictures is worth: ``python -m benchmarks.cores [--rounds 7]``.

The generator over batches of 16 faces on all cores, in turns: each layer shared out among the cores, as PyTorch does by
itself, and each core with pictures of its own, as dubkit does. Wall and processor time a face, medians. Writes
``benchmarks/results/cores.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe_machine
from benchmarks.untrained import untrained
from dubkit.lipsync import LipModel, load_model

_RESULT = Path(__file__).parent / "results" / "cores.json"
_BATCH = 16


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of wall and processor time a face."""
    began = time.perf_counter(), time.process_time()
    work()
    ended = time.perf_counter(), time.process_time()
    wall, processor = ((after - before) * 1000 / _BATCH for before, after in zip(began, ended, strict=True))
    return wall, processor


def measure(model: LipModel, rounds: int) -> dict[str, object]:
    """Both ways, in turns."""
    random = np.random.default_rng(0)
    windows = random.uniform(-4, 4, (_BATCH, 80, 16)).astype(np.float32)
    faces = random.random((_BATCH, 6, 96, 96), np.float32)
    shared = model._cores
    ways = {"each layer shared out": None, "each picture": shared}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    first, second = (model.run(windows, faces) for _ in range(2))
    assert np.array_equal(first, second)
    for _ in range(rounds):
        for name, model._cores in ways.items():
            times[name].append(spent(lambda: model.run(windows, faces)))
    found = {name: np.median(rows, axis=0).round(1).tolist() for name, rows in times.items()}
    faster = found["each layer shared out"][0] / found["each picture"][0]
    return {"wall_and_processor_ms": found, "times_faster": round(faster, 2)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    result = {
        "machine": describe_machine(),
        "threads": torch.get_num_threads(),
        "width 1": measure(LipModel(untrained(1.0), "cpu", precision="fp32"), rounds),
        "compact": measure(load_model("compact", "cpu"), rounds),
    }
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
