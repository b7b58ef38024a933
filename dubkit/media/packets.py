"""The packets of a picture, without decoding one: which frame each shows, and where decoding can begin anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from dubkit.media.clock import PtsRepair, frame_ticks
from dubkit.media.nal import BEGINNINGS, OPEN_BEGINNING, RELIANT, annexb_units, length_units, picture_kind
from dubkit.media.opening import opened, picture_stream, read_only
from dubkit.media.parameter_sets import stored_sets
from dubkit.schema import VideoInfo
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["IN_GROUPS", "SELF_CONTAINED", "CopyRefusedError", "PacketMap", "map_packets", "stored_packets"]

IN_GROUPS = frozenset({"h264", "hevc"})
"""Codecs whose groups of pictures can be told apart."""
SELF_CONTAINED = frozenset({"cfhd", "dnxhd", "ffv1", "mjpeg", "png", "prores", "rawvideo", "utvideo", "v210"})
"""Codecs of which a packet can stand alone, where it is a key frame."""
_LEADING = range(6, 10)
"""Kinds of HEVC pictures that are shown before the one they are stored after."""


class CopyRefusedError(Exception):
    """Packets that cannot be taken over; the message says why, as half a sentence."""


@dataclass(frozen=True, eq=False)
class PacketMap:
    """The packets of a picture, in the order they are stored, and the groups they make.

    A group is what needs no other packets to be decoded, and what no other packet needs, but for its reliant frames,
    which also need the group before it. It shows an unbroken run of frames; together the groups show them all. Group
    ``n`` holds packets ``first_packets[n]`` up to ``first_packets[n + 1]`` and shows frames ``first_frames[n]`` up to
    ``first_frames[n + 1]``.

    Attributes:
        frames: (packets,) int64, the number of the frame that each shows; -1 where an edit list hides it.
        first_packets: (groups + 1,) int64.
        first_frames: (groups + 1,) int64.
        whole: (groups,) whether every packet shows a frame and the first is one that decoding can begin at.
        reliant: (groups,) int64, how many of its first frames rely on the group before; they are stored right after
            its first packet.
        delay: How many packets a packet may be stored later than it is shown: what decoders hold back.
    """

    frames: npt.NDArray[np.int64]
    first_packets: npt.NDArray[np.int64]
    first_frames: npt.NDArray[np.int64]
    whole: npt.NDArray[np.bool_]
    reliant: npt.NDArray[np.int64]
    delay: int

    def group_of(self, frame: int) -> int:
        """Number of the group that shows ``frame``."""
        return int(np.searchsorted(self.first_frames, frame, "right")) - 1

    def shown_by(self, group: int) -> FrameRange:
        """The frames that ``group`` shows."""
        return FrameRange(int(self.first_frames[group]), int(self.first_frames[group + 1]))

    def touched(self, frames: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(groups,) whether a group shows one of ``frames``, given as (frames in all,) flags."""
        before = np.concatenate([[0], np.cumsum(frames)])
        return np.asarray(before[self.first_frames[1:]] > before[self.first_frames[:-1]])

    def relied_on(self, frames: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(groups,) whether one of ``frames`` cannot be decoded without a group that does not show it."""
        before = np.concatenate([[0], np.cumsum(frames)])
        first = self.first_frames[:-1]
        reliant = before[first + self.reliant] > before[first]
        return np.concatenate([reliant[1:], [False]])


def map_packets(path: Path, video: VideoInfo, times: FrameTimes) -> PacketMap:
    """Find the frame that each packet of the picture of ``path`` shows.

    Every packet is read once, save where codec and index of the file say the same of each.

    Args:
        path: The file.
        video: Its picture.
        times: When its frames are shown, as decoding them told.

    Raises:
        CopyRefusedError: if the packets are not those of the frames, or nothing can be told from them.
        MediaError: if the file cannot be read.
    """
    if video.codec not in SELF_CONTAINED | IN_GROUPS:
        raise CopyRefusedError(f"packets of {video.codec} cannot be told apart by what they show")
    if video.codec in SELF_CONTAINED and _index_agrees(path, video, times):
        every = np.arange(len(times) + 1)
        return PacketMap(every[:-1], every, every, np.ones(len(times), bool), np.zeros(len(times), np.int64), 0)
    stamps: list[int | None] = []
    shown, kinds = list[bool](), list[int]()
    for packet, kind in _with_kinds(path, video.codec):
        stamps.append(packet.pts)
        shown.append(not packet.is_discard)
        kinds.append(kind)
    kept = np.flatnonzero(shown)
    if len(kept) != len(times):
        raise CopyRefusedError(f"the file has {len(kept)} packets for {len(times)} frames that can be decoded")
    frames = np.full(len(stamps), -1, np.int64)
    frames[kept] = _frame_numbers([stamps[n] for n in kept], video, times)
    kind_of = np.array(kinds, np.int64)
    if video.codec in SELF_CONTAINED and not kind_of[kept].all():
        raise CopyRefusedError(f"its {video.codec} packets need one another")
    delay = int(max(0, (np.arange(len(kept)) - frames[kept]).max(initial=0)))
    if video.codec in SELF_CONTAINED:
        return PacketMap(frames, *_groups(frames, kind_of > 0, {}), delay)
    starts = np.isin(kind_of, list(BEGINNINGS[video.codec]))
    reliant = _reliant(frames, kind_of) if video.codec == "hevc" else {}
    starts &= ~np.isin(np.arange(len(kinds)), [first for first, count in reliant.items() if count < 0])
    return PacketMap(frames, *_groups(frames, starts, reliant), delay)


def _index_agrees(path: Path, video: VideoInfo, times: FrameTimes) -> bool:
    """Whether a MOV's index lists a key frame for each frame, at its time, and hides none."""
    with opened(path) as container:
        stream = picture_stream(container)
        if stream is None or not container.format.name.startswith("mov"):
            return False
        entries = list(stream.index_entries)
        if len(entries) != len(times) or any(entry.is_discard or not entry.is_keyframe for entry in entries):
            return False
        repair = PtsRepair(frame_ticks(video), round(video.start / video.time_base))
        return np.array_equal([repair.next(entry.timestamp) for entry in entries], times.pts)


def _with_kinds(path: Path, codec: str) -> Iterator[tuple[Packet[VideoStream], int]]:
    """Each packet and the kind of its picture; of codecs without groups 1 where it is a key frame, else 0."""
    length_size = -1
    for stream, packet in stored_packets(path):
        if codec not in IN_GROUPS:
            yield packet, int(packet.is_keyframe)
            continue
        if length_size < 0:
            length_size = _length_size(stream, codec)
        # Far from every key frame of H.264 is one that decoding can begin at without a loss, so each is looked into.
        if codec == "hevc" or packet.is_keyframe:
            data = bytes(packet)
            yield packet, picture_kind(length_units(data, length_size) if length_size else annexb_units(data), codec)
        else:
            yield packet, -1


def _reliant(frames: npt.NDArray[np.int64], kinds: npt.NDArray[np.int64]) -> dict[int, int]:
    """How many reliant pictures follow each open beginning; -1 where they lie otherwise than they have to."""
    found = {}
    for first in np.flatnonzero(kinds == OPEN_BEGINNING):
        last = int(first)
        while last + 1 < len(kinds) and kinds[last + 1] in _LEADING:
            last += 1
        run = np.arange(first + 1, last + 1)
        reliant = run[np.isin(kinds[run], list(RELIANT))]
        own = [first, *run[~np.isin(run, reliant)]]
        shown_first = not reliant.size or frames[reliant].max() < frames[own].min()
        stored_first = not reliant.size or reliant[-1] == first + reliant.size
        found[int(first)] = int(reliant.size) if shown_first and stored_first else -1
    return found


def stored_packets(path: Path) -> Iterator[tuple[VideoStream, Packet[VideoStream]]]:
    """The packets of the picture of ``path`` in the order they are stored, and their track, up to where it breaks off.

    Raises:
        MediaError: if the file cannot be read.
    """
    with opened(path) as container:
        stream = picture_stream(container)
        if stream is None:
            return
        read_only(container, [stream])
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, FFmpegError):
                return
            if packet.size:
                yield stream, packet


