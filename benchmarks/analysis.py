"""Whole analysis beside the generator: ``python -m benchmarks.analysis VIDEO --detector-model scrfd_500m_kps.onnx``.

In turns, several times: shots, scenes and face tracks of the whole video; the compact generator over as many frames
as it has; and a detector that looks at frames as they are stored, as pipelines that follow nobody do. Everything on one
core, so that none is helped by threads the others have not; milliseconds of processor time per frame of the video, the
median of the rounds. Then the same once more with a store: the first run and the next. Writes
``benchmarks/results/analysis.json``, which does not name the video.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.machine import describe_machine
from dubkit.analysis import Analysis, analyze, picture_of
from dubkit.faces import FaceDetector, choose_detector
from dubkit.lipsync import LipModel, load_model
from dubkit.media import read_images
from dubkit.places import model_folders
from dubkit.schema import Image
from dubkit.store import Store

_RESULT = Path(__file__).parent / "results" / "analysis.json"
_BATCH = 16
_SAMPLED = 12  # frames on which detection in full is measured


def one_core() -> None:
    """Keep this process to one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time of ``work``."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def generate(model: LipModel, frames: int) -> None:
    """Run the generator over as many frames."""
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((_BATCH, 80, 16)).astype(np.float32)
    faces = rng.random((_BATCH, 6, 96, 96)).astype(np.float32)
    for first in range(0, frames, _BATCH):
        count = min(_BATCH, frames - first)
        model.run(windows[:count], faces[:count])


def look(detector: FaceDetector, images: list[Image]) -> None:
    """Look for faces in every image."""
    for image in images:
        detector.detect(image)


def measure(video: Path, detector: FaceDetector, rounds: int) -> dict[str, object]:
    """Milliseconds per frame of each, and what was found."""
    found = analyze(video, detector)
    frames = len(found.times)
    picture = picture_of(found.media)
    wanted = set(np.linspace(0, frames - 1, _SAMPLED).astype(int).tolist())
    full = [image for _, _, image in read_images(video, max(picture.width, picture.height), wanted=wanted.__contains__)]
    model = load_model("", "cpu", folders=model_folders())
    generate(model, _BATCH)
    turns = [
        (
            milliseconds(lambda: analyze(video, detector)) / frames,
            milliseconds(lambda: generate(model, frames)) / frames,
            milliseconds(lambda: look(detector, full)) / len(full),
            milliseconds(lambda: decode(video)) / frames,
        )
        for _ in range(rounds)
    ]
    analysis, generator, in_full, decoding = (
        round(statistics.median(column), 2) for column in zip(*turns, strict=True)
    )
    ratios = [turn[0] / turn[1] for turn in turns]
    return {
        "picture": f"{picture.width}x{picture.height}",
        "frames": frames,
        "shots": len(found.shots),
        "face tracks": len(found.tracks),
        "detector": detector.describe(),
        "generator": model.name,
        "analysis, ms": analysis,
        "of that decoding, ms": decoding,
        "generator, ms": generator,
        "detection on every full frame, ms": in_full,
        "analysis / generator": round(statistics.median(ratios), 2),
        "analysis / detection on every full frame": round(analysis / (in_full + decoding), 3),
        **kept(video, detector),
    }


def decode(video: Path) -> None:
    """Decode the video and do nothing with it."""
    for _ in read_images(video, 64, wanted=lambda _: False):
        pass


def kept(video: Path, detector: FaceDetector) -> dict[str, object]:
    """Seconds of the first analysis with a store, of the next one, and bytes kept."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        times: list[float] = []
        found: list[Analysis] = []
        for _ in range(2):
            began = time.perf_counter()
            found.append(analyze(video, detector, store=store))
            times.append(round(time.perf_counter() - began, 3))
        assert found[1].notes, "the second run was to use the first one's"
        size = sum(entry.size for entry in store.entries())
    return {"first run, s": times[0], "next run, s": times[1], "kept, bytes": size}


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--detector-model", default="")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    one_core()
    detector, _ = choose_detector(arguments.detector, arguments.detector_model, folders=model_folders())
    figures = {"machine": describe_machine(), **measure(arguments.video, detector, arguments.rounds)}
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, value in figures.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
