"""The searcher of ``benchmarks.seams`` finds a seam where there is one, and none where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.seams import MOST_AUC, auc, rank, search

FRAMES, SIDE = 8, 100


def clip(seed: int = 0) -> npt.NDArray[np.uint8]:
    """Skin: shaded, another one in each frame, and a little grainy."""
    random = np.random.default_rng(seed)
    rough = random.normal(0, 255, (FRAMES, SIDE, SIDE, 3)).astype(np.float32)
    form = np.stack([cv2.GaussianBlur(each, (0, 0), 10) for each in rough])
    grain = random.normal(0, 3, form.shape)
    return np.asarray(np.clip(128 + form * (12 / form.std()) + grain, 0, 255), np.uint8)


def mask() -> npt.NDArray[np.float32]:
    """(frames, h, w), as soft as those of blending."""
    rows, columns = np.indices((SIDE, SIDE)) - SIDE / 2
    away = np.hypot(rows / 22, columns / 28)
    return np.broadcast_to(np.clip((1 - away) / 0.45, 0, 1).astype(np.float32), (FRAMES, SIDE, SIDE))


def shifted(before: npt.NDArray[np.uint8], levels: npt.NDArray[np.float32], width: float) -> npt.NDArray[np.uint8]:
    """With a mouth that is brighter by ``levels``, whose border is ``width`` of the mask wide."""
    soft = np.clip(mask() / width, 0, 1)[..., None]
    return np.asarray(np.clip(before + soft * levels, 0, 255), np.uint8)


@pytest.mark.parametrize(
    ("levels", "signal"), [((24, 24, 24), 0), ((30, 0, 0), 1), ((0, 0, 30), 2)], ids=["luma", "blue", "red"]
)
def test_a_hard_border_is_found(levels: tuple[int, int, int], signal: int) -> None:
    before = clip()
    was, now = search(before, shifted(before, np.array(levels, np.float32), 0.05), mask())
    assert np.median(now[:, signal]) > 0.95
    assert auc(was[:, signal], now[:, signal]) > 0.9


def test_nothing_is_found_where_nothing_is() -> None:
    was, now = search(clip(), clip(), mask())
    np.testing.assert_array_equal(was, now)
    assert auc(was[:, 0], now[:, 0]) == 0.5


def test_other_grain_under_the_mask_is_no_seam() -> None:
    before = clip()
    other = before + mask()[..., None] * np.random.default_rng(9).normal(0, 3, before.shape)
    was, now = search(before, np.clip(other, 0, 255).astype(np.uint8), mask())
    assert max(auc(was[:, n], now[:, n]) for n in range(3)) <= MOST_AUC


def test_a_place_at_the_edge_of_the_picture_is_ranked() -> None:
    low = np.roll(mask()[0], 35, axis=0)
    low[:30] = 0
    assert ((rank(clip()[0], low) >= 0) & (rank(clip()[0], low) <= 1)).all()


def test_ranks_are_told_apart_by_how_often_one_is_higher() -> None:
    low, high = np.array([0.1, 0.2]), np.array([0.8, 0.9])
    assert (auc(low, high), auc(high, low), auc(low, low)) == (1, 0, 0.5)
