from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import InputError
from dubkit.evaluation import PERFECT_PSNR, MouthRegion, excess_flicker, flicker, mouth_l1, psnr, ssim

Clip = npt.NDArray[np.uint8]
WHOLE = MouthRegion(0, 0, 1, 1)


def noise(seed: int, shape: tuple[int, ...] = (4, 24, 20, 3)) -> Clip:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def grey(level: int, shape: tuple[int, ...] = (3, 16, 16, 3)) -> Clip:
    return np.full(shape, level, np.uint8)


@given(seed=st.integers(0, 999), height=st.integers(11, 30), width=st.integers(11, 30))
@settings(max_examples=25, deadline=None)
def test_identical_clips_score_perfect(seed: int, height: int, width: int) -> None:
    clip = noise(seed, (3, height, width, 3))
    assert psnr(clip, clip) == PERFECT_PSNR
    assert ssim(clip, clip) == pytest.approx(1, abs=1e-12)
    assert mouth_l1(clip, clip) == 0
    assert excess_flicker(clip, clip) == 0


@given(seed=st.integers(0, 999), other=st.integers(1000, 1999))
@settings(max_examples=25, deadline=None)
def test_scores_stay_within_their_range_and_do_not_depend_on_the_order(seed: int, other: int) -> None:
    a, b = noise(seed), noise(other)
    assert 0 < psnr(a, b) == psnr(b, a) < PERFECT_PSNR
    assert -1 <= ssim(a, b) == pytest.approx(ssim(b, a), abs=1e-12)
    assert ssim(a, b) < 1
    assert 0 < mouth_l1(a, b) == mouth_l1(b, a) <= 1
    assert 0 < flicker(a) <= 2


def test_psnr_of_a_known_error() -> None:
    assert psnr(grey(100), grey(116)) == pytest.approx(20 * np.log10(255 / 16))
    assert psnr(grey(0), grey(255)) == pytest.approx(0)


def test_ssim_is_that_of_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics", reason="ssim is held to scikit-image's")
    walk = np.cumsum(noise(1, (1, 40, 33, 3)).astype(np.float64) - 127.5, axis=1)
    a = np.clip(walk / 8 + 128, 0, 255).astype(np.uint8)
    b = np.clip(a.astype(np.int16) + noise(2, a.shape) // 6, 0, 255).astype(np.uint8)
    luma = np.array([0.114, 0.587, 0.299])
    wanted = metrics.structural_similarity(
        a[0] @ luma, b[0] @ luma, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert 0.3 < wanted < 0.95
    assert ssim(a, b) == pytest.approx(wanted, abs=1e-9)


def test_only_the_mouth_counts() -> None:
    a = grey(0, (3, 100, 100, 3))
    b = a.copy()
    b[:, :58], b[:, :, :28], b[:, 92:], b[:, :, 72:] = 255, 255, 255, 255
    assert mouth_l1(b, a) == 0
    assert mouth_l1(b, a, WHOLE) > 0.8
    b[:, 58:92, 28:72] = 51
    assert mouth_l1(b, a) == pytest.approx(0.2)


def test_flicker_ignores_steady_change_and_sees_every_swing() -> None:
    steady = np.stack([grey(10 * t, (16, 16, 3)) for t in range(6)])
    swinging = np.stack([grey(100 + 51 * (t % 2), (16, 16, 3)) for t in range(6)])
    assert flicker(steady) == 0
    assert flicker(swinging) == pytest.approx(0.4)
    assert excess_flicker(swinging, steady) == pytest.approx(0.4)
    assert excess_flicker(steady, swinging) == pytest.approx(-0.4)


def test_the_smallest_region_still_has_a_pixel() -> None:
    clip = noise(3, (3, 11, 11, 3))
    assert MouthRegion(0.99, 0.99, 1, 1).of(clip).shape == (3, 1, 1, 3)
    assert MouthRegion(0.5, 0.5, 0.51, 0.51).of(clip).shape == (3, 1, 1, 3)


@pytest.mark.parametrize("edges", [(0.5, 0, 0.5, 1), (-0.1, 0, 1, 1), (0, 0.2, 1, 1.1), (0, float("nan"), 1, 1)])
def test_regions_outside_the_crop_are_refused(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match="does not lie within the crop; use shares"):
        MouthRegion(*edges)


def test_clips_of_other_forms_are_refused() -> None:
    clip = noise(0)
    with pytest.raises(InputError, match="one shape"):
        psnr(clip, clip[:3])
    with pytest.raises(InputError, match="uint8"):
        ssim(clip, clip[..., :1])
    with pytest.raises(InputError, match="uint8"):
        mouth_l1(clip[:0], clip[:0])
    with pytest.raises(InputError, match="11x11"):
        ssim(clip[:, :10], clip[:, :10])
    with pytest.raises(InputError, match="at least 3 frames, not 2"):
        flicker(clip[:2])
