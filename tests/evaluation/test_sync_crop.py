from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import InputError
from dubkit.evaluation import SyncCropSettings, cut_sync_crop, sync_crop_regions
from dubkit.schema import Region


def boxes(
    count: int, left: float = 100, top: float = 50, width: float = 80, height: float = 100
) -> npt.NDArray[np.float32]:
    return np.tile(np.array([left, top, left + width, top + height], np.float32), (count, 1))


def test_a_still_face_is_cropped_as_the_port_does() -> None:
    """Half side 50 around (140, 100): 1.4 halves to the sides, 1 above, 1.8 below, in whole pixels."""
    assert set(sync_crop_regions(boxes(30))) == {Region(70, 50, 210, 190)}


def test_a_single_false_box_changes_nothing() -> None:
    jumped = boxes(30)
    jumped[15] = [0, 0, 300, 300]
    assert sync_crop_regions(jumped) == sync_crop_regions(boxes(30))


def test_the_median_filter_is_that_of_the_port() -> None:
    signal = pytest.importorskip("scipy.signal", reason="the port's median filter is scipy's")
    random = np.random.default_rng(0)
    found = boxes(40) + random.normal(0, 4, (40, 1)).astype(np.float32)
    x = signal.medfilt((found[:, 0] + found[:, 2]).astype(np.float64) / 2, 13)
    half = signal.medfilt((found[:, 3] - found[:, 1]).astype(np.float64) / 2, 13)
    assert [region.left for region in sync_crop_regions(found)] == np.floor(x - half * 1.4).astype(int).tolist()


@given(dx=st.integers(-50, 50), dy=st.integers(-40, 40), scale=st.floats(0, 1))
def test_crops_are_square_and_follow_the_face(dx: int, dy: int, scale: float) -> None:
    settings = SyncCropSettings(scale=scale)
    still = sync_crop_regions(boxes(13), settings)[6]
    moved = sync_crop_regions(boxes(13, 100 + dx, 50 + dy), settings)[6]
    assert abs(still.width - still.height) <= 1
    assert (moved.left - still.left, moved.top - still.top) == (dx, dy)


def test_pixels_beyond_the_frame_are_grey() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    crop = cut_sync_crop(image, Region(20, 20, 60, 60))
    assert crop.shape == (224, 224, 3)
    assert (crop[:100, :100] == 200).all()
    assert (crop[124:] == 110).all()
    assert (crop[:, 124:] == 110).all()
    assert (cut_sync_crop(image, Region(50, 0, 60, 10)) == 110).all()


def test_a_crop_of_its_own_size_is_the_picture_itself() -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 260, 3)).astype(np.uint8)
    np.testing.assert_array_equal(cut_sync_crop(image, Region(5, 7, 229, 231)), image[7:231, 5:229])


def test_faces_that_cannot_be_cropped_are_refused() -> None:
    with pytest.raises(InputError, match="12 frames is too short to be cropped for the sync judge; give at least 13"):
        sync_crop_regions(boxes(12))
    with pytest.raises(InputError, match="finite numbers"):
        sync_crop_regions(np.full((20, 4), np.nan, np.float32))
    with pytest.raises(InputError, match="no middle"):
        sync_crop_regions(boxes(20), SyncCropSettings(median=12))
    with pytest.raises(InputError, match="are cut from images"):
        cut_sync_crop(np.zeros((40, 40), np.uint8), Region(0, 0, 4, 4))
