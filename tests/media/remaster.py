"""Masters whose unchanged frames come from their source, and what is asked of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from dubkit.media import (
    KeptFrame,
    MasterWriter,
    SourcePicture,
    WriteSettings,
    measure_times,
    read_frames,
    read_picked,
)
from dubkit.schema import Frame
from dubkit.timing import FrameRange
from tests.media.masters import equal_planes, seconds, video_of

HASTY = WriteSettings(preset="ultrafast")


def painted(frame: Frame) -> Frame:
    """``frame`` with something new in it."""
    planes = [np.array(plane) for plane in frame.planes]
    planes[0][4:12, 4:20] = 40
    return dataclasses.replace(frame, planes=tuple(planes))


def remaster(source: Path, path: Path, changed: Sequence[FrameRange], settings: WriteSettings = HASTY) -> MasterWriter:
    """Write ``source`` anew with the frames of ``changed`` painted, and as much else as can be taken over."""
    times = measure_times(source)
    flags = np.zeros(len(times), bool)
    for run in changed:
        flags[run.start : run.stop] = True
    picture = SourcePicture(times, changed)
    with MasterWriter(path, video_of(source), source=source, settings=settings, picture=picture) as writer:
        if writer.kept is None:
            for frame in read_frames(source):
                writer.write_frame(painted(frame) if flags[frame.index] else frame)
            return writer
        following = 0
        for frame in read_picked(source, flags | writer.kept.needed, times, writer.kept.packets):
            for index in range(following, frame.index):
                writer.write_frame(KeptFrame(index))
            writer.write_frame(painted(frame) if flags[frame.index] else frame)
            following = frame.index + 1
        for index in range(following, len(times)):
            writer.write_frame(KeptFrame(index))
    return writer


def packets_of(path: Path) -> list[bytes]:
    """The packets of the picture, in the order they are stored."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def check_order(path: Path) -> None:
    """Every packet is decoded after the one stored before it, and not after it is shown."""
    with av.open(str(path)) as container:
        stamps = [(packet.dts, packet.pts) for packet in container.demux(video=0) if packet.size]
    decoded = [dts for dts, _ in stamps if dts is not None]
    assert decoded == sorted(set(decoded))
    assert all(dts is None or pts is None or dts <= pts for dts, pts in stamps)


def check_master(source: Path, path: Path, changed: Sequence[FrameRange], *, least: float = 30) -> list[int]:
    """Everything a master promises, frame by frame; the frames that came out exactly as they went in.

    Args:
        source: The source.
        path: The master.
        changed: The frames that were painted.
        least: Decibels between a frame that was encoded and what was given of it.
    """
    before, after = video_of(source), video_of(path)
    for field in ("width", "height", "pixel_format", "colour", "rotation", "sample_aspect", "start_timecode", "codec"):
        assert getattr(after, field) == getattr(before, field), field
    assert seconds(measure_times(path)) == seconds(measure_times(source))
    check_order(path)
    flags = {index for run in changed for index in run.indices}
    peak = (1 << before.pixel_format.bits) - 1
    exact = []
    for old, new in zip(read_frames(source), read_frames(path), strict=True):
        wanted = painted(old) if old.index in flags else old
        for plane, other in zip(wanted.planes, new.planes, strict=True):
            noise = float(np.mean((plane.astype(np.float64) - other) ** 2))
            assert noise <= peak**2 * 10 ** (-least / 10), f"frame {old.index}"
        if equal_planes(wanted, new):
            exact.append(old.index)
    return exact
