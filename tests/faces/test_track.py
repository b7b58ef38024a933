"""Face tracks from detections whose truth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import InputError, RecordError
from dubkit.faces import TrackSettings, frames_to_look, track_faces
from dubkit.schema import Face, FaceTrack, Shot
from dubkit.timing import FrameRange

_POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)


def shot(start: int, stop: int, index: int = 0) -> Shot:
    return Shot(index, FrameRange(start, stop))


def face(x: float, y: float, size: float = 60, score: float = 0.9, known: bool = True) -> Face:
    box = np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2], np.float32)
    points = box[:2] + _POINTS * size if known else np.full((5, 2), np.nan)
    return Face(box, points.astype(np.float32), score)


def centres(track: FaceTrack) -> npt.NDArray[np.float64]:
    return (track.boxes[:, :2].astype(np.float64) + track.boxes[:, 2:]) / 2


def look(at: Shot, path: dict[int, list[Face]] | None = None, **changes: float) -> dict[int, list[Face]]:
    wanted = frames_to_look(at, TrackSettings(**changes))  # type: ignore[arg-type]
    return {frame: (path or {}).get(frame, []) for frame in wanted}


def test_frames_to_look_at() -> None:
    assert frames_to_look(shot(10, 20)) == [10, 13, 16, 19]
    assert frames_to_look(shot(10, 21)) == [10, 13, 16, 19, 20]
    assert frames_to_look(shot(7, 8)) == [7]
    assert frames_to_look(shot(0, 4), TrackSettings(every=1)) == [0, 1, 2, 3]


def test_still_face_on_every_frame() -> None:
    where = shot(10, 50, index=3)
    (track,) = track_faces(where, {i: [face(100, 80)] for i in frames_to_look(where)}, first_index=7)
    assert (track.index, track.shot, track.frames) == (7, 3, where.frames)
    assert track.visible.all()
    assert np.allclose(track.boxes, [70, 50, 130, 110], atol=1e-3)
    assert np.allclose(track.landmarks, np.array([70, 50]) + _POINTS * 60, atol=1e-3)
    assert np.allclose(track.scores, 0.9)
    assert np.allclose(track.yaw, 0, atol=0.5)
    assert track.boxes.dtype == track.landmarks.dtype == track.scores.dtype == track.yaw.dtype == np.float32


@pytest.mark.parametrize("speed", [-9.0, 2.5, 9.0])
def test_steady_motion_is_followed_exactly(speed: float) -> None:
    where = shot(0, 60)
    detections = {i: [face(400 + speed * i, 100)] for i in frames_to_look(where)}
    (track,) = track_faces(where, detections)
    assert np.allclose(centres(track)[:, 0], 400 + speed * np.arange(60), atol=0.01)


def test_fast_motion_is_neither_delayed_nor_flattened() -> None:
    where, times = shot(0, 100), np.arange(100)
    truth = 200 + 30 * np.sin(2 * np.pi * times / 25)  # one nod a second
    (track,) = track_faces(where, {i: [face(float(truth[i]), 90)] for i in frames_to_look(where)})
    found = centres(track)[:, 0]
    errors = [np.abs(found[10 - lag : 90 - lag] - truth[10:90]).mean() for lag in range(-3, 4)]
    assert int(np.argmin(errors)) == 3, "no delay"
    assert np.abs(found - truth)[10:90].max() < 3.0
    assert found[10:90].max() > 228


def test_jitter_is_smoothed() -> None:
    where, rng = shot(0, 120), np.random.default_rng(2)
    noise = rng.normal(0, 1.5, 120)
    (track,) = track_faces(where, {i: [face(200 + noise[i], 90)] for i in frames_to_look(where)})
    found = centres(track)[:, 0]
    assert found[5:-5].std() < 0.85 * noise.std()
    assert np.abs(np.diff(found)).max() < np.abs(np.diff(noise[::3])).max() / 3


def test_two_faces_that_pass_each_other() -> None:
    where = shot(0, 60)
    detections = {i: [face(100 + 4 * i, 100), face(340 - 4 * i, 160)] for i in frames_to_look(where)}
    one, other = track_faces(where, detections)
    assert centres(one)[-1, 0] == pytest.approx(336, abs=1)
    assert centres(other)[-1, 0] == pytest.approx(104, abs=1)


def test_order_of_faces_and_frames_does_not_matter() -> None:
    where, rng = shot(0, 40), np.random.default_rng(0)
    looks = frames_to_look(where)
    detections = {i: [face(100 + i, 90), face(300 - i, 100), face(200, 200, 40)] for i in looks}
    shuffled = {i: [detections[i][j] for j in rng.permutation(3)] for i in rng.permutation(looks).tolist()}
    for one, other in zip(track_faces(where, detections), track_faces(where, shuffled), strict=True):
        assert np.array_equal(one.boxes, other.boxes)
        assert one.index == other.index


def test_short_miss_stays_visible() -> None:
    where = shot(0, 60)
    path = {i: [face(100 + i, 80)] for i in range(60) if not 28 <= i <= 31}
    (track,) = track_faces(where, look(where, path))
    assert track.visible.all()
    assert np.allclose(centres(track)[:, 0], 100 + np.arange(60), atol=0.1)


def test_longer_miss_is_filled_and_not_visible() -> None:
    where = shot(0, 60)
    path = {i: [face(100 + i, 80)] for i in range(60) if not 25 <= i <= 32}
    (track,) = track_faces(where, look(where, path))
    assert track.frames == where.frames
    assert track.visible[:25].all()
    assert track.visible[33:].all()
    assert not track.visible[27:31].any()
    assert np.allclose(centres(track)[:, 0], 100 + np.arange(60), atol=0.1)


def test_long_absence_begins_a_new_track() -> None:
    where = shot(0, 90)
    path = {i: [face(100, 80)] for i in range(90) if not 30 <= i < 60}
    one, other = track_faces(where, look(where, path))
    assert one.frames.stop <= 31
    assert other.frames.start >= 59
    assert one.visible.all()


def test_held_to_the_edges_of_the_shot() -> None:
    where = shot(100, 140)
    seen_from_second_look = {i: [face(100, 80)] for i in range(103, 139)}
    (track,) = track_faces(where, look(where, seen_from_second_look))
    assert track.frames == where.frames
    assert not track.visible[0], "the detector looked there and found nothing"
    assert track.visible[3:38].all()
    (track,) = track_faces(where, {i: [face(100, 80)] for i in range(102, 139, 3)})
    assert track.frames == where.frames
    assert track.visible.all(), "nobody looked at the edges"


def test_face_that_comes_later_begins_later() -> None:
    where = shot(0, 60)
    (track,) = track_faces(where, look(where, {i: [face(100, 80)] for i in range(30, 60)}))
    assert track.frames == FrameRange(30, 60)


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_detections_are_no_track(count: int) -> None:
    where = shot(0, 60)
    looks = frames_to_look(where)[5 : 5 + count]
    assert track_faces(where, look(where, {i: [face(100, 80)] for i in looks})) == ()


def test_weak_detections_are_no_track() -> None:
    where = shot(0, 60)
    assert track_faces(where, {i: [face(100, 80, score=0.45)] for i in frames_to_look(where)}) == ()
    assert track_faces(where, {i: [face(100, 80, score=0.55)] for i in frames_to_look(where)}) == ()


def test_detections_that_come_and_go_are_no_track() -> None:
    where = shot(0, 120)
    path = {i: [face(100, 80)] for i in frames_to_look(where)[::4]}
    assert track_faces(where, look(where, path)) == ()


def test_detections_all_over_the_place_are_no_track() -> None:
    where, rng = shot(0, 90), np.random.default_rng(1)
    path = {i: [face(float(rng.uniform(30, 600)), float(rng.uniform(30, 600)), 40)] for i in range(90)}
    assert track_faces(where, look(where, path)) == ()


@pytest.mark.parametrize("length", [1, 2, 4, 6])
def test_very_short_shot(length: int) -> None:
    where = shot(50, 50 + length)
    (track,) = track_faces(where, {i: [face(100, 80)] for i in frames_to_look(where)})
    assert track.frames == where.frames
    assert np.isfinite(track.boxes).all()


def test_without_landmarks() -> None:
    where = shot(0, 30)
    (track,) = track_faces(where, {i: [face(100, 80, known=False)] for i in frames_to_look(where)})
    assert np.isnan(track.landmarks).all()
    assert np.isnan(track.yaw).all()
    assert np.isfinite(track.boxes).all()


def test_nothing_looked_at_and_nothing_found() -> None:
    assert track_faces(shot(0, 30), {}) == ()
    assert track_faces(shot(0, 30), look(shot(0, 30))) == ()


def test_frame_of_another_shot() -> None:
    with pytest.raises(InputError, match="frame 30"):
        track_faces(shot(0, 30), {30: [face(100, 80)]})


def test_detections_are_not_changed() -> None:
    where = shot(0, 30)
    detections = {i: [face(100 + i, 80)] for i in frames_to_look(where)}
    for faces in detections.values():
        faces[0].box.setflags(write=False)
        faces[0].landmarks.setflags(write=False)
    track_faces(where, detections)


@pytest.mark.parametrize("wrong", [{"every": 0}, {"gap": 0}, {"least_looks": 0}, {"blink": -1}, {"smooth": -0.1}])
def test_settings_nothing_is_followed_with(wrong: dict[str, float]) -> None:
    with pytest.raises(RecordError):
        TrackSettings(**wrong)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_detected(data: st.DataObject) -> None:
    where = shot(data.draw(st.integers(0, 20)), data.draw(st.integers(21, 60)), index=2)
    every = data.draw(st.integers(1, 7))
    spots = st.tuples(st.floats(0, 600), st.floats(0, 300), st.floats(10, 200), st.floats(0.3, 1), st.booleans())
    chosen = TrackSettings(every=every, least_looks=2, least_score=0.3, best_score=0.3)
    detections = {
        frame: [face(*spot) for spot in data.draw(st.lists(spots, max_size=3))]
        for frame in frames_to_look(where, chosen)
    }
    tracks = track_faces(where, detections, chosen, first_index=4)
    assert [track.index for track in tracks] == list(range(4, 4 + len(tracks)))
    for track in tracks:
        assert track.shot == 2
        assert where.frames.start <= track.frames.start < track.frames.stop <= where.frames.stop
        assert np.isfinite(track.boxes).all()
        assert track.visible.any()
        assert (track.scores >= 0.3 - 1e-6).all()
