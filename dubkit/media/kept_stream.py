"""A picture track that holds packets of its source and packets of an encoder side by side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dubkit.errors import OutputError
from dubkit.media.clock import OutputClock
from dubkit.media.encoders import PicturePlan
from dubkit.media.likeness import opened_encoder
from dubkit.media.nal import (
    OPEN_BEGINNING,
    annexb_units,
    closed_beginning,
    joined,
    length_units,
    picture_kind,
    unit_type,
)
from dubkit.media.packets import IN_GROUPS, CopyRefusedError
from dubkit.media.parameter_sets import renumbered_hevc, stored_sets, with_sets
from dubkit.schema import VideoInfo

__all__ = ["KeptStream"]

_INTRA = " Intra"
_PREFIX_SEI = 39
_HDR_MESSAGES = frozenset({137, 144})
"""Mastering display colour volume and content light level information (H.265, Annex D)."""
_OUT_OF_BAND = frozenset({"avc1", "hvc1", "hev1"})
"""Names in MP4 of tracks whose parameter sets lie in their description."""


class KeptStream:
    """The track, and the encoder whose packets it takes beside the source's own.

    In H.264 and HEVC the encoder's parameter sets stand beside the source's under numbers of their own, and each
    picture calls for those it was made with; so one description of the track serves both.

    Args:
        path: The master, for messages.
        container: The master, before its header is written.
        template: The source's picture.
        video: The picture as it will be given.
        plan: How what has changed is encoded.
        clock: When frames are shown.

    Raises:
        CopyRefusedError: if the two kinds of packets cannot stand in one track.
    """

    def __init__(
        self,
        path: Path,
        container: OutputContainer,
        template: VideoStream,
        video: VideoInfo,
        plan: PicturePlan,
        clock: OutputClock,
    ) -> None:
        self._path, self._video, self._plan, self._clock = path, video, plan, clock
        self._length_size, extradata = 0, b""
        self._encoder: VideoCodecContext | None = None
        self._told: list[bytes] = []
        if video.codec in IN_GROUPS:
            extradata = self._shared_sets(template)
        try:
            stream = container.add_stream_from_template(template, opaque=True)
        except ValueError as error:
            raise CopyRefusedError(f"a {path.suffix} file takes no such track") from error
        assert isinstance(stream, VideoStream)
        stream.time_base = clock.time_base
        context = stream.codec_context
        context.framerate = video.rate.fps
        if self._length_size or video.codec not in IN_GROUPS:
            context.codec_tag = template.codec_context.codec_tag
        if self._length_size and (profile := str(context.profile)).endswith(_INTRA):
            # FFmpeg would call it AVC-Intra in MOV, whose units have no lengths.
            context.profile = profile.removesuffix(_INTRA)
        if extradata:
            context.extradata = extradata
        self.stream = stream

    def _shared_sets(self, template: VideoStream) -> bytes:
        """The description of the track with the encoder's parameter sets in it; how units are parted is noted."""
        codec, extradata = self._video.codec, template.codec_context.extradata or b""
        try:
            self._length_size = stored_sets(extradata, codec).length_size
            if not self._length_size:
                return b""
            if (
                template.container.format.name.startswith("mov")
                and template.codec_context.codec_tag not in _OUT_OF_BAND
            ):
                raise CopyRefusedError("its parameter sets lie between its pictures")
            encoder = opened_encoder(self._video, self._plan, self._clock, apart=True)
            ours = self._own_units(encoder.extradata or b"")
            self._told = [unit for unit in ours if codec == "hevc" and _is_hdr(unit)]
            return with_sets(extradata, codec, stored_sets(joined(ours, 0), codec).units)
        except ValueError as error:
            raise CopyRefusedError(f"its parameter sets cannot be joined with others ({error})") from error

    def encode(self, frame: VideoFrame) -> list[Packet[VideoStream]]:
        """What the encoder has ready, given the next frame of a run."""
        if self._encoder is None:
            self._encoder = opened_encoder(self._video, self._plan, self._clock, apart=bool(self._length_size))
        return self._made(self._encoder.encode(frame))

    def end_run(self) -> list[Packet[VideoStream]]:
        """What the encoder still holds; what is encoded next will not refer to anything before."""
        if self._encoder is None:
            return []
        packets = self._made(self._encoder.encode(None))
        self._encoder = None
        return packets

    def _made(self, packets: Iterable[Packet[VideoStream]]) -> list[Packet[VideoStream]]:
        return [self._fitted(packet) for packet in packets]

    def _fitted(self, packet: Packet[VideoStream]) -> Packet[VideoStream]:
        """``packet`` as the track stores them."""
        if self._video.codec not in IN_GROUPS:
            return packet
        try:
            units = self._own_units(bytes(packet))
            if packet.is_keyframe:
                units = [*self._told, *units]
        except ValueError as error:
            raise OutputError(
                f"cannot hold what {self._plan.encoder} makes beside the source's own packets ({error})",
                path=self._path,
                remedy="encode the whole picture anew",
            ) from error
        return self._with_units(packet, units)

    def closed(self, packet: Packet[VideoStream]) -> Packet[VideoStream]:
        """``packet`` of the source as one with which decoding begins, whatever was stored before it."""
        if self._video.codec != "hevc":
            return packet
        data = bytes(packet)
        units = list(length_units(data, self._length_size) if self._length_size else annexb_units(data))
        if picture_kind(units, "hevc") != OPEN_BEGINNING:
            return packet
        return self._with_units(packet, closed_beginning(units))

    def _with_units(self, packet: Packet[VideoStream], units: Iterable[bytes]) -> Packet[VideoStream]:
        made = cast("Packet[VideoStream]", Packet(joined(units, self._length_size)))
        made.pts, made.dts, made.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
        return made

    def _own_units(self, data: bytes) -> list[bytes]:
        """The encoder's units, under the numbers that are theirs."""
        units = annexb_units(data)
        return renumbered_hevc(units) if self._video.codec == "hevc" else list(units)


def _is_hdr(unit: bytes) -> bool:
    """Whether a unit of HEVC tells of HDR; x265 puts what is always true before the film, not into it."""
    return unit_type(unit, "hevc") == _PREFIX_SEI and unit[2] in _HDR_MESSAGES
