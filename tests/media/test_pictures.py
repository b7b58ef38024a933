from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import InputContainer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubkit.errors import MediaError
from dubkit.media import TimesCollector, measure_times, opening, pictures, probe, read_frames, read_images
from dubkit.schema import ColourTags, Frame
from dubkit.timing import FrameRange, FrameTimes
from tests.media.painted import make_flat, make_packed
from tests.media.zoo import frame_of, make, make_sound, tone

LOSSLESS = {"preset": "ultrafast", "qp": "0"}
VFR = [0, 512, 700, 1900, 1901, 4000, 4512, 9000, *range(9500, 9500 + 112 * 512, 512)]


def same(one: Frame, other: Frame) -> bool:
    planes = zip(one.planes, other.planes, strict=True)
    return one.index == other.index and one.pts == other.pts and all(np.array_equal(a, b) for a, b in planes)


def test_frames_come_as_they_were_stored(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", options=LOSSLESS, size=(38, 22), colour=ColourTags(1, 1, 1, True))
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.pts for frame in frames] == [n * 512 for n in range(30)]
    for frame in frames:
        assert frame.colour == ColourTags(1, 1, 1, True)
        assert same(frame, frame_of("yuv420p", 38, 22, frame.index, frame.pts))
        assert not any(plane.flags.writeable for plane in frame.planes)


@pytest.mark.parametrize(
    ("file", "codec", "name"),
    [
        ("a.mkv", "ffv1", "yuv444p12le"), ("b.mkv", "ffv1", "gray16le"), ("c.avi", "rawvideo", "bgr24"),
        ("d.mov", "png", "rgb24"), ("e.mkv", "ffv1", "yuva420p"), ("f.mkv", "ffv1", "yuv420p"),
        ("g.avi", "rawvideo", "nv12"), ("h.mov", "rawvideo", "uyvy422"),
    ],
)  # fmt: skip
def test_lossless_codecs_give_every_value_back(tmp_path: Path, file: str, codec: str, name: str) -> None:
    packed = name in {"bgr24", "nv12", "uyvy422"}
    path = tmp_path / file
    if packed:
        made = make_packed(path, codec, name)
    else:
        make(path, frames=4, codec=codec, name=name, size=(36, 22), time_base=Fraction(1, 25))
        made = [frame_of(name, 36, 22, n, n) for n in range(4)]
    read = list(read_frames(path))
    assert len(read) == len(made)
    for before, after in zip(made, read, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(before.planes, after.planes, strict=True))


ZOO: dict[str, dict[str, Any]] = {
    "b-frames.mp4": {"options": {"bf": "3", "g": "25", "preset": "medium"}},
    "open-gop.mp4": {"options": {"bf": "3", "g": "20", "x264-params": "open-gop=1"}},
    "intra-refresh.mp4": {"options": {"x264-params": "intra-refresh=1:keyint=20"}},
    "vfr.mp4": {"pts": VFR},
    "vfr.mkv": {"pts": VFR[:4] + VFR[5:], "options": {"bf": "2", "g": "15"}},
    "hevc.mkv": {"codec": "libx265", "options": {"preset": "ultrafast", "x265-params": "log-level=none:keyint=20"}},
    "mpeg4.avi": {"codec": "mpeg4", "time_base": Fraction(1, 25), "options": {"g": "12"}},
    "mpeg2.ts": {"codec": "mpeg2video", "time_base": Fraction(1, 25), "options": {"bf": "2", "g": "12"}},
    "late start.ts": {"pts": [90_000 + 3600 * n for n in range(120)], "time_base": Fraction(1, 90_000)},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8", "g": "20"}},
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, list[Frame], FrameTimes]]:
    folder = tmp_path_factory.mktemp("zoo")
    animals = {}
    for name, cage in ZOO.items():
        path = make(folder / name, **({"frames": 120} | cage))
        animals[name] = (path, list(read_frames(path)), measure_times(path))
    return animals


@pytest.mark.parametrize("name", ZOO)
def test_all_frames_are_there(zoo: dict[str, tuple[Path, list[Frame], FrameTimes]], name: str) -> None:
    path, frames, times = zoo[name]
    expected = len(ZOO[name].get("pts", range(120)))
    assert len(frames) == len(times) == expected
    assert [frame.pts for frame in frames] == list(times.pts)
    video = probe(path).video
    assert video is not None
    assert times.time_base == video.time_base
    assert video.start == int(times.pts[0]) * times.time_base


@pytest.mark.parametrize("name", ZOO)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(0, 125), length=st.integers(0, 6))
def test_a_range_is_the_same_however_it_is_reached(
    zoo: dict[str, tuple[Path, list[Frame], FrameTimes]], name: str, start: int, length: int
) -> None:
    path, frames, times = zoo[name]
    wanted = FrameRange(start, start + length)
    for got in (list(read_frames(path, wanted)), list(read_frames(path, wanted, times=times))):
        assert [frame.index for frame in got] == list(range(start, min(start + length, len(frames))))
        assert all(same(frame, frames[frame.index]) for frame in got)


