"""Files that break off, are damaged, are no films at all, or lie in odd places under odd names."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from dubkit.media.pixels import describe_format
from dubkit.schema import ColourTags
from tests.media.zoo import still
from tests.zoo.animal import FRAMES, Animal, film
from tests.zoo.shapes import GROUPS, STILL

_TS = Fraction(1, 90_000)


def holding(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def cut_off(part: float, **recipe: Any) -> Callable[[Path], object]:
    """The first ``part`` of a film."""

    def write(path: Path) -> None:
        film(**recipe)(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(part * len(data))])

    return write


def spoilt(number: int, **recipe: Any) -> Callable[[Path], object]:
    """A film of which one packet is noise."""

    def write(path: Path) -> None:
        film(**recipe)(path)
        with av.open(str(path)) as container:
            packet = [bytes(packet) for packet in container.demux(video=0) if packet.size][number]
        noise = np.random.default_rng(3).bytes(len(packet))
        path.write_bytes(path.read_bytes().replace(packet, noise))

    return write


def under(ending: str, **recipe: Any) -> Callable[[Path], object]:
    """A film of the kind that ``ending`` names, under another name."""

    def write(path: Path) -> None:
        film(**recipe)(path.with_name(f"true{ending}"))
        path.with_name(f"true{ending}").rename(path)

    return write


def linked(path: Path) -> None:
    film(options=GROUPS)(path.with_name("the film itself.mp4"))
    path.symlink_to(path.with_name("the film itself.mp4"))


def no_frames(path: Path) -> None:
    """A picture track in which nothing is, beside a sound."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("ffv1", 25)
        assert isinstance(picture, av.VideoStream)
        picture.codec_context.width, picture.codec_context.height, picture.codec_context.pix_fmt = 64, 64, "yuv420p"
        sound = container.add_stream("pcm_s16le", 8000, layout="mono")
        assert isinstance(sound, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(sound.encode(frame))


def nobody_home(path: Path) -> None:
    path.symlink_to(path.with_name("not there.mp4"))


def encrypted(path: Path) -> None:
    """A film under another codec's name, which nothing here decodes."""
    film(options=GROUPS)(path)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"drmi"))


_WITHOUT_ONE = tuple(40.0 * n for n in range(FRAMES) if n != 12)
_PNG = {"codec": "h264", "pixel_format": describe_format("yuv420p"), "colour": ColourTags(matrix=6)}
DAMAGE = (
    Animal("empty.mp4", holding(b""), refused="empty"),
    Animal("text.mp4", holding(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n" * 40), refused="neither picture nor sound"),
    Animal("noise.mov", holding(np.random.default_rng(1).bytes(5000)), refused="not a media file"),
    Animal("playlist.mp4", holding(b"ffconcat version 1.0\nfile '/etc/hostname'\n"), refused="not a media file"),
    Animal("folder.mp4", lambda path: path.mkdir(), refused="is a folder"),
    Animal("nowhere.mp4", lambda path: None, refused="does not exist"),
    Animal("broken link.mp4", nobody_home, refused="does not exist"),
    Animal("no index.mp4", cut_off(0.5), refused="not a media file"),
    Animal("unknown codec.mp4", encrypted, refused="cannot be decoded"),
    Animal("no frames.mkv", no_frames, refused="cannot be decoded"),
    Animal(
        "breaks off.mkv",
        cut_off(0.7, **STILL),
        kept=5,
        says=("the container speaks of 0.24 s more than could be decoded",),
        frames=14,
    ),
    Animal("breaks off.ts", cut_off(0.7, time_base=_TS, options={**GROUPS, "bf": "0"}), frames=13, kept=3),
    Animal(
        "breaks off.avi",
        cut_off(0.7, codec="mjpeg", name="yuvj420p", time_base=Fraction(1, 25), options={"threads": "2"}),
        kept=0,
        says=("the container speaks of 20 frames, 10 could be decoded",),
        frames=10,
    ),
    Animal(
        "damaged.mov",
        times=_WITHOUT_ONE,
        make=spoilt(12, codec="prores_ks", name="yuv422p10le"),
        frames=19,
        because="the file has 20 packets for 19 frames that can be decoded",
        says=("the container speaks of 20 frames, 19 could be decoded",),
    ),
    Animal(
        "damaged.mp4",
        times=_WITHOUT_ONE,
        make=spoilt(12, options={**GROUPS, "bf": "0"}),
        frames=19,
        because="the file has 20 packets for 19 frames that can be decoded",
        says=("the container speaks of 20 frames, 19 could be decoded",),
    ),
    Animal(
        "damaged.mkv",
        times=_WITHOUT_ONE,
        make=spoilt(12, **STILL),
        frames=19,
        because="the file has 20 packets for 19 frames that can be decoded",
    ),
    Animal(
        "truly matroska.mp4",
        under(".mkv", **STILL),
        because="the result is another kind of file than the source",
        says=("the picture was ffv1 and was written as h264",),
        differs={"codec": "h264"},
    ),
    Animal(
        "truly a transport stream.mov",
        under(".ts", time_base=_TS, options=GROUPS),
        because="the result is another kind of file than the source",
    ),
    Animal(
        "photograph.png",
        lambda path: still(path, "png", "rgb24", (64, 64)),
        {"is_still": True},
        frames=6,
        result=".mp4",
        differs=_PNG,
        says=("with coarser colour resolution, RGB was converted to YUV",),
    ),
    Animal(
        "photograph.jpg",
        lambda path: still(path, "mjpeg", "yuv420p", (64, 64)),
        {"is_still": True},
        frames=6,
        result=".mp4",
        differs={"codec": "h264"},
    ),
    Animal('it\'s a "film".mp4', film(options=GROUPS), kept=10),
    Animal("100% %03d.mp4", film(options=GROUPS), kept=10),
    Animal("映画 – Überraschung é.mkv", film(**STILL), kept=11),
    Animal("12:30 take.mov", film(options=GROUPS), kept=10),
    Animal("-y -i.mp4", film(options=GROUPS), kept=10),
    Animal("line\nbreak.mp4", film(options=GROUPS), kept=10),
    Animal("UPPER.MP4", under(".mp4", options=GROUPS), kept=10),
    Animal("link.mp4", linked, kept=10),
)
