from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dubkit.errors import MediaError
from dubkit.media import MasterWriter, WriteSettings, opacity_format, probe, read_frames, with_opacity
from dubkit.media.pixels import describe_format
from dubkit.schema import ColourFamily, ColourTags, Frame, VideoInfo
from dubkit.timing import FrameRate

EXPECTED = {
    "yuv420p": "yuva420p",
    "yuv422p": "yuva422p",
    "yuv444p": "yuva444p",
    "yuv420p10le": "yuva420p10le",
    "yuv420p12le": "yuva420p16le",
    "yuv422p10le": "yuva422p10le",
    "yuv422p12le": "yuva422p12le",
    "yuva444p10le": "yuva444p10le",
    "rgb24": "gbrap",
    "gbrp": "gbrap",
    "gbrp12le": "gbrap12le",
    "gray": "yuva444p",
    "gray10le": "yuva444p10le",
}


def frame_of(name: str, full_range: bool = False) -> Frame:
    layout = describe_format(name)
    rng = np.random.default_rng(1)
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    small = (48 >> layout.log2_height, 64 >> layout.log2_width)
    shapes: list[tuple[int, ...]] = [(48, 64), small, small, (48, 64)]
    count = 1 if layout.family is ColourFamily.GRAY else 3 + layout.alpha
    if name == "rgb24":
        shapes, count = [(48, 64, 3)], 1
    planes = tuple(rng.integers(0, 1 << layout.bits, shape).astype(dtype) for shape in shapes[:count])
    matrix = 0 if layout.family is ColourFamily.RGB else 1
    return Frame(0, 0, planes, layout, ColourTags(1, 1, matrix, full_range))


@pytest.mark.parametrize("name", EXPECTED)
def test_colours_stay_and_opacity_comes_beside_them(name: str, tmp_path: Path) -> None:
    """Also after it was written: what the format promises is what FFV1 keeps."""
    frame = frame_of(name, full_range=describe_format(name).family is ColourFamily.RGB)
    opacity = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
    seen = with_opacity(frame, opacity)
    assert seen.pixel_format.name == EXPECTED[name]
    assert seen.pixel_format == opacity_format(frame.pixel_format)
    assert seen.pixel_format.alpha
    scale = 1 << (seen.pixel_format.bits - frame.pixel_format.bits)
    packed = name == "rgb24"
    planes = [frame.planes[0][..., channel] for channel in (1, 2, 0)] if packed else list(frame.planes[:3])
    for old, new in zip(planes, seen.planes, strict=False):
        np.testing.assert_array_equal(old.astype(np.int64) * scale, new)
    top = (1 << seen.pixel_format.bits) - 1
    np.testing.assert_allclose(seen.planes[-1] / top, opacity, atol=0.5 / top + 1e-6)

    rate = FrameRate.of(25)
    video = VideoInfo(
        64, 48, seen.pixel_format, frame.colour, rate, 1 / rate.fps, 0 / rate.fps, 1 / rate.fps, 1, "ffv1"
    )
    with MasterWriter(tmp_path / "one.mkv", video, settings=WriteSettings(codec="ffv1")) as writer:
        writer.write_frame(seen)
    assert writer.notes == ()
    stored = probe(tmp_path / "one.mkv").video
    assert stored is not None
    assert stored.pixel_format == seen.pixel_format
    (back,) = read_frames(tmp_path / "one.mkv")
    for old, new in zip(seen.planes, back.planes, strict=True):
        np.testing.assert_array_equal(old, new)


def test_formats_that_have_none_are_named() -> None:
    with pytest.raises(MediaError, match="no pixel format holds yuv411p and opacity"):
        opacity_format(describe_format("yuv411p"))
