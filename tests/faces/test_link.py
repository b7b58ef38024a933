"""Faces whose paths cross, told apart by what they look like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.faces import frames_to_look, track_faces
from dubkit.faces.link import link_faces
from dubkit.schema import Face, FaceLook, FaceTrack, Shot
from dubkit.timing import FrameRange
from tests.faces.test_track import face

_RNG = np.random.default_rng(4)
_LOOKS = [np.clip(_RNG.normal(120, 40, (14, 14, 3)), 0, 255) for _ in range(3)]
SHOT = Shot(0, FrameRange(0, 91))


def known(person: int, x: float, y: float, size: float = 60, noise: float = 6.0, seed: int = 0) -> Face:
    """A face of one of three people there."""
    rng = np.random.default_rng((person, seed, round(x)))
    pixels = np.clip(_LOOKS[person] + rng.normal(0, noise, (14, 14, 3)), 0, 255).astype(np.uint8)
    return replace(face(x, y, size), look=FaceLook(sharpness=0.5, thumbnail=pixels))


def ends(track: FaceTrack) -> list[float]:
    return [float((track.boxes[i, 0] + track.boxes[i, 2]) / 2) for i in (0, -1)]


def meet(turn_back: bool) -> dict[int, list[Face]]:
    """Two faces walk towards each other; while they overlap only the nearer one is found; then on, or back again."""
    found: dict[int, list[Face]] = {}
    for frame in frames_to_look(SHOT):
        way = frame if not turn_back or frame <= 45 else 90 - frame
        left, right = 100 + 4 * way, 460 - 4 * way
        both = [known(0, left, 100), known(1, right, 104)]
        found[frame] = both[:1] if abs(left - right) < 45 else both
    return found


@pytest.mark.parametrize("turn_back", [False, True], ids=["pass", "turn back"])
def test_two_that_meet_are_not_mistaken_for_each_other(turn_back: bool) -> None:
    one, other = track_faces(SHOT, meet(turn_back))
    assert ends(one) == pytest.approx([100, 100 if turn_back else 460], abs=3)
    assert ends(other) == pytest.approx([460, 460 if turn_back else 100], abs=3)


def test_without_looks_those_who_turn_back_are_mistaken() -> None:
    """Which is what looks are for: places alone cannot tell."""
    blind = {frame: [replace(one, look=FaceLook()) for one in faces] for frame, faces in meet(True).items()}
    tracks = track_faces(SHOT, blind)
    assert any(abs(ends(track)[0] - ends(track)[1]) > 100 for track in tracks)


def test_three_that_cross_at_once() -> None:
    found = {
        frame: [known(0, 100 + 4 * frame, 100), known(1, 460 - 4 * frame, 110), known(2, 280, 280 - 4 * frame)]
        for frame in frames_to_look(SHOT)
    }
    for track, (start, stop) in zip(track_faces(SHOT, found), [(100, 460), (280, 280), (460, 100)], strict=True):
        assert ends(track) == pytest.approx([start, stop], abs=3)


def test_somebody_else_at_the_same_place_is_another_track() -> None:
    """A dissolve that nobody noticed, or one who steps before the other."""
    dark: npt.NDArray[np.uint8] = np.clip(_LOOKS[1] * 0.3, 0, 255).astype(np.uint8)
    found = {
        frame: [known(0, 200, 100) if frame < 45 else replace(face(200, 100), look=FaceLook(thumbnail=dark))]
        for frame in frames_to_look(SHOT)
    }
    one, other = track_faces(SHOT, found)
    assert one.frames.stop <= 46
    assert other.frames.start >= 43


def test_a_lamp_that_is_switched_on_makes_nobody_else() -> None:
    found = {}
    for frame in frames_to_look(SHOT):
        there = known(0, 200, 100)
        if frame >= 45:
            there = replace(there, look=FaceLook(thumbnail=(there.look.thumbnail // 2).astype(np.uint8)))
        found[frame] = [there]
    assert len(track_faces(SHOT, found)) == 1


def test_a_face_too_dark_to_see_makes_nobody_else() -> None:
    found = {}
    for frame in frames_to_look(SHOT):
        there = known(0, 200, 100)
        if 30 < frame < 60:
            there = replace(there, look=FaceLook(thumbnail=np.full((14, 14, 3), frame % 2 + 3, np.uint8)))
        found[frame] = [there]
    assert len(track_faces(SHOT, found)) == 1


def test_looks_and_no_looks_may_be_mixed() -> None:
    found = {frame: [known(0, 200, 100) if frame % 2 else face(200, 100)] for frame in frames_to_look(SHOT)}
    assert len(link_faces(found, 12)) == 1


def test_sharpness_lies_between_what_was_measured() -> None:
    found = {}
    for frame in range(0, 31, 3):
        there = known(0, 200, 100)
        found[frame] = [replace(there, look=replace(there.look, sharpness=frame / 100 if frame != 9 else np.nan))]
    (track,) = track_faces(Shot(0, FrameRange(0, 31)), found)
    assert track.sharpness == pytest.approx(np.arange(31) / 100, abs=1e-6)
    (unmeasured,) = track_faces(Shot(0, FrameRange(0, 31)), {frame: [face(90, 90)] for frame in found})
    assert np.isnan(unmeasured.sharpness).all()
    assert not unmeasured.covered.any()