def _length_size(stream: VideoStream, codec: str) -> int:
    try:
        return stored_sets(stream.codec_context.extradata or b"", codec).length_size
    except ValueError as error:
        raise CopyRefusedError(f"the file holds {error}") from error


def _frame_numbers(stamps: list[int | None], video: VideoInfo, times: FrameTimes) -> npt.NDArray[np.int64]:
    differ = CopyRefusedError("its packets have other times than its frames")
    if video.codec in SELF_CONTAINED:
        repair = PtsRepair(frame_ticks(video), round(video.start / video.time_base))
        if not np.array_equal([repair.next(stamp) for stamp in stamps], times.pts):
            raise differ
        return np.arange(len(stamps))
    if None in stamps:
        raise CopyRefusedError("some of its packets have no time")
    stored = np.array(stamps, np.int64)
    if not np.array_equal(np.sort(stored), times.pts):
        raise differ
    return np.searchsorted(times.pts, stored)


def _groups(
    frames: npt.NDArray[np.int64], starts: npt.NDArray[np.bool_], reliant: Mapping[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Cut before each start, save where something stored later is shown before something stored earlier."""
    count = len(frames)
    shown = frames >= 0
    highest = np.maximum.accumulate(frames)
    lowest = np.minimum.accumulate(np.where(shown, frames, count)[::-1])[::-1]
    cuts = np.flatnonzero(starts)
    cuts = cuts[cuts > 0]
    cuts = cuts[highest[cuts - 1] < lowest[cuts]]
    packets = np.concatenate([[0], cuts, [count]]).astype(np.int64)
    before = np.concatenate([[0], np.cumsum(shown)])[packets]
    hidden = np.diff(packets) - np.diff(before)
    whole = starts[packets[:-1]] & (hidden == 0)
    relying = np.array([max(0, reliant.get(int(first), 0)) for first in packets[:-1]], np.int64) * whole
    return packets, before.astype(np.int64), whole, relying
