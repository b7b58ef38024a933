from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from dubkit.errors import OutputError
from dubkit.media import (
    MasterWriter,
    SoundTrack,
    WriteSettings,
    measure_times,
    read_frames,
    turned_frame,
)
from dubkit.schema import ColourTags, Waveform
from dubkit.timing import FrameRate
from tests.media.masters import (
    FAST,
    average_rate,
    equal_planes,
    frames_for,
    made_up,
    raw_times,
    seconds,
    video_of,
    written,
)
from tests.media.zoo import make

VFR = [0, 512, 700, 1900, 1901, 4000, 4512, 9000, 9500, 10_012]


SOURCES: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "b-frames.mp4": {"frames": 60, "options": {"bf": "3"}},
    "vfr.mp4": {"pts": VFR},
    "late.mp4": {"pts": [512 * n for n in range(9, 40)]},
    "ntsc.mov": {"rate": Fraction(24_000, 1001), "time_base": Fraction(1, 24_000), "timecode": "01:00:00:00"},
    "drop.mov": {"rate": Fraction(30_000, 1001), "time_base": Fraction(1, 30_000), "timecode": "00:59:59;28"},
    "micro.mp4": {
        "pts": [33_333 * n + n // 3 for n in range(30)],
        "time_base": Fraction(1, 10**6),
        "rate": Fraction(30),
    },
    "ten bits.mov": {"name": "yuv422p10le", "colour": ColourTags(9, 16, 9, False)},
    "full range.mp4": {"colour": ColourTags(1, 13, 6, True)},
    "odd.mp4": {"name": "yuv444p", "size": (63, 47)},
    "turned.mp4": {"rotation": 90},
    "prores.mov": {"codec": "prores_ks", "name": "yuv422p10le"},
    "hevc.mp4": {"codec": "libx265", "name": "yuv420p10le", "options": {"x265-params": "log-level=none"}},
    "av1.mp4": {"codec": "libx264"},
    "one frame.mp4": {"frames": 1},
    "two frames.mp4": {"frames": 2},
    "mpeg4.avi": {"codec": "mpeg4", "time_base": Fraction(1, 25)},
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_copy_has_the_properties_of_the_source(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / name, **SOURCES[name])
    video = video_of(source)
    path = tmp_path / f"copy{source.suffix}"
    writer = written(path, video, read_frames(source), source=source)
    copy = video_of(path)
    assert writer.notes == ()
    for field in ("width", "height", "pixel_format", "rotation", "sample_aspect", "start_timecode", "codec"):
        assert getattr(copy, field) == getattr(video, field), field
    assert dataclasses.replace(copy.colour, full_range=bool(copy.colour.full_range)) == dataclasses.replace(
        video.colour, full_range=bool(video.colour.full_range)
    )
    before, after = measure_times(source), measure_times(path)
    assert len(before) == len(after)
    assert after.pts[0] == 0
    assert seconds(before) == seconds(after)
    if before.is_constant:
        assert copy.rate == video.rate
        assert average_rate(path) == average_rate(source)
        assert after.duration == before.duration


def test_matroska_keeps_times_to_the_millisecond(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", rate=Fraction(24_000, 1001), time_base=Fraction(1, 24_000), frames=50)
    written(tmp_path / "b.mkv", video_of(source), read_frames(source))
    assert video_of(tmp_path / "b.mkv").rate == FrameRate.of(23.976)
    stored = raw_times(tmp_path / "b.mkv")
    assert all(abs(pts - n * 1001 / 24) <= 0.5 for n, pts in enumerate(stored))
    # ... and on the way back they are exact again.
    written(tmp_path / "c.mp4", video_of(tmp_path / "b.mkv"), read_frames(tmp_path / "b.mkv"))
    times = measure_times(tmp_path / "c.mp4")
    assert seconds(times) == [Fraction(1001 * n, 24_000) for n in range(50)]
    assert average_rate(tmp_path / "c.mp4") == Fraction(24_000, 1001)


def test_a_variable_rate_where_frames_only_have_numbers(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", pts=[0, 512, 1300, 2048, 5120])
    video = dataclasses.replace(video_of(source), rate=FrameRate.of(25))
    writer = written(tmp_path / "a.avi", video, read_frames(source))
    assert writer.notes[0] == "the picture was h264 and was written as mpeg4"
    assert "up to 18 ms" in writer.notes[1]
    assert raw_times(tmp_path / "a.avi") == [0, 1, 3, 4, 10]
    with pytest.raises(OutputError, match="variable frame rate"):
        written(tmp_path / "a.mxf", video, read_frames(source))


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".avi", ".ts"])
def test_rotation_is_kept_or_done(tmp_path: Path, ending: str, rotation: int) -> None:
    video = made_up("yuv420p", rotation=rotation)
    frames = frames_for(video)
    codec = "ffv1" if ending in {".mkv", ".avi"} else "libx264"
    settings = WriteSettings(codec=codec, quality=0, preset="ultrafast")
    writer = written(tmp_path / f"a{ending}", video, frames, settings=settings)
    shown = [turned_frame(frame, rotation) for frame in frames]
    read = list(read_frames(tmp_path / f"a{ending}", upright=True))
    assert all(equal_planes(a, b) for a, b in zip(shown, read, strict=True))
    assert bool(writer.notes) == (ending in {".avi", ".ts"})


def test_metadata_and_chapters_stay(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    plain = make(tmp_path / "plain.mkv")
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        new.metadata.update({"title": "The film", "comment": "reel 2"})
        new.set_chapters(
            [{"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}]
        )
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(old.streams.video[0]):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    written(tmp_path / "b.mp4", video_of(source), read_frames(source), source=source)
    with av.open(str(tmp_path / "b.mp4")) as copy:
        assert copy.metadata["title"] == "The film"
        assert copy.metadata["comment"] == "reel 2"
        assert [chapter["metadata"]["title"] for chapter in copy.chapters()] == ["One"]


def test_a_timecode_that_cannot_be_is_told(tmp_path: Path) -> None:
    video = made_up("yuv420p", start_timecode="01:00:00:77")
    writer = written(tmp_path / "a.mov", video, frames_for(video, 3))
    assert "timecode" in writer.notes[0]


def test_memory_does_not_grow(tmp_path: Path) -> None:
    video = made_up("yuv420p", size=(320, 240))
    frame = frames_for(video, 1)[0]
    peaks = []
    with MasterWriter(tmp_path / "a.mp4", video, sounds=[SoundTrack()], settings=FAST) as writer:
        for index in range(900):
            writer.write_frame(dataclasses.replace(frame, index=index, pts=index * 512))
            writer.write_sound(0, Waveform(np.zeros((2, 1920), np.float32), 48_000))
            if index in {299, 899}:
                peaks.append(psutil.Process().memory_info().rss)
    assert peaks[1] - peaks[0] < 8_000_000
