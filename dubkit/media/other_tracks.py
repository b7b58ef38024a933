"""What a film's file holds beside picture and sound: subtitles, fonts, data, cover art and further pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream

from dubkit.media.containers import ContainerRules
from dubkit.media.copied import CopiedPackets
from dubkit.media.languages import container_language
from dubkit.media.opening import opened, picture_stream, read_only
from dubkit.timing import Seconds

__all__ = ["OtherTracks", "muxer_options"]

_EARLIEST = Fraction(-10)
"""Seconds before the picture from which MP4 and MOV still take what is hidden by an edit list."""
_TRANSPORT = frozenset({"dvb_subtitle", "dvb_teletext"})
"""Subtitles that an MPEG transport stream says the kind of."""
_NO_TEXT = b"\x00\x00"
"""What MP4 stores between subtitles; its writer does that by itself."""
_KINDS = {"subtitle": "subtitles", "attachment": "attached file", "data": "data track", "video": "further picture"}


class OtherTracks(CopiedPackets):
    """Copies the source's other tracks without decoding them, in step with the picture.

    A start timecode and chapters are no concern of this class, though MOV keeps them in tracks.

    Args:
        container: The master, before its header is written.
        rules: What the container takes.
        source: The file to copy from.
        origin: Second of the source's clock at which its picture starts.

    Attributes:
        notes: What could not be kept, in words.
    """

    def __init__(self, container: OutputContainer, rules: ContainerRules, source: Path, origin: Seconds) -> None:
        super().__init__(origin, ExitStack())
        self._container = container
        self._earliest = _EARLIEST if rules.muxer in {"mp4", "mov"} else Fraction(0)
        self.notes: list[str] = []
        self._targets: dict[int, Stream] = {}
        self._last = dict[int, int]()
        self._input = self._stack.enter_context(opened(source))
        for stream in _others(self._input):
            if rules.muxer == "matroska" and stream.disposition & Disposition.attached_pic:
                _attach_art(container, source, stream)
            elif _fits(stream, rules.muxer):
                self._targets[stream.index] = self._added(stream, rules)
            else:
                self.notes.append(f"{_described(stream)} was left out: this kind of file does not take it")
        timed = [stream for stream in self._input.streams if stream.index in self._timed]
        read_only(self._input, timed)
        self._packets: Iterator[Packet[Stream]] = self._input.demux(*timed) if timed else iter(())
        self._open = set(self._timed)

    @property
    def _timed(self) -> list[int]:
        return [index for index, stream in self._targets.items() if stream.type != "attachment"]

    def _added(self, stream: Stream, rules: ContainerRules) -> Stream:
        copy = _template(self._container, stream)
        if language := stream.metadata.get("language", "").replace("und", ""):
            copy.metadata["language"] = container_language(language, rules.muxer)
        for key in ("title", "name", "filename", "mimetype"):
            if key in stream.metadata:
                copy.metadata["title" if key == "name" else key] = stream.metadata[key]
        picture = Disposition.default if stream.type == "video" else Disposition(0)
        copy.disposition = Disposition(stream.disposition & ~picture)
        return copy

    def finish(self, time: Seconds) -> None:
        """Copy the rest up to ``time``, the end of the picture, and close the source."""
        while self._open:
            packet = self._taken()
            if packet is not None and self._begin(packet) < time:
                self._copy(packet)
        self.close()

    def _read(self) -> Packet[Stream] | None:
        while True:
            try:
                packet = next(self._packets)
            except (StopIteration, FFmpegError):
                self._open.clear()
                return None
            if not packet.size or _is_gap(packet):
                continue
            still = self._targets[packet.stream_index].disposition & Disposition.attached_pic
            if packet.pts is not None or still:
                return packet

    def _copy(self, packet: Packet[Stream]) -> None:
        target = self._targets[packet.stream_index]
        begin, pts = self._begin(packet), packet.pts or 0
        duration = packet.duration or 0
        still = target.disposition & Disposition.attached_pic
        if still:
            packet.pts = packet.dts = 0
        else:
            ahead = pts - (packet.dts if packet.dts is not None else pts)
            moved = pts - round(self._origin / packet.time_base)
            if begin < 0 and target.type == "subtitle":  # shown when the picture starts: for the rest of its time
                duration, moved = duration + moved, 0
            if (begin < self._earliest and target.type != "subtitle") or duration < 0:
                return
            packet.pts, packet.dts, packet.duration = moved, moved - ahead, duration
            if packet.dts < self._last.get(packet.stream_index, packet.dts):
                return
            self._last[packet.stream_index] = packet.dts
        packet.stream = target
        self._container.mux_one(packet)


def muxer_options(source: Path | None) -> dict[str, str]:
    """Options of the container for a master that takes tracks of ``source`` in which hours pass without a packet."""
    if source is None:
        return {}
    with opened(source) as stored:
        sparse = any(stream.type in {"subtitle", "data"} for stream in _others(stored))
    return {"max_interleave_delta": "1000000"} if sparse else {}


def _others(stored: InputContainer) -> list[Stream]:
    picture = picture_stream(stored)
    found = []
    for stream in stored.streams:
        tells_time = stream.type == "data" and any("timecode" in key.lower() for key in stream.metadata)
        names_chapters = stream.type == "data" and getattr(stream, "name", "") == "bin_data" and stored.chapters()
        if stream is picture or stream.type == "audio" or tells_time or names_chapters:
            continue
        found.append(stream)
    return found


def _template(container: OutputContainer, stream: Stream) -> Stream:
    # What is not to be encoded needs no encoder.
    return container.add_stream_from_template(stream, opaque=True)


def _fits(stream: Stream, muxer: str) -> bool:
    name = getattr(stream, "name", None) or ""
    if stream.disposition & Disposition.timed_thumbnails:
        return False
    if muxer == "mpegts" and stream.type == "subtitle" and name not in _TRANSPORT:
        return False
    if stream.type == "attachment" and muxer != "matroska":  # others take them, and say no more what they are
        return False
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            copy = _template(trial, stream)
            copy.metadata.update(stream.metadata)
            copy.disposition = stream.disposition
            trial.start_encoding()
    except (FFmpegError, ValueError):
        return False
    return True


def _attach_art(container: OutputContainer, source: Path, stream: Stream) -> None:
    """Keep cover art as Matroska does, as a file; as a track it would be a film of one picture."""
    kind = "png" if getattr(stream, "name", "") == "png" else "jpeg"
    with opened(source) as stored:
        packets = stored.demux(stored.streams[stream.index])
        data = next((bytes(packet) for packet in packets if packet.size), b"")
    name = stream.metadata.get("filename", f"cover.{kind.replace('jpeg', 'jpg')}")
    container.add_attachment(name, stream.metadata.get("mimetype", f"image/{kind}"), data)


def _is_gap(packet: Packet[Stream]) -> bool:
    return packet.size == len(_NO_TEXT) and bytes(packet) == _NO_TEXT


def _described(stream: Stream) -> str:
    kind = _KINDS.get(stream.type, f"{stream.type} track")
    if stream.disposition & Disposition.attached_pic:
        kind = "cover art"
    facts = [str(getattr(stream, "name", None) or ""), stream.metadata.get("language", "").replace("und", "")]
    told = ", ".join(fact for fact in facts if fact)
    return f"track {stream.index} ({kind}{', ' if told else ''}{told})"
