from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubkit.media import measure_times, picked, read_frames, read_picked
from dubkit.media.packets import map_packets
from dubkit.timing import FrameTimes
from tests.media.masters import equal_planes, video_of
from tests.media.zoo import make

SOURCES: dict[str, dict[str, Any]] = {
    "intra.mov": {"codec": "prores_ks", "name": "yuv422p10le"},
    "turned.mp4": {"options": {"g": "5", "bf": "2"}, "rotation": 90},
    "pyramid.mkv": {"options": {"g": "7", "bf": "3", "b-pyramid": "normal"}, "time_base": Fraction(1, 1000)},
    "hevc.mp4": {"codec": "libx265", "options": {"g": "6", "x265-params": "open-gop=0:log-level=none"}},
    "open.mp4": {"codec": "libx265", "options": {"g": "6", "x265-params": "log-level=none:scenecut=0"}},
    "one group.mp4": {"options": {"bf": "2"}},
}
MASKS = {
    "all": np.ones(30, bool),
    "none": np.zeros(30, bool),
    "the last": np.arange(30) == 29,
    "every fifth": np.arange(30) % 5 == 0,
    "two runs": np.isin(np.arange(30), [3, 4, 5, 17, 18]),
}


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("name", SOURCES)
def test_picked_frames_are_those_of_the_whole(tmp_path: Path, name: str, upright: bool) -> None:
    source = make(tmp_path / name, **SOURCES[name])
    times = measure_times(source)
    packets = map_packets(source, video_of(source), times)
    whole = list(read_frames(source, upright=upright))
    for mask in MASKS.values():
        found = list(read_picked(source, mask, times, packets, upright=upright))
        assert [frame.index for frame in found] == list(np.flatnonzero(mask))
        for frame in found:
            same = whole[frame.index]
            assert (frame.pts, frame.colour, frame.pixel_format) == (same.pts, same.colour, same.pixel_format)
            assert equal_planes(frame, same)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Fills up with the packets that are decoded."""
    seen: list[object] = []
    plain = picked._Run.decoded

    def decoded(run: Any, packet: Any) -> Iterator[Any]:
        if packet is not None:
            seen.append(packet)
        return plain(run, packet)

    monkeypatch.setattr(picked._Run, "decoded", decoded)
    return seen


def test_nothing_else_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("intra.mov", "hevc.mp4"):
        source = make(tmp_path / name, **SOURCES[name])
        times = measure_times(source)
        packets = map_packets(source, video_of(source), times)
        seen = counted(monkeypatch)
        assert len(list(read_picked(source, MASKS["two runs"], times, packets))) == 5
        if name == "intra.mov":
            assert len(seen) == 5
        else:
            touched = np.flatnonzero(packets.touched(MASKS["two runs"]))
            assert len(seen) == sum(len(packets.shown_by(int(group))) for group in touched) < 30
        monkeypatch.undo()


def test_what_is_not_as_it_was_is_read_from_the_start(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", options={"g": "5", "bf": "2"})
    times = measure_times(source)
    packets = map_packets(source, video_of(source), times)
    shifted = FrameTimes(times.pts + (np.arange(30) > 16), times.time_base, times.last_duration)
    whole = list(read_frames(source))
    found = list(read_picked(source, MASKS["two runs"], shifted, packets))
    assert [frame.index for frame in found] == [3, 4, 5, 17, 18]
    assert all(equal_planes(frame, whole[frame.index]) for frame in found)
