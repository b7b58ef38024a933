"""Overlap, doubles and change of size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.faces import scale_faces, scale_track
from dubkit.faces.boxes import overlaps, without_doubles
from dubkit.schema import Face, FaceTrack
from dubkit.timing import FrameRange


def face(box: list[float], score: float = 0.9) -> Face:
    return Face(np.array(box, np.float32), np.arange(10, dtype=np.float32).reshape(5, 2), score)


def test_overlap_of_known_boxes() -> None:
    boxes = np.array([[0, 0, 10, 10]], np.float32)
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [2, 2, 4, 4]], np.float32)
    union, part = overlaps(boxes, others)
    assert union == pytest.approx(np.array([[1, 1 / 3, 0, 0.04]]))
    assert part == pytest.approx(np.array([[1, 0.5, 0, 1]]))


def test_doubles_go_and_the_best_stays() -> None:
    faces = [face([0, 0, 10, 10], 0.7), face([1, 0, 11, 10], 0.9), face([40, 0, 50, 10], 0.8), face([2, 2, 6, 6], 0.6)]
    assert [kept.score for kept in without_doubles(faces)] == [0.9, 0.8]


@given(st.permutations(range(5)))
def test_order_does_not_matter(order: list[int]) -> None:
    faces = [face([5.0 * i, 0, 5.0 * i + 9, 9], 0.5 + 0.1 * (i % 2)) for i in range(5)]
    kept = without_doubles(faces[i] for i in order)
    assert [one.box[0] for one in kept] == [one.box[0] for one in without_doubles(faces)]


def test_faces_are_scaled_exactly() -> None:
    (scaled,) = scale_faces([face([10, 20, 30, 60])], 3.0, 2.5)
    assert scaled.box.tolist() == [30, 50, 90, 150]
    assert scaled.landmarks[1].tolist() == [6, 7.5]
    assert scaled.score == 0.9
    assert scaled.box.dtype == scaled.landmarks.dtype == np.float32


def test_track_is_scaled_exactly_and_not_changed() -> None:
    boxes = np.array([[10, 20, 30, 60], [11, 20, 31, 60]], np.float32)
    track = FaceTrack(
        index=1,
        shot=2,
        frames=FrameRange(5, 7),
        boxes=boxes,
        landmarks=np.full((2, 5, 2), np.nan, np.float32),
        scores=np.ones(2, np.float32),
        visible=np.ones(2, np.bool_),
        yaw=np.zeros(2, np.float32),
    )
    scaled = scale_track(track, 2.0, 4.0)
    assert scaled.boxes.tolist() == [[20, 80, 60, 240], [22, 80, 62, 240]]
    assert np.isnan(scaled.landmarks).all()
    assert scaled.boxes.dtype == np.float32
    assert (scaled.index, scaled.shot, scaled.frames) == (1, 2, FrameRange(5, 7))
    assert boxes[0].tolist() == [10, 20, 30, 60]
