"""Milliseconds per frame of each face detector: ``python -m benchmarks.stages``.

They look at frames of the sample, 640 pixels wide. One thread, unless OMP_NUM_THREADS says otherwise. Detectors that
need files are included where DUBKIT_MODELS is set. The generator has a benchmark of its own.
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

import torch

from benchmarks.machine import describe_machine
from dubkit.errors import DubkitError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.media import read_images
from dubkit.places import model_folders
from dubkit.schema import Image
from samples.make import make_sample

_RESULT = Path(__file__).parent / "results" / "stages.json"
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
    """Measure, print the table, write the figures."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    found = list(detectors())
    figures = {"machine": describe_machine(), "detectors": found}
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("| " + " | ".join(found[0]) + " |\n" + "|---" * len(found[0]) + "|")
    for row in found:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
