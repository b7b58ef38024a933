"""Codecs and kinds of files, and what goes on inside a stream."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from dubkit.media.pixels import describe_format
from dubkit.timing import FrameRate
from tests.media.repacked import MILLI, repacked
from tests.zoo.animal import FRAMES, Animal, film
from tests.zoo.clocks import joined, repack
from tests.zoo.shapes import GROUPS

DEEP = "yuv422p10le"
_TS = Fraction(1, 90_000)
_NUMBERS = {"time_base": Fraction(1, 25)}
_OPEN_HEVC = {"g": "8", "x265-params": "log-level=none:scenecut=0:bframes=3"}
_OPEN_H264 = {"g": "8", "bf": "3", "sc_threshold": "0", "x264-params": "open-gop=1"}


def one_behind_the_other(*recipes: dict[str, Any]) -> Callable[[Path], object]:
    """Streams of H.264 that differ, behind one another in one MP4: the parameter sets lie between the pictures."""

    def write(path: Path) -> None:
        raw = path.with_name("raw.h264")
        joined(*recipes)(raw)
        times = iter(range(0, 512 * FRAMES * len(recipes), 512))

        def at(packet: Any) -> Any:
            packet.pts = packet.dts = next(times)
            packet.time_base = Fraction(1, 12_800)
            return packet

        repacked(raw, path, at)

    return write


def quiet_av1(path: Path) -> None:
    os.environ.setdefault("SVT_LOG", "0")
    film(codec="libsvtav1", options={"preset": "8", "crf": "20"})(path)


def telecine(path: Path) -> None:
    """Film in NTSC: every other frame says that one of its fields is to be shown again (H.262, 6.3.10)."""
    shown = iter(round(90_000 * Fraction(1001, 60_000) * (n // 2 * 5 + n % 2 * 2)) for n in range(FRAMES))
    plain = path.with_name("plain.ts")
    film(codec="mpeg2video", rate=Fraction(30_000, 1001), time_base=Fraction(1001, 30_000), options={"g": "1"})(plain)

    def flagged(packet: Any) -> Any:
        data, time = bytearray(bytes(packet)), next(shown)
        sequence, picture = (data.index(b"\x00\x00\x01\xb5" + kind) for kind in (b"\x14", b"\x8f"))
        data[sequence + 5] &= ~0x08  # not a progressive sequence
        data[picture + 7] |= 0x82 if time % 3 else 0x80  # top field first; repeat the first field
        made = av.Packet(bytes(data))
        made.pts = made.dts = 90_000 + time
        made.time_base, made.is_keyframe = Fraction(1, 90_000), packet.is_keyframe
        return made

    repacked(plain, path, flagged)


_FILM = tuple(1001 / 60 * (n // 2 * 5 + n % 2 * 2) for n in range(FRAMES))
CODECS = (
    Animal("b-frames.mp4", film(options={"g": "5", "bf": "2", "sc_threshold": "0"}), kept=10),
    Animal(
        "open groups.mp4",
        film(frames=40, options=_OPEN_H264),
        frames=40,
        because="no group of pictures but the first can stand alone",
    ),
    Animal(
        "open groups.mkv", film(frames=40, codec="libx265", options=_OPEN_HEVC, time_base=MILLI), frames=40, kept=23
    ),
    Animal(
        "intra refresh.mp4",
        film(options={"x264-params": "intra-refresh=1:keyint=8"}),
        because="no group of pictures but the first can stand alone",
    ),
    Animal("intra only.mov", film(name=DEEP, options={"g": "1", "bf": "0"}), kept=11),
    Animal("lossless.mp4", film(options={**GROUPS, "qp": "0"}), kept=10),
    Animal("prores.mov", film(codec="prores_ks", name=DEEP), kept=11),
    Animal("prores.mxf", film(codec="prores_ks", name=DEEP, **_NUMBERS), kept=11),
    Animal("dnxhr.mov", film(codec="dnxhd", name=DEEP, size=(256, 128), options={"profile": "dnxhr_hqx"}), kept=11),
    Animal(
        "dnxhr.mxf",
        film(codec="dnxhd", name="yuv422p", size=(256, 128), options={"profile": "dnxhr_sq"}, **_NUMBERS),
        kept=11,
    ),
    Animal("ffv1 in groups.mkv", film(codec="ffv1", time_base=MILLI), because="its ffv1 packets need one another"),
    Animal("mjpeg.avi", film(codec="mjpeg", name="yuvj422p", **_NUMBERS), kept=11),
    Animal(
        "huffyuv.avi",
        film(codec="huffyuv", name="yuv422p", **_NUMBERS),
        differs={"codec": "ffv1"},
        because="packets of huffyuv cannot be told apart by what they show",
        says=("the picture was huffyuv and was written as ffv1",),
    ),
    Animal(
        "vp8.webm",
        film(codec="libvpx", time_base=MILLI, options={"deadline": "realtime", "cpu-used": "8"}),
        differs={"codec": "vp9"},
        because="packets of vp8 cannot be told apart by what they show",
        says=("the picture was vp8 and was written as vp9",),
    ),
    Animal(
        "vp9.webm",
        film(codec="libvpx-vp9", time_base=MILLI, rotation=90, options={"deadline": "realtime", "cpu-used": "8"}),
        because="packets of vp9 cannot be told apart by what they show",
    ),
    Animal("av1.mp4", quiet_av1, because="packets of av1 cannot be told apart by what they show"),
    Animal(
        "mpeg2.ts",
        film(codec="mpeg2video", options={"bf": "2", "g": "6", "b": "4000000"}, **_NUMBERS),
        differs={"codec": "h264"},
        because="packets of mpeg2video cannot be told apart by what they show",
        says=("the picture was mpeg2video and was written as h264",),
    ),
    Animal(
        "mpeg1.mpg",
        film(codec="mpeg1video", options={"b": "4000000"}, **_NUMBERS),
        differs={"codec": "mpeg2video"},
        because="packets of mpeg1video cannot be told apart by what they show",
        says=("the picture was mpeg1video and was written as mpeg2video",),
    ),
    Animal(
        "mpeg2.mxf",
        film(codec="mpeg2video", options={"b": "8000000"}, **_NUMBERS),
        differs={"codec": "prores", "pixel_format": describe_format("yuv422p10le")},
        because="packets of mpeg2video cannot be told apart by what they show",
        says=("the picture was mpeg2video and was written as prores",),
    ),
    Animal(
        "divx.avi",
        film(codec="msmpeg4", **_NUMBERS),
        differs={"codec": "mpeg4"},
        because="packets of msmpeg4v3 cannot be told apart by what they show",
        says=("the picture was msmpeg4v3 and was written as mpeg4",),
    ),
    Animal(
        "windows.wmv",
        film(codec="wmv2", time_base=MILLI),
        result=".mp4",
        differs={"codec": "h264"},
        because="the result is another kind of file than the source",
        says=("the picture was wmv2 and was written as h264",),
    ),
    Animal(
        "flash.flv",
        film(codec="flv1", time_base=MILLI),
        result=".mp4",
        differs={"codec": "h264"},
        because="the result is another kind of file than the source",
        says=("the picture was flv1 and was written as h264",),
    ),
    Animal(
        "old phone.3gp",
        film(codec="h263", size=(128, 96), **_NUMBERS),
        result=".mp4",
        differs={"codec": "h264"},
        because="packets of h263 cannot be told apart by what they show",
        says=("the picture was h263 and was written as h264",),
    ),
    Animal(
        "raw.y4m",
        film(codec="wrapped_avframe", **_NUMBERS),
        result=".mkv",
        because="the result is another kind of file than the source",
    ),
    Animal(
        "camcorder.dv",
        film(codec="dvvideo", size=(720, 576), frames=6, **_NUMBERS),
        refused="interlaced",
        result=".avi",
    ),
    Animal("top field first.mov", film(options={"flags": "+ildct+ilme", "x264-params": "tff=1"}), refused="interlaced"),
    Animal(
        "bottom field first.mp4", film(options={"flags": "+ildct+ilme", "x264-params": "bff=1"}), refused="interlaced"
    ),
    Animal(
        "interlaced.ts", film(codec="mpeg2video", options={"flags": "+ildct+ilme"}, **_NUMBERS), refused="interlaced"
    ),
    Animal(
        "telecine.ts",
        telecine,
        times=_FILM,
        differs={"codec": "h264", "rate": FrameRate(Fraction(60_000, 1001))},
        because="packets of mpeg2video cannot be told apart by what they show",
        says=("the picture was mpeg2video and was written as h264",),
    ),
    Animal(
        "fragments.mp4",
        repack(lambda packet: packet, {"movflags": "frag_keyframe+empty_moov"}, options=GROUPS),
        kept=10,
    ),
    Animal(
        "another size.mp4",
        one_behind_the_other({"options": {"bf": "0"}}, {"options": {"bf": "0"}, "size": (48, 48)}),
        frames=2 * FRAMES,
        kept=20,
    ),
    Animal(
        "another size.ts",
        joined({"time_base": _TS}, {"time_base": _TS, "size": (48, 48)}),
        frames=2 * FRAMES,
        because="its packets have other times than its frames",
        says=("20 frames of another size or format were made like the first one",),
    ),
    Animal(
        "another format.ts",
        joined({"time_base": _TS}, {"time_base": _TS, "name": "yuv444p"}),
        frames=2 * FRAMES,
        because="its packets have other times than its frames",
        says=("20 frames of another size or format were made like the first one",),
    ),
    Animal(
        "deeper later.ts",
        joined({"time_base": _TS}, {"time_base": _TS, "name": "yuv420p10le"}),
        frames=2 * FRAMES,
        because="its packets have other times than its frames",
        says=("20 frames of another size or format were made like the first one",),
    ),
)
