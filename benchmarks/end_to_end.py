"""A whole dub beside what others do, on one clip in one run: ``python -m benchmarks.end_to_end``.

dubkit syncs the lips of a clip to a voice, every frame of it: shots, faces, tracks, generator, blending, H.264. In
turns with it, each in a process of its own, on the same weights: a pipeline of ONNX Runtime that runs SCRFD on every
frame and the generator on one frame at a time (``benchmarks/rival.py``), and the published inference
(``benchmarks/reference.py``) where ``--reference`` names a checkout of it. Without one, its cost is put together from
two things that are measured: its detector's convolutions on one frame, and the generator as its code runs it. Then the
part of dubkit's time that is not the generator's is shown, by leaving the generator out. Weights are random where no
time depends on them.

Each runs on a clip and on its beginning, and what the rest of the clip took is told by frame: what starting costs is
told apart. Processor seconds on ``--cores``, medians of the rounds; wall time stands beside them. Needs insightface and
ONNX Runtime, espeak for the voice, and DUBKIT_MODELS with SCRFD. Writes ``benchmarks/results/end_to_end.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.generator import checkpoints, in_turns, inputs, torch_ways
from benchmarks.machine import describe_machine
from benchmarks.reference import children_seconds, detector_operations, detector_seconds, run_published
from benchmarks.runtimes import export
from benchmarks.talking_clip import make_clip, make_voice
from dubkit.lipsync import Checkpoint, save_checkpoint

_RESULT = Path(__file__).parent / "results" / "end_to_end.json"
_SIZE = (1280, 720)
_FPS = 25
_BEGINNING = 1  # seconds
# The generator left out: what it is given is thrown away, and the upper half of each face comes back.
_IDLE = (
    "import sys, numpy; from dubkit.lipsync import LipModel; "
    "LipModel.run = lambda self, windows, faces: numpy.ascontiguousarray(faces[:, :3]); "
)
_DUBKIT = "import sys; from dubkit_cli.main import run; sys.exit(run(sys.argv[1:]))"


class Child:
    """A process that is timed.

    Args:
        command: What it runs.
        cores: How many cores it may use.
    """

    def __init__(self, command: list[str], cores: int) -> None:
        self._command, self._cores = command, cores
        self.wall: list[float] = []
        self.processor: list[float] = []

    def run(self) -> None:
        """Run it once more."""
        root = Path(__file__).parents[1]
        places = [str(root), str(root / "pipelines"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, places)),
            "OMP_NUM_THREADS": str(self._cores),
        }
        began, worked = time.perf_counter(), children_seconds()
        done = subprocess.run(
            self._command, env=environment, capture_output=True, text=True, check=False, preexec_fn=self._confine
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(self._command[:4])} failed:\n{done.stderr[-2000:]}\n{done.stdout[-2000:]}")
        self.wall.append(time.perf_counter() - began)
        self.processor.append(children_seconds() - worked)

    def _confine(self) -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: self._cores])


def children(checkpoint: Checkpoint, clip: Path, voice: Path, given: argparse.Namespace) -> dict[str, Child]:
    """The processes that are compared."""
    folder = clip.parent
    weights, network = folder / "generator.safetensors", folder / "generator.onnx"
    save_checkpoint(weights, checkpoint)
    export(checkpoint, *inputs(1), network)
    detector = Path(os.environ["DUBKIT_MODELS"]) / given.detector_model
    lipsync = ["lipsync", str(clip), str(voice), "-o", str(folder / "made.mp4"), "--model", str(weights)]
    lipsync += ["--device", "cpu", "--detector", "insightface", "--detector-model", str(detector), "--expert", "none"]

    def dubkit(code: str, store: str) -> Child:
        # What is kept of one round would serve the next.
        forget = f"import shutil; shutil.rmtree({str(folder / store)!r}, ignore_errors=True); "
        return Child([sys.executable, "-c", forget + code, *lipsync, "--work-dir", str(folder / store)], given.cores)

    files = [str(path) for path in (clip, voice, folder / "rival.avi", network, detector)]
    return {
        "dubkit": dubkit(_DUBKIT, "kept"),
        "dubkit without its generator": dubkit(_IDLE + _DUBKIT, "idle"),
        "ONNX Runtime, frame by frame": Child([sys.executable, "-m", "benchmarks.rival", *files], given.cores),
    }


def published(
    checkpoint: Checkpoint, clip: Path, voice: Path, frames: int, given: argparse.Namespace
) -> dict[str, Any]:
    """Processor seconds a frame of the published inference, and how they are known."""
    if given.reference is not None and checkpoint.config.width == 1:
        taken = run_published(given.reference, clip, voice, _SIZE, given.python, given.cores)
        how = "measured" if taken.whole else "its inference measured with a box, its detector on one frame"
        return {"seconds": taken.seconds(frames) / frames, "how": how}
    torch.set_num_threads(1)
    windows, faces = inputs(16)
    eager = next(way for name, way in torch_ways(checkpoint, windows, faces, compiled=False))
    call = partial(eager, windows.numpy(), faces.numpy())
    seconds = in_turns({"eager": call}, 3, time.process_time)["eager"] / len(faces)
    detector = statistics.median(detector_seconds(_SIZE) for _ in range(2))
    return {
        "seconds": seconds + detector,
        "detector_s": round(detector, 2),
        "detector_gflop": round(detector_operations(_SIZE) / 1e9),
        "generator_s": round(seconds, 4),
        "how": "put together: its detector's convolutions on one frame, the generator as its code runs it",
    }


def measure(checkpoint: Checkpoint, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The table of one width."""
    frames, first = round(given.seconds * _FPS), _BEGINNING * _FPS
    sides = []
    for name, seconds in (("beginning", _BEGINNING), ("whole", given.seconds)):
        (folder / name).mkdir()
        clip = make_clip(folder / name / "clip.mp4", seconds, _SIZE)
        voice = make_voice(folder / name / "voice.wav", seconds)
        sides.append(children(checkpoint, clip, voice, given))
    for _ in range(given.rounds):
        for compared in sides:
            for child in compared.values():
                child.run()
    rows = {name: _row(sides[0][name], child, frames, first) for name, child in sides[1].items()}
    reference = published(checkpoint, clip, voice, frames, given)
    whole, rest = (rows[name]["ms"] for name in ("dubkit", "dubkit without its generator"))
    return {
        "width": checkpoint.config.width,
        "frames": frames,
        "rows": rows,
        "published": {**reference, "seconds": round(reference["seconds"], 3)},
        "times_rival": round(rows["ONNX Runtime, frame by frame"]["ms"] / whole, 2),
        "times_published": round(1000 * reference["seconds"] / whole, 1),
        "added_to_synthesis": round(rest / (whole - rest), 3),
    }


