"""A stretch out of the middle of a picture is what reading it all gives."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dubkit.errors import MediaError
from dubkit.media import measure_times, read_frames, read_stretch
from dubkit.media.opening import decoded_video
from dubkit.schema import Frame
from dubkit.timing import TimeRange
from tests.numbered import number_of, write_numbered

CODED = {
    "long groups, B-frames": {"codec": "libx264", "options": {"g": "90", "bf": "3", "keyint_min": "90"}},
    "open groups": {
        "codec": "libx264",
        "options": {"g": "24", "bf": "3", "flags": "-cgop", "x264-params": "open-gop=1"},
    },
    "one keyframe": {"codec": "libx264", "options": {"g": "9999"}},
    "keyframes only": {"codec": "ffv1", "pixel_format": "yuv422p10le"},
    "mpeg": {"codec": "mpeg2video", "options": {"g": "15", "bf": "2", "b": "4000000"}},
}


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25)], ids=["23.976", "25"])
def test_frames_and_times_are_those_of_the_whole(tmp_path: Path, name: str, rate: Fraction) -> None:
    path = write_numbered(tmp_path / "film.mkv", 200, rate, sound=False, **CODED[name])  # type: ignore[arg-type]
    times, whole = measure_times(path), list(read_frames(path))
    for start, stop in ((0, 1), (Fraction(1, 3), Fraction(1, 2)), (3, Fraction(7, 2)), (Fraction(61, 10), 7), (7, 20)):
        span = TimeRange(Fraction(start), Fraction(stop))
        first, last = max(0, times.frame_at(span.start)), times.frames_in(span).stop
        found = list(read_stretch(path, span))
        assert [number_of(frame) for _, frame in found] == list(range(first, last))
        for (time, frame), index in zip(found, range(first, last), strict=True):
            assert time == times.seconds(index)
            assert same(frame, whole[index])


def same(one: Frame, other: Frame) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))


def test_a_picture_that_varies_is_read_by_its_times(tmp_path: Path) -> None:
    times = [0, 1000, 5000, 6000, 90_000, 91_000, 92_000, 130_000]
    path = write_numbered(tmp_path / "film.mkv", 8, 25, sound=False, codec="ffv1", times=times)
    held = [number_of(frame) for _, frame in read_stretch(path, TimeRange(Fraction(3), Fraction(7, 2)))]
    assert held == [3], "what is held is seen"
    shown = [number_of(frame) for _, frame in read_stretch(path, TimeRange(Fraction(36, 10), Fraction(37, 10)))]
    assert shown == [4, 5, 6]


def test_before_and_after_the_picture_its_ends_are_given(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "film.mkv", 100, 25, sound=False)
    after = [number_of(frame) for _, frame in read_stretch(path, TimeRange(Fraction(50), Fraction(60)))]
    before = [number_of(frame) for _, frame in read_stretch(path, TimeRange(Fraction(-2), Fraction(-1)))]
    assert after == [99]
    assert before == []
    across = [number_of(frame) for _, frame in read_stretch(path, TimeRange(Fraction(-2), Fraction(1, 25)))]
    assert across == [0]


def test_only_what_is_near_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_numbered(tmp_path / "film.mkv", 1000, 25, sound=False, options={"g": "25"})
    decoded: list[int | None] = []

    def counted(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        for frame in decoded_video(container, stream):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr("dubkit.media.stretch.decoded_video", counted)
    assert len(list(read_stretch(path, TimeRange(Fraction(38), Fraction(39))))) == 25
    assert len(decoded) < 80


def test_a_sound_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        next(read_stretch(tmp_path / "none.mkv", TimeRange(Fraction(0), Fraction(1))))