@pytest.mark.parametrize("name", ["b-frames.mp4", "vfr.mkv", "hevc.mkv", "late start.ts"])
def test_seeking_is_used_where_it_helps(
    zoo: dict[str, tuple[Path, list[Frame], FrameTimes]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _, times = zoo[name]
    decoded = 0
    original = opening.decoded_video

    def counted(container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
        nonlocal decoded
        for frame in original(container, stream):
            decoded += 1
            yield frame

    monkeypatch.setattr(pictures, "decoded_video", counted)
    assert len(list(read_frames(path, FrameRange(110, 112), times=times))) == 2
    assert decoded < 60


def test_times_of_another_film_do_no_harm(zoo: dict[str, tuple[Path, list[Frame], FrameTimes]]) -> None:
    path, frames, _ = zoo["b-frames.mp4"]
    wrong = FrameTimes(np.arange(120, dtype=np.int64) * 512 + 7, Fraction(1, 12_800), 512)
    got = list(read_frames(path, FrameRange(70, 75), times=wrong))
    assert [frame.index for frame in got] == [70, 71, 72, 73, 74]
    assert all(same(frame, frames[frame.index]) for frame in got)


def test_images(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", size=(160, 90), options=LOSSLESS)
    images = list(read_images(path, 80, wanted=lambda index: index % 3 == 0))
    assert [(index, pts) for index, pts, _ in images] == [(n, n * 512) for n in range(0, 30, 3)]
    assert all(image.shape == (45, 80, 3) and image.dtype == np.uint8 for _, _, image in images)
    assert next(read_images(path, 1000))[2].shape == (90, 160, 3)


@pytest.mark.parametrize("name", ["yuv420p", "yuv444p10le"])
@pytest.mark.parametrize(
    ("tags", "kr", "kb"), [((1, 1, 1), 0.2126, 0.0722), ((6, 6, 6), 0.299, 0.114), ((9, 16, 9), 0.2627, 0.0593)]
)
@pytest.mark.parametrize("full", [False, True])
def test_images_have_the_right_colours(
    tmp_path: Path, name: str, tags: tuple[int, int, int], kr: float, kb: float, full: bool
) -> None:
    red, green, blue = 0.8, 0.3, 0.15
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = ((blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr))
    path = make_flat(tmp_path / "a.mkv", name, ColourTags(*tags, full), luma, chroma)
    (_, _, image) = next(read_images(path, 64))
    assert np.abs(image[20, 20].astype(float) - 255 * np.array([blue, green, red])).max() <= 2.5


def test_upright(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", size=(64, 48), rotation=90, options=LOSSLESS)
    stored, upright = next(read_frames(path)), next(read_frames(path, upright=True))
    assert (stored.width, stored.height) == (64, 48)
    assert (upright.width, upright.height) == (48, 64)
    assert np.array_equal(np.rot90(stored.planes[0], -1), upright.planes[0])
    flat, turned = next(read_images(path, 64))[2], next(read_images(path, 64, upright=True))[2]
    assert np.array_equal(np.rot90(flat, -1), turned)


def test_no_picture(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.wav", tone(1, 8000), 8000, "pcm_s16le", "wav")
    with pytest.raises(MediaError, match="no picture"):
        next(read_frames(path))


def test_a_film_that_breaks_off(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = make(tmp_path / "a.mkv", frames=120)
    path = tmp_path / "b.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = list(read_frames(path))
    assert 30 < len(frames) < 110
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(same(frame, other) for frame, other in zip(frames[:20], read_frames(whole), strict=False))
    assert len(measure_times(path)) == len(frames)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_damage_in_the_middle(tmp_path: Path, ending: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / f"a{ending}", frames=120, options={"g": "20"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = np.random.default_rng(2).bytes(4000)
    path.write_bytes(data)
    frames = list(read_frames(path))
    assert len(frames) > 60
    assert all(b.pts > a.pts and b.index == a.index + 1 for a, b in pairwise(frames))
    assert capfd.readouterr() == ("", "")


def test_few_frames_are_held(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", frames=200, size=(320, 240), options={"preset": "ultrafast"})
    tracemalloc.start()
    for _ in read_frames(path):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000


def test_a_collector_sees_what_is_measured(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", pts=VFR)
    info = probe(path).video
    assert info is not None
    collector = TimesCollector()
    for frame in read_frames(path):
        collector.add(frame.pts)
    assert collector.finish(info) == measure_times(path)
    assert list(measure_times(path).pts) == VFR
