from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.errors import InputError
from dubkit.evaluation import (
    MOST_SEAM,
    detail_ratio,
    flicker_ratio,
    noise_ratio,
    score_seam,
    seam_gradient,
)

N, SIZE = 6, 120


def ellipse(soft: float) -> npt.NDArray[np.float32]:
    """(N, h, w) a mask that falls to 0 over ``soft`` of its radius."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot((rows - 60) / 30, (columns - 60) / 40)
    mask = np.clip((1 - distance) / soft, 0, 1)
    return np.repeat((mask * mask * (3 - 2 * mask)).astype(np.float32)[None], N, axis=0)


def film(noise: float = 3.0) -> npt.NDArray[np.float64]:
    """A shaded cheek with grain, as floats."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    shade = 120 + 40 * np.sin(rows / 25) * np.cos(columns / 30)
    return np.asarray(shade[None, ..., None] + rng.normal(0, noise, (N, SIZE, SIZE, 1)) + np.zeros(3), np.float64)


def stored(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def test_identical_clips_score_perfect() -> None:
    clip, masks = stored(film()), ellipse(0.5)
    score = score_seam(clip, clip.copy(), masks)
    assert (score.seam, score.detail, score.noise_inside, score.noise_outside, score.flicker) == (0, 1, 1, 1, 1)
    assert score.hidden


@pytest.mark.parametrize(("step", "found"), [(0.4, False), (3, True), (40, True)])
def test_a_step_at_a_hard_border_is_found(step: float, found: bool) -> None:
    before, masks = film(), ellipse(0.1)
    score = seam_gradient(stored(before), stored(before + step * masks[..., None]), masks)
    assert (score > MOST_SEAM) == found


def test_a_softer_border_is_harder_to_find() -> None:
    before = film()
    hard, soft = (
        seam_gradient(stored(before), stored(before + 15 * ellipse(width)[..., None]), ellipse(width))
        for width in (0.1, 0.9)
    )
    assert soft < hard / 3


def test_fresh_grain_of_the_same_strength_is_no_seam() -> None:
    before, masks = film(), ellipse(0.5)
    other = film() + np.random.default_rng(1).normal(0, 3, (N, SIZE, SIZE, 1)) * masks[..., None]
    assert seam_gradient(stored(before), stored(other), masks) < 0.1


def test_a_blurred_mouth_lacks_detail_and_grain() -> None:
    before, masks = film(), ellipse(0.3)
    blurred = np.stack([cv2.GaussianBlur(each, (0, 0), 3) for each in before])
    after = before + masks[..., None] * (blurred - before)
    score = score_seam(stored(before), stored(after), masks)
    assert score.detail < 0.2
    assert score.noise_inside < 0.3
    assert score.noise_outside == 1
    assert not score.hidden


def test_boiling_grain_is_told_from_still_grain() -> None:
    rng = np.random.default_rng(1)
    still = film(0) + rng.normal(0, 5, (1, SIZE, SIZE, 1))
    masks = ellipse(0.3)
    boiling = still + masks[..., None] * (film(0) + rng.normal(0, 5, (N, SIZE, SIZE, 1)) - still)
    assert detail_ratio(stored(still), stored(boiling), masks) == pytest.approx(1, abs=0.1)
    assert noise_ratio(stored(still), stored(boiling), masks) > 5
    assert noise_ratio(stored(still), stored(boiling), masks, inside=False) == 1


def test_light_that_pumps_is_flicker() -> None:
    before, masks = film(1), ellipse(0.9)
    pumping = before + np.array([0, 4, 0, 4, 0, 4]).reshape(-1, 1, 1, 1) * masks[..., None]
    assert flicker_ratio(stored(before), stored(pumping), masks) > 3


def test_what_does_not_fit_is_refused() -> None:
    clip, masks = stored(film()), ellipse(0.5)
    with pytest.raises(InputError, match="uint8"):
        seam_gradient(film().astype(np.float32), clip, masks)
    with pytest.raises(InputError, match="should fit"):
        seam_gradient(clip, clip[:3], masks)
    with pytest.raises(InputError, match="at least 3"):
        noise_ratio(clip[:2], clip[:2], masks[:2])
    with pytest.raises(InputError, match="no mask has a rim"):
        seam_gradient(clip, clip, np.zeros_like(masks))
    with pytest.raises(InputError, match="no place"):
        noise_ratio(clip, clip, np.ones_like(masks), inside=False)
