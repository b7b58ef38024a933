from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.blending import (
    BlendSettings,
    MaskSettings,
    Match,
    Pixels,
    fade,
    mouth_mask,
    paste_mouth,
    read_region,
)
from dubkit.blending.mask import mouth_zone
from dubkit.blending.overlay import overlay_of
from dubkit.schema import Frame, Region
from tests.blending.test_pixels import make_frame

NOWHERE = np.full((5, 2), np.nan, np.float32)
UPRIGHT = np.array([[34, 40], [62, 40], [48, 58], [38, 74], [58, 74]], np.float32)
PLAIN = BlendSettings(match_colour=False, match_detail=False)


def turned(landmarks: npt.NDArray[np.float32], degrees: float) -> npt.NDArray[np.float32]:
    """Landmarks of the head leaning clockwise about the middle of its mouth."""
    angle, middle = np.deg2rad(degrees), landmarks[3:5].mean(axis=0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray((landmarks - middle) @ turn + middle, np.float32)


class Brightener:
    """Stands in for a restoration network."""

    def __init__(self) -> None:
        self.seen: list[tuple[tuple[int, ...], list[float]]] = []

    def enhance(self, face: Pixels, landmarks: npt.NDArray[np.float32]) -> Pixels:
        self.seen.append((face.shape, landmarks[2].tolist()))
        return np.ones_like(face)


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


@pytest.mark.parametrize("degrees", [-20, 12, 30])
def test_mask_leans_as_the_head_does(degrees: float) -> None:
    region = Region(0, 0, 96, 96)
    rows, columns = np.mgrid[:96, :96]
    mask = mouth_mask(region, turned(UPRIGHT, degrees), MaskSettings())
    weight = mask / mask.sum()
    x, y = columns - (weight * columns).sum(), rows - (weight * rows).sum()
    # The angle of its longer axis, by second moments.
    angle = 0.5 * np.arctan2(2 * (weight * x * y).sum(), (weight * (x * x - y * y)).sum())
    assert np.rad2deg(angle) == pytest.approx(degrees, abs=8)
    straight = mouth_mask(region, turned(UPRIGHT, degrees), MaskSettings(tilts=False))
    assert np.abs(straight - mask).max() > 0.2


@given(degrees=st.floats(-180, 180), x=st.floats(0, 96), y=st.floats(0, 96), size=st.floats(0.01, 3))
def test_any_landmarks_give_a_mask_within_the_crop(degrees: float, x: float, y: float, size: float) -> None:
    landmarks = (turned(UPRIGHT, degrees) - 48) * size + np.array([x, y])
    region = Region(0, 0, 96, 110)
    for mask in (mouth_mask(region, landmarks.astype(np.float32), MaskSettings()),):
        assert np.isfinite(mask).all()
        assert mask.min() >= 0
        assert 0 < mask.max() <= 1
        for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
            assert not edge.any()


def test_a_turned_head_is_not_masked_up_to_the_edge_of_its_crop() -> None:
    region = Region(0, 0, 96, 96)
    landmarks = UPRIGHT.copy()
    landmarks[3:5, 0] = 18, 34
    mask = mouth_mask(region, landmarks, MaskSettings())
    assert not mask[:, :2].any()


def test_zone_holds_the_lips_and_leaves_the_rim_of_the_mask() -> None:
    region = Region(0, 0, 96, 96)
    zone, mask = mouth_zone(region, UPRIGHT, MaskSettings()), mouth_mask(region, UPRIGHT, MaskSettings())
    assert zone[74, 40:57].min() == 1
    assert zone[74, 48] == 1
    assert ((mask > 0) & (zone == 0)).sum() > 0.2 * (mask > 0).sum()


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
    patch = paste_mouth(frame, region, mouth, NOWHERE, PLAIN)
    changed = patch.frame.planes[0] != frame.planes[0]
    allowed = np.zeros_like(changed)
    at = patch.region
    allowed[at.top : at.bottom, at.left : at.right] = patch.mask > 0
    assert changed.any()
    assert not changed[~allowed].any()
    assert read_region(patch.frame, Region(51, 65, 53, 67)).max() < 0.05


def test_opacity_zero_leaves_every_sample() -> None:
    frame = make_frame("yuv422p10le", 64, 64)
    patch = paste_mouth(frame, Region(0, 0, 64, 64), np.ones((64, 64, 3), np.float32), NOWHERE, BlendSettings(), 0.0)
    for old, new in zip(frame.planes, patch.frame.planes, strict=True):
        np.testing.assert_array_equal(old, new)


@given(left=st.integers(-79, 119), top=st.integers(-99, 89), known=st.booleans())
def test_a_face_may_leave_the_picture(left: int, top: int, known: bool) -> None:
    frame = make_frame("yuv420p", 120, 90, legal=True)
    region = Region(left, top, left + 80, top + 100)
    landmarks = np.array([left, top], np.float32) + UPRIGHT if known else NOWHERE
    patch = paste_mouth(frame, region, np.zeros((100, 80, 3), np.float32), landmarks, BlendSettings())
    overlay_of(patch)
    if top > 60:  # the mouth is below the picture's edge
        assert not patch.mask.any()
    if not patch.mask.any():
        for old, new in zip(frame.planes, patch.frame.planes, strict=True):
            np.testing.assert_array_equal(old, new)


def test_a_patch_holds_no_more_than_its_mask() -> None:
    frame = make_frame("yuv420p", 120, 90)
    region = Region(20, 5, 84, 85)
    patch = paste_mouth(frame, region, np.zeros((80, 64, 3), np.float32), NOWHERE, BlendSettings())
    assert patch.mask.shape == (patch.region.height, patch.region.width) == patch.mouth.shape[:2]
    for edge in (patch.mask[0], patch.mask[-1], patch.mask[:, 0], patch.mask[:, -1]):
        assert edge.any()


def flat(shade: int, index: int = 0) -> Frame:
    """A frame of one grey with a little grain."""
    base = make_frame("gray", 160, 160, seed=index)
    grain = base.planes[0].astype(np.int16) % 5 - 2
    return Frame(index, index, ((shade + grain).astype(np.uint8),), base.pixel_format, base.colour)


def test_light_is_brought_to_that_of_the_surround() -> None:
    frame, region = flat(120), Region(20, 20, 140, 140)
    other = np.full((120, 120, 3), 0.7, np.float32)
    kept, matched = (
        paste_mouth(frame, region, other, NOWHERE, BlendSettings(match_colour=match), 1.0).frame.planes[0][110, 70:90]
        for match in (False, True)
    )
    assert kept.mean() > 160
    assert matched.mean() == pytest.approx(120, abs=2)


def test_what_was_measured_counts_for_the_next_frame_alone() -> None:
    region = Region(20, 20, 140, 140)
    mouth = np.full((120, 120, 3), 0.5, np.float32)
    first = paste_mouth(flat(120, 0), region, mouth, NOWHERE, BlendSettings())
    alone = paste_mouth(flat(123, 1), region, mouth, NOWHERE, BlendSettings())
    after = paste_mouth(flat(123, 1), region, mouth, NOWHERE, BlendSettings(), before=first.match)
    later = paste_mouth(
        flat(123, 1), region, mouth, NOWHERE, BlendSettings(), before=Match(5, first.match.light, first.match.detail)
    )
    assert first.match.frame == 0
    assert not np.array_equal(after.frame.planes[0], alone.frame.planes[0])
    np.testing.assert_array_equal(later.frame.planes[0], alone.frame.planes[0])


def test_the_same_again_is_the_same_bit_for_bit() -> None:
    region, mouth = Region(20, 20, 140, 140), np.full((120, 120, 3), 0.5, np.float32)

    def run(seed: int) -> npt.NDArray[np.uint8]:
        before = None
        for index in range(3):
            patch = paste_mouth(flat(120, index), region, mouth, NOWHERE, BlendSettings(), before=before, seed=seed)
            before = patch.match
        return np.asarray(patch.frame.planes[0], np.uint8)

    np.testing.assert_array_equal(run(4), run(4))
    assert (run(4) != run(5)).any()


def test_an_enhancer_sees_the_whole_face_with_its_new_mouth() -> None:
    frame, region, enhancer = flat(120), Region(20, 30, 140, 150), Brightener()
    landmarks = UPRIGHT + np.array([30, 40], np.float32)
    patch = paste_mouth(frame, region, np.zeros((120, 120, 3), np.float32), landmarks, PLAIN, enhancer=enhancer)
    assert enhancer.seen == [((120, 120, 3), [58.0, 68.0])]
    assert patch.frame.planes[0][114, 78] > 220
    assert patch.frame.planes[0][30, 30] == frame.planes[0][30, 30]
