"""Some frames of a picture, without decoding those that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from dubkit.media.opening import opened, read_only
from dubkit.media.packets import IN_GROUPS, PacketMap
from dubkit.media.pictures import decodable_picture, decoded_from_start, picture_info
from dubkit.media.pixels import colour_tags, frame_planes, is_converted
from dubkit.media.turning import turned_frame
from dubkit.schema import Frame, VideoInfo
from dubkit.timing import FrameTimes

__all__ = ["read_picked"]


def read_picked(
    path: Path, picked: npt.NDArray[np.bool_], times: FrameTimes, packets: PacketMap, *, upright: bool = False
) -> Iterator[Frame]:
    """The frames that :func:`~dubkit.media.read_frames` would deliver, but only those picked.

    Groups of pictures that show none of them are read and not decoded. Should decoding not give the frames that it
    gave before, the reader goes on from the start of the file, frame by frame.

    Args:
        path: A file with a picture.
        picked: (frames,) which are wanted.
        times: When the frames are shown.
        packets: The file's packets.
        upright: Turn frames by the rotation written in the file.

    Raises:
        MediaError: if the file cannot be read.
    """
    info = picture_info(path)
    reformatter = VideoReformatter()
    for index, stored in _picked(Path(path), info, picked, times, packets):
        planes = frame_planes(stored, info.pixel_format, reformatter, info.width, info.height)
        converted = is_converted(stored, info.pixel_format, info.width, info.height)
        frame = Frame(index, int(times.pts[index]), planes, info.pixel_format, colour_tags(stored), converted)
        yield turned_frame(frame, info.rotation) if upright else frame


def _picked(
    path: Path, info: VideoInfo, picked: npt.NDArray[np.bool_], times: FrameTimes, packets: PacketMap
) -> Iterator[tuple[int, VideoFrame]]:
    following = 0
    try:
        touched = packets.touched(picked) | packets.relied_on(picked)
        for index, stored in _by_groups(path, info, touched, times, packets):
            if picked[index]:
                yield index, stored
            following = index + 1
    except _AstrayError:
        for index, _, stored in decoded_from_start(path, info):
            if index >= following and index < len(picked) and picked[index]:
                yield index, stored


class _AstrayError(Exception):
    """What is decoded is not what was decoded before."""


def _by_groups(
    path: Path, info: VideoInfo, touched: npt.NDArray[np.bool_], times: FrameTimes, packets: PacketMap
) -> Iterator[tuple[int, VideoFrame]]:
    """Every frame of the groups that are ``touched``."""
    wanted = np.repeat(touched, np.diff(packets.first_packets))
    group = np.repeat(np.arange(len(touched)), np.diff(packets.first_packets))
    with opened(path) as container:
        stream = decodable_picture(container, path)
        read_only(container, [stream])
        run = _Run(stream, info, times)
        stored = (packet for packet in container.demux(stream) if packet.size)
        for number, packet in enumerate(_read(stored)):
            if number >= len(wanted):
                break
            if wanted[number]:
                if not run.going:  # then what relies on earlier pictures does not come out
                    begin = group[number]
                    run.start(int(packets.first_frames[begin] + packets.reliant[begin]))
                yield from run.decoded(packet)
            elif run.going:
                yield from run.stopped(int(packets.first_frames[group[number]]))
        if run.going:
            yield from run.stopped(len(times))


def _read(packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        yield packet


class _Run:
    """Decodes packets that follow one another."""

    def __init__(self, stream: VideoStream, info: VideoInfo, times: FrameTimes) -> None:
        self._stream, self._times = stream, times
        self._timed = info.codec in IN_GROUPS
        self._next = -1
        self.going = False

    def start(self, frame: int) -> None:
        """Begin with a group of which ``frame`` is the first that comes out."""
        self._next, self.going = frame, True

    def decoded(self, packet: Packet[VideoStream] | None) -> Iterator[tuple[int, VideoFrame]]:
        """Frames that are ready, given the next packet; all that are left, given None."""
        try:
            frames = self._stream.decode(packet)
        except FFmpegError as error:
            raise _AstrayError from error
        for stored in frames:
            if self._next >= len(self._times) or (self._timed and stored.pts != self._times.pts[self._next]):
                raise _AstrayError
            yield self._next, stored
            self._next += 1

    def stopped(self, frame: int) -> Iterator[tuple[int, VideoFrame]]:
        """The frames that are left of a run up to ``frame``, the first of the group after it."""
        yield from self.decoded(None)
        if self._next != frame:
            raise _AstrayError
        self._stream.codec_context.flush_buffers()
        self.going = False
