"""What a rerun costs: ``python -m benchmarks.resume [--cues 50] [--size 640x360] [--master]``.

A film of so many cues, spoken by espeak-ng, written as patches: the whole run with an empty store, the same command
again, and the same command after one cue was changed. With ``--master`` also a master instead of patches, with all
lips drawn and with all of them there. Seconds of processor time (which other programs do not disturb) and of wall time;
as ratios to the whole run. Writes ``benchmarks/results/resume.json``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import dubkit
from benchmarks.machine import describe_machine
from benchmarks.talking_clip import make_clip
from dubkit.schema import DubReport
from dubkit.store import Store
from dubkit.store_care import PruneSettings, describe_store, prune_store

_RESULT = Path(__file__).parent / "results" / "resume.json"
_EVERY, _LONG = 1.6, 1.0  # seconds from cue to cue, and of each
_WORDS = ("Buenas noches a todos.", "Hoy contamos estrellas.", "Miren hacia arriba.", "Algunas están lejos.")


def write_cues(path: Path, count: int, changed: int = -1) -> Path:
    """``count`` cues; the text of ``changed`` is another."""
    cues = []
    for number in range(count):
        times = [number * _EVERY + 0.2, number * _EVERY + 0.2 + _LONG]
        start, stop = (f"{int(t // 3600):02}:{int(t // 60 % 60):02}:{t % 60:06.3f}".replace(".", ",") for t in times)
        text = "Nada es como antes." if number == changed else _WORDS[number % len(_WORDS)]
        cues.append(f"{number + 1}\n{start} --> {stop}\n{text}\n")
    path.write_text("\n".join(cues), "utf-8")
    return path


def run(folder: Path, subtitles: Path, master: bool) -> dict[str, object]:
    """One dub, and what it took."""
    wall, processor = time.perf_counter(), time.process_time()
    report: DubReport = dubkit.dub(
        folder / "film.mp4",
        folder / "es.mp4" if master else None,
        subtitles=subtitles,
        tts="espeak",
        language="es",
        cast=folder / "cast.toml",
        expert="none",
        patches=None if master else folder / "patches",
        work_dir=folder / "kept",
    )
    assert not report.failed
    return {
        "processor_seconds": round(time.process_time() - processor, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "stages_wall_seconds": dict(report.seconds),
        "spans": report.spans,
        "spans_reused": report.spans_reused,
        "patches_reused": report.patches_reused,
        "changed_frames": sum(line.changed for line in report.lines),
    }


def measure(folder: Path, count: int, size: tuple[int, int], master: bool) -> dict[str, object]:
    """Every run, in order."""
    make_clip(folder / "film.mp4", count * _EVERY, size)
    (folder / "cast.toml").write_text("[cues]\n" + "".join(f'{number + 1} = "A"\n' for number in range(count)))
    plain = write_cues(folder / "es.srt", count)
    runs = {"patches": run(folder, plain, master=False), "patches, unchanged": run(folder, plain, master=False)}
    changed = write_cues(folder / "es.srt", count, changed=count // 2)
    runs["patches, one cue changed"] = run(folder, changed, master=False)
    store = Store(folder / "kept")
    kinds = describe_store(store).kinds
    if master:
        prune_store(store, PruneSettings(kinds=("lips",), everything=True))
        runs["master, all lips drawn"] = run(folder, changed, master=True)
        runs["master, all lips there"] = run(folder, changed, master=True)
    kept = {group.kind: {"entries": group.entries, "bytes": group.size} for group in kinds}
    return {"runs": runs, "kept": kept}


def ratios(found: dict[str, object]) -> dict[str, float]:
    """Processor time of each rerun over that of its whole run."""
    runs = found["runs"]
    assert isinstance(runs, dict)
    seconds = {name: float(facts["processor_seconds"]) for name, facts in runs.items()}
    whole = {name: "patches" if name.startswith("patches") else "master, all lips drawn" for name in seconds}
    return {name: round(seconds[name] / seconds[whole[name]], 4) for name in seconds}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cues", type=int, default=50)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--master", action="store_true")
    parser.add_argument("--output", type=Path, default=_RESULT)
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.cues, (width, height), arguments.master)
    result = {
        "machine": describe_machine(),
        "film": f"{arguments.cues} cues, {arguments.cues * _EVERY:g} s, {arguments.size}, 25 fps",
        "processor_time_over_whole_run": ratios(found),
        **found,
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
