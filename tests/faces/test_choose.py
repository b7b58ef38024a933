"""Choosing a detector: what is there, what is not, and what is broken."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dubkit.errors import InputError, MissingDependencyError, ModelError
from dubkit.faces import choose_detector
from dubkit.faces.detectors.insightface import InsightFaceDetector
from dubkit.faces.detectors.yunet import YuNetDetector

_HAS_MODELS = pytest.mark.skipif("DUBKIT_MODELS" not in os.environ, reason="DUBKIT_MODELS names no detector files")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without insightface's packages."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


def models() -> Path:
    return Path(os.environ["DUBKIT_MODELS"])


def only(pattern: str, folder: Path) -> Path:
    """A folder that holds the one model."""
    folder.mkdir(exist_ok=True)
    source = next(models().glob(pattern))
    (folder / source.name).symlink_to(source)
    return folder


def test_nothing_there_means_cascade(tmp_path: Path) -> None:
    detector, why = choose_detector(folders=[tmp_path, tmp_path / "missing"])
    assert detector.name == "cascade"
    assert "SCRFD" in why
    assert "YuNet" in why


def test_cascade_by_name() -> None:
    detector, why = choose_detector("cascade")
    assert detector.name == "cascade"
    assert "asked for" in why


def test_unknown_name() -> None:
    with pytest.raises(InputError, match=r"retina.*auto, insightface, yunet or cascade"):
        choose_detector("retina")


def test_cascade_takes_no_file() -> None:
    with pytest.raises(InputError, match="takes no other"):
        choose_detector("cascade", "face.xml")


@pytest.mark.parametrize("name", ["auto", "yunet", "insightface"])
def test_missing_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such detector file") as caught:
        choose_detector(name, str(tmp_path / "gone.onnx"))
    assert caught.value.path == tmp_path / "gone.onnx"


@pytest.mark.parametrize("name", ["auto", "yunet", "insightface"])
@pytest.mark.parametrize("content", [b"", b"not a network", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"])
def test_file_of_something_else(name: str, content: bytes, tmp_path: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"other\.onnx"):
        choose_detector(name, str(path))


def test_no_yunet_anywhere(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no YuNet file.*opencv_zoo"):
        choose_detector("yunet", folders=[tmp_path])


def test_auto_never_downloads() -> None:
    with pytest.raises(ModelError, match="ask for insightface by name"):
        choose_detector("auto", "buffalo_l")


def test_package_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = pytest.importorskip("insightface.app.face_analysis", reason="insightface is not installed")

    def fail(*_: object, **__: object) -> str:
        raise RuntimeError("Failed downloading url")

    monkeypatch.setattr(storage, "ensure_available", fail)
    with pytest.raises(ModelError, match=r"buffalo_nowhere.*go online"):
        choose_detector("insightface", "buffalo_nowhere")


def test_insightface_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "insightface"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "insightface", None)
    file = tmp_path / "det_10g.onnx"
    file.write_bytes(b"")
    with pytest.raises(MissingDependencyError, match=r"dubkit\[insightface\]"):
        choose_detector("insightface", str(file))


def test_broken_file_is_passed_over_and_named(tmp_path: Path) -> None:
    (tmp_path / "yunet.onnx").write_bytes(b"broken")
    detector, why = choose_detector(folders=[tmp_path])
    assert detector.name == "cascade"
    assert "yunet.onnx" in why


@_HAS_MODELS
def test_auto_prefers_insightface_then_yunet(tmp_path: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    detector, why = choose_detector(folders=[models()])
    assert detector.name == "insightface"
    assert "2.5g" in why
    detector, why = choose_detector(folders=[only("*yunet*.onnx", tmp_path / "some")])
    assert detector.name == "yunet"
    assert "SCRFD" in why


@_HAS_MODELS
def test_yunet_where_insightface_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dubkit.faces.choose.find_spec", lambda name: None)
    detector, why = choose_detector(folders=[models()])
    assert detector.name == "yunet"
    assert "not installed" in why


@_HAS_MODELS
def test_package_of_insightface_at_home(home: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    (home / ".insightface" / "models").mkdir(parents=True)
    only("*scrfd_500m*.onnx", home / ".insightface" / "models" / "buffalo_s")
    assert choose_detector()[0].name == "insightface"
    detector, _ = choose_detector("insightface", "buffalo_s")
    assert detector.name == "insightface"


@_HAS_MODELS
@pytest.mark.parametrize(("pattern", "kind"), [("*yunet*.onnx", "yunet"), ("*scrfd_500m*.onnx", "insightface")])
def test_kind_of_a_file_is_found_out(pattern: str, kind: str, tmp_path: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    renamed = tmp_path / "network.onnx"
    renamed.symlink_to(next(models().glob(pattern)))
    detector, why = choose_detector("auto", str(renamed))
    assert detector.name == kind
    assert "given" in why


@_HAS_MODELS
def test_networks_of_another_kind() -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    yunet, scrfd = next(models().glob("*yunet*.onnx")), next(models().glob("*scrfd_500m*.onnx"))
    with pytest.raises(ModelError, match=r"no YuNet network"):
        YuNetDetector(scrfd)
    with pytest.raises(ModelError, match="no face detector"):
        InsightFaceDetector(yunet)


@_HAS_MODELS
def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    choose_detector(folders=[models()])
    assert capfd.readouterr().out == ""
