"""Milliseconds per frame of the generator and of each face detector: ``python -m benchmarks.stages``.

The generator as trained (eager, batch norm apart) stands beside the one that is shipped, in the same run; detectors
look at frames of the sample, 640 pixels wide. One thread, unless OMP_NUM_THREADS says otherwise. Detectors that need
files are included where DUBKIT_MODELS is set.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe_machine
from dubkit.errors import DubkitError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.lipsync import Checkpoint, Generator, LipModel, ModelConfig
from dubkit.media import read_images
from dubkit.places import model_folders
from dubkit.schema import Image
from samples.make import make_sample

_RESULT = Path(__file__).parent / "results" / "stages.json"
_BATCHES = (1, 8, 16)
_REPEATS = 5


def per_item(work: Callable[[], object], items: int) -> float:
    """Median milliseconds per item of ``work``, after one run to warm up."""
    work()
    taken = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return round(1000 * statistics.median(taken) / items, 1)


def generators(width: float) -> Iterator[dict[str, object]]:
    """A row for the generator as trained and one for it as shipped."""
    torch.manual_seed(0)
    network = Generator(width).eval()
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    shipped = LipModel(Checkpoint(ModelConfig(width=width), state), "cpu")

    def eager(windows: np.ndarray, faces: np.ndarray) -> object:
        with torch.inference_mode():
            return network(torch.tensor(windows).unsqueeze(1), torch.tensor(faces))

    for name, run in (("as trained", eager), ("as shipped", shipped.run)):
        row: dict[str, object] = {"generator": f"width {width:g}, {name}"}
        for batch in _BATCHES:
            rng = np.random.default_rng(0)
            windows = rng.standard_normal((batch, 80, 16)).astype(np.float32)
            faces = rng.random((batch, 6, 96, 96)).astype(np.float32)
            row[f"batch {batch}"] = per_item(partial(run, windows, faces), batch)
        yield row


def look(detector: FaceDetector, images: Sequence[Image]) -> None:
    """Look for faces in every image."""
    for image in images:
        detector.detect(image)


def detectors() -> Iterator[dict[str, object]]:
    """A row per detector that can be opened here."""
    with tempfile.TemporaryDirectory() as folder:
        video = make_sample(Path(folder)).video
        images = [image for _, _, image in read_images(video, 640, wanted=lambda index: index % 70 == 0)]
    # Without a folder of models insightface would go and fetch one.
    names = ("insightface", "yunet", "cascade") if os.environ.get("DUBKIT_MODELS") else ("cascade",)
    for name in names:
        try:
            detector, _ = choose_detector(name, folders=model_folders())
        except DubkitError:
            continue
        milliseconds = per_item(partial(look, detector, images), len(images))
        yield {"detector": detector.describe(), "ms": milliseconds}


def main() -> None:
    """Measure, print the tables, write the figures."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    rows = [row for width in (0.25, 1.0) for row in generators(width)]
    found = list(detectors())
    figures = {"machine": describe_machine(), "generators": rows, "detectors": found}
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for table in (rows, found):
        print("| " + " | ".join(table[0]) + " |\n" + "|---" * len(table[0]) + "|")
        for row in table:
            print("| " + " | ".join(str(value) for value in row.values()) + " |")
        print()


if __name__ == "__main__":
    main()
