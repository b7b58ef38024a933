"""What a second worker is worth: ``python -m benchmarks.cluster [--seconds 6] [--languages 2] [--width 1]``.

A film of one speaker into several languages on a Ray cluster of this machine: with one worker of one core, then with
two, each held to a core of its own. The generator has random weights of the width that is asked for. The analysis is
kept and the workers have loaded everything, by a language that is dubbed before the clock runs. The machine that asks
runs on any core, so it takes its part from the workers. Wall time, and what else kept the machine busy. Writes
``benchmarks/results/cluster.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import dubkit
from benchmarks.languages import write_cues
from benchmarks.machine import describe_machine
from benchmarks.talking_clip import make_clip, make_voice
from benchmarks.untrained import write_untrained

_RESULT = Path(__file__).parent / "results" / "cluster.json"
_TAGS = ("es", "de", "fr", "it")
_WARM = "en"
_STORE = 100 << 20  # bytes of Ray's own


def cluster_of(workers: int) -> Any:
    """A cluster whose head does no work; each worker has a core of its own."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": _STORE, "include_dashboard": False}
    cluster: Any = Cluster(initialize_head=True, head_node_args=head)
    cores = sorted(os.sched_getaffinity(0))
    try:
        for number in range(workers):
            os.sched_setaffinity(0, {cores[number % len(cores)]})  # what is started now inherits it
            cluster.add_node(num_cpus=1, object_store_memory=_STORE)
    finally:
        os.sched_setaffinity(0, cores)
    cluster.wait_for_nodes()
    return cluster


def run(folder: Path, address: str, tags: tuple[str, ...], place: str) -> float:
    """Wall seconds of one dub."""
    (folder / place).mkdir(exist_ok=True)
    began = time.perf_counter()
    report = dubkit.dub_languages(
        folder / "film.mp4",
        folder / place / "film.{language}.mp4",
        languages=tags,
        subtitles=folder / "cues.srt",
        voice=folder / "{language}.wav",
        work_dir=folder / f"kept-{place}",
        model=str(folder / "model.safetensors"),
        expert="none",
        codec="libx264",
        cluster=address,
    )
    assert not report.failed + report.flawed, report.failed
    return round(time.perf_counter() - began, 2)


def measure(folder: Path, seconds: float, size: tuple[int, int], count: int, width: float) -> dict[str, object]:
    """The same work for one worker and for two."""
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - so it is called
    import ray

    make_clip(folder / "film.mp4", seconds, size)
    write_cues(folder / "cues.srt", seconds)
    for number, tag in enumerate((_WARM, *_TAGS[:count])):
        make_voice(folder / f"{tag}.wav", seconds + number)
    write_untrained(folder / "model.safetensors", width)
    found: dict[str, object] = {}
    spent = {}
    for workers in (1, 2):
        cluster, place = cluster_of(workers), f"{workers}"
        try:
            ray.init(address=cluster.address, log_to_driver=False)
            run(folder, cluster.address, (_WARM,), place)
            spent[workers] = run(folder, cluster.address, _TAGS[:count], place)
            found[f"{workers} workers"] = {"wall_seconds": spent[workers], "load": round(os.getloadavg()[0], 1)}
        finally:
            ray.shutdown()
            cluster.shutdown()
    return {**found, "times_faster": round(spent[1] / spent[2], 2)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--languages", type=int, default=2, choices=range(1, len(_TAGS) + 1))
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--output", type=Path, default=_RESULT)
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.seconds, (width, height), arguments.languages, arguments.width)
    film = (
        f"{arguments.seconds:g} s, {arguments.size}, 25 fps, {arguments.languages} languages, width {arguments.width:g}"
    )
    result = {"machine": describe_machine(), "film": film, **found}
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
