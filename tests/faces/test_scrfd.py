"""How SCRFD is run: at the size of the picture, and the same on any number of threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from dubkit.faces import insightface_zoo
from dubkit.faces.detectors.insightface import InsightFaceDetector
from dubkit.schema import Face, Image
from tests.portraits import portrait

pytest.importorskip("insightface", reason="insightface is not installed")


@pytest.fixture(params=["500m", "2.5g"])
def file(request: pytest.FixtureRequest) -> Path:
    if "DUBKIT_MODELS" not in os.environ:
        pytest.skip("DUBKIT_MODELS names no folder of detector files")
    found = sorted(Path(os.environ["DUBKIT_MODELS"]).glob(f"*scrfd_{request.param}*.onnx"))
    if not found:
        pytest.skip(f"the folder DUBKIT_MODELS holds no scrfd_{request.param}")
    return found[0]


def beside(image: Image, left: int, width: int) -> Image:
    wide = np.full((image.shape[0], width, 3), 90, np.uint8)
    wide[:, left : left + image.shape[1]] = image
    return wide


def box(faces: list[Face]) -> np.ndarray[Any, Any]:
    (face,) = faces
    return np.asarray(face.box)


def test_a_face_is_found_at_any_size_and_shape(file: Path) -> None:
    detector, image = InsightFaceDetector(file), portrait()
    whole = box(detector.detect(image))
    assert np.abs(box(detector.detect(beside(image, 700, 1250))) - whole - [700, 0, 700, 0]).max() < 6
    part = np.ascontiguousarray(image[20:276, 96:352])
    assert np.abs(box(detector.detect(part)) - whole + np.tile([96, 20], 2)).max() < 6
    tight = np.asarray(cv2.resize(image[62:179, 179:272], (320, 320), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert len(detector.detect(tight)) == 1


def test_an_input_that_the_file_fixes_is_freed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide picture is looked at as such, and finds what it finds in the square the file asks for."""
    freed = InsightFaceDetector(file)
    monkeypatch.setattr("dubkit.faces.detectors.insightface.free_detector", lambda network, _: network)
    fixed = InsightFaceDetector(file)
    image = beside(portrait(), 60, 900)
    assert np.abs(box(freed.detect(image)) - box(fixed.detect(image))).max() < 6


def test_any_number_of_threads_finds_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, image = insightface_zoo._patient, portrait()
    found = []
    for threads in (1, 2, 3):

        def options(runtime: Any, count: int = threads) -> Any:
            made = patient(runtime)
            made.intra_op_num_threads = count
            return made

        monkeypatch.setattr(insightface_zoo, "_patient", options)
        (face,) = InsightFaceDetector(file).detect(image)
        found.append((face.box.tobytes(), face.landmarks.tobytes(), face.score))
    assert found[0] == found[1] == found[2]


def test_what_is_no_network_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "some.onnx").write_bytes(b"\x0a\x03abc")
    network = object()
    assert insightface_zoo.free_detector(network, tmp_path / "some.onnx") is network
