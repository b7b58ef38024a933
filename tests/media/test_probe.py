from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from dubkit.errors import MediaError
from dubkit.media import probe, read_frames
from dubkit.schema import ColourTags, loads
from dubkit.schema import MediaInfo as Info
from dubkit.schema.record import dumps
from dubkit.timing import FrameRate
from tests.media.zoo import frame_of, make, make_sound, still, tone


def test_a_film(tmp_path: Path) -> None:
    path = make(
        tmp_path / "film.mov",
        name="yuv422p10le",
        size=(66, 50),
        rate=Fraction(24_000, 1001),
        time_base=Fraction(1, 24_000),
        colour=ColourTags(9, 16, 9, False),
        timecode="01:00:00:00",
        sound=tone(1.2, 48_000, 6),
        layout="5.1",
        sound_codec="pcm_s24le",
        language="fra",
    )
    info = probe(path)
    video = info.video
    assert video is not None
    assert (video.width, video.height, video.pixel_format.name) == (66, 50, "yuv422p10le")
    assert (video.colour.primaries, video.colour.transfer, video.colour.matrix) == (9, 16, 9)
    assert video.colour.full_range is not True
    assert video.rate == FrameRate.of(23.976)
    assert (video.start, video.frame_count) == (Fraction(0), 30)
    assert video.duration == 30 * Fraction(1001, 24_000)
    assert (video.codec, video.rotation, video.interlaced, video.is_still) == ("h264", 0, False, False)
    assert video.start_timecode == "01:00:00:00"
    assert video.bit_rate > 0
    (sound,) = info.audio
    assert (sound.codec, sound.sample_rate, sound.channels, sound.layout) == ("pcm_s24le", 48_000, 6, "5.1")
    assert (sound.language, sound.start) == ("fra", Fraction(0))
    assert abs(sound.duration - Fraction(12, 10)) < Fraction(1, 1000)
    assert loads(Info, dumps(info)) == info


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation(tmp_path: Path, ending: str, rotation: int) -> None:
    video = probe(make(tmp_path / f"phone{ending}", frames=3, rotation=rotation)).video
    assert video is not None
    assert video.rotation == rotation


def test_full_range(tmp_path: Path) -> None:
    video = probe(make(tmp_path / "a.mp4", frames=3, colour=ColourTags(1, 1, 1, True))).video
    assert video is not None
    assert video.colour == ColourTags(1, 1, 1, True)
    assert video.pixel_format.name == "yuv420p"


def test_interlaced(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mov", frames=5, options={"flags": "+ildct+ilme", "x264-params": "tff=1"})
    video = probe(path).video
    assert video is not None
    assert video.interlaced


def test_variable_rate_keeps_a_sane_nominal_rate(tmp_path: Path) -> None:
    video = probe(make(tmp_path / "a.mkv", pts=[0, 512, 1500, 1900, 4000, 4500], options={"bf": "0"})).video
    assert video is not None
    assert video.rate == FrameRate.of(25)


def test_sound_that_begins_later(tmp_path: Path) -> None:
    late = Fraction(1, 4)
    info = probe(make(tmp_path / "a.mov", sound=tone(0.8, 48_000), sound_start=late, sound_codec="pcm_s16le"))
    assert info.video is not None
    assert info.audio[0].start - info.video.start == late


@pytest.mark.parametrize(
    ("name", "codec", "muxer"), [("a.wav", "pcm_s16le", "wav"), ("a.mp3", "libmp3lame", "mp3"), ("a.m4a", "aac", "mp4")]
)
def test_sound_only(tmp_path: Path, name: str, codec: str, muxer: str) -> None:
    info = probe(make_sound(tmp_path / name, tone(1, 8000), 8000, codec, muxer))
    assert info.video is None
    assert info.audio[0].sample_rate == 8000
    assert info.audio[0].channels == 1


def test_cover_art_is_no_picture(tmp_path: Path) -> None:
    song = make_sound(tmp_path / "a.m4a", tone(1, 8000), 8000, "aac", "mp4")
    cover = still(tmp_path / "cover.png", "png", "rgb24")
    both = tmp_path / "b.m4a"
    with av.open(str(song)) as source, av.open(str(cover)) as art, av.open(str(both), "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        image = out.add_stream_from_template(art.streams.video[0], opaque=True)
        image.disposition = av.stream.Disposition.attached_pic
        for container, target in ((art, image), (source, track)):
            for packet in container.demux():
                if packet.size:
                    packet.stream = target
                    out.mux(packet)
    info = probe(both)
    assert info.video is None
    assert len(info.audio) == 1


@pytest.mark.parametrize(
    ("file", "codec", "name", "native"),
    [
        ("a.png", "png", "rgb24", "rgb24"),
        ("a.jpg", "mjpeg", "yuv420p", "yuv420p"),
        ("take 100%d.png", "png", "rgb24", "rgb24"),
        ("12:30 take.png", "png", "gray", "gray"),
    ],
)
def test_a_still(tmp_path: Path, file: str, codec: str, name: str, native: str) -> None:
    path = still(tmp_path / file, codec, name)
    video = probe(path).video
    assert video is not None
    assert video.is_still
    assert video.pixel_format.name == native
    (frame,) = read_frames(path)
    if codec == "png":
        for before, after in zip(frame_of(name, 64, 48, 0, 0).planes, frame.planes, strict=True):
            assert np.array_equal(before, after)


def broken(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "film.mp4"
    if kind == "missing":
        return path
    if kind == "folder":
        path.mkdir()
        return path
    if kind == "text":
        path = tmp_path / "notes.txt"
    film = make(tmp_path / "whole.mp4").read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"1\n00:00:01,000 --> 00:00:02,000\nHello\n" * 40,
            "noise": np.random.default_rng(1).bytes(5000),
            "no index": film[: len(film) // 2],
            "spoilt": film[:48] + bytes(len(film) // 2 - 48) + film[len(film) // 2 :],
            "subtitles": b"",
        }[kind]
    )
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("empty", "empty"),
        ("text", "neither picture nor sound|not a media file"),
        ("noise", "not a media file|neither"),
        ("no index", "not a media file"),
        ("spoilt", "cannot be decoded"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(
    tmp_path: Path, kind: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = broken(tmp_path, kind)
    with pytest.raises(MediaError, match=words) as caught:
        probe(path)
    assert caught.value.path == path
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_subtitle_file_is_no_media(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    shutil.copy(broken(tmp_path, "text"), path)
    with pytest.raises(MediaError):
        probe(path)
