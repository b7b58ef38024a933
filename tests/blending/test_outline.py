from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.blending.mask import MaskSettings, mouth_mask, mouth_shapes, mouth_zone
from dubkit.blending.outline import Outline
from dubkit.schema import Region

HERE = Region(100, 50, 220, 150)


def plainly(outline: Outline, part: Region, soft: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The outline's definition, pixel by pixel."""
    rows, columns = np.mgrid[part.top : part.bottom, part.left : part.right] + 0.5
    x, y = columns - outline.centre[0], rows - outline.centre[1]
    cos, sin = np.cos(outline.roll), np.sin(outline.roll)
    u, v = x * cos + y * sin, y * cos - x * sin
    left, right, up, down = outline.radii
    across, along = np.abs(u / np.where(u < 0, left, right)), np.abs(v / np.where(v < 0, up, down))
    distance = (across**outline.power + along**outline.power) ** (1 / outline.power)
    ramp = np.clip((1 - distance) / soft, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp))


@pytest.mark.parametrize("power", [2.0, 2.5, 3.0, 3.3])
@pytest.mark.parametrize("roll", [0.0, 0.4, -0.1])
def test_it_is_what_it_says(power: float, roll: float) -> None:
    outline = Outline((163.3, 101.8), roll, (40, 31, 18, 27), power)
    np.testing.assert_allclose(outline.filled(HERE, 0.45), plainly(outline, HERE, 0.45), atol=2e-5)


@given(
    x=st.floats(100, 220),
    y=st.floats(50, 150),
    roll=st.floats(-0.8, 0.8),
    radii=st.tuples(*[st.floats(0, 60)] * 4),
)
def test_nothing_of_it_lies_outside_its_bounds(
    x: float, y: float, roll: float, radii: tuple[float, float, float, float]
) -> None:
    outline = Outline((x, y), roll, radii, 2.5)
    part = outline.bounds(HERE)
    assert part.inside(HERE.right, HERE.bottom) == part
    whole = outline.filled(HERE, 0.5)
    at = slice(part.top - HERE.top, part.bottom - HERE.top), slice(part.left - HERE.left, part.right - HERE.left)
    np.testing.assert_allclose(whole[at], outline.filled(part, 0.5), atol=1e-6)
    whole[at] = 0
    assert not whole.any()


@given(
    corners=st.tuples(*[st.floats(-0.2, 1.2)] * 4),
    nose=st.floats(0.2, 0.9),
    width=st.integers(2, 200),
    height=st.integers(2, 200),
)
def test_the_part_that_counts_is_cut_from_the_whole(
    corners: tuple[float, float, float, float], nose: float, width: int, height: int
) -> None:
    region = Region(-3, 7, width - 3, height + 7)
    shares = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, nose], corners[:2], corners[2:]])
    landmarks = (shares * (width, height) + (region.left, region.top)).astype(np.float32)
    settings = MaskSettings()
    part, mask, zone = mouth_shapes(region, landmarks, settings)
    whole = mouth_mask(region, landmarks, settings)
    at = (
        slice(part.top - region.top, part.bottom - region.top),
        slice(part.left - region.left, part.right - region.left),
    )
    np.testing.assert_array_equal(mask, whole[at])
    np.testing.assert_allclose(zone, mouth_zone(region, landmarks, settings)[at], atol=1e-6)
    assert np.count_nonzero(whole) == np.count_nonzero(mask)
    if not mask.any():
        assert part == region
    else:
        assert all(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def test_a_rim_that_is_not_soft_is_a_step() -> None:
    outline = Outline((160, 100), 0.0, (30, 30, 30, 30), 2.0)
    filled = outline.filled(HERE, 0.0)
    assert ((filled == 0) | (filled == 1)).mean() > 0.99
    assert filled.sum() == pytest.approx(np.pi * 900, rel=0.01)
