"""Which packets of the source a master takes over, and which frames have to be encoded."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from dubkit.media.clock import OutputClock
from dubkit.media.containers import ContainerRules
from dubkit.media.encoders import PicturePlan, WriteSettings
from dubkit.media.kept_stream import KeptStream
from dubkit.media.likeness import like_source
from dubkit.media.opening import opened, picture_stream
from dubkit.media.packets import IN_GROUPS, SELF_CONTAINED, CopyRefusedError, PacketMap, map_packets, stored_packets
from dubkit.media.picture_encoder import FrameConverter
from dubkit.media.pixels import colour_tags, frame_planes
from dubkit.schema import Frame, VideoInfo
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["CopyPlan", "KeptFrame", "SourcePicture", "plan_copy"]

_LEAST_LIKENESS = 20.0
"""dB between a frame and what is decoded of its code, below which the track is not what its description says."""
_REHEARSED = 3
"""Packets of a rehearsal."""


@dataclass(frozen=True, eq=False)
class SourcePicture:
    """What is known of the source's picture before its master is written.

    Attributes:
        times: When its frames are shown.
        changed: The frames that may change.
    """

    times: FrameTimes
    changed: Sequence[FrameRange]


@dataclass(frozen=True)
class KeptFrame:
    """A frame that stays as it is in the source, and need not have been decoded.

    Attributes:
        index: Number of the frame in its picture, from 0.
    """

    index: int


@dataclass(frozen=True, eq=False)
class CopyPlan:
    """What is taken over.

    Attributes:
        packets: The packets of the source.
        times: When its frames are shown.
        encoding: How changed frames are encoded.
        needed: (frames,) frames that must be given as they are even where they did not change: they are encoded with
            a neighbour that did.
        emitted: (frames,) int64, the packet that is written when a frame is kept; -1 for frames that are needed.
        cut: Numbers of the packets that are written as closed beginnings, because what is stored before them in the
            source is not stored before them in the master.
    """

    packets: PacketMap
    times: FrameTimes
    encoding: PicturePlan
    needed: npt.NDArray[np.bool_]
    emitted: npt.NDArray[np.int64]
    cut: frozenset[int]


def plan_copy(
    path: Path,
    source: Path,
    video: VideoInfo,
    plan: PicturePlan,
    rules: ContainerRules,
    settings: WriteSettings,
    picture: SourcePicture,
) -> CopyPlan:
    """What a master can take over from its source.

    Args:
        path: The master.
        source: The source.
        video: The picture as it will be given.
        plan: How it would be encoded as a whole.
        rules: What the container takes.
        settings: What was asked for.
        picture: What is known of the picture.

    Raises:
        CopyRefusedError: saying why nothing can be taken over.
        MediaError: if the source cannot be read.
    """
    _check_wanted(source, rules, settings)
    packets = map_packets(source, video, picture.times)
    changed = np.zeros(len(picture.times), bool)
    for run in picture.changed:
        changed[run.start : run.stop] = True
    copied = packets.whole & ~packets.touched(changed)
    if not copied.any() and video.codec in IN_GROUPS:
        alone = "no group of pictures but the first can stand alone" if len(packets.whole) == 1 else ""
        raise CopyRefusedError(alone or "every group of pictures holds a change")
    if video.codec in SELF_CONTAINED:
        copied = packets.whole
    needed, emitted, cut = _emission(packets, copied)
    encoding = like_source(source, video, plan, packets.delay)
    _rehearse(path, source, video, encoding, rules, int(packets.first_packets[np.flatnonzero(packets.whole)[0]]))
    return CopyPlan(packets, picture.times, encoding, needed, emitted, cut)


def _emission(
    packets: PacketMap, copied: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], frozenset[int]]:
    """What :class:`CopyPlan` says of frames and packets, given the (groups,) that are copied.

    Packets of a group are written in the order they are stored, one with each of its frames. Where the group before is
    encoded, frames that rely on it are encoded with it, and their packets left out.
    """
    count = int(packets.first_frames[-1])
    needed, emitted = np.ones(count, bool), np.full(count, -1, np.int64)
    cut = set[int]()
    before = np.concatenate([[True], copied[:-1]])
    for group in np.flatnonzero(copied):
        shown, first = packets.shown_by(int(group)), int(packets.first_packets[group])
        left_out = 0 if before[group] else int(packets.reliant[group])
        start = shown.start + left_out
        needed[start : shown.stop] = False
        emitted[start : shown.stop] = np.arange(first + left_out, first + len(shown))
        emitted[start : start + 1] = first
        if not before[group]:
            cut.add(first)
    return needed, emitted, frozenset(cut)


def _check_wanted(source: Path, rules: ContainerRules, settings: WriteSettings) -> None:
    if not settings.copy:
        raise CopyRefusedError("copying was switched off")
    if not settings.as_source:
        raise CopyRefusedError("a codec or a quality was asked for")
    with opened(source) as container:
        if rules.muxer not in container.format.name.split(","):
            raise CopyRefusedError("the result is another kind of file than the source")


def _rehearse(
    path: Path, source: Path, video: VideoInfo, plan: PicturePlan, rules: ContainerRules, number: int
) -> None:
    """Put a packet of the source and one of the encoder into one file, and see that both can be read again.

    Args:
        path: The master, for messages.
        source: The source.
        video: Its picture.
        plan: How changed frames are encoded.
        rules: What the container takes.
        number: A packet that decoding can begin at.
    """
    packet = next(packet for n, (_, packet) in enumerate(stored_packets(source)) if n == number)
    clock = OutputClock(video, numbered=True)
    file = io.BytesIO()
    try:
        with opened(source) as stored, av.open(file, "w", format=rules.muxer) as trial:
            template = picture_stream(stored)
            assert template is not None, "its packets were counted"
            first = _decoded(template, packet)
            track = KeptStream(path, trial, template, video, plan, clock)
            given = _as_given(path, video, plan, first)
            given.pts, given.time_base = 1, clock.time_base
            trial.start_encoding()
            for place, item in enumerate([packet, *track.encode(given), *track.end_run(), track.closed(packet)]):
                item.pts = item.dts = place
                item.duration, item.time_base, item.stream = 1, clock.time_base, track.stream
                trial.mux_one(item)
        file.seek(0)
        with av.open(file, "r") as result:
            read = list(result.decode(video=0))
    except (FFmpegError, ValueError) as error:
        raise CopyRefusedError(f"its packets and new ones do not go together in one file ({error})") from error
    seen = _Looks(video)
    if len(read) != _REHEARSED or not all(seen.alike(first, frame) for frame in (read[0], read[2])):
        raise CopyRefusedError("its packets cannot be read again beside new ones")
    if not seen.alike(first, read[1], _LEAST_LIKENESS):
        raise CopyRefusedError("new packets cannot be read beside its own")


def _decoded(stream: VideoStream, packet: Packet[VideoStream]) -> VideoFrame:
    frames = [*stream.decode(packet), *stream.decode(None)]
    if len(frames) != 1:
        raise CopyRefusedError("a packet of it does not hold one frame")
    return frames[0]


def _as_given(path: Path, video: VideoInfo, plan: PicturePlan, frame: VideoFrame) -> VideoFrame:
    planes = _Looks(video).planes(frame)
    return FrameConverter(path, video, plan).convert(Frame(0, 0, planes, video.pixel_format, colour_tags(frame)))


class _Looks:
    """Compares decoded frames by what is delivered of them."""

    def __init__(self, video: VideoInfo) -> None:
        self._video, self._reformatter = video, VideoReformatter()

    def planes(self, frame: VideoFrame) -> tuple[npt.NDArray[Any], ...]:
        return frame_planes(frame, self._video.pixel_format, self._reformatter, self._video.width, self._video.height)

    def alike(self, one: VideoFrame, other: VideoFrame, least: float = np.inf) -> bool:
        """Whether two frames are of the same kind and, in decibels, at least so alike; infinite for the same."""
        if (one.width, one.height, one.format.name) != (other.width, other.height, other.format.name):
            return False
        if colour_tags(one) != colour_tags(other) or one.interlaced_frame != other.interlaced_frame:
            return False
        peak = (1 << self._video.pixel_format.bits) - 1
        for first, second in zip(self.planes(one), self.planes(other), strict=True):
            off = np.mean((first.astype(np.float32) - second) ** 2)
            if off > peak**2 * 10 ** (-least / 10):
                return False
        return True
