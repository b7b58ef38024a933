"""What detectors and embedders say their results depend on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from dubkit.faces import Fingerprinted, choose_detector
from dubkit.faces.detectors.cascade import CascadeDetector
from dubkit.faces.detectors.yunet import YuNetDetector
from dubkit.faces.embedders.insightface import InsightFaceEmbedder
from dubkit.faces.fingerprint import file_fingerprint
from tests.conformance.test_face_embedder import write_network

_HAS_MODELS = pytest.mark.skipif("DUBKIT_MODELS" not in os.environ, reason="DUBKIT_MODELS names no detector files")


def test_what_is_in_a_file_counts_and_its_name_does_not(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (file_fingerprint(tmp_path / name) for name in "abc")
    assert a == b != c


def test_the_cascades_limit_counts() -> None:
    usual = CascadeDetector()
    assert isinstance(usual, Fingerprinted)
    assert usual.fingerprint() == CascadeDetector().fingerprint()
    assert usual.fingerprint() != CascadeDetector(least_score=0.9).fingerprint()


@_HAS_MODELS
def test_yunet_under_another_name_is_the_same(tmp_path: Path) -> None:
    folder = Path(os.environ["DUBKIT_MODELS"])
    found, _ = choose_detector("yunet", folders=[folder])
    assert isinstance(found, YuNetDetector)
    (source,) = folder.glob("*yunet*.onnx")
    copied = YuNetDetector(shutil.copy(source, tmp_path / "other.onnx"))
    assert copied.fingerprint() == found.fingerprint()
    assert YuNetDetector(source, least_score=0.9).fingerprint() != found.fingerprint()


@_HAS_MODELS
def test_every_scrfd_says_which_it_is() -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    prints = set()
    files = sorted(Path(os.environ["DUBKIT_MODELS"]).glob("*scrfd*.onnx"))
    for file in files:
        found, _ = choose_detector("insightface", str(file))
        assert isinstance(found, Fingerprinted)
        prints.add(found.fingerprint())
    assert len(prints) == len(files)


def test_an_embedder_says_which_it_is(tmp_path: Path) -> None:
    pytest.importorskip("insightface", reason="insightface is not installed")
    found = InsightFaceEmbedder(write_network(tmp_path / "w600k_mbf.onnx"))
    assert isinstance(found, Fingerprinted)
    assert file_fingerprint(tmp_path / "w600k_mbf.onnx") in found.fingerprint()
