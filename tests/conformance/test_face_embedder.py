"""What every face embedder promises, held against all of them, and which one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dubkit.errors import ModelError
from dubkit.faces import FaceEmbedder, choose_embedder
from dubkit.faces.embedders.insightface import InsightFaceEmbedder
from dubkit.schema import Face, Image
from tests.portraits import BOX, moved, portrait, portrait_face


def write_network(path: Path, batch: int | str = "batch", size: int = 112, outputs: int = 1) -> Path:
    """A recognition network as insightface takes it: what lies in each of 7 x 7 places of an upright face, mixed."""
    onnx = pytest.importorskip("onnx", reason="a stand-in network is written with onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    mix = np.random.default_rng(5).normal(size=(3 * 49, 32)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["input"], ["seen"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["seen"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mix"], ["embedding"]),
        *(helper.make_node("Identity", ["embedding"], [f"more{n}"]) for n in range(1, outputs)),
    ]
    names = ["embedding", *(f"more{n}" for n in range(1, outputs))]
    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("input", kind, [batch, 3, size, size])],
        [helper.make_tensor_value_info(name, kind, [batch, 32]) for name in names],
        [onnx.numpy_helper.from_array(mix, "mix")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def _insightface(folder: Path) -> FaceEmbedder:
    pytest.importorskip("insightface", reason="insightface is not installed")
    return InsightFaceEmbedder(write_network(folder / "w600k_mbf.onnx"))


_BUILDERS: dict[str, Callable[[Path], FaceEmbedder]] = {"insightface": _insightface}


@pytest.fixture(scope="module", params=list(_BUILDERS))
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FaceEmbedder:
    return _BUILDERS[request.param](tmp_path_factory.mktemp("embedder"))


@pytest.fixture(scope="module")
def picture() -> Image:
    return portrait()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without insightface's packages."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


def test_is_an_embedder(embedder: FaceEmbedder) -> None:
    assert isinstance(embedder, FaceEmbedder)
    assert -1 < embedder.same < 1
    assert len(embedder.describe()) > 5


def test_a_face_gives_the_same_vector_however_it_lies(embedder: FaceEmbedder, picture: Image) -> None:
    (usual,) = embedder.embed(picture, [portrait_face()])
    assert usual.dtype == np.float32
    assert float(np.linalg.norm(usual)) == pytest.approx(1, abs=1e-5)
    for turn, scale in ((20, 1.0), (-15, 1.6), (0, 0.6)):
        image, face = moved(picture, turn, scale)
        (again,) = embedder.embed(image, [face])
        assert float(usual @ again) > 0.97


def test_another_face_gives_another(embedder: FaceEmbedder, picture: Image) -> None:
    (one,) = embedder.embed(picture, [portrait_face()])
    (other,) = embedder.embed(np.ascontiguousarray(255 - picture), [portrait_face()])
    assert float(one @ other) < 0.9


def test_neighbours_and_time_do_not_matter(embedder: FaceEmbedder, picture: Image) -> None:
    (alone,) = embedder.embed(picture, [portrait_face()])
    shifted = Face(BOX + np.float32(20), portrait_face().landmarks + np.float32(20), 0.9)
    many = embedder.embed(picture, [shifted, portrait_face(), shifted])
    assert np.array_equal(many[1], alone)
    assert np.array_equal(many[0], many[2])
    assert not np.array_equal(many[0], alone)


def test_no_faces_and_no_landmarks(embedder: FaceEmbedder, picture: Image) -> None:
    assert embedder.embed(picture, []) == []
    (nothing,) = embedder.embed(picture, [Face(BOX, np.full((5, 2), np.nan, np.float32), 0.9)])
    assert nothing.shape == (0,)


def test_the_image_is_not_changed(embedder: FaceEmbedder, picture: Image) -> None:
    fixed = picture.copy()
    fixed.setflags(write=False)
    embedder.embed(fixed, [portrait_face()])
    assert np.array_equal(fixed, picture)


def test_insightface_says_the_same_of_an_upright_face(tmp_path: Path, picture: Image) -> None:
    """Its own way through the same network: red, green and blue, less 127.5, by 127.5."""
    runtime = pytest.importorskip("onnxruntime", reason="insightface's runtime is not installed")
    from dubkit.faces.align import align_face

    embedder = _insightface(tmp_path)
    session = runtime.InferenceSession(tmp_path / "w600k_mbf.onnx", providers=["CPUExecutionProvider"])
    upright = align_face(picture, portrait_face())
    blob = ((upright[..., ::-1].astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
    vector = session.run(None, {"input": np.ascontiguousarray(blob)})[0].ravel()
    (found,) = embedder.embed(picture, [portrait_face()])
    assert found == pytest.approx(vector / np.linalg.norm(vector), abs=1e-4)


def test_a_network_of_one_face_at_a_time(tmp_path: Path, picture: Image) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    embedder = InsightFaceEmbedder(write_network(tmp_path / "one.onnx", batch=1))
    assert len(embedder.embed(picture, [portrait_face()] * 3)) == 3


def test_none_at_hand(home: Path, tmp_path: Path) -> None:
    embedder, why = choose_embedder(folders=[tmp_path, tmp_path / "missing"])
    assert embedder is None
    assert "within a scene only" in why


def test_the_one_in_a_folder_or_at_insightfaces_own_place(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    own = home / ".insightface" / "models" / "buffalo_s"
    own.mkdir(parents=True)
    write_network(own / "w600k_mbf.onnx")
    assert "w600k_mbf" in choose_embedder()[1]
    (tmp_path / "w600k_r50.onnx").write_bytes(b"broken")
    embedder, why = choose_embedder(folders=[tmp_path])
    assert embedder is not None
    assert "w600k_mbf" in why
    write_network(tmp_path / "w600k_r50.onnx")
    assert "w600k_r50" in choose_embedder(folders=[tmp_path])[1]


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    path = tmp_path / "other.onnx"
    with pytest.raises(ModelError, match=r"other\.onnx: there is no such recognition file; give"):
        choose_embedder(str(path))
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"other\.onnx: is no network that insightface knows people by"):
        choose_embedder(str(path))


def test_a_network_for_something_else(tmp_path: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    for number, kind in enumerate(({"size": 96}, {"size": 192}, {"outputs": 2})):
        path = write_network(tmp_path / f"other{number}.onnx", **kind)
        with pytest.raises(ModelError, match="is no network that insightface knows people by"):
            InsightFaceEmbedder(path)
