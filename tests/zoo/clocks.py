"""Pictures whose times are odd: variable, missing, doubled, late, hidden, wrapped, or of strange rates."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from dubkit.timing import FrameRate
from tests.media.repacked import MILLI, repacked, restamped
from tests.zoo.animal import FRAMES, Animal, film
from tests.zoo.shapes import GROUPS, STILL

VFR = tuple(n * 40 + n % 3 * 11 for n in range(FRAMES))
_TS = Fraction(1, 90_000)
_WRAP = 1 << 33
_HALF_LATE = tuple(40 * n - (n == 12) * 20 for n in range(FRAMES))
"""A frame that comes too early is shown half a frame after the one before it."""


def repack(
    change: Callable[[Any], Any], muxer: dict[str, str] | None = None, **recipe: Any
) -> Callable[[Path], object]:
    """Makes a film, and of its packets another one."""

    def write(path: Path) -> None:
        plain = path.with_name(f"plain{path.suffix}")
        film(**recipe)(plain)
        repacked(plain, path, change, **(muxer or {}))
        plain.unlink()

    return write


def moved(by: int) -> Callable[[Any], Any]:
    def change(packet: Any) -> Any:
        packet.pts, packet.dts = packet.pts + by, packet.dts + by
        return packet

    return change


def without_duration(packet: Any) -> Any:
    packet.duration = 0
    return packet


def stamped(stamps: list[int], **recipe: Any) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        plain = path.with_name(f"plain{path.suffix}")
        film(**recipe)(plain)
        restamped(plain, path, stamps)
        plain.unlink()

    return write


def stepping_back(path: Path) -> None:
    """Matroska whose clock goes back for one packet, which no muxer writes."""
    film(codec="mjpeg", name="yuvj420p", time_base=MILLI)(path)
    with av.open(str(path)) as container:
        packet = [bytes(packet) for packet in container.demux(video=0) if packet.size][12]
    data = bytearray(path.read_bytes())
    at = data.index(packet) - 3  # two bytes of time since its cluster began, one of flags
    data[at : at + 2] = (int.from_bytes(data[at : at + 2], "big", signed=True) - 60).to_bytes(2, "big", signed=True)
    path.write_bytes(data)


def joined(*recipes: dict[str, Any]) -> Callable[[Path], object]:
    """Transport streams one behind the other, as recorders leave them."""

    def write(path: Path) -> None:
        parts = []
        for number, recipe in enumerate(recipes):
            part = path.with_name(f"part{number}{path.suffix}")
            film(**recipe)(part)
            parts.append(part.read_bytes())
            part.unlink()
        path.write_bytes(b"".join(parts))

    return write


NTSC = {"rate": Fraction(30_000, 1001), "time_base": Fraction(1, 30_000)}
CLOCKS = (
    Animal("23.976.mov", film(rate=Fraction(24_000, 1001), time_base=Fraction(1, 24_000), options=GROUPS), kept=10),
    Animal(
        "29.97 drop.mov",
        film(**NTSC, timecode="00:59:59;28", options=GROUPS),
        {"start_timecode": "00:59:59;28"},
        tracks=("timecode",),
        kept=5,
    ),
    Animal(
        "59.94.mp4",
        film(rate=Fraction(60_000, 1001), time_base=Fraction(1, 60_000), options=GROUPS),
        because="every group of pictures holds a change",
    ),
    Animal(
        "120.mp4",
        film(rate=Fraction(120), time_base=Fraction(1, 12_000), options=GROUPS, frames=40),
        frames=40,
        because="every group of pictures holds a change",
    ),
    Animal(
        "1000 a second.mp4",
        film(
            rate=Fraction(1000),
            time_base=Fraction(1, 16_000),
            options=GROUPS,
        ),
        because="every group of pictures holds a change",
        says=("the voice is 0.220 s longer than the picture; what comes after its end is cut",),
    ),
    Animal("variable.mp4", film(pts=VFR, time_base=MILLI, options=GROUPS), times=VFR, kept=10),
    Animal(
        "variable.mkv",
        film(pts=VFR, time_base=MILLI, codec="ffv1", options={"g": "1", "level": "3"}),
        times=VFR,
        kept=12,
    ),
    Animal(
        "a pause.mp4",
        film(pts=[n * 40 + (n > 11) * 5_000 for n in range(FRAMES)], time_base=MILLI, options=GROUPS),
        times=tuple(n * 40 + (n > 11) * 5_000 for n in range(FRAMES)),
        kept=10,
    ),
    Animal(
        "variable to frame numbers.mp4",
        film(pts=VFR, time_base=MILLI, options=GROUPS),
        times=VFR,
        result=".avi",
        off=51,
        differs={"codec": "mpeg4", "rate": FrameRate(Fraction(74, 3))},
        because="the result is another kind of file than the source",
        says=(
            "the picture was h264 and was written as mpeg4",
            "frames are shown up to 50 ms earlier or later: this kind of file only knows frame numbers",
        ),
    ),
    Animal(
        "one frame.mp4",
        film(frames=1),
        frames=1,
        changes=False,
        kept=1,
        says=("the voice is 0.200 s longer than the picture; what comes after its end is cut",),
    ),
    Animal(
        "late.mp4",
        film(pts=[512 * n for n in range(9, 9 + FRAMES)], options=GROUPS),
        {"start": Fraction(9, 25)},
        kept=10,
    ),
    Animal(
        "hidden start.mp4",
        repack(moved(-3 * 512), frames=23),
        {"start": Fraction(0)},
        because="no group of pictures but the first can stand alone",
        says=("the container speaks of 23 frames, 20 could be decoded",),
    ),
    Animal(
        "no edit list.mp4",
        repack(lambda packet: packet, {"use_editlist": "0"}),
        {},
        because="no group of pictures but the first can stand alone",
    ),
    Animal("long ago.mkv", stamped([10**9 + 40 * n for n in range(FRAMES)], **STILL), kept=11),
    Animal("fine clock.mp4", film(time_base=Fraction(1, 10**9 // 25 * 25), options=GROUPS), kept=10),
    Animal(
        "without times.h264",
        film(options=GROUPS),
        result=".mp4",
        because="the result is another kind of file than the source",
    ),
    Animal(
        "without times, reordered.h264",
        film(options={**GROUPS, "bf": "3"}),
        result=".mp4",
        because="the result is another kind of file than the source",
    ),
    Animal(
        "frame numbers.avi",
        film(codec="mpeg4", time_base=Fraction(1, 25)),
        because="packets of mpeg4 cannot be told apart by what they show",
    ),
    Animal(
        "reordered.avi",
        film(time_base=Fraction(1, 25), options={"bf": "2"}),
        differs={"codec": "mpeg4"},
        because="no group of pictures but the first can stand alone",
        says=("the picture was h264 and was written as mpeg4",),
    ),
    Animal("without durations.mkv", repack(without_duration, **STILL), kept=11),
    Animal(
        "two at once.mkv", stamped([40 * n - (n == 12) * 40 for n in range(FRAMES)], **STILL), times=_HALF_LATE, kept=11
    ),
    Animal("a step back.mkv", stepping_back, times=_HALF_LATE, kept=11),
    Animal("offset.ts", repack(moved(90_000 * 3600), time_base=_TS, options=GROUPS), kept=10),
    Animal(
        "wrapped.ts",
        repack(moved(_WRAP - 10 * 3600 - 126_000), time_base=_TS),
        because="no group of pictures but the first can stand alone",
    ),
    Animal(
        "joined.ts",
        joined({"time_base": _TS}, {"time_base": _TS}),
        frames=2 * FRAMES,
        because="its packets have other times than its frames",
    ),
)
