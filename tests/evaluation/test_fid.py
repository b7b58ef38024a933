from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import InputError, MissingDependencyError, ModelError
from dubkit.evaluation import InceptionFeatures, frechet_distance, frechet_distance_of

MODULE = "torch_fidelity.feature_extractor_inceptionv3"


def test_gaussians_on_the_same_axes_have_a_known_distance() -> None:
    a, b = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 0.0])
    wanted = (3**2 + 4**2) + ((1 - 2) ** 2 + 0 + 3**2)
    assert frechet_distance(np.zeros(3), np.diag(a), np.array([3.0, 4.0, 0.0]), np.diag(b)) == pytest.approx(wanted)


def test_gaussians_on_other_axes_have_a_known_distance() -> None:
    """Of 2 x 2 matrices, tr of the root of M is sqrt(tr M + 2 sqrt(det M))."""
    a, b = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[3.0, -1.0], [-1.0, 1.0]])
    shared = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    wanted = np.trace(a) + np.trace(b) - 2 * shared
    assert frechet_distance(np.ones(2), a, np.ones(2), b) == pytest.approx(wanted)


@given(seed=st.integers(0, 999), n=st.integers(2, 30), d=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_equal_sets_have_no_distance_and_order_does_not_matter(seed: int, n: int, d: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(n, d)), random.normal(size=(n + 3, d)) * 2 + 1
    assert frechet_distance_of(a, a[::-1]) == pytest.approx(0, abs=1e-5)
    assert frechet_distance_of(a, b) == pytest.approx(frechet_distance_of(b, a), rel=1e-6, abs=1e-5)
    assert frechet_distance_of(a, a + 2) == pytest.approx(4 * d, rel=1e-5)


def test_features_that_cannot_be_compared_are_refused() -> None:
    a = np.zeros((4, 3))
    for other in (np.zeros((4, 2)), np.zeros((1, 3)), np.zeros(3)):
        with pytest.raises(InputError, match="two sets of features"):
            frechet_distance_of(a, other)
    with pytest.raises(InputError, match="one size"):
        frechet_distance(np.zeros(2), np.eye(2), np.zeros(2), np.eye(3))
    with pytest.raises(InputError, match="not numbers"):
        frechet_distance(np.array([np.nan]), np.eye(1), np.zeros(1), np.eye(1))


def test_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, MODULE.split(".")[0], None)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    with pytest.raises(MissingDependencyError, match=r"FID needs the package torch-fidelity.*'dubkit\[fid\]'"):
        InceptionFeatures(tmp_path / "weights.pth", "cpu")


class StandIn(torch.nn.Module):
    """Asks and answers as torch-fidelity's extractor does; its features say what it saw."""

    def __init__(self, name: str, features_list: list[str], feature_extractor_weights_path: str) -> None:
        super().__init__()
        assert features_list == ["2048"]
        self.scale = torch.nn.Parameter(torch.zeros(1))
        self.load_state_dict(torch.load(feature_extractor_weights_path, weights_only=True))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        assert x.dtype == torch.uint8
        return (x.float().mean(dim=(2, 3)) * self.scale,)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType(MODULE)
    module.FeatureExtractorInceptionV3 = StandIn
    monkeypatch.setitem(sys.modules, MODULE.split(".")[0], ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, MODULE, module)


@pytest.mark.usefixtures("package")
def test_pictures_reach_the_network_as_rgb_in_their_order(tmp_path: Path) -> None:
    torch.save({"scale": torch.full((1,), 2.0)}, tmp_path / "weights.pth")
    pictures = np.zeros((5, 4, 6, 3), np.uint8)
    pictures[..., 0], pictures[..., 2] = np.arange(5)[:, None, None], 100
    found = InceptionFeatures(tmp_path / "weights.pth", "cpu", batch=2).find(pictures)
    np.testing.assert_array_equal(found, [[200, 0, 2 * i] for i in range(5)])


@pytest.mark.usefixtures("package")
def test_other_weights_and_pictures_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    with pytest.raises(ModelError, match="there is no such file"):
        InceptionFeatures(path, "cpu")
    torch.save({"other": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match=r"weights\.pth: is not the Inception network"):
        InceptionFeatures(path, "cpu")
    torch.save({"scale": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="a batch of 0"):
        InceptionFeatures(path, "cpu", batch=0)
    with pytest.raises(InputError, match="uint8"):
        InceptionFeatures(path, "cpu").find(np.zeros((2, 4, 4), np.uint8))
