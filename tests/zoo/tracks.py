"""Films with more in them than one picture and one sound, or with less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.stream import Disposition

from tests.media.repacked import MILLI, packet_of, with_tracks
from tests.media.zoo import make_sound, still, tone
from tests.zoo.animal import FRAMES, Animal, calm_frame, film
from tests.zoo.shapes import GROUPS

Added = Callable[[OutputContainer], Sequence[Any]]
_HALF = Fraction(1, 2)


def beside(
    add: Callable[[Path], Added], *, first: bool = False, late: int = 0, **recipe: Any
) -> Callable[[Path], object]:
    """A film with what ``add`` adds to it, given the folder."""

    def write(path: Path) -> None:
        folder = path.parent / "parts"
        folder.mkdir()
        asked = {"frames": FRAMES, "size": (64, 64), "options": {**GROUPS, "bf": "0"}, "picture": calm_frame} | recipe
        with_tracks(folder, path.suffix, add(folder), late, first, **asked).rename(path)

    return write


def cover(folder: Path) -> Added:
    image = still(folder / "cover.jpg", "mjpeg", "yuv420p").read_bytes()

    def add(container: OutputContainer) -> list[Any]:
        track = container.add_mux_stream("mjpeg", width=64, height=48)
        track.disposition = Disposition.attached_pic
        return [packet_of(image, 0, track)]

    return add


def attached_cover(folder: Path) -> Added:
    image = still(folder / "cover.png", "png", "rgb24").read_bytes()

    def add(container: OutputContainer) -> list[Any]:
        container.add_attachment("cover.png", "image/png", image)
        return []

    return add


def second_picture(folder: Path) -> Added:
    film(size=(48, 48), name="yuv444p")(folder / "second.mp4")

    def add(container: OutputContainer) -> list[Any]:
        with av.open(str(folder / "second.mp4")) as other:
            track = container.add_stream_from_template(other.streams.video[0], opaque=True)
            packets = [packet for packet in other.demux(video=0) if packet.size]
        for packet in packets:
            packet.stream = track
        return list(packets)

    return add


def subtitles(codec: str, language: str) -> Callable[[Path], Added]:
    text = b"Bonjour"

    def add(container: OutputContainer) -> list[Any]:
        track = container.add_mux_stream(codec)
        track.time_base = MILLI
        track.metadata.update({"language": language})
        return [packet_of(len(text).to_bytes(2, "big") + text if codec == "mov_text" else text, 100, track)]

    return lambda _: add


def font(_: Path) -> Added:
    def add(container: OutputContainer) -> list[Any]:
        container.add_attachment("font.ttf", "application/x-truetype-font", b"not a font")
        return []

    return add


def data(_: Path) -> Added:
    def add(container: OutputContainer) -> list[Any]:
        track = container.add_data_stream("klv")
        track.time_base = MILLI
        return [packet_of(b"GPS 48.85 2.35", 100, track)]

    return add


def chapters(_: Path) -> Added:
    def add(container: OutputContainer) -> list[Any]:
        names = ("One", "Two")
        container.set_chapters(
            [{"id": n + 1, "start": n * 400, "end": (n + 1) * 400, "time_base": MILLI, "metadata": {"title": name}}
             for n, name in enumerate(names)]
        )  # fmt: skip
        return []

    return add


def sounding(seconds: float = 0.8, **recipe: Any) -> Callable[[Path], object]:
    rate, channels = recipe.get("sound_rate", 48_000), recipe.pop("channels", 1)
    return film(sound=tone(seconds, rate, channels), **({"options": GROUPS} | recipe))


def two_sounds(path: Path) -> None:
    sounding(sound_codec="pcm_s16le", language="fra")(path.with_name("one.mov"))
    with av.open(str(path.with_name("one.mov"))) as old, av.open(str(path), "w") as new:
        pairs = [(old.streams.video[0], new.add_stream_from_template(old.streams.video[0], opaque=True))]
        spoken = [new.add_stream_from_template(old.streams.audio[0]) for _ in range(2)]
        spoken[1].metadata["language"] = "deu"
        for packet in old.demux():
            if packet.size and packet.stream is pairs[0][0]:
                packet.stream = pairs[0][1]
                new.mux(packet)
            elif packet.size:
                again = av.Packet(bytes(packet))
                again.pts, again.dts, again.time_base, again.duration = (
                    packet.pts,
                    packet.dts,
                    packet.time_base,
                    packet.duration,
                )
                packet.stream, again.stream = spoken
                new.mux([packet, again])


def sound_only(path: Path) -> None:
    make_sound(path, tone(0.5, 8000), 8000, "aac", "mp4")


def song_with_cover(path: Path) -> None:
    make_sound(path.with_name("song.m4a"), tone(1, 8000), 8000, "aac", "mp4")
    with av.open(str(path.with_name("song.m4a"))) as source, av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        (image,) = cover(path.parent)(out)
        out.mux(image)
        for packet in source.demux():
            if packet.size:
                packet.stream = track
                out.mux(packet)


TRACKS = (
    Animal("no sound.mp4", film(options=GROUPS), kept=10),
    Animal("late sound.mov", sounding(0.4, sound_start=Fraction(3, 10), sound_codec="pcm_s16le"), sounds=1, kept=10),
    Animal(
        "early sound.mov",
        sounding(1.2, sound_codec="pcm_s16le", pts=[512 * n for n in range(9, 9 + FRAMES)]),
        {"start": Fraction(9, 25)},
        sounds=1,
        kept=10,
    ),
    Animal("short sound.mp4", sounding(0.3), sounds=1, kept=10),
    Animal("long sound.mp4", sounding(2.0), sounds=1, kept=10),
    Animal(
        "surround.mkv", sounding(0.8, channels=6, layout="5.1", sound_codec="flac", time_base=MILLI), sounds=1, kept=10
    ),
    Animal("telephone.mov", sounding(0.8, sound_rate=8000, sound_codec="pcm_mulaw"), sounds=1, kept=10),
    Animal("two languages.mov", two_sounds, sounds=2, kept=10),
    Animal("sound only.mp4", sound_only, refused="sound but no picture"),
    Animal("song with cover.m4a", song_with_cover, refused="sound but no picture"),
    Animal("cover after.mp4", beside(cover), tracks=("cover",), kept=10),
    Animal("cover before.mp4", beside(cover, first=True), tracks=("cover",), kept=10),
    Animal("cover.mkv", beside(attached_cover), tracks=("cover",), kept=10),
    Animal("second picture.mp4", beside(second_picture), tracks=("video",), kept=10),
    Animal(
        "second picture first.mp4",
        beside(second_picture, first=True),
        tracks=("video",),
        because="no group of pictures but the first can stand alone",
    ),
    Animal("subtitles.mkv", beside(subtitles("subrip", "fre")), tracks=("subtitle",), kept=10),
    Animal("subtitles.mp4", beside(subtitles("mov_text", "fra")), tracks=("subtitle",), kept=10),
    Animal(
        "subtitles to avi.mkv",
        beside(subtitles("subrip", "fre")),
        result=".avi",
        differs={"codec": "mpeg4"},
        because="the result is another kind of file than the source",
        says=(
            "the picture was h264 and was written as mpeg4",
            "track 1 (subtitles, srt, fre) was left out: this kind of file does not take it",
        ),
    ),
    Animal("font.mkv", beside(font), tracks=("attachment",), kept=10),
    Animal("data.ts", beside(data, time_base=Fraction(1, 90_000)), tracks=("data",), kept=10),
    Animal("chapters.mp4", beside(chapters), tracks=("data",), kept=10),
    Animal(
        "late, with subtitles.mkv",
        beside(subtitles("subrip", "fre"), late=300),
        {"start": Fraction(3, 10)},
        tracks=("subtitle",),
        kept=10,
    ),
    Animal(
        "timecode.mov",
        film(timecode="01:00:00:00", codec="prores_ks", name="yuv422p10le"),
        {"start_timecode": "01:00:00:00"},
        tracks=("timecode",),
        kept=11,
    ),
    Animal("no such timecode.mov", film(timecode="01:00:00:00", options=GROUPS), {}, tracks=("timecode",), kept=10),
)
