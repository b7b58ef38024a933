"""What is looked at of face tracks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.analysis import analyze
from dubkit.schema import FaceTrack, Frame
from dubkit.timing import FrameRange
from dubkit.track_crops import cut_tracks, split_tracks, watch_tracks
from tests.films import BOX, OneFace, write_talk


def track(first: int, last: int, index: int = 0) -> FaceTrack:
    n = last - first
    numbers = np.arange(first, last, dtype=np.float32)
    return FaceTrack(
        index,
        0,
        FrameRange(first, last),
        numbers[:, None] + np.array(BOX, np.float32),
        np.full((n, 5, 2), np.nan, np.float32),
        numbers,
        np.ones(n, np.bool_),
        numbers,
    )


@given(first=st.integers(0, 50), length=st.integers(1, 40), longest=st.integers(1, 50))
def test_parts_are_short_and_together_the_whole(first: int, length: int, longest: int) -> None:
    whole = track(first, first + length, index=7)
    parts = split_tracks([whole], longest)
    assert all(1 <= len(part.frames) <= longest and part.index == 7 for part in parts)
    assert len(parts) == -(-length // longest)
    assert [frame for part in parts for frame in part.frames.indices] == list(whole.frames.indices)
    for name in ("boxes", "scores", "visible", "yaw", "landmarks"):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talk(tmp_path_factory.mktemp("crops") / "talk.mkv", seconds=0.6)


def test_every_frame_of_every_track_is_looked_at_once_and_ended_tracks_come_first(talk: Path) -> None:
    tracks = [track(3, 9, 0), track(0, 4, 1), track(9, 15, 2), track(14, 20, 3)]
    read: list[int] = []

    def look(frame: Frame, seen: FaceTrack) -> list[tuple[int, int]]:
        return [(frame.index, seen.index)] * (frame.index % 3)

    found = list(watch_tracks(talk, tracks, look, read.append))
    assert [entry.index for entry, _ in found] == [1, 0, 2, 3]
    assert read == list(range(1, 16))
    for entry, seen in found:
        inside = [frame for frame in entry.frames.indices if frame < 15]
        assert seen == [(frame, entry.index) for frame in inside for _ in range(frame % 3)]


def test_faces_that_are_not_seen_or_lie_beyond_the_edge_are_left_out(talk: Path) -> None:
    analysis = analyze(talk, OneFace())
    (found,) = cut_tracks(talk, analysis)
    assert found.images.shape == (15, 96, 96, 3)
    assert found.times == tuple(analysis.times.seconds(frame) for frame in range(15))
    (seen,) = analysis.tracks
    visible, boxes = seen.visible.copy(), seen.boxes.copy()
    visible[4], boxes[7] = False, (-900, -900, -800, -800)
    holed = dataclasses.replace(analysis, tracks=(dataclasses.replace(seen, visible=visible, boxes=boxes),))
    (fewer,) = cut_tracks(talk, holed)
    assert fewer.frames.tolist() == [frame for frame in range(15) if frame not in (4, 7)]
    np.testing.assert_array_equal(fewer.images, found.images[fewer.frames])