def _row(beginning: Child, whole: Child, frames: int, first: int) -> dict[str, float]:
    """Milliseconds a frame, and seconds before the first one."""
    (few, all_), (few_wall, all_wall) = (
        (statistics.median(before), statistics.median(after))
        for before, after in ((beginning.processor, whole.processor), (beginning.wall, whole.wall))
    )
    each = (all_ - few) / (frames - first)
    return {
        "ms": round(1000 * each, 1),
        "wall_ms": round(1000 * (all_wall - few_wall) / (frames - first), 1),
        "start_s": round(few - first * each, 1),
    }


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of the clip")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--widths", type=float, nargs="+", default=[1.0, 0.25])
    parser.add_argument("--detector-model", default="scrfd_500m_kps.onnx", help="file in DUBKIT_MODELS")
    parser.add_argument("--reference", type=Path, default=None, help="a checkout of the published Wav2Lip code")
    parser.add_argument("--python", default=sys.executable, help="interpreter in which that code runs")
    given = parser.parse_args()
    tables = []
    for checkpoint in checkpoints():
        if checkpoint.config.width in given.widths:
            with tempfile.TemporaryDirectory() as folder:
                tables.append(measure(checkpoint, given, Path(folder)))
    figures = {"machine": describe_machine(), "cores": given.cores, "size": _SIZE, "tables": tables}
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for table in tables:
        print(f"width {table['width']:g}, {table['frames']} frames; processor (wall) ms a frame, and seconds to start")
        for name, row in table["rows"].items():
            print(f"  {name}: {row['ms']} ({row['wall_ms']}), {row['start_s']}")
        print(f"  published: {table['published']}")
        print(f"  {table['times_rival']} times the ONNX pipeline, {table['times_published']} times the published one;")
        print(f"  everything but synthesis adds {table['added_to_synthesis']:.0%} to it")


if __name__ == "__main__":
    main()
