"""Opening media files, and decoding that survives damaged packets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dubkit.errors import MediaError

__all__ = [
    "decoded_sound",
    "decoded_video",
    "opened",
    "picture_stream",
    "read_only",
    "sound_stream",
    "sound_streams",
    "timed_video",
]

_NOT_MEDIA = frozenset({"tty", "concat", "lrc", "ffmetadata", "hls", "dash", "data", "sdp"})
_REORDERED = frozenset({"h264", "hevc"})
_REMEDY = "give a video, picture or sound file that FFmpeg can read"


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open ``path`` for reading.

    Raises:
        MediaError: if it is missing, a folder, empty, unreadable, or no media file.
    """
    path = Path(path)
    _check_file(path)
    options = {"pattern_type": "none"} if "%" in path.name else {}
    try:
        # An absolute path keeps names such as "12:30 take.mov" from being read as a protocol.
        container = av.open(str(path.absolute()), "r", options=options, metadata_errors="replace")
    except (FFmpegError, OSError, ValueError) as error:
        raise MediaError("is not a media file, or is damaged", path=path, remedy=_REMEDY) from error
    with container:
        if container.format.name in _NOT_MEDIA or not (container.streams.video or container.streams.audio):
            raise MediaError("holds neither picture nor sound", path=path, remedy=_REMEDY)
        yield container


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise MediaError("is a folder", path=path, remedy="name a file in it")
        with path.open("rb") as file:
            if not file.read(1):
                raise MediaError("is an empty file", path=path, remedy="copy or export it again")
    except FileNotFoundError:
        raise MediaError("does not exist", path=path, remedy="check the name and the folder") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise MediaError(f"cannot be read ({reason})", path=path, remedy="check its permissions and its disk") from None


def picture_stream(container: InputContainer) -> VideoStream | None:
    """The picture of a file: its first video stream that is no cover art or thumbnail; None where there is none."""
    art = Disposition.attached_pic | Disposition.timed_thumbnails
    pictures = [stream for stream in container.streams.video if not stream.disposition & art]
    return pictures[0] if pictures else None


def sound_stream(container: InputContainer, path: Path, number: int) -> AudioStream:
    """The ``number``-th sound track of a file, of those that can be decoded: as :func:`dubkit.media.probe` lists them.

    Raises:
        MediaError: if the file has no such sound track, or FFmpeg no decoder for any.
    """
    tracks = sound_streams(container)
    if not container.streams.audio:
        raise MediaError("has no sound", path=path, remedy="give a file with a sound track in it")
    if not tracks:
        raise MediaError("has sound in an unknown codec", path=path, remedy="convert the sound to WAV or FLAC")
    if not 0 <= number < len(tracks):
        raise MediaError(f"has no sound track {number}", path=path, remedy=f"use 0 to {len(tracks) - 1}")
    return tracks[number]


def sound_streams(container: InputContainer) -> list[AudioStream]:
    """The sound tracks of a file for which FFmpeg has a decoder."""
    return [stream for stream in container.streams.audio if stream.codec_context is not None]


def read_only(container: InputContainer, wanted: Sequence[Stream]) -> None:
    """Pass over the packets of all tracks but ``wanted``, unread where the kind of file allows it."""
    indices = {stream.index for stream in wanted}
    for stream in container.streams:
        if stream.index not in indices:
            stream.discard = type(stream.discard).all


def decoded_video(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, from the container's present position; damaged packets are passed over."""
    for frame in _decoded(container, stream):
        if isinstance(frame, VideoFrame):
            yield frame


def timed_video(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """As :func:`decoded_video`, with timestamps that rise.

    AVI has none, and what FFmpeg guesses goes back and forth where frames are shown in another order than stored.
    """
    guessed = container.format.name == "avi" and stream.codec_context.codec.canonical_name in _REORDERED
    late = None
    for frame in decoded_video(container, stream):
        if guessed:
            late = (frame.dts or 0) - (frame.pts or 0) if late is None else late
            frame.pts = None if frame.dts is None else frame.dts - late
        yield frame


def decoded_sound(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Every sound frame that can be decoded, from the present position; damaged packets are passed over."""
    for frame in _decoded(container, stream):
        if isinstance(frame, AudioFrame):
            yield frame


def _decoded(
    container: InputContainer, stream: VideoStream | AudioStream
) -> Iterator[VideoFrame] | Iterator[AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):  # the end, or a file that breaks off
            break
        if packet.size:
            try:
                frames = stream.decode(packet)
            except FFmpegError:
                continue
            yield from frames
    while True:
        try:
            frames = stream.decode(None)
        except EOFError:
            return
        except FFmpegError:
            continue
        if not frames:
            return
        yield from frames
