from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.blending import BlendSettings, overlay_of, paste_mouth
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat, Region

FORMATS = [
    PixelFormat("yuv420p", ColourFamily.YUV, 8, 1, 1),
    PixelFormat("yuv422p10le", ColourFamily.YUV, 10, 1, 0),
    PixelFormat("yuv444p", ColourFamily.YUV, 8),
    PixelFormat("gbrp10le", ColourFamily.RGB, 10),
    PixelFormat("rgb24", ColourFamily.RGB, 8),
    PixelFormat("gray", ColourFamily.GRAY, 8),
]
PLAIN = BlendSettings(match_colour=False, match_detail=False)
UNKNOWN = np.full((5, 2), np.nan, np.float32)


def frame_of(layout: PixelFormat) -> Frame:
    rng = np.random.default_rng(3)
    dtype, top = (np.uint8, 255) if layout.bits == 8 else (np.uint16, (1 << layout.bits) - 1)
    height, width = 90, 120
    if layout.name == "rgb24":
        planes = [rng.integers(0, top, (height, width, 3)).astype(dtype)]
    else:
        small = (-(-height >> layout.log2_height), -(-width >> layout.log2_width))
        shapes = [(height, width), small, small][: 1 if layout.family is ColourFamily.GRAY else 3]
        planes = [rng.integers(top // 4, 3 * top // 4, shape).astype(dtype) for shape in shapes]
    return Frame(0, 0, tuple(planes), layout, ColourTags(matrix=1, full_range=False))


def weight(opacity: npt.NDArray[np.float32], plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """``opacity`` at the resolution of ``plane``, as a compositor has it: the mean of what a sample covers."""
    down, across = opacity.shape[0] // plane.shape[0], opacity.shape[1] // plane.shape[1]
    small = opacity.reshape(plane.shape[0], down, plane.shape[1], across).mean(axis=(1, 3))
    return np.asarray(small if plane.ndim == 2 else small[..., None], np.float32)


@pytest.mark.parametrize("layout", FORMATS, ids=lambda layout: layout.name)
@pytest.mark.parametrize(
    "region", [Region(21, 13, 94, 86), Region(60, 30, 150, 110)], ids=["inside", "beyond the edge"]
)
@pytest.mark.parametrize("opacity", [1.0, 0.25])
def test_laid_over_the_frame_it_gives_the_blended_frame(layout: PixelFormat, region: Region, opacity: float) -> None:
    frame = frame_of(layout)
    mouth = np.random.default_rng(4).uniform(0.1, 0.9, (region.height, region.width, 3)).astype(np.float32)
    patch = paste_mouth(frame, region, mouth, UNKNOWN, PLAIN, opacity)
    picture, seen = overlay_of(patch)
    assert seen.max() == pytest.approx(opacity, abs=0.01)
    assert picture.pixel_format == layout
    for old, new, over in zip(frame.planes, patch.frame.planes, picture.planes, strict=True):
        share = weight(seen, old)
        laid = np.rint(old + share * (over.astype(np.float64) - old))
        untouched = np.broadcast_to(share == 0, old.shape)
        np.testing.assert_array_equal(laid[untouched], old[untouched])
        assert np.abs(laid - new).max() <= 1
        assert (old != new).any()


def test_beyond_its_surround_it_is_black() -> None:
    frame = frame_of(FORMATS[0])
    region = Region(30, 20, 70, 60)
    picture, seen = overlay_of(paste_mouth(frame, region, np.ones((40, 40, 3), np.float32), UNKNOWN, PLAIN))
    assert (picture.planes[0][:3] == 16).all()
    assert (picture.planes[1][:1] == 128).all()
    assert (seen[:20] == 0).all()
    rows, columns = np.nonzero(seen)
    np.testing.assert_array_equal(  # what is about the mask is the frame itself, so that no scaling brings black in
        picture.planes[0][rows.min() - 8 : rows.min(), columns.min()],
        frame.planes[0][rows.min() - 8 : rows.min(), columns.min()],
    )
