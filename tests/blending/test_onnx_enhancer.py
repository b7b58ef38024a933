from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

from dubkit.blending import Enhancer, OnnxEnhancer
from dubkit.errors import ModelError

SIDE = 64
NOWHERE = np.full((5, 2), np.nan, np.float32)


@pytest.fixture(params=["ONNX Runtime", "OpenCV"])
def runs_on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "OpenCV":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    else:
        pytest.importorskip("onnxruntime")
    return str(request.param)


def write(path: Path, factors: tuple[float, float, float], side: int = SIDE, weight: bool = False) -> Path:
    """A network that multiplies red, green and blue (of -1..1), and with a weight that too."""
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, side, side])
    made = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, side, side])
    factor = helper.make_tensor("factor", TensorProto.FLOAT, [1, 3, 1, 1], factors)
    nodes = [helper.make_node("Mul", ["input", "factor"], ["scaled" if weight else "output"])]
    inputs = [picture]
    if weight:
        inputs.append(helper.make_tensor_value_info("w", TensorProto.DOUBLE, []))
        nodes += [
            helper.make_node("Cast", ["w"], ["single"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["scaled", "single"], ["output"]),
        ]
    graph = helper.make_graph(nodes, "made up", inputs, [made], [factor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(path))
    return path


def face(height: int = 80, width: int = 70) -> npt.NDArray[np.float32]:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    waves = [0.5 + 0.3 * np.sin(rows / 9 + shift) * np.cos(columns / 8) for shift in (0, 1, 2)]
    return np.stack(waves, axis=2).astype(np.float32)


def test_what_the_network_leaves_alone_comes_home(tmp_path: Path, runs_on: str) -> None:
    side = 512 if runs_on == "OpenCV" else 256
    shipped = OnnxEnhancer(write(tmp_path / "same.onnx", (1, 1, 1), side), "cpu")
    assert runs_on in shipped.describe()
    enhancer: Enhancer = shipped
    given = face()
    landmarks = np.array([[22, 32], [46, 36], [34, 46], [22, 58], [42, 61]], np.float32)
    for known in (NOWHERE, landmarks):
        found = enhancer.enhance(given, known)
        assert found.shape == given.shape
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, given, atol=0.02)


def test_the_network_sees_red_first_and_minus_one_as_black(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    enhancer = OnnxEnhancer(write(tmp_path / "red.onnx", (-1, 1, 1)), "cpu")
    given = np.zeros((64, 64, 3), np.float32)
    given[..., 2] = 1
    np.testing.assert_allclose(enhancer.enhance(given, NOWHERE)[32, 32], (0, 0, 0), atol=1e-3)


def test_landmarks_lay_the_face_as_in_training(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    # Everything the network's picture covers turns black; a small face covers more of its crop than a large one.
    enhancer = OnnxEnhancer(write(tmp_path / "grey.onnx", (0, 0, 0)), "cpu")
    template = np.array([[193, 240], [319, 240], [257, 314], [201, 371], [313, 371]], np.float32) / 512
    given = np.ones((100, 100, 3), np.float32)
    found = enhancer.enhance(given, (template * 50 + 20).astype(np.float32))
    np.testing.assert_allclose(found[45, 45], 0.5, atol=1e-3)
    np.testing.assert_array_equal(found[5], 1)
    np.testing.assert_array_equal(found[:, 90], 1)
    assert (found[..., 0] < 0.6).sum() == pytest.approx(50 * 50, rel=0.1)


def test_a_weight_of_faithfulness_is_filled_in(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    path = write(tmp_path / "former.onnx", (1, 1, 1), weight=True)
    found = OnnxEnhancer(path, "cpu", faithful=0.5).enhance(np.ones((64, 64, 3), np.float32), NOWHERE)
    np.testing.assert_allclose(found[32, 32], 0.75, atol=1e-3)


def test_what_is_no_network_is_refused_in_one_sentence(tmp_path: Path, runs_on: str) -> None:
    with pytest.raises(ModelError, match="there is no such enhancer file"):
        OnnxEnhancer(tmp_path / "nothing.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(ModelError, match=f"{runs_on} can load"):
        OnnxEnhancer(broken)


def test_a_network_that_gives_no_picture_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    made = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1])
    axes = helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=0)
    graph = helper.make_graph([axes, helper.make_node("Flatten", ["mean"], ["output"])], "mean", [picture], [made])
    path = tmp_path / "mean.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    with pytest.raises(ModelError, match="not a picture"):
        OnnxEnhancer(path, "cpu")
