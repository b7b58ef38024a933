from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.lipsync import ReferenceChooser
from dubkit.lipsync.reference import mouth_openness


def face(opening: int) -> npt.NDArray[np.float32]:
    """Skin with a dark gap of ``opening`` rows where the mouth lies."""
    crop = np.full((96, 96, 3), 0.7, np.float32)
    crop[72 : 72 + opening, 36:60] = 0.1
    return crop


def test_an_open_mouth_looks_more_open() -> None:
    measured = [mouth_openness(face(opening)) for opening in (0, 2, 6, 12)]
    assert measured == sorted(set(measured))
    assert measured[0] == 0.0


def test_the_measure_does_not_mind_the_light() -> None:
    assert mouth_openness(face(8) * np.float32(0.5) + np.float32(0.1)) < mouth_openness(face(8))
    assert mouth_openness(face(0) * np.float32(0.5)) < mouth_openness(face(2) * np.float32(0.5))


def test_the_most_closed_mouth_of_each_track_is_kept() -> None:
    chooser = ReferenceChooser()
    for opening in (5, 1, 9):
        chooser.look(3, face(opening))
    chooser.look(4, face(8))
    np.testing.assert_array_equal(chooser.best(3), face(1))
    np.testing.assert_array_equal(chooser.best(4), face(8))


def test_a_forgotten_track_starts_anew() -> None:
    chooser = ReferenceChooser()
    chooser.look(3, face(0))
    chooser.forget(3)
    chooser.forget(99)
    with pytest.raises(KeyError):
        chooser.best(3)
    chooser.look(3, face(5))
    np.testing.assert_array_equal(chooser.best(3), face(5))


def test_of_faces_seen_from_one_side_the_most_closed_is_taken() -> None:
    chooser = ReferenceChooser()
    for opening, yaw in ((1, 40.0), (6, 2.0), (4, -12.0), (3, float("nan")), (9, 44.0)):
        chooser.look(3, face(opening), yaw)
    for yaw, opening in ((0.0, 3), (-14.0, 3), (38.0, 1), (60.0, 1), (-50.0, 4), (float("nan"), 3)):
        np.testing.assert_array_equal(chooser.best(3, yaw), face(opening), err_msg=str(yaw))


def test_a_mouth_that_may_be_covered_is_taken_only_where_there_is_no_other() -> None:
    chooser = ReferenceChooser()
    chooser.look(3, face(0), doubtful=True)
    np.testing.assert_array_equal(chooser.best(3), face(0))
    chooser.look(3, face(7))
    chooser.look(3, face(1), doubtful=True)
    np.testing.assert_array_equal(chooser.best(3), face(7))
