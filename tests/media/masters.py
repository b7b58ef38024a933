"""Pictures that come from no file, and what masters of them are asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from dubkit.media import (
    MasterWriter,
    WriteSettings,
    probe,
    read_frames,
    sound_blocks,
)
from dubkit.media.pixels import plane_format
from dubkit.schema import ColourFamily, ColourTags, Frame, VideoInfo
from dubkit.timing import FrameRate, FrameTimes
from tests.media.zoo import frame_of

FAST = WriteSettings(preset="ultrafast")


LOSSLESS = WriteSettings(preset="ultrafast", quality=0)


def video_of(path: Path) -> VideoInfo:
    video = probe(path).video
    assert video is not None
    return video


def made_up(name: str, size: tuple[int, int] = (64, 48), **changes: Any) -> VideoInfo:
    """A picture record for frames that come from no file."""
    video = VideoInfo(
        width=size[0],
        height=size[1],
        pixel_format=plane_format(name),
        colour=ColourTags(1, 1, 1, False),
        rate=FrameRate.of(25),
        time_base=Fraction(1, 12_800),
        start=Fraction(0),
        duration=Fraction(0),
        frame_count=0,
        codec="",
    )
    return dataclasses.replace(video, **changes)


def frames_for(video: VideoInfo, count: int = 10) -> list[Frame]:
    size = (video.width, video.height)
    step = round(1 / (video.rate.fps * video.time_base))
    return [frame_of(video.pixel_format.name, *size, n, n * step, video.colour) for n in range(count)]


def written(path: Path, video: VideoInfo, frames: Iterable[Frame], **options: Any) -> MasterWriter:
    with MasterWriter(path, video, **({"settings": FAST} | options)) as writer:
        for frame in frames:
            writer.write_frame(frame)
    assert list(path.parent.glob(".*part*")) == []
    return writer


def equal_planes(one: Frame, other: Frame) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))


def seconds(times: FrameTimes) -> list[Fraction]:
    return [times.seconds(frame) for frame in range(len(times))]


def average_rate(path: Path) -> Fraction | None:
    with av.open(str(path)) as container:
        return container.streams.video[0].average_rate


def raw_times(path: Path) -> list[int]:
    return [frame.pts for frame in read_frames(path)]


def best_shift(heard: npt.NDArray[np.float32], wave: npt.NDArray[np.float32], reach: int = 2000) -> int:
    middle = wave[reach : heard.size - reach]
    return int(np.argmax(np.correlate(heard, middle, "valid"))) - reach


def heard_on_the_picture(path: Path) -> npt.NDArray[np.float32]:
    return np.concatenate([b.samples[0] for b in sound_blocks(path, sample_rate=48_000, duration=Fraction(2))])


def rgb(frame: Frame) -> npt.NDArray[Any]:
    assert frame.pixel_format.family is ColourFamily.RGB
    if len(frame.planes) == 1:
        return frame.planes[0]
    green, blue, red, *alpha = frame.planes
    return np.stack([red, green, blue, *alpha], axis=2)
