"""What every face detector promises, held against all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.errors import MediaError
from dubkit.faces import FaceDetector
from dubkit.faces.boxes import overlaps
from dubkit.faces.detectors.cascade import CascadeDetector
from dubkit.faces.detectors.insightface import InsightFaceDetector
from dubkit.faces.detectors.yunet import YuNetDetector
from dubkit.schema import Face, Image

# Drawn by hand on the portrait of 512x512: hairline to chin, cheek to cheek.
_HAND_BOX = np.array([179, 62, 272, 179], np.float32)
_HAND_LANDMARKS = np.array([[203, 106], [245, 109], [221, 137], [200, 146], [243, 148]], np.float32)


def _file(pattern: str) -> Path:
    if "DUBKIT_MODELS" not in os.environ:
        pytest.skip("DUBKIT_MODELS names no folder of detector files")
    found = sorted(Path(os.environ["DUBKIT_MODELS"]).glob(pattern))
    if not found:
        pytest.skip(f"the folder DUBKIT_MODELS holds no {pattern}")
    return found[0]


def _insightface() -> FaceDetector:
    pytest.importorskip("insightface", reason="insightface is not installed")
    return InsightFaceDetector(_file("*scrfd_2.5g*.onnx"))


_BUILDERS: dict[str, Callable[[], FaceDetector]] = {
    "cascade": CascadeDetector,
    "yunet": lambda: YuNetDetector(_file("*yunet*.onnx")),
    "insightface": _insightface,
}


@pytest.fixture(scope="module", params=list(_BUILDERS))
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    return _BUILDERS[request.param]()


@pytest.fixture(scope="module")
def portrait() -> Image:
    data = pytest.importorskip("skimage.data", reason="scikit-image, which brings the portrait, is not installed")
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def sized(image: Image, width: int, height: int) -> Image:
    shrinks = width < image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def agreement(face: Face, box: npt.NDArray[np.float32]) -> float:
    return float(overlaps(face.box[None], box[None])[0][0, 0])


def same(one: list[Face], other: list[Face]) -> bool:
    return len(one) == len(other) and all(
        a.score == b.score and np.array_equal(a.box, b.box) and np.array_equal(a.landmarks, b.landmarks, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def test_is_a_detector(detector: FaceDetector) -> None:
    assert isinstance(detector, FaceDetector)
    assert detector.name in _BUILDERS
    assert len(detector.describe()) > 5


def test_finds_the_portrait_and_nothing_else(detector: FaceDetector, portrait: Image) -> None:
    (face,) = detector.detect(portrait)
    assert agreement(face, _HAND_BOX) >= 0.6
    assert 0.5 <= face.score <= 1
    assert face.box.dtype == face.landmarks.dtype == np.float32


def test_landmarks_are_in_order_or_unknown(detector: FaceDetector, portrait: Image) -> None:
    (face,) = detector.detect(portrait)
    if detector.name == "cascade":
        assert np.isnan(face.landmarks).all()
    else:
        assert np.abs(face.landmarks - _HAND_LANDMARKS).max() < 12


@pytest.mark.parametrize("side", [144, 256, 768, 1024])
def test_any_scale(detector: FaceDetector, portrait: Image, side: int) -> None:
    (face,) = detector.detect(sized(portrait, side, side))
    assert agreement(face, _HAND_BOX * (side / 512)) >= 0.6


def test_face_that_fills_the_image(detector: FaceDetector, portrait: Image) -> None:
    close = sized(portrait[30:210, 136:316], 640, 640)
    face = detector.detect(close)[0]
    assert agreement(face, (_HAND_BOX - [136, 30, 136, 30]).astype(np.float32) * (640 / 180)) >= 0.6


def test_mirror_and_gray(detector: FaceDetector, portrait: Image) -> None:
    (mirrored,) = detector.detect(np.ascontiguousarray(portrait[:, ::-1]))
    assert agreement(mirrored, np.abs(np.array([512, 0, 512, 0]) - _HAND_BOX)[[2, 1, 0, 3]].astype(np.float32)) >= 0.6
    gray = np.repeat(portrait.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    (face,) = detector.detect(gray)
    assert agreement(face, _HAND_BOX) >= 0.6


def test_two_faces_side_by_side(detector: FaceDetector, portrait: Image) -> None:
    small = sized(portrait, 320, 320)
    montage = np.concatenate([small, small[:, ::-1]], axis=1)
    left, right = sorted(detector.detect(montage), key=lambda face: float(face.box[0]))
    scaled = _HAND_BOX * (320 / 512)
    assert agreement(left, scaled) >= 0.6
    assert agreement(right, np.abs(np.array([640, 0, 640, 0]) - scaled)[[2, 1, 0, 3]].astype(np.float32)) >= 0.6


def test_wide_and_tall_images(detector: FaceDetector, portrait: Image) -> None:
    wide = np.zeros((512, 1200, 3), np.uint8)
    wide[:, 600:1112] = portrait
    (face,) = detector.detect(wide)
    assert agreement(face, _HAND_BOX + np.array([600, 0, 600, 0], np.float32)) >= 0.6
    tall = np.zeros((1200, 512, 3), np.uint8)
    tall[600:1112] = portrait
    (face,) = detector.detect(tall)
    assert agreement(face, _HAND_BOX + np.array([0, 600, 0, 600], np.float32)) >= 0.6


def _no_faces() -> dict[str, Image]:
    rng = np.random.default_rng(5)
    rows = np.linspace(0, 1, 360)[:, None, None]
    sky = np.broadcast_to(rows * [200, 160, 90] + (1 - rows) * [250, 200, 150], (360, 640, 3)).astype(np.uint8).copy()
    ridge = (240 + 40 * np.sin(np.arange(640) / 60) + 15 * np.sin(np.arange(640) / 17)).astype(int)
    sky[np.arange(360)[:, None] > ridge[None]] = (40, 90, 60)
    return {
        "black": np.zeros((360, 640, 3), np.uint8),
        "white": np.full((360, 640, 3), 255, np.uint8),
        "noise": rng.integers(0, 256, (360, 640, 3), np.uint8),
        "blobs": sized(rng.integers(0, 256, (12, 20, 3), np.uint8), 640, 360),
        "landscape": sky,
    }


@pytest.mark.parametrize("kind", list(_no_faces()))
def test_no_face_in_pictures_of_none(detector: FaceDetector, kind: str) -> None:
    assert detector.detect(_no_faces()[kind]) == []


@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (1, 300), (300, 2), (24, 24), (33, 17)])
def test_tiny_images(detector: FaceDetector, shape: tuple[int, int]) -> None:
    assert detector.detect(np.full((*shape, 3), 120, np.uint8)) == []


def test_same_image_same_faces(detector: FaceDetector, portrait: Image) -> None:
    first = detector.detect(portrait)
    detector.detect(np.zeros((90, 160, 3), np.uint8))
    assert same(detector.detect(portrait), first)


def test_sorted_by_score(detector: FaceDetector, portrait: Image) -> None:
    montage = np.concatenate([sized(portrait, 512, 512), portrait // 3 + 40], axis=1)
    scores = [face.score for face in detector.detect(montage)]
    assert scores == sorted(scores, reverse=True)


def test_image_is_not_changed_and_need_not_be_contiguous(detector: FaceDetector, portrait: Image) -> None:
    wide = np.repeat(portrait, 2, axis=1)
    view = wide[:, ::2]
    view.setflags(write=False)
    faces = detector.detect(view)
    assert np.array_equal(view, portrait)
    assert same(faces, detector.detect(portrait))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 1), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((64, 64, 3), np.uint16),
        np.zeros((0, 64, 3), np.uint8),
        [[1, 2, 3]],
    ],
    ids=["gray plane", "one channel", "alpha", "float", "16 bits", "no rows", "list"],
)
def test_not_an_image(detector: FaceDetector, image: Image) -> None:
    with pytest.raises(MediaError):
        detector.detect(image)


def test_all_draw_the_same_box(portrait: Image) -> None:
    boxes = {name: build().detect(portrait)[0].box for name, build in _BUILDERS.items()}
    for box in boxes.values():
        assert float(overlaps(box[None], boxes["insightface"][None])[0][0, 0]) >= 0.65
