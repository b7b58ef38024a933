from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.blending import read_region, write_region
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat, Region

FORMATS = {
    "yuv420p": PixelFormat("yuv420p", ColourFamily.YUV, 8, 1, 1),
    "yuv420p10le": PixelFormat("yuv420p10le", ColourFamily.YUV, 10, 1, 1),
    "yuv422p": PixelFormat("yuv422p", ColourFamily.YUV, 8, 1, 0),
    "yuv422p10le": PixelFormat("yuv422p10le", ColourFamily.YUV, 10, 1, 0),
    "yuv411p": PixelFormat("yuv411p", ColourFamily.YUV, 8, 2, 0),
    "yuv444p": PixelFormat("yuv444p", ColourFamily.YUV, 8, 0, 0),
    "yuv444p10le": PixelFormat("yuv444p10le", ColourFamily.YUV, 10, 0, 0),
    "yuv444p12le": PixelFormat("yuv444p12le", ColourFamily.YUV, 12, 0, 0),
    "yuva420p": PixelFormat("yuva420p", ColourFamily.YUV, 8, 1, 1, alpha=True),
    "gbrp10le": PixelFormat("gbrp10le", ColourFamily.RGB, 10),
    "rgb24": PixelFormat("rgb24", ColourFamily.RGB, 8),
    "gray": PixelFormat("gray", ColourFamily.GRAY, 8),
}


def make_frame(
    name: str, width: int, height: int, seed: int = 0, colour: ColourTags | None = None, legal: bool = False
) -> Frame:
    layout = FORMATS[name]
    rng = np.random.default_rng(seed)
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    low, high = (0, 2**layout.bits) if not legal else (64 << (layout.bits - 8), 190 << (layout.bits - 8))

    def plane(*shape: int) -> npt.NDArray[np.uint8 | np.uint16]:
        return rng.integers(low, high, shape).astype(dtype)

    chroma = (-(-height >> layout.log2_height), -(-width >> layout.log2_width))
    planes: tuple[npt.NDArray[np.uint8 | np.uint16], ...]
    if layout.family is ColourFamily.GRAY:
        planes = (plane(height, width),)
    elif name == "rgb24":
        planes = (plane(height, width, 3),)
    elif layout.family is ColourFamily.RGB:
        planes = tuple(plane(height, width) for _ in range(3))
    else:
        planes = (plane(height, width), plane(*chroma), plane(*chroma))
        planes += (plane(height, width),) if layout.alpha else ()
    for each in planes:
        each.setflags(write=False)
    return Frame(0, 0, planes, layout, colour or ColourTags())


