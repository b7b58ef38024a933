from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubkit.media import measure_times, packets
from dubkit.media.packets import CopyRefusedError, PacketMap, map_packets
from dubkit.timing import FrameRange, FrameTimes
from tests.media.masters import video_of
from tests.media.zoo import make

SHORT = {"g": "5", "sc_threshold": "0"}


def mapped(path: Path) -> PacketMap:
    return map_packets(path, video_of(path), measure_times(path))


def test_an_index_tells_the_same_as_the_packets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, first in (("a.mov", 0), ("late.mov", 9)):
        stamps = [512 * n for n in range(first, first + 8)]
        source = make(tmp_path / name, codec="mjpeg", name="yuvj422p", pts=stamps)
        monkeypatch.setattr(packets, "stored_packets", None)
        by_index = mapped(source)
        monkeypatch.undo()
        monkeypatch.setattr(packets, "_index_agrees", lambda *about: False)
        by_reading = mapped(source)
        monkeypatch.undo()
        for field in ("frames", "first_packets", "first_frames", "whole", "reliant"):
            np.testing.assert_array_equal(getattr(by_index, field), getattr(by_reading, field))
        assert by_index.delay == by_reading.delay == 0


@pytest.mark.parametrize(
    ("options", "delay"), [({"bf": "0"}, 0), ({"bf": "2", "b-pyramid": "none"}, 1), ({"bf": "3"}, 2)]
)
def test_groups_of_h264(tmp_path: Path, options: dict[str, str], delay: int) -> None:
    found = mapped(make(tmp_path / "a.mp4", frames=23, options={**SHORT, **options}))
    assert list(found.first_packets) == list(found.first_frames) == [0, 5, 10, 15, 20, 23]
    assert found.whole.all()
    assert not found.reliant.any()
    assert found.delay <= delay
    assert sorted(found.frames) == list(range(23))
    assert [found.group_of(frame) for frame in (0, 4, 5, 22)] == [0, 0, 1, 4]
    assert found.shown_by(4) == FrameRange(20, 23)
    assert list(found.touched(np.arange(23) == 10)) == [False, False, True, False, False]


def test_frames_that_rely_on_the_group_before(tmp_path: Path) -> None:
    options = {"g": "8", "x265-params": "log-level=none:scenecut=0:bframes=3"}
    found = mapped(make(tmp_path / "a.mp4", codec="libx265", frames=40, options=options))
    group = int(np.flatnonzero(found.reliant)[-1])
    shown = found.shown_by(group)
    first = np.arange(40) == shown.start
    assert list(np.flatnonzero(found.relied_on(first))) == [group - 1]
    assert not found.relied_on(np.arange(40) == shown.start + found.reliant[group]).any()


@pytest.mark.parametrize(
    ("recipe", "ending", "words"),
    [
        ({"codec": "mpeg4"}, ".avi", "packets of mpeg4 cannot be told apart"),
        ({"codec": "ffv1"}, ".mkv", "its ffv1 packets need one another"),
    ],
)
def test_packets_that_cannot_be_told_apart(tmp_path: Path, recipe: dict[str, Any], ending: str, words: str) -> None:
    base = Fraction(1, 1000) if ending == ".mkv" else Fraction(1, 25)
    source = make(tmp_path / f"a{ending}", frames=8, time_base=base, **recipe)
    with pytest.raises(CopyRefusedError, match=words):
        mapped(source)


def test_times_that_are_not_those_of_the_packets(tmp_path: Path) -> None:
    recipes: dict[str, dict[str, Any]] = {
        "a.mp4": {"options": SHORT},
        "b.mov": {"codec": "mjpeg", "name": "yuvj422p"},
    }
    for name, recipe in recipes.items():
        source = make(tmp_path / name, frames=8, **recipe)
        times = measure_times(source)
        shifted = FrameTimes(times.pts + 1, times.time_base, times.last_duration)
        with pytest.raises(CopyRefusedError, match="other times than its frames"):
            map_packets(source, video_of(source), shifted)
        fewer = FrameTimes(times.pts[:-1], times.time_base, times.last_duration)
        with pytest.raises(CopyRefusedError, match="8 packets for 7 frames"):
            map_packets(source, video_of(source), fewer)


def test_packets_without_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Self-contained ones are counted; in groups nobody can tell which frame each shows."""

    def untold(path: Path) -> Iterator[Any]:
        for stream, packet in stored(path):
            packet.pts = None
            yield stream, packet

    stored = packets.stored_packets
    monkeypatch.setattr(packets, "stored_packets", untold)
    single = make(tmp_path / "a.mkv", codec="mjpeg", name="yuvj420p", frames=6, time_base=Fraction(1, 1000))
    assert list(mapped(single).frames) == list(range(6))
    with pytest.raises(CopyRefusedError, match="some of its packets have no time"):
        mapped(make(tmp_path / "a.mp4", frames=6))
