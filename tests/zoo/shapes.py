"""Pictures that lie on their side, are mirrored, have pixels that are not square, or odd sizes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.zoo.animal import Animal, film

GROUPS = {"g": "5", "sc_threshold": "0", "preset": "ultrafast"}
STILL: dict[str, Any] = {"codec": "ffv1", "options": {"g": "1", "level": "3"}, "time_base": Fraction(1, 1000)}
_ONE = 1 << 16
_UNITY = struct.pack(">9i", _ONE, 0, 0, 0, _ONE, 0, 0, 0, 1 << 30)


def mirrored(across: int, down: int, **recipe: Any) -> Callable[[Path], object]:
    """A film whose file says that it is to be shown mirrored, as front cameras of phones write it."""

    def write(path: Path) -> None:
        film(**recipe)(path)
        data = path.read_bytes()
        at = data.index(_UNITY, data.index(b"tkhd"))
        matrix = struct.pack(">9i", across * _ONE, 0, 0, 0, down * _ONE, 0, 0, 0, 1 << 30)
        path.write_bytes(data[:at] + matrix + data[at + len(matrix) :])

    return write


SHAPES = (
    Animal("phone 90.mp4", film(rotation=90, options=GROUPS), {"rotation": 90}, kept=10),
    Animal(
        "phone 180.mov",
        film(rotation=180, options=GROUPS),
        {"rotation": 180},
        because="every group of pictures holds a change",
    ),
    Animal(
        "phone 270.mkv",
        film(rotation=270, codec="ffv1", options={"g": "1", "level": "3"}, time_base=Fraction(1, 1000)),
        {"rotation": 270},
        kept=11,
    ),
    Animal(
        "turned into a file that cannot say so.mp4",
        film(rotation=90),
        {"rotation": 90},
        result=".avi",
        differs={"rotation": 0, "codec": "mpeg4"},
        says=(
            "a .avi file cannot say that the picture is to be turned, so it was turned 90 degrees",
            "the picture was h264 and was written as mpeg4",
        ),
    ),
    Animal("selfie.mp4", mirrored(-1, 1, options=GROUPS), {"rotation": 0}, kept=10),
    Animal(
        "selfie in one group.mp4",
        mirrored(-1, 1),
        {"rotation": 0},
        because="no group of pictures but the first can stand alone",
    ),
    Animal(
        "mirror below.mp4",
        mirrored(1, -1, options=GROUPS),
        {"rotation": 180},
        because="every group of pictures holds a change",
    ),
    Animal(
        "anamorphic.mp4", film(aspect=Fraction(16, 15), options=GROUPS), {"sample_aspect": Fraction(16, 15)}, kept=10
    ),
    Animal(
        "anamorphic.mkv",
        film(aspect=Fraction(64, 45), options=GROUPS, time_base=Fraction(1, 1000)),
        {"sample_aspect": Fraction(64, 45)},
        kept=10,
    ),
    Animal(
        "PAL.mpg",
        film(codec="mpeg2video", aspect=Fraction(16, 15), size=(80, 64), time_base=Fraction(1, 25)),
        {"sample_aspect": Fraction(16, 15)},
        because="packets of mpeg2video cannot be told apart by what they show",
    ),
    Animal(
        "narrow by one.mkv",
        film(codec="ffv1", size=(63, 65), options={"g": "1", "level": "3"}, time_base=Fraction(1, 1000)),
        {"width": 63, "height": 65},
        kept=11,
    ),
    Animal(
        "odd and subsampled.webm",
        film(
            codec="libvpx-vp9",
            size=(63, 65),
            options={"deadline": "realtime", "cpu-used": "8"},
            time_base=Fraction(1, 1000),
        ),
        {"width": 63},
        because="packets of vp9 cannot be told apart by what they show",
    ),
    Animal(
        "odd to mp4.webm",
        film(
            codec="libvpx-vp9",
            size=(63, 65),
            options={"deadline": "realtime", "cpu-used": "8"},
            time_base=Fraction(1, 1000),
        ),
        {"width": 63},
        result=".mp4",
        because="the result is another kind of file than the source",
    ),
    Animal("odd.mov", film(codec="mjpeg", name="yuvj420p", size=(65, 63)), {"height": 63}, kept=11),
    Animal("two by two.mp4", film(size=(2, 2), options=GROUPS), {"width": 2, "height": 2}, changes=False, kept=20),
    Animal(
        "one pixel.mkv",
        film(codec="ffv1", size=(1, 1), time_base=Fraction(1, 1000)),
        {"width": 1, "height": 1},
        changes=False,
        because="its ffv1 packets need one another",
    ),
    Animal("ribbon.mp4", film(size=(640, 16), options=GROUPS), {"width": 640, "height": 16}, changes=False, kept=20),
)
