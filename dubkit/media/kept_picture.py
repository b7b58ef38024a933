"""The picture of a master that is its source's, packet by packet, but for what changed."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from dubkit.errors import MediaError, OutputError
from dubkit.media.containers import ContainerRules
from dubkit.media.copy_plan import CopyPlan, KeptFrame
from dubkit.media.kept_stream import KeptStream
from dubkit.media.opening import opened, picture_stream
from dubkit.media.packets import IN_GROUPS, stored_packets
from dubkit.media.picture_encoder import FrameConverter
from dubkit.media.picture_track import master_clock, moved_note, no_gaps
from dubkit.schema import Frame, VideoInfo
from dubkit.timing import Seconds

__all__ = ["KeptPicture"]


class KeptPicture:
    """Copies the packets of frames that stay as they are, and encodes the others.

    Args:
        path: The master, for messages.
        container: The master, before its header is written.
        source: The file that packets are taken from.
        video: Its picture.
        plan: What is taken over.
        rules: What the container takes.

    Attributes:
        frames: How many were given.
        copied: How many packets were taken over.

    Raises:
        OutputError: if the container cannot tell when frames are shown.
    """

    def __init__(
        self,
        path: Path,
        container: OutputContainer,
        source: Path,
        video: VideoInfo,
        plan: CopyPlan,
        rules: ContainerRules,
    ) -> None:
        self._path, self._container, self._video, self._plan = path, container, video, plan
        self._clock = master_clock(video, plan.encoding.encoder, rules)
        self._ticks = np.array([self._clock.tick(int(pts)) for pts in plan.times.pts], np.int64)
        if rules.muxer == "mxf" and self._ticks[-1] != len(self._ticks) - 1:
            raise no_gaps(path)
        self._end = int(self._ticks[-1]) + self._clock.last()
        self._converter = FrameConverter(path, video, plan.encoding)
        with ExitStack() as stack:
            template = picture_stream(stack.enter_context(opened(source)))
            assert template is not None, "its packets were counted"
            self._track = KeptStream(path, container, template, video, plan.encoding, self._clock)
        self._stored = self._packets(source)
        self._number = -1
        self._by_decoding = rules.muxer in {"mp4", "mov"}  # these say how long it is until the next one is decoded
        self._grouped = video.codec in IN_GROUPS
        self._written = 0
        self.frames = 0
        self.copied = 0

    @property
    def reached(self) -> Seconds:
        """Second at which the last frame given starts."""
        return Fraction(int(self._ticks[self.frames - 1]) if self.frames else 0) * self._clock.time_base

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the frames, in words."""
        others = "groups of pictures that hold a change" if self._grouped else "frames that changed"
        said = f"{self.copied} of the picture's {self.frames} packets are the source's own, byte for byte"
        if self.copied < self.frames:
            said += f"; the {others} were encoded"
        return (*moved_note(self._clock), said)

    def write(self, frame: Frame | KeptFrame) -> None:
        """Copy the next frame, or encode it.

        Raises:
            OutputError: if a frame is kept that has to be given, or one of a group is given whose others are kept.
            MediaError: if the source is not what it was.
        """
        index = self.frames
        if index >= len(self._ticks):
            raise MediaError("has fewer frames now than it had", path=self._path, remedy="start again")
        needed = bool(self._plan.needed[index])
        if (needed and isinstance(frame, KeptFrame)) or (self._grouped and not needed and isinstance(frame, Frame)):
            raise OutputError(
                f"was given frame {index} otherwise than the frames it is encoded with",
                path=self._path,
                remedy="write all frames of a group of pictures, or keep them all",
            )
        if isinstance(frame, KeptFrame):
            self._emit(self._track.end_run())
            self._copy(index)
        else:
            self._encode(frame, index)
        self.frames += 1

    def finish(self) -> Seconds:
        """Encode what is left; the duration of the picture in seconds.

        Raises:
            MediaError: if fewer frames were given than the source has.
        """
        self._emit(self._track.end_run())
        if self._written != len(self._ticks):
            raise MediaError(f"has {len(self._ticks)} frames, of which {self._written} were written", path=self._path)
        return self._end * self._clock.time_base

    def close(self) -> None:
        """Close the source."""
        self._stored.close()

    def _packets(self, source: Path) -> Generator[Packet[VideoStream], None, None]:
        for _, packet in stored_packets(source):
            yield packet

    def _copy(self, index: int) -> None:
        """Take over the packet that is written with the frame ``index``; often it shows another one."""
        number = int(self._plan.emitted[index])
        packet = None
        while self._number < number:
            packet = next(self._stored, None)
            self._number += 1
        if packet is None:
            raise MediaError("has fewer packets now than it had", path=self._path, remedy="start again")
        if number in self._plan.cut:
            stored, packet = bytes(packet), self._track.closed(packet)
            self.copied += bytes(packet) == stored
        else:
            self.copied += 1
        self._mux(packet, int(self._plan.packets.frames[number]))

    def _encode(self, frame: Frame, index: int) -> None:
        stored = self._converter.convert(frame)
        stored.pts, stored.time_base = int(self._ticks[index]), self._clock.time_base
        shown = self._plan.packets.shown_by(self._plan.packets.group_of(index))
        if self._grouped and index == shown.start and self._plan.needed[shown.stop - 1]:
            stored.pict_type = PictureType.I  # so that one can jump to where one could before
        self._emit(self._track.encode(stored))

    def _emit(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            self._mux(packet, int(np.searchsorted(self._ticks, packet.pts or 0)))

    def _mux(self, packet: Packet[VideoStream], frame: int) -> None:
        """Write a packet that shows ``frame``, to be decoded as much ahead of it as in the source."""
        ticks = self._ticks
        packet.pts, packet.dts = int(ticks[frame]), self._decoded_at(self._written)
        if packet.dts > packet.pts:
            raise OutputError(
                f"cannot hold frame {frame}, which comes too late to be shown in time",
                path=self._path,
                remedy="encode the whole picture anew",
            )
        following = int(ticks[frame + 1]) if frame + 1 < len(ticks) else self._end
        packet.duration = following - packet.pts
        if self._by_decoding and self._written == len(ticks) - 1:
            packet.duration = self._decoded_at(len(ticks)) - packet.dts
        packet.time_base, packet.stream = self._clock.time_base, self._track.stream
        self._container.mux_one(packet)
        self._written += 1

    def _decoded_at(self, position: int) -> int:
        """When the packet at ``position`` is decoded: as the film would go on in a loop."""
        count, at = len(self._ticks), position - self._plan.packets.delay
        return int(self._ticks[at % count]) + self._end * (at // count)
