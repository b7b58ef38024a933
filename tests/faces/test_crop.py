from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dubkit.faces.crop import CropSettings, crop_region, from_crop, to_crop
from dubkit.schema import Region


@given(
    x=st.floats(-200, 2000),
    y=st.floats(-200, 2000),
    width=st.floats(4, 800),
    height=st.floats(4, 800),
    scale=st.floats(0.8, 1.5),
    shift=st.floats(-0.1, 0.2),
)
def test_region_lies_around_the_box(
    x: float, y: float, width: float, height: float, scale: float, shift: float
) -> None:
    box = np.array([x, y, x + width, y + height], np.float32)
    region = crop_region(box, CropSettings(scale=scale, shift_y=shift))
    assert abs(region.width - max(2, width * scale)) <= 1
    assert abs((region.left + region.right) / 2 - (x + width / 2)) <= 1.1
    assert abs((region.top + region.bottom) / 2 - (y + height / 2 + shift * height)) <= 1.1


@given(x=st.floats(0, 10), width=st.floats(40, 60))
def test_moving_a_box_does_not_change_the_size_of_its_region(x: float, width: float) -> None:
    sizes = {
        crop_region(np.array([x + dx, 0, x + dx + width, 64], np.float32), CropSettings()).width
        for dx in (0.0, 0.25, 0.5, 1.0)
    }
    assert max(sizes) - min(sizes) <= 1


def test_back_from_the_crop_is_the_region_again() -> None:
    rng = np.random.default_rng(1)
    noise = rng.random((150, 130, 3)).astype(np.float32)
    smooth = np.asarray(cv2.GaussianBlur(noise, (0, 0), 6), np.float32)
    region = Region(10, 20, 140, 170)
    crop = to_crop(smooth, 96)
    assert crop.shape == (96, 96, 3)
    assert np.abs(from_crop(crop, region) - smooth).max() < 0.02


def test_values_stay_within_black_and_white() -> None:
    edge = np.zeros((20, 20, 3), np.float32)
    edge[:, 10:] = 1
    crop = to_crop(edge, 96)
    assert crop.min() >= 0
    assert crop.max() <= 1
