"""The turn of a head, against points turned in space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.faces import head_yaw

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
