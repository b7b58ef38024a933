"""The same frames and sound give the same bytes, whenever and however often they are written."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.media import MasterWriter, SoundTrack, WriteSettings
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat, VideoInfo, Waveform
from dubkit.timing import FrameRate

RATE = FrameRate.of(25)
TAGS = ColourTags(1, 1, 1)


def write(path: Path, codec: str, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    layout = PixelFormat("yuv420p", ColourFamily.YUV, 8, 1, 1)
    video = VideoInfo(256, 128, layout, TAGS, RATE, 1 / RATE.fps, Fraction(0), Fraction(12, 25), 12, "h264")
    with MasterWriter(
        path, video, sounds=[SoundTrack(channels=2, sample_rate=48_000)], settings=WriteSettings(codec=codec)
    ) as writer:
        for index in range(12):
            planes = tuple(
                rng.integers(60, 180, shape).astype(np.uint8) for shape in ((128, 256), (64, 128), (64, 128))
            )
            writer.write_sound(0, Waveform(rng.normal(0, 0.1, (2, 1920)).astype(np.float32), 48_000))
            writer.write_frame(Frame(index, index, planes, layout, TAGS))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        *(("a.mp4", "libx264"), ("a.mkv", "ffv1"), ("a.mov", "prores_ks")),
        *(("a.mkv", "libx264"), ("a.mov", "dnxhd"), ("a.mp4", "libx265")),
    ],
)
def test_a_master_written_again_is_the_same(name: str, codec: str, tmp_path: Path) -> None:
    first = write(tmp_path / name, codec)
    time.sleep(1.1)  # some containers tell the second in which they were written
    assert write(tmp_path / name, codec) == first
    assert write(tmp_path / name, codec, seed=1) != first
