"""Peak memory of a dub as the film gets longer: ``python -m benchmarks.memory [--minutes 1 10]``.

A 1920x1080 clip of the sample's portrait is made once, a minute long, and repeated packet by packet; each length is
dubbed by a process of its own, whose peak resident memory is what the system counted. Prints a table, and writes
``benchmarks/results/memory.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pysubs2

from benchmarks.machine import describe_machine
from samples.picture import Camera, film, portrait

_FPS = 25
_SIZE = (1920, 1080)
_RATE = 48_000
_RESULT = Path(__file__).parent / "results" / "memory.json"
# The child says its own peak: what getrusage counts for children would be the largest of all of them.
_CHILD = (
    "import resource, sys; from dubkit_cli.main import run; code = run(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
)


def make_minute(path: Path) -> None:
    """One minute of a moving portrait with a tone for a voice."""
    camera = Camera((225, 125, 340), (235, 130, 280), shake=2.0)
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "crf": "20", "g": "50", "bf": "0"}
        video = container.add_stream("libx264", rate=_FPS, options=options)
        video.width, video.height, video.pix_fmt = *_SIZE, "yuv420p"
        audio = container.add_stream("aac", rate=_RATE, layout="stereo")
        for index, picture in enumerate(film(portrait(), camera, 60 * _FPS, _SIZE)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")))
            samples = _RATE // _FPS
            noise = 0.1 * rng.standard_normal((2, samples)).astype(np.float32)
            block = av.AudioFrame.from_ndarray(noise, "fltp", "stereo")
            block.sample_rate, block.pts, block.time_base = _RATE, index * samples, Fraction(1, _RATE)
            container.mux(audio.encode(block))
        container.mux([*video.encode(None), *audio.encode(None)])


def repeat(source: Path, path: Path, times: int) -> None:
    """``source`` repeated ``times`` times without encoding."""
    with av.open(str(path), "w") as output:
        with av.open(str(source)) as stored:
            streams = [output.add_stream_from_template(stream) for stream in stored.streams]
        for turn in range(times):
            with av.open(str(source)) as stored:
                for packet in stored.demux():
                    # What lies outside the minute (the sound's priming and padding) would overlap the next turn.
                    if packet.dts is None or packet.pts is None or not 0 <= packet.pts * packet.time_base < 60:
                        continue
                    shift = round(60 * turn / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream_index]
                    output.mux(packet)


def write_cues(path: Path, minutes: int) -> None:
    """A cue of three seconds every five."""
    cues = pysubs2.SSAFile()
    for second in range(1, minutes * 60 - 3, 5):
        cues.append(pysubs2.SSAEvent(second * 1000, second * 1000 + 3000, "Una frase que dura unos tres segundos."))
    cues.save(str(path))


def measure(minutes: int, minute: Path, folder: Path, options: list[str]) -> dict[str, float]:
    """Peak memory in MiB and wall time of dubbing ``minutes`` of film."""
    source, cues, result = folder / f"{minutes}.mp4", folder / f"{minutes}.srt", folder / f"{minutes}.out.mp4"
    repeat(minute, source, minutes)
    write_cues(cues, minutes)
    command = ["dub", str(source), "--subtitles", str(cues), "--tts", "espeak", "--language", "es", "-o", str(result)]
    command += ["--work-dir", str(folder / "kept"), *options]
    began = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", _CHILD, *command], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if run.returncode:
        raise SystemExit(run.stderr)
    peak = int(run.stderr.split()[-1]) / 1024
    source.unlink()
    result.unlink()
    return {"minutes": minutes, "frames": minutes * 60 * _FPS, "peak_mib": round(peak), "seconds": round(seconds, 1)}


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--detector", default="auto", help="as for dubkit dub; the cascade takes longest")
    parser.add_argument("--codec", default="auto", help="as for dubkit dub; x264 takes longest, and 0.4 GiB of its own")
    given = parser.parse_args()
    options = ["--detector", given.detector, "--codec", given.codec]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        minute = folder / "minute.mp4"
        make_minute(minute)
        rows = [measure(length, minute, folder, options) for length in given.minutes]
    figures = {
        "machine": describe_machine(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "options": options,
        "rows": rows,
    }
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("| minutes of 1080p | frames | peak memory, MiB | times the first | wall time, s |")
    print("|---|---|---|---|---|")
    for row in rows:
        ratio = row["peak_mib"] / rows[0]["peak_mib"]
        print(f"| {row['minutes']} | {row['frames']} | {row['peak_mib']} | {ratio:.2f} | {row['seconds']} |")


if __name__ == "__main__":
    main()
