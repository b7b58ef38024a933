"""Subtitles, fonts, cover art, further pictures and sounds: kept, or said to be left out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.container import OutputContainer
from av.stream import Disposition

from dubkit.media import probe, read_frames
from dubkit.timing import FrameRange
from tests.media.masters import video_of, written
from tests.media.remaster import packets_of, remaster
from tests.media.repacked import MILLI, packet_of, with_tracks
from tests.media.zoo import make, still, tone

LINES = [(100, b"Bonjour"), (1200, b"Salut")]


def subtitles(codec: str, language: str, late: int = 0) -> Callable[[OutputContainer], list[Any]]:
    def add(container: OutputContainer) -> list[Any]:
        track = container.add_mux_stream(codec)
        track.time_base = MILLI
        track.metadata.update({"language": language, "title": "Sous-titres"})
        return [packet_of(text_of(codec, text), at + late, track) for at, text in LINES]

    return add


def text_of(codec: str, text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text if codec == "mov_text" else text


def lines_of(path: Path) -> list[tuple[Fraction, Fraction, bytes]]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(container.streams.subtitles[0]) if packet.size]
        return [
            ((packet.pts or 0) * packet.time_base, (packet.duration or 0) * packet.time_base, bytes(packet))
            for packet in packets
            if bytes(packet) != b"\0\0"
        ]


@pytest.mark.parametrize(("ending", "codec", "language"), [(".mkv", "subrip", "fre"), (".mp4", "mov_text", "fra")])
def test_subtitles_stay(tmp_path: Path, ending: str, codec: str, language: str) -> None:
    source = with_tracks(tmp_path, ending, subtitles(codec, language))
    path = tmp_path / f"copy{ending}"
    writer = remaster(source, path, [FrameRange(3, 4)])
    assert len(writer.notes) == 1
    half = Fraction(1, 2)
    assert lines_of(path) == [(at * MILLI, half, text_of(codec, text)) for at, text in LINES]
    with av.open(str(path)) as container:
        track = container.streams.subtitles[0]
        assert track.metadata["language"] == language
        assert "Sous-titres" in track.metadata.values()


def test_subtitles_stay_in_step_with_a_picture_that_starts_late(tmp_path: Path) -> None:
    """One is shown before the picture starts, and then for the rest of its time."""
    source = with_tracks(tmp_path, ".mkv", subtitles("subrip", "fre"), late=300)
    path = tmp_path / "copy.mkv"
    remaster(source, path, [FrameRange(3, 4)])
    assert lines_of(path) == [
        (Fraction(0), Fraction(3, 10), b"Bonjour"),
        (Fraction(9, 10), Fraction(1, 2), b"Salut"),
    ]


def test_what_a_file_does_not_take_is_said(tmp_path: Path) -> None:
    def both(container: OutputContainer) -> list[Any]:
        container.add_attachment("font.ttf", "application/x-truetype-font", b"not a font")
        return subtitles("subrip", "fre")(container)

    source = with_tracks(tmp_path, ".mkv", both)
    for ending in (".mp4", ".ts", ".avi"):
        path = tmp_path / f"copy{ending}"
        writer = written(path, video_of(source), read_frames(source), source=source)
        words = "was left out: this kind of file does not take it"
        assert [note for note in writer.notes if words in note] == [
            f"track 1 (subtitles, srt, fre) {words}",
            f"track 2 (attached file, font.ttf) {words}",
        ]
        with av.open(str(path)) as container:
            assert [stream.type for stream in container.streams] == ["video"]
    remaster(source, tmp_path / "copy.mkv", [])
    with av.open(str(tmp_path / "copy.mkv")) as container:
        (font,) = container.streams.attachments
        assert (font.name, font.mimetype, font.data) == ("font.ttf", "application/x-truetype-font", b"not a font")


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_cover_art_stays(tmp_path: Path, ending: str) -> None:
    image = still(tmp_path / "cover.jpg", "mjpeg", "yuv420p").read_bytes()

    def add(container: OutputContainer) -> list[Any]:
        if ending == ".mkv":
            container.add_attachment("cover.jpg", "image/jpeg", image)
            return []
        track = container.add_mux_stream("mjpeg", width=64, height=48)
        track.disposition = Disposition.attached_pic
        return [packet_of(image, 0, track)]

    source = with_tracks(tmp_path, ending, add)
    path = tmp_path / f"copy{ending}"
    writer = remaster(source, path, [FrameRange(3, 4)])
    assert len(writer.notes) == 1
    with av.open(str(path)) as container:
        art = container.streams.video[1]
        assert art.disposition & Disposition.attached_pic
        assert next(bytes(packet) for packet in container.demux(art)) == image
    assert len(list(read_frames(path))) == 50


def test_further_pictures_stay(tmp_path: Path) -> None:
    second = make(tmp_path / "second.mp4", frames=50, size=(32, 32), options={"bf": "2"})

    def add(container: OutputContainer) -> list[Any]:
        with av.open(str(second)) as other:
            track = container.add_stream_from_template(other.streams.video[0], opaque=True)
            packets = [packet for packet in other.demux(video=0) if packet.size]
            for packet in packets:
                packet.stream = track
            return list(packets)

    source = with_tracks(tmp_path, ".mp4", add)
    path = tmp_path / "copy.mp4"
    writer = remaster(source, path, [FrameRange(3, 4)])
    assert len(writer.notes) == 1
    with av.open(str(path)) as container:
        copied = container.streams.video[1]
        assert [bytes(packet) for packet in container.demux(copied) if packet.size] == packets_of(second)
    with av.open(str(path)) as container:
        frames = list(container.decode(container.streams.video[1]))
        assert [frame.time for frame in frames] == [n / 25 for n in range(50)]


def test_further_sounds_are_not_lost_silently(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mov", frames=25, sound=tone(1, 48_000), sound_codec="pcm_s16le")
    both = tmp_path / "both.mov"
    with av.open(str(source)) as old, av.open(str(source)) as again, av.open(str(both), "w") as new:
        video = new.add_stream_from_template(old.streams.video[0], opaque=True)
        sounds = [new.add_stream_from_template(other.streams.audio[0]) for other in (old, again)]
        packets: list[tuple[Any, Any]] = [(packet, video) for packet in old.demux(video=0)]
        packets += [(packet, sounds[1]) for packet in again.demux(audio=0)]
        with av.open(str(source)) as third:
            packets += [(packet, sounds[0]) for packet in third.demux(audio=0)]
        for packet, stream in packets:
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    info = probe(both)
    writer = written(tmp_path / "b.mov", video_of(both), read_frames(both), source=both)
    assert writer.notes == ("2 sound tracks of the source are not in the result: they were not asked for",)
    writer = written(tmp_path / "c.mov", video_of(both), read_frames(both), source=both, copies=info.audio)
    assert writer.notes == ()


def test_the_reel_and_the_language_of_a_picture(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.mov", frames=5, codec="prores_ks", name="yuv422p10le")
    source = tmp_path / "a.mov"
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        stream.codec_context.codec_tag, stream.codec_context.framerate = "apch", Fraction(25)
        stream.metadata.update({"reel_name": "A001C003", "language": "eng"})
        new.metadata["timecode"] = "01:00:00:00"
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    remaster(source, tmp_path / "b.mov", [FrameRange(2, 3)])
    with av.open(str(tmp_path / "b.mov")) as container:
        assert container.streams.video[0].metadata["language"] == "eng"
        (code,) = container.streams.data
        assert code.metadata["reel_name"] == "A001C003"
        assert code.metadata["timecode"] == "01:00:00:00"


def test_chapters_of_a_picture_that_starts_late(tmp_path: Path) -> None:
    def add(container: OutputContainer) -> list[Any]:
        container.set_chapters(
            [
                {"id": 1, "start": 300, "end": 800, "time_base": MILLI, "metadata": {"title": "One"}},
                {"id": 2, "start": 800, "end": 2300, "time_base": MILLI, "metadata": {"title": "Two"}},
            ]
        )
        return []

    source = with_tracks(tmp_path, ".mkv", add, late=300)
    remaster(source, tmp_path / "b.mkv", [])
    with av.open(str(tmp_path / "b.mkv")) as container:
        found = [(c["start"] * (c["time_base"] or 1), c["metadata"]["title"]) for c in container.chapters()]
    assert found == [(0, "One"), (Fraction(1, 2), "Two")]
