from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dubkit.blending import BlendSettings, MaskSettings, fade, match_colour, mouth_mask, paste_mouth, read_region
from dubkit.schema import Region
from tests.blending.test_pixels import make_frame

NOWHERE = np.full((5, 2), np.nan, np.float32)


@given(
    width=st.integers(12, 200),
    height=st.integers(12, 200),
    x=st.floats(-0.5, 1.5),
    y=st.floats(-0.5, 1.5),
    known=st.booleans(),
)
def test_mask_stays_in_the_lower_face_and_off_the_border(
    width: int, height: int, x: float, y: float, known: bool
) -> None:
    region = Region(7, 9, 7 + width, 9 + height)
    landmarks = NOWHERE.copy()
    if known:
        landmarks[3:5] = region.left + x * width, region.top + y * height
    mask = mouth_mask(region, landmarks, MaskSettings())
    assert mask.shape == (height, width)
    assert mask.min() >= 0
    assert mask.max() <= 1
    assert not mask[: height // 2 - 1].any()
    for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        assert not edge.any()


def test_mask_is_soft_and_full_at_the_mouth() -> None:
    region = Region(0, 0, 96, 96)
    mask = mouth_mask(region, NOWHERE, MaskSettings())
    assert mask[73, 48] == 1
    assert np.abs(np.diff(mask, axis=0)).max() < 0.25
    assert np.abs(np.diff(mask, axis=1)).max() < 0.25


def test_mask_follows_the_corners_of_the_mouth() -> None:
    region = Region(0, 0, 96, 96)
    landmarks = NOWHERE.copy()
    landmarks[3:5] = (50, 74), (74, 74)
    moved = mouth_mask(region, landmarks, MaskSettings())
    columns = np.arange(96)
    assert (moved.sum(axis=0) * columns).sum() / moved.sum() > 55


def test_mask_leaves_the_nose_alone() -> None:
    region = Region(0, 0, 96, 96)
    landmarks = NOWHERE.copy()
    landmarks[2:5] = (48, 60), (38, 76), (58, 76)
    assert not mouth_mask(region, landmarks, MaskSettings())[:65].any()
    assert not mouth_mask(region, NOWHERE, MaskSettings())[:57].any()


def test_colour_is_matched_on_the_rim() -> None:
    rng = np.random.default_rng(0)
    old = rng.random((40, 40, 3)).astype(np.float32) * 0.2 + 0.4
    mask = mouth_mask(Region(0, 0, 40, 40), NOWHERE, MaskSettings())
    shifted = old + np.array([0.1, -0.05, 0.2], np.float32)
    np.testing.assert_allclose(match_colour(shifted, old, mask), old, atol=1e-5)


def test_colour_without_a_rim_is_left() -> None:
    new = np.ones((4, 4, 3), np.float32)
    assert match_colour(new, new * 0, np.zeros((4, 4), np.float32)) is new


@given(length=st.integers(1, 60), frames=st.integers(0, 12))
def test_fade_is_symmetric_and_reaches_one_only_where_there_is_room(length: int, frames: int) -> None:
    values = [fade(i, length, frames) for i in range(length)]
    assert values == values[::-1]
    assert all(0 < value <= 1 for value in values)
    if length > 2 * frames:
        assert max(values) == 1
    if frames == 0:
        assert set(values) == {1.0}


def test_at_a_cut_there_is_nothing_to_fade_to() -> None:
    assert [fade(i, 4, 3, rises=False, falls=False) for i in range(4)] == [1, 1, 1, 1]
    assert [fade(i, 4, 3, falls=False) for i in range(4)] == [0.25, 0.5, 0.75, 1]
    assert [fade(i, 4, 3, rises=False) for i in range(4)] == [1, 0.75, 0.5, 0.25]


def test_paste_changes_only_what_the_mask_says() -> None:
    frame = make_frame("yuv420p", 120, 90, legal=True)
    region = Region(20, 5, 84, 85)
    mouth = np.zeros((80, 64, 3), np.float32)
    patch = paste_mouth(frame, region, mouth, NOWHERE, BlendSettings(match_colour=False))
    changed = patch.frame.planes[0] != frame.planes[0]
    allowed = np.zeros_like(changed)
    allowed[5:85, 20:84] = patch.mask > 0
    assert changed.any()
    assert not changed[~allowed].any()
    assert read_region(patch.frame, Region(51, 65, 53, 67)).max() < 0.05


def test_opacity_zero_leaves_every_sample() -> None:
    frame = make_frame("yuv422p10le", 64, 64)
    patch = paste_mouth(frame, Region(0, 0, 64, 64), np.ones((64, 64, 3), np.float32), NOWHERE, BlendSettings(), 0.0)
    for old, new in zip(frame.planes, patch.frame.planes, strict=True):
        np.testing.assert_array_equal(old, new)
