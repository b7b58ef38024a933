from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import InputError, ModelError
from dubkit.evaluation import LandmarkFinder, mouth_distance, mouth_opening, opening_correlation

Points = npt.NDArray[np.float32]


def points(count: int, seed: int = 0) -> Points:
    return np.random.default_rng(seed).uniform(0, 100, (count, 68, 2)).astype(np.float32)


def write_network(path: Path, outputs: int = 136) -> Path:
    """A network whose every output is the mean red of what it sees plus a hundredth of the output's number."""
    onnx = pytest.importorskip("onnx", reason="a stand-in network is written with onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weight = np.zeros((outputs, 3), np.float32)
    weight[:, 0] = 1
    bias = np.arange(outputs, dtype=np.float32) / 100
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["output"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("input", kind, [1, 3, 112, 112])],
        [helper.make_tensor_value_info("output", kind, [1, outputs])],
        [onnx.numpy_helper.from_array(weight, "weight"), onnx.numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def test_points_come_back_in_pixels_of_the_image(tmp_path: Path) -> None:
    """The box of 100 x 80 at (50, 40) is seen as a square of 110 around (100, 80), half of it beyond the edge."""
    finder = LandmarkFinder(write_network(tmp_path / "a.onnx"))
    image = np.zeros((200, 100, 3), np.uint8)
    image[..., 2] = 255
    found = finder.find(image, np.array([50, 40, 150, 120], np.float32))
    red = 55 / 110
    shares = (red + np.arange(136, dtype=np.float32) / 100).reshape(68, 2)
    np.testing.assert_allclose(found, shares * 110 + (45, 25), atol=0.6)


def test_a_clip_is_seen_frame_by_frame(tmp_path: Path) -> None:
    finder = LandmarkFinder(write_network(tmp_path / "a.onnx"))
    images = [np.full((60, 60, 3), level, np.uint8) for level in (0, 100, 200)]
    boxes = np.tile(np.array([10, 10, 50, 50], np.float32), (3, 1))
    found = finder.find_all(images, boxes)
    assert found.shape == (3, 68, 2)
    np.testing.assert_array_equal(found[1], finder.find(images[1], boxes[1]))
    assert found[0, 0, 0] < found[1, 0, 0] < found[2, 0, 0]
    with pytest.raises(InputError, match="3 images need as many face boxes, not 2"):
        finder.find_all(images, boxes[:2])


@pytest.mark.parametrize("box", [[0, 0, 0, 10], [0, 0, float("nan"), 10], [0, 0, 10]])
def test_boxes_without_a_face_are_refused(tmp_path: Path, box: list[float]) -> None:
    finder = LandmarkFinder(write_network(tmp_path / "a.onnx"))
    with pytest.raises(InputError, match="left, top, right, bottom"):
        finder.find(np.zeros((20, 20, 3), np.uint8), np.array(box, np.float32))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx: there is no such landmark file; give a 68-landmark"):
        LandmarkFinder(tmp_path / "gone.onnx")
    (tmp_path / "a.onnx").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(ModelError, match=r"a\.onnx: is no network that OpenCV can load"):
        LandmarkFinder(tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="gives 10 numbers, not 68 points"):
        LandmarkFinder(write_network(tmp_path / "a.onnx", outputs=10))


@given(gap=st.floats(0, 30), scale=st.floats(0.1, 20))
def test_opening_is_a_share_of_the_eyes_distance_at_any_size(gap: float, scale: float) -> None:
    face = points(1)
    face[0, 36], face[0, 45], face[0, 62], face[0, 66] = (10, 10), (70, 10), (40, 60), (40, 60 + gap)
    assert mouth_opening(face * np.float32(scale))[0] == pytest.approx(gap / 60, abs=1e-5)


@given(seed=st.integers(0, 999), factor=st.floats(0.01, 100), offset=st.floats(-1, 1))
def test_correlation_sees_shape_and_not_size(seed: int, factor: float, offset: float) -> None:
    opening = np.random.default_rng(seed).uniform(0, 1, 30).astype(np.float32)
    assert opening_correlation(opening, opening) == pytest.approx(1)
    assert opening_correlation(opening * np.float32(factor) + np.float32(offset), opening) == pytest.approx(1, abs=1e-2)
    assert opening_correlation(-opening, opening) == pytest.approx(-1)


def test_a_still_mouth_agrees_with_nothing() -> None:
    opening = np.random.default_rng(0).uniform(0, 1, 30).astype(np.float32)
    still = np.full(30, 0.3, np.float32)
    assert opening_correlation(still, opening) == 0
    assert opening_correlation(still, still) == 0


@given(seed=st.integers(0, 999), away=st.floats(-20, 20))
def test_the_mouths_distance_is_that_of_its_points_alone(seed: int, away: float) -> None:
    reference = points(3, seed)
    reference[:, 36], reference[:, 45] = (10, 10), (60, 10)
    assert mouth_distance(reference, reference) == 0
    found = reference.copy()
    found[:, 48:68, 1] += np.float32(away)
    assert mouth_distance(found, reference) == pytest.approx(abs(away) / 50, abs=1e-5)
    found[:, :36] += 1000
    assert mouth_distance(found, reference) == pytest.approx(abs(away) / 50, abs=1e-5)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="landmarks should be"):
        mouth_opening(points(3)[:, :5])
    with pytest.raises(InputError, match="no distance"):
        mouth_opening(np.zeros((3, 68, 2), np.float32))
    with pytest.raises(InputError, match="of the same frames"):
        mouth_distance(points(3), points(2))
    with pytest.raises(InputError, match="of the same frames"):
        opening_correlation(np.zeros(3, np.float32), np.zeros(2, np.float32))


def test_a_real_mouth_agrees_with_itself_blurred_and_not_with_itself_later(
    landmark_file: Path, real_clips: Path
) -> None:
    capture = cv2.VideoCapture(str(real_clips / "grid_speakers" / "bbaf2n.mpg"))
    images: list[Any] = []
    while len(images) < 75:
        there, image = capture.read()
        assert there
        images.append(image)
    finder = LandmarkFinder(landmark_file)
    boxes = np.tile(np.array([99, 97, 208, 256], np.float32), (75, 1))
    real = mouth_opening(finder.find_all(images, boxes))
    blurred = mouth_opening(finder.find_all([cv2.GaussianBlur(image, (0, 0), 1.5) for image in images], boxes))
    assert opening_correlation(blurred, real) > 0.8
    assert opening_correlation(real[10:], real[:-10]) < 0.3
