"""The turn of a head, against points turned in space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.faces import head_pitch, head_yaw

# Millimetres: x to the right of the image, y down, z towards the camera.
_HEAD = np.array([[-31.5, 0, 0], [31.5, 0, 0], [0, 38, 27], [-25, 70, 0], [25, 70, 0]], np.float64)


def seen(yaw: float = 0, pitch: float = 0, roll: float = 0, size: float = 2.0) -> npt.NDArray[np.float64]:
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray((_HEAD @ (tilt @ nod @ turn).T)[:, :2] * size + 300, np.float64)


@pytest.mark.parametrize("yaw", [-75, -40, -10, 0, 10, 40, 75])
def test_turned_heads(yaw: float) -> None:
    assert head_yaw(seen(yaw)) == pytest.approx(yaw, abs=1)


@pytest.mark.parametrize("roll", [-30, 20])
@pytest.mark.parametrize("pitch", [-15, 15])
def test_tilt_and_nod_matter_little(roll: float, pitch: float) -> None:
    assert head_yaw(seen(30, pitch, roll)) == pytest.approx(30, abs=6)


def test_mirrored_is_negative() -> None:
    points = seen(25)
    mirrored = (600 - points[:, 0])[[1, 0, 2, 4, 3]]
    assert head_yaw(np.stack([mirrored, points[[1, 0, 2, 4, 3], 1]], axis=-1)) == pytest.approx(-25, abs=1)


def test_many_at_once() -> None:
    yaws = head_yaw(np.stack([seen(-20), np.full((5, 2), np.nan), seen(50), np.zeros((5, 2))]))
    assert yaws.shape == (4,)
    assert yaws.dtype == np.float32
    assert yaws[[0, 2]] == pytest.approx([-20, 50], abs=1)
    assert np.isnan(yaws[[1, 3]]).all()


@pytest.mark.parametrize("pitch", [-50, -20, 0, 20, 50])
@pytest.mark.parametrize("yaw", [-30, 0, 30])
def test_heads_that_nod(pitch: float, yaw: float) -> None:
    """Looking down is positive; the points are turned the other way."""
    assert head_pitch(seen(yaw, -pitch)) == pytest.approx(pitch, abs=8)


def test_noses_differ_by_a_few_degrees() -> None:
    found = []
    for along in (35, 38, 41):
        points = seen(pitch=-10)
        points[2, 1] += (along - 38) * 2.0
        found.append(float(head_pitch(points)))
    assert found == sorted(found)
    assert found[2] - found[0] < 15


def test_tilting_does_not_nod() -> None:
    assert head_pitch(seen(roll=40, pitch=15)) == pytest.approx(float(head_pitch(seen(pitch=15))), abs=0.5)


def test_many_nods_at_once() -> None:
    pitches = head_pitch(np.stack([seen(pitch=20), np.full((5, 2), np.nan), np.zeros((5, 2))]))
    assert pitches.dtype == np.float32
    assert pitches[0] == pytest.approx(-20, abs=6)
    assert np.isnan(pitches[1:]).all()
