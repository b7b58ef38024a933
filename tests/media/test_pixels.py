from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from dubkit.errors import MediaError
from dubkit.media.pixels import colour_tags, describe_format, frame_planes, plane_format, video_frame
from dubkit.schema import ColourFamily, ColourTags, PixelFormat
from tests.media.zoo import frame_of

NATIVE = [
    "yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuv420p10le", "yuv422p10le", "yuv444p10le",
    "yuv420p12le", "yuv422p12le", "yuv444p12le", "yuv420p16le", "yuv444p16le", "yuva420p", "yuva444p10le", "gray",
    "gray10le", "gray16le", "gbrp", "gbrp10le", "gbrp12le", "gbrp16le", "gbrap", "gbrap16le", "rgb24",
]  # fmt: skip


@pytest.mark.parametrize("name", NATIVE)
def test_native_formats_stay_and_survive(name: str) -> None:
    layout = plane_format(name)
    assert layout.name == name
    frame = frame_of(name, 37, 23, 3, 0, ColourTags(1, 1, 1, False))
    stored = video_frame(frame)
    assert stored.format.name == name
    assert colour_tags(stored) == ColourTags(1, 1, 1, False)
    planes = frame_planes(stored, layout, VideoReformatter(), 37, 23)
    assert len(planes) == len(frame.planes)
    for before, after in zip(frame.planes, planes, strict=True):
        assert after.dtype == before.dtype
        assert not after.flags.writeable
        assert np.array_equal(before, after)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("yuvj420p", PixelFormat("yuv420p", ColourFamily.YUV, 8, 1, 1)),
        ("yuv422p10le", PixelFormat("yuv422p10le", ColourFamily.YUV, 10, 1, 0)),
        ("yuva444p12le", PixelFormat("yuva444p12le", ColourFamily.YUV, 12, alpha=True)),
        ("yuv410p", PixelFormat("yuv410p", ColourFamily.YUV, 8, 2, 2)),
        ("gray12le", PixelFormat("gray12le", ColourFamily.GRAY, 12)),
        ("nv12", PixelFormat("yuv420p", ColourFamily.YUV, 8, 1, 1)),
        ("p010le", PixelFormat("yuv420p10le", ColourFamily.YUV, 10, 1, 1)),
        ("uyvy422", PixelFormat("yuv422p", ColourFamily.YUV, 8, 1, 0)),
        ("bgr24", PixelFormat("gbrp", ColourFamily.RGB, 8)),
        ("pal8", PixelFormat("gbrp", ColourFamily.RGB, 8)),
        ("rgba", PixelFormat("gbrap", ColourFamily.RGB, 8, alpha=True)),
        ("rgb48be", PixelFormat("gbrp16le", ColourFamily.RGB, 16)),
        ("ya8", PixelFormat("gbrap", ColourFamily.RGB, 8, alpha=True)),
        ("monob", PixelFormat("gray", ColourFamily.GRAY, 8)),
    ],
)
def test_nearest_planar_format(name: str, expected: PixelFormat) -> None:
    assert plane_format(name) == expected


CONVERTED = [
    ("nv12", "yuv420p"), ("nv21", "yuv420p"), ("nv16", "yuv422p"), ("nv24", "yuv444p"), ("p010le", "yuv420p10le"),
    ("p012le", "yuv420p12le"), ("p016le", "yuv420p16le"), ("p210le", "yuv422p10le"), ("yuyv422", "yuv422p"),
    ("uyvy422", "yuv422p"), ("y210le", "yuv422p10le"), ("bgr24", "gbrp"), ("rgb0", "gbrp"), ("rgba", "gbrap"),
    ("argb", "gbrap"), ("rgb48le", "gbrp16le"), ("rgb48be", "gbrp16le"), ("rgba64be", "gbrap16le"),
    ("x2rgb10le", "gbrp10le"), ("gray16be", "gray16le"), ("yuv420p10be", "yuv420p10le"), ("ayuv", "yuva444p"),
]  # fmt: skip


@pytest.mark.parametrize("tags", [ColourTags(), ColourTags(1, 1, 1, False), ColourTags(1, 1, 5, True)])
@pytest.mark.parametrize(("stored", "native"), CONVERTED)
def test_other_formats_are_converted_without_loss(stored: str, native: str, tags: ColourTags) -> None:
    original = frame_of(native, 64, 48, 2, 0, tags)
    level = {None: None, False: 1, True: 2}[tags.full_range]
    packed = VideoReformatter().reformat(
        video_frame(original), format=stored, src_color_range=level, dst_color_range=level
    )
    planes = frame_planes(packed, plane_format(stored), VideoReformatter(), 64, 48)
    for before, after in zip(original.planes, planes, strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("name", ["grayf32le", "gbrpf32le", "bayer_rggb8", "cuda", "xyz12le", "no such format"])
def test_formats_without_exact_planes_are_refused(name: str) -> None:
    with pytest.raises(MediaError, match="without loss"):
        plane_format(name)


def test_a_jpeg_format_is_full_range() -> None:
    assert colour_tags(av.VideoFrame(16, 16, "yuvj420p")).full_range is True
    assert colour_tags(av.VideoFrame(16, 16, "yuv420p")).full_range is None


def test_a_frame_of_another_size_is_scaled() -> None:
    stored = video_frame(frame_of("yuv420p", 32, 24, 0, 0))
    planes = frame_planes(stored, describe_format("yuv420p"), VideoReformatter(), 64, 48)
    assert [plane.shape for plane in planes] == [(48, 64), (24, 32), (24, 32)]
