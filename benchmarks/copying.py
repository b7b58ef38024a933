"""How much of a master is its source's own when few frames change: ``python -m benchmarks.copying``.

A moving portrait in 1920x1080 is written once in each codec. Then two runs of frames, five of a hundred together, get
a grey bar where a mouth would be, and the master is written twice: as dubkit writes it, packets of unchanged frames
taken over, and with that switched off, every frame decoded and encoded. Sound is left out, and so is what finds faces
and makes mouths. Processor time is compared, which other work on the machine does not change; wall time stands beside
it. Prints a table, and writes ``benchmarks/results/copying.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from benchmarks.machine import describe_machine
from dubkit.media import (
    KeptFrame,
    MasterWriter,
    SourcePicture,
    WriteSettings,
    measure_times,
    probe,
    read_frames,
    read_picked,
)
from dubkit.schema import Frame
from dubkit.timing import FrameRange, FrameTimes
from samples.picture import Camera, film, portrait

_RESULT = Path(__file__).parent / "results" / "copying.json"
_FPS = 25
_CHANGED = 0.05


@dataclass(frozen=True)
class Kind:
    """A kind of master.

    Attributes:
        name: For the table.
        ending: Of the file.
        codec: FFmpeg's encoder.
        pixels: Its pixel format.
        options: Its options.
    """

    name: str
    ending: str
    codec: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict)


_DEEP = "yuv422p10le"
_KINDS = (
    Kind("ProRes 422 HQ", ".mov", "prores_ks", _DEEP, {"profile": "hq", "vendor": "apl0"}),
    Kind("DNxHR HQX", ".mov", "dnxhd", _DEEP, {"profile": "dnxhr_hqx"}),
    Kind("FFV1, 10 bits", ".mkv", "ffv1", _DEEP, {"level": "3", "g": "1", "slicecrc": "1"}),
    Kind("MJPEG", ".mov", "mjpeg", "yuvj422p", {"qmin": "2", "qmax": "2"}),
    Kind("v210", ".mov", "v210", _DEEP),
    Kind("H.264, intra only, 10 bits", ".mov", "libx264", _DEEP, {"g": "1", "bf": "0", "crf": "12"}),
    Kind("H.264, groups of 25", ".mp4", "libx264", "yuv420p", {"g": "25", "crf": "16"}),
    Kind("HEVC, groups of 25", ".mp4", "libx265", "yuv420p", {"g": "25", "x265-params": "open-gop=0:log-level=none"}),
)


def make_film(path: Path, kind: Kind, frames: int, size: tuple[int, int]) -> None:
    """A moving portrait."""
    camera = Camera((225, 125, 340), (235, 130, 280), shake=2.0)
    with av.open(str(path), "w") as container:
        video = container.add_stream(kind.codec, rate=_FPS, options=dict(kind.options))
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *size, kind.pixels
        for index, picture in enumerate(film(portrait(), camera, frames, size)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=kind.pixels)
            frame.pts, frame.time_base = index, Fraction(1, _FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))


def with_bar(frame: Frame) -> Frame:
    """``frame`` with a grey bar in its luma."""
    luma = np.array(frame.planes[0])
    rows, columns = luma.shape
    luma[rows // 2 : rows // 2 + 80, columns // 2 - 100 : columns // 2 + 100] = 1 << (frame.pixel_format.bits - 1)
    return replace(frame, planes=(luma, *frame.planes[1:]))


def write(
    source: Path, path: Path, times: FrameTimes, runs: list[FrameRange], *, copy: bool
) -> tuple[float, float, str]:
    """Write the master; seconds of the processor and of the clock it took, and what it says of itself."""
    video = probe(source).video
    assert video is not None
    changed = np.zeros(len(times), bool)
    for run in runs:
        changed[run.start : run.stop] = True
    began, worked = time.perf_counter(), time.process_time()
    settings = WriteSettings(copy=copy)
    with MasterWriter(path, video, source=source, settings=settings, picture=SourcePicture(times, runs)) as writer:
        for frame in _given(source, times, writer, changed):
            writer.write_frame(frame)
    return time.process_time() - worked, time.perf_counter() - began, writer.notes[-1]


def _given(
    source: Path, times: FrameTimes, writer: MasterWriter, changed: npt.NDArray[np.bool_]
) -> Iterator[Frame | KeptFrame]:
    if writer.kept is None:
        yield from (with_bar(frame) if changed[frame.index] else frame for frame in read_frames(source))
        return
    following = 0
    for frame in read_picked(source, changed | writer.kept.needed, times, writer.kept.packets):
        yield from map(KeptFrame, range(following, frame.index))
        yield with_bar(frame) if changed[frame.index] else frame
        following = frame.index + 1
    yield from map(KeptFrame, range(following, len(times)))


def own_packets(source: Path, path: Path) -> float:
    """Share of the packets of ``path`` that are, byte for byte, those that stand in the same place in ``source``."""
    stored = []
    for file in (source, path):
        with av.open(str(file)) as container:
            stored.append([hash(bytes(packet)) for packet in container.demux(video=0) if packet.size])
    before, after = stored
    return sum(a == b for a, b in zip(before, after, strict=True)) / len(before)


def measure(kind: Kind, frames: int, size: tuple[int, int], folder: Path) -> dict[str, Any]:
    """One row of the table."""
    source, copied, encoded = (folder / f"{name}{kind.ending}" for name in ("source", "copied", "encoded"))
    make_film(source, kind, frames, size)
    times = measure_times(source)
    share = max(2, round(frames * _CHANGED))
    first, second = frames // 4, 3 * frames // 4
    runs = [FrameRange(first, first + share // 2), FrameRange(second, second + share - share // 2)]
    quick, quick_wall, note = write(source, copied, times, runs, copy=True)
    slow, slow_wall, _ = write(source, encoded, times, runs, copy=False)
    row: dict[str, Any] = {
        "kind": kind.name,
        "frames": frames,
        "changed": sum(len(run) for run in runs),
        "own": round(own_packets(source, copied), 4),
        "encoded_s": round(slow, 2),
        "encoded_wall_s": round(slow_wall, 2),
        "copied_s": round(quick, 2),
        "copied_wall_s": round(quick_wall, 2),
        "times_faster": round(slow / quick, 1),
        "note": note,
    }
    for path in (source, copied, encoded):
        path.unlink()
    return row


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--size", type=int, nargs=2, default=[1920, 1080])
    parser.add_argument("--kinds", nargs="+", default=[kind.name for kind in _KINDS], help="as in the table")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        wanted = [kind for kind in _KINDS if kind.name in given.kinds]
        rows = [measure(kind, given.frames, (given.size[0], given.size[1]), Path(name)) for kind in wanted]
    figures = {
        "machine": describe_machine(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "size": given.size,
        "rows": rows,
    }
    _RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("| master | frames changed | packets of its own | encoded whole, s | packets taken over, s | times faster |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        seconds = f"{row['encoded_s']} | {row['copied_s']} | {row['times_faster']}"
        print(f"| {row['kind']} | {row['changed']} of {row['frames']} | {row['own']:.1%} | {seconds} |")


if __name__ == "__main__":
    main()