def covered(frame: Frame, plane: int, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which samples of a plane lie wholly under ``mask`` (frame-sized)."""
    if frame.pixel_format.family is not ColourFamily.YUV or plane in (0, 3):
        return mask
    sy, sx = 1 << frame.pixel_format.log2_height, 1 << frame.pixel_format.log2_width
    padded = np.pad(mask, ((0, -mask.shape[0] % sy), (0, -mask.shape[1] % sx)), mode="edge")
    return np.asarray(padded.reshape(padded.shape[0] // sy, sy, padded.shape[1] // sx, sx).all(axis=(1, 3)))


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(sorted(FORMATS)),
    matrix=st.sampled_from([1, 2, 5, 6, 9]),
    full_range=st.sampled_from([None, True, False]),
    size=st.tuples(st.integers(9, 40), st.integers(9, 40)),
    corner=st.tuples(st.integers(-8, 20), st.integers(-8, 20)),
    extent=st.tuples(st.integers(12, 30), st.integers(12, 30)),
    seed=st.integers(0, 1000),
)
def test_no_sample_outside_the_mask_changes(
    name: str,
    matrix: int,
    full_range: bool | None,
    size: tuple[int, int],
    corner: tuple[int, int],
    extent: tuple[int, int],
    seed: int,
) -> None:
    frame = make_frame(name, *size, seed=seed, colour=ColourTags(matrix=matrix, full_range=full_range))
    region = Region(corner[0], corner[1], corner[0] + extent[0], corner[1] + extent[1])
    if region.left >= frame.width or region.top >= frame.height:
        return
    rng = np.random.default_rng(seed)
    mask = (rng.random((region.height, region.width)) * (rng.random((region.height, region.width)) > 0.4)).astype(
        np.float32
    )
    pixels = rng.random((region.height, region.width, 3)).astype(np.float32)
    before = [plane.copy() for plane in frame.planes]

    result = write_region(frame, region, pixels, mask)

    on_frame = np.zeros((frame.height, frame.width), bool)
    inside = region.inside(frame.width, frame.height)
    on_frame[inside.top : inside.bottom, inside.left : inside.right] = (
        mask[
            inside.top - region.top : inside.bottom - region.top, inside.left - region.left : inside.right - region.left
        ]
        > 0
    )
    for index, (old, new) in enumerate(zip(before, result.planes, strict=True)):
        assert new.dtype == old.dtype
        assert new.shape == old.shape
        untouched = ~covered(frame, index, on_frame)
        np.testing.assert_array_equal(new[untouched], old[untouched])
        np.testing.assert_array_equal(frame.planes[index], old)
    if frame.pixel_format.alpha:
        np.testing.assert_array_equal(result.planes[3], before[3])


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("full_range", [True, False])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_writing_back_what_was_read_changes_nothing_visible(name: str, full_range: bool, matrix: int) -> None:
    frame = make_frame(name, 33, 21, colour=ColourTags(matrix=matrix, full_range=full_range), legal=True)
    region = Region(4, 3, 29, 18)
    result = write_region(frame, region, read_region(frame, region), np.ones((15, 25), np.float32))
    for old, new in zip(frame.planes, result.planes, strict=True):
        assert np.abs(new.astype(int) - old.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("matrix", "full_range", "samples", "bgr"),
    [
        # Reference values from the equations of BT.709 and BT.601: pure red, 8 bit.
        (1, False, (63, 102, 240), (0.0, 0.0, 1.0)),
        (6, False, (81, 90, 240), (0.0, 0.0, 1.0)),
        (6, True, (76, 85, 255), (0.0, 0.0, 1.0)),
        (1, False, (235, 128, 128), (1.0, 1.0, 1.0)),
        (9, False, (16, 128, 128), (0.0, 0.0, 0.0)),
    ],
)
def test_known_colours(
    matrix: int, full_range: bool, samples: tuple[int, int, int], bgr: tuple[float, float, float]
) -> None:
    planes = tuple(np.full((4, 4), sample, np.uint8) for sample in samples)
    layout = PixelFormat("yuv444p", ColourFamily.YUV, 8)
    frame = Frame(0, 0, planes, layout, ColourTags(matrix=matrix, full_range=full_range))
    np.testing.assert_allclose(read_region(frame, Region(0, 0, 4, 4))[0, 0], bgr, atol=0.012)


@pytest.mark.parametrize("name", sorted(name for name in FORMATS if name.startswith("yuv")))
@pytest.mark.parametrize("region", [Region(4, 2, 20, 14), Region(5, 3, 18, 12), Region(-4, -3, 50, 40)])
def test_reading_follows_the_equations_sample_by_sample(name: str, region: Region) -> None:
    frame = make_frame(name, 33, 21, colour=ColourTags(matrix=1, full_range=False))
    unit, layout = 1 << (frame.pixel_format.bits - 8), frame.pixel_format
    rows = np.clip(np.arange(region.top, region.bottom), 0, frame.height - 1)
    columns = np.clip(np.arange(region.left, region.right), 0, frame.width - 1)
    chroma_at = np.ix_(rows >> layout.log2_height, columns >> layout.log2_width)
    luma = (frame.planes[0][np.ix_(rows, columns)] / unit - 16) / 219
    blue, red = ((frame.planes[plane][chroma_at] / unit - 128) / 224 for plane in (1, 2))
    b, r = luma + 1.8556 * blue, luma + 1.5748 * red  # BT.709: 2 (1 - Kb), 2 (1 - Kr)
    expected = np.stack([b, (luma - 0.0722 * b - 0.2126 * r) / 0.7152, r], axis=2)
    found = read_region(frame, region)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("name", ["yuv420p", "yuv444p10le", "gbrp10le", "rgb24", "gray"])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_planes_that_are_turned_views_are_read_and_written_as_others_are(name: str, turns: int) -> None:
    stored = make_frame(name, 24, 16)
    turned = replace(stored, planes=tuple(np.rot90(plane, turns) for plane in stored.planes))
    copied = replace(turned, planes=tuple(plane.copy() for plane in turned.planes))
    region, mask = Region(3, 2, 14, 13), np.full((11, 11), 0.5, np.float32)
    np.testing.assert_array_equal(read_region(turned, region), read_region(copied, region))
    pixels = np.random.default_rng(1).random((11, 11, 3)).astype(np.float32)
    for one, other in zip(
        write_region(turned, region, pixels, mask).planes,
        write_region(copied, region, pixels, mask).planes,
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "rgb24"])
def test_what_is_no_number_stays_where_it_is(name: str) -> None:
    frame = make_frame(name, 24, 16)
    mask, pixels = np.zeros((8, 8), np.float32), np.full((8, 8, 3), np.nan, np.float32)
    mask[2:6, 2:6], pixels[2:6, 2:6] = 1, 0.5
    with np.errstate(invalid="ignore"):
        result = write_region(frame, Region(4, 4, 12, 12), pixels, mask)
    on_frame = np.zeros((16, 24), bool)
    on_frame[6:10, 6:10] = True
    for plane, (old, new) in enumerate(zip(frame.planes, result.planes, strict=True)):
        kept = ~covered(frame, plane, on_frame)
        np.testing.assert_array_equal(new[kept], old[kept])
        assert (new != old).any()


def test_beyond_the_edge_the_edge_is_repeated() -> None:
    frame = make_frame("gray", 8, 8)
    read = read_region(frame, Region(-3, -2, 5, 6))
    inside = read_region(frame, Region(0, 0, 5, 6))
    np.testing.assert_array_equal(read[2:, 3:], inside)
    np.testing.assert_array_equal(read[:2, 3:], inside[:1].repeat(2, axis=0))


def test_mask_of_one_takes_the_new_pixels() -> None:
    frame = make_frame("rgb24", 16, 16)
    pixels = np.full((8, 8, 3), (0.0, 0.5, 1.0), np.float32)
    result = write_region(frame, Region(4, 4, 12, 12), pixels, np.ones((8, 8), np.float32))
    np.testing.assert_array_equal(result.planes[0][4:12, 4:12].reshape(-1, 3), [[255, 128, 0]] * 64)
