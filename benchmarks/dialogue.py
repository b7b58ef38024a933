"""Fitting and mixing a long film: ``python -m benchmarks.dialogue [--minutes 120] [--cues 2000]``.

A film whose sound is a minute of music and noise, repeated packet by packet; takes spoken by espeak-ng, too long for
every third cue. A process of its own reads the takes, fits them, measures, brings the mix to EBU R 128 and hears it to
its end; it tells its own peak memory and time. Prints a table, and writes ``benchmarks/results/dialogue.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pysubs2

from benchmarks.machine import describe_machine
from benchmarks.memory import repeat
from dubkit.dialogue import LevelSettings, MixSettings, draw_timeline, open_voice
from dubkit.errors import DubkitError
from dubkit.levelling import level_soundtrack
from dubkit.lines import LineSettings, open_lines
from dubkit.media import probe, write_wav
from dubkit.schema import DubJob, Line
from dubkit.soundtrack import plan_soundtrack
from dubkit.timing import FrameRate

_RATE = 48_000
_FPS = 25
_TAKES = 40
_RESULT = Path(__file__).parent / "results" / "dialogue.json"
_TEXT = "La noche era larga y nadie en la estación sabía todavía cuándo iba a llegar el último tren del norte"


def _words(number: int) -> str:
    return " ".join(_TEXT.split()[: 4 + number % 9])


def _quiet(done: int, total: int) -> None:
    """Progress for nobody."""


def _fail(_line: Line, error: DubkitError) -> None:
    raise error


def make_minute(path: Path, channels: int) -> None:
    """One minute of a black picture with chords and noise."""
    layout = {2: "stereo", 6: "5.1"}[channels]
    rng, block = np.random.default_rng(0), _RATE // _FPS
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=_FPS)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = container.add_stream("aac", rate=_RATE, layout=layout)
        black = av.VideoFrame.from_ndarray(np.zeros((180, 320, 3), np.uint8), "rgb24").reformat(format="yuv420p")
        for index in range(60 * _FPS):
            black.pts = None
            container.mux(video.encode(black))
            t = (np.arange(block) + index * block) / _RATE
            chord = 0.05 * sum(np.sin(2 * np.pi * hertz * t) for hertz in (110, 277, 330))
            sound = (chord + 0.02 * rng.standard_normal((channels, block))).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(sound, "fltp", layout)
            frame.sample_rate, frame.pts, frame.time_base = _RATE, index * block, Fraction(1, _RATE)
            container.mux(audio.encode(frame))
        container.mux([*video.encode(None), *audio.encode(None)])


def make_takes(folder: Path, cues: int) -> None:
    """A take for each cue; every ``_TAKES``-th is the same recording."""
    voice = open_voice("espeak")
    folder.mkdir()
    for number in range(1, cues + 1):
        path = folder / f"{number:04}.wav"
        if number <= _TAKES:
            write_wav(path, voice.speak(_words(number), "es"))
        else:
            os.link(folder / f"{(number - 1) % _TAKES + 1:04}.wav", path)


def write_cues(path: Path, minutes: int, cues: int) -> None:
    """Cues of two thirds of their share of the film, every third of half of it."""
    step = minutes * 60_000 / cues
    script = pysubs2.SSAFile()
    for number in range(cues):
        start = round(number * step)
        text = _words(number + 1)
        script.append(pysubs2.SSAEvent(start, start + round(step * (1 / 2 if number % 3 else 2 / 3)), text))
    script.save(str(path))


def work(folder: Path, minutes: int) -> dict[str, float]:
    """Fit and mix what lies in ``folder``; the seconds of each stage."""
    video, duration = folder / "film.mp4", Fraction(60 * minutes)
    job = DubJob(
        video=video,
        output=folder / "out.mov",
        language="es",
        subtitles=folder / "cues.srt",
        voice=folder / "takes",
        loudness="ebu-r128",
    )
    laps = [time.perf_counter()]
    kept = folder / "kept"
    kept.mkdir()
    lines = open_lines(job, FrameRate.of(_FPS), LineSettings()).lines(duration, kept, _quiet)
    laps.append(time.perf_counter())
    source = probe(video)
    sound = plan_soundtrack(job, lines, source, duration, settings=MixSettings(), on_error=_fail)
    sound = level_soundtrack(sound, job, source, settings=LevelSettings(), progress=_quiet)
    laps.append(time.perf_counter())
    samples = sum(block.length for block in sound.blocks())
    assert samples == 60 * minutes * _RATE
    laps.append(time.perf_counter())
    draw_timeline(folder / "lines.png", lines.lines, duration, loudness=sound.curve())
    laps.append(time.perf_counter())
    fit, measure, mix, picture = (b - a for a, b in pairwise(laps))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "lines": len(lines.lines),
        "fit_s": round(fit, 1),
        "measure_s": round(measure, 1),
        "mix_s": round(mix, 1),
        "picture_s": round(picture, 1),
        "wall_s": round(fit + measure + mix, 1),
        "processor_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mib": round(used.ru_maxrss / 1024),
    }


def measure(folder: Path, minutes: int, cues: int, channels: int) -> dict[str, float]:
    """The figures of one film."""
    make_minute(folder / "minute.mp4", channels)
    repeat(folder / "minute.mp4", folder / "film.mp4", minutes)
    write_cues(folder / "cues.srt", minutes, cues)
    make_takes(folder / "takes", cues)
    command = [sys.executable, "-m", "benchmarks.dialogue", "--minutes", str(minutes), "--work", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)
    found: dict[str, float] = json.loads(run.stdout)
    return {"minutes": minutes, "cues": cues, "channels": channels, **found}


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--cues", type=int, default=2000)
    parser.add_argument("--channels", type=int, nargs="+", default=[2, 6], choices=[2, 6])
    parser.add_argument("--work", type=Path, default=None, help="what the measured process is given")
    given = parser.parse_args()
    if given.work is not None:
        print(json.dumps(work(given.work, given.minutes)))
        return
    rows = []
    for channels in given.channels:
        with tempfile.TemporaryDirectory() as name:
            rows.append(measure(Path(name), given.minutes, given.cues, channels))
    figures = {"machine": describe_machine(), "threads": os.environ.get("OMP_NUM_THREADS", "all"), "rows": rows}
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("| channels | fit, s | measure, s | mix, s | together, s | processor, s | times real time | peak, MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        speed = 60 * row["minutes"] / row["wall_s"]
        figures_of = (row[name] for name in ("channels", "fit_s", "measure_s", "mix_s", "wall_s", "processor_s"))
        print("|", " | ".join(str(figure) for figure in figures_of), f"| {speed:.0f} | {row['peak_mib']} |")


if __name__ == "__main__":
    main()
