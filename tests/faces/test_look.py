"""What the pixels of a face say, on the sample's portrait."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

from dubkit.faces import look_at
from dubkit.faces.align import align_face
from dubkit.faces.look import sharpness
from dubkit.schema import Face, Image
from tests.portraits import BOX, moved, portrait, portrait_face

_NO_LANDMARKS = np.full((5, 2), np.nan, np.float32)


@pytest.fixture(scope="module")
def picture() -> Image:
    return portrait()


def smeared(image: Image, part: float) -> Image:
    """Moved along its rows by a part of the face's height while the shutter was open."""
    return np.asarray(cv2.blur(image, (max(1, round(part * 117)), 1)), np.uint8)


@pytest.mark.parametrize(("turn", "scale"), [(0, 1.0), (25, 1.0), (-40, 0.7), (10, 1.8)])
def test_an_upright_face_looks_the_same_however_it_lay(picture: Image, turn: float, scale: float) -> None:
    usual = align_face(picture, portrait_face(), 56).astype(int)
    image, face = moved(picture, turn, scale)
    assert np.abs(align_face(image, face, 56).astype(int) - usual)[8:-8, 8:-8].mean() < 6


def test_eyes_and_mouth_come_to_lie_where_networks_expect_them(picture: Image) -> None:
    marked = picture.copy()
    face = portrait_face()
    for x, y in face.landmarks.astype(int).tolist():
        cv2.circle(marked, (x, y), 2, (0, 255, 0), -1)
    upright = align_face(marked, face).astype(int)
    green = upright[..., 1] - upright[..., [0, 2]].max(axis=2)
    for x, y in ((38, 52), (74, 52), (56, 72), (42, 92), (71, 92)):
        assert green[y - 5 : y + 6, x - 5 : x + 6].max() > 80


def test_as_insightface_lays_faces(picture: Image) -> None:
    face_align = pytest.importorskip("insightface.utils.face_align", reason="insightface is not installed")
    large = np.asarray(cv2.resize(picture, None, fx=1.2, fy=1.2), np.uint8)
    face = Face(BOX * np.float32(1.2), portrait_face().landmarks * np.float32(1.2), 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-image's, of a name that insightface still uses
        theirs = face_align.norm_crop(large, face.landmarks)
    assert np.abs(align_face(large, face).astype(int) - theirs).mean() < 1.5


def test_without_landmarks_the_box_says_where_the_face_is(picture: Image) -> None:
    known = align_face(picture, portrait_face(), 56).astype(int)
    guessed = align_face(picture, Face(BOX, _NO_LANDMARKS, 0.9), 56).astype(int)
    assert np.abs(known - guessed)[8:-8, 8:-8].mean() < 25
    look = look_at(picture, Face(BOX, _NO_LANDMARKS, 0.9)).look
    assert look.mouth.size == 0
    assert look.thumbnail.shape == (14, 14, 3)


def test_smearing_is_measured_whatever_the_size(picture: Image) -> None:
    for scale in (0.5, 1.0, 2.5):
        size = [round(512 * scale)] * 2
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        face = Face(BOX * np.float32(scale), _NO_LANDMARKS, 0.9)
        found = [
            sharpness(np.asarray(cv2.resize(smeared(picture, part), size, interpolation=method), np.uint8), face)
            for part in (0, 1 / 16, 1 / 8, 1 / 4)
        ]
        assert found == sorted(found, reverse=True)
        assert found[0] > 0.6
        assert found[3] < found[0] * 0.65


def test_contrast_does_not_matter(picture: Image) -> None:
    dim = (picture // 3 + 60).astype(np.uint8)
    assert sharpness(dim, portrait_face()) == pytest.approx(sharpness(picture, portrait_face()), abs=0.08)


def test_a_flat_picture_has_no_sharpness_and_a_sliver_none_that_is_known(picture: Image) -> None:
    assert sharpness(np.full_like(picture, 90), portrait_face()) == 0
    outside = Face(BOX - np.float32(265), _NO_LANDMARKS, 0.9)
    assert np.isnan(sharpness(picture, outside))


@pytest.mark.parametrize("shift", [(-230.0, 0.0), (290.0, 0.0), (0.0, -150.0), (400.0, 500.0), (-900.0, 0.0)])
def test_a_face_half_or_wholly_out_of_the_picture(picture: Image, shift: tuple[float, float]) -> None:
    image, face = moved(picture, shift=shift)
    look = look_at(image, face, with_signature=True).look
    assert look.thumbnail.shape == (14, 14, 3)
    assert np.isfinite(look.signature).all()


def test_small_faces_say_nothing_of_their_mouths(picture: Image) -> None:
    small = np.asarray(cv2.resize(picture, (80, 80), interpolation=cv2.INTER_AREA), np.uint8)
    face = portrait_face()
    tiny = Face(face.box * np.float32(80 / 512), face.landmarks * np.float32(80 / 512), 0.9)
    assert look_at(small, tiny).look.mouth.size == 0


def test_the_image_is_not_changed_and_the_same_gives_the_same(picture: Image) -> None:
    fixed = picture.copy()
    fixed.setflags(write=False)
    threads = cv2.getNumThreads()
    try:
        looks = []
        for count in (1, 4):
            cv2.setNumThreads(count)
            looks.append(look_at(fixed, portrait_face(), with_signature=True).look)
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(fixed, picture)
    for name in ("thumbnail", "mouth", "signature"):
        assert np.array_equal(getattr(looks[0], name), getattr(looks[1], name))
    assert looks[0].sharpness == looks[1].sharpness
