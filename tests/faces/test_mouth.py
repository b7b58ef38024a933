from __future__ import annotations

import numpy as np
import pytest

from dubkit.faces import mouth_motion, upright_face
from dubkit.schema import Image
from tests.portraits import moved, portrait, portrait_face, speaking


def motion(before: Image, after: Image) -> float:
    face = portrait_face()
    return mouth_motion(upright_face(before, face), upright_face(after, face))


@pytest.fixture(scope="module")
def image() -> Image:
    return portrait()


def grained(image: Image, seed: int, level: float = 3.0) -> Image:
    noise = np.random.default_rng(seed).normal(0, level, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def test_a_mouth_that_opens_moves_and_one_that_rests_does_not(image: Image) -> None:
    assert motion(grained(image, 1), grained(speaking(image, 5), 2)) > 2
    assert motion(grained(image, 1), grained(image, 2)) < 1.2
    assert motion(image, image) == 0


def test_a_head_that_moves_does_not_count(image: Image) -> None:
    """Landmarks stay where they were: what they err by is taken out."""
    for turn, shift in ((0.0, (1.5, 0.0)), (0.0, (0.0, -2.0)), (0.7, (1.0, 1.0))):
        assert motion(grained(image, 1), grained(moved(image, turn=turn, shift=shift)[0], 2)) < 1.3


def test_a_blink_does_not_hide_it_and_is_not_taken_for_it(image: Image) -> None:
    closed = image.copy()
    closed[98:112, 192:255] = image[120:134, 192:255]
    assert motion(grained(image, 1), grained(closed, 2)) < 1


def test_the_light_may_change(image: Image) -> None:
    dimmed = np.clip(image * 0.85, 0, 255).astype(np.uint8)
    assert motion(grained(image, 1), grained(dimmed, 2)) < 1.3


def test_upright_faces_are_gray_and_of_one_size(image: Image) -> None:
    found = upright_face(image, portrait_face())
    assert found.shape == (112, 112)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 255
