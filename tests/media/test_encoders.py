from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.media import (
    MasterWriter,
    WriteSettings,
    measure_times,
    read_frames,
)
from dubkit.schema import ColourFamily, ColourTags
from dubkit.timing import FrameRate
from tests.media.masters import (
    LOSSLESS,
    equal_planes,
    frames_for,
    made_up,
    rgb,
    video_of,
    written,
)
from tests.media.zoo import still


@pytest.mark.parametrize(
    ("name", "ending", "encoder"),
    [
        ("yuv420p", ".mp4", "libx264"), ("yuv422p10le", ".mov", "libx264"), ("yuv444p", ".mkv", "libx264"),
        ("yuv420p10le", ".mp4", "libx264"), ("gray", ".mp4", "libx264"), ("gbrp", ".mkv", "libx264rgb"),
        ("rgb24", ".mkv", "libx264rgb"), ("gbrp", ".mov", "libx264rgb"), ("yuv420p12le", ".mkv", "libx265"),
        ("gbrp10le", ".mp4", "libx265"), ("yuva420p", ".mkv", "ffv1"), ("gbrap", ".mkv", "ffv1"),
        ("gray16le", ".mkv", "ffv1"), ("yuv444p16le", ".mkv", "ffv1"), ("yuv444p10le", ".avi", "ffv1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("full", [False, True])
def test_lossless_masters_give_every_value_back(
    tmp_path: Path, name: str, ending: str, encoder: str, full: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    video = made_up(name, colour=ColourTags(1, 1, 1, full))
    frames = frames_for(video)
    path = tmp_path / f"out{ending}"
    writer = written(path, video, frames, settings=LOSSLESS)
    assert writer.encoder == encoder
    assert writer.notes == ()
    read = list(read_frames(path))
    assert len(read) == len(frames)
    for before, after in zip(frames, read, strict=True):
        if before.pixel_format.family is ColourFamily.GRAY:
            assert np.array_equal(before.planes[0], after.planes[0])
        elif before.pixel_format.name == after.pixel_format.name:
            assert equal_planes(before, after)
        else:  # packed or planar, it is the same RGB
            assert np.array_equal(rgb(before), rgb(after))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("codec", "ending", "name"),
    [
        ("ffv1", ".mkv", "yuv422p"), ("libx264", ".mp4", "yuv422p"), ("libx265", ".mkv", "yuv422p"),
        ("libvpx-vp9", ".webm", "yuv422p"), ("utvideo", ".avi", "yuv422p"), ("rawvideo", ".avi", "yuv420p"),
        ("rawvideo", ".mov", "yuv422p"), ("rawvideo", ".mkv", "gray"), ("rawvideo", ".mov", "rgb24"),
        ("v210", ".mov", "yuv422p10le"), ("qtrle", ".mov", "rgb24"), ("png", ".mov", "rgb24"),
    ],
)  # fmt: skip
def test_every_lossless_codec(tmp_path: Path, codec: str, ending: str, name: str) -> None:
    video = made_up(name)
    path = tmp_path / f"a{ending}"
    frames = frames_for(video, 6)
    writer = written(path, video, frames, settings=WriteSettings(codec=codec, quality=0, preset="ultrafast"))
    assert writer.notes == ()
    assert all(equal_planes(a, b) for a, b in zip(frames, read_frames(path), strict=True))
    source = video_of(path)
    assert MasterWriter(path.with_stem("b"), source).encoder == codec  # and it is kept


@pytest.mark.parametrize(
    ("ending", "codec", "told"),
    [(".mp4", "libx264", True), (".mov", "prores_ks", True), (".mkv", "libx265", True), (".mkv", "ffv1", False)],
)
def test_the_shape_of_pixels(tmp_path: Path, ending: str, codec: str, told: bool) -> None:
    video = made_up("yuv420p", sample_aspect=Fraction(16, 15))
    path = tmp_path / f"a{ending}"
    writer = written(path, video, frames_for(video, 3), settings=WriteSettings(codec=codec))
    assert video_of(path).sample_aspect == (Fraction(16, 15) if told else 1)
    assert ("shape of the pixels" in " ".join(writer.notes)) != told


@pytest.mark.parametrize(
    ("name", "ending", "codec", "given", "words"),
    [
        ("yuv422p", ".mp4", "libsvtav1", "yuv420p", "coarser colour"),
        ("yuv422p12le", ".mov", "prores_ks", "yuv422p10le", "12 bits were rounded to 10"),
        ("yuva444p", ".mp4", "libx264", "yuv444p", "opacity is left out"),
        ("yuv420p", ".mov", "prores_ks", "yuv422p10le", ""),
        ("gbrap", ".mov", "auto", "yuva444p12le", "RGB was converted to YUV"),
        ("gray", ".mov", "prores_ks", "yuv422p10le", ""),
        ("yuv420p", ".mov", "dnxhd", "yuv422p", ""),
    ],
)
def test_the_nearest_format_is_chosen_and_losses_are_told(
    tmp_path: Path, name: str, ending: str, codec: str, given: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    video = made_up(name, size=(256, 128))
    frames = frames_for(video, 3)
    path = tmp_path / f"a{ending}"
    writer = written(path, video, frames, settings=WriteSettings(codec=codec))
    assert video_of(path).pixel_format.name == given
    assert (words in " ".join(writer.notes)) if words else writer.notes == ()
    assert len(list(read_frames(path))) == 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("rows", "matrix", "kr", "kb"), [(48, 6, 0.299, 0.114), (720, 1, 0.2126, 0.0722)])
def test_a_change_of_format_does_not_change_the_colours(
    tmp_path: Path, rows: int, matrix: int, kr: float, kb: float
) -> None:
    video = made_up("rgb24", size=(64, rows), colour=ColourTags(1, 13, 0, True))
    flat = np.empty((rows, 64, 3), np.uint8)
    flat[...] = (204, 77, 38)
    frame = dataclasses.replace(frames_for(video, 1)[0], planes=(flat,))
    writer = written(tmp_path / "a.mov", video, [frame], settings=WriteSettings(codec="prores_ks"))
    assert "RGB was converted to YUV" in writer.notes[0]
    stored = next(read_frames(tmp_path / "a.mov"))
    assert (stored.colour.primaries, stored.colour.transfer, stored.colour.matrix) == (1, 13, matrix)
    scale = 1 << (stored.pixel_format.bits - 8)
    luma, blue, red = (float(plane[20, 20]) / scale for plane in stored.planes)
    r, g, b = 204 / 255, 77 / 255, 38 / 255
    y = kr * r + (1 - kr - kb) * g + kb * b
    assert abs(luma - (16 + 219 * y)) < 1
    assert abs(blue - (128 + 224 * (b - y) / (2 - 2 * kb))) < 1
    assert abs(red - (128 + 224 * (r - y) / (2 - 2 * kr))) < 1


@pytest.mark.parametrize(
    ("size", "stored", "noted"),
    [((64, 48), "yuv420p", True), ((63, 47), "yuv444p", True), ((63, 48), "yuv444p", True)],
)
def test_a_photograph_becomes_a_film(tmp_path: Path, size: tuple[int, int], stored: str, noted: bool) -> None:
    image = still(tmp_path / "a.png", "png", "rgb24", size)
    video = dataclasses.replace(video_of(image), rate=FrameRate.of(25))
    (frame,) = read_frames(image)
    path = tmp_path / "a.mp4"
    writer = written(path, video, [frame] * 50, source=image)
    film = video_of(path)
    assert (film.width, film.height, film.pixel_format.name) == (*size, stored)
    assert film.rate == FrameRate.of(25)
    assert measure_times(path).duration == 2
    assert bool(writer.notes) == noted
    assert not film.is_still


def test_a_jpeg_keeps_its_range(tmp_path: Path) -> None:
    image = still(tmp_path / "a.jpg", "mjpeg", "yuv420p")
    (frame,) = read_frames(image)
    written(tmp_path / "a.mp4", video_of(image), [frame] * 3, settings=LOSSLESS)
    film = video_of(tmp_path / "a.mp4")
    assert film.colour.full_range is True
    assert all(equal_planes(frame, other) for other in read_frames(tmp_path / "a.mp4"))
