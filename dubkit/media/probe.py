"""What a media file holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dubkit.errors import MediaError
from dubkit.media.opening import opened, picture_stream, sound_streams
from dubkit.media.orientation import display_matrix, turned_clockwise
from dubkit.media.pixels import check_matrix, colour_tags, plane_format
from dubkit.schema import AudioInfo, MediaInfo, VideoInfo
from dubkit.timing import FrameRate

__all__ = ["probe"]

_PACKETS_LOOKED_AT = 600
_STILL_BRANDS = frozenset({"avif", "heic", "heix", "mif1"})
_PROGRESSIVE = (0, 1)
_FASTEST = 300
_MATROSKA_DURATION = re.compile(r"(\d+):(\d\d):(\d\d\.\d+)")


def probe(path: Path) -> MediaInfo:
    """What ``path`` holds; the first frame is decoded, so what is said of the picture is true of its frames.

    Raises:
        MediaError: if the file is missing, a folder, empty, not media, or its picture cannot be decoded.
    """
    path = Path(path)
    with opened(path) as container:
        picture = picture_stream(container)
        first = _first_frames(container, picture)
        video = None
        if picture is not None:
            frame = first.get(picture.index)
            if not isinstance(frame, VideoFrame):
                raise MediaError(
                    "has a picture that cannot be decoded (damaged, encrypted, or an unknown codec)",
                    path=path,
                    remedy="export it again, for instance as H.264 or ProRes",
                )
            video = _video_info(path, container, picture, frame)
        audio = tuple(_audio_info(stream, first.get(stream.index)) for stream in sound_streams(container))
        return MediaInfo(path, container.format.name, video, audio)


def _field_order(stream: VideoStream) -> int:
    """FFmpeg's code of how fields are stored."""
    return int(stream.codec_context.field_order)


def _first_frames(container: InputContainer, picture: VideoStream | None) -> dict[int, VideoFrame | AudioFrame]:
    """The first frame of the picture and of each sound track, by stream; a track that begins late is left out."""
    wanted: list[VideoStream | AudioStream] = [*sound_streams(container)]
    if picture is not None and picture.codec_context is not None:
        wanted.append(picture)
    found: dict[int, VideoFrame | AudioFrame] = {}
    packets = container.demux(*wanted) if wanted else iter(())
    streams = {stream.index: stream for stream in wanted}
    count = 0
    while len(found) < len(wanted) and (count < _PACKETS_LOOKED_AT or (picture and picture.index not in found)):
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            break
        count += 1
        index = packet.stream_index
        if index in found:
            continue
        try:
            frames = streams[index].decode(packet if packet.size else None)
        except FFmpegError:
            continue
        if frames:
            found[index] = frames[0]
    return found


def _video_info(path: Path, container: InputContainer, stream: VideoStream, frame: VideoFrame) -> VideoInfo:
    try:
        layout = plane_format(frame.format.name)
        check_matrix(colour_tags(frame), layout)
    except MediaError as error:
        raise MediaError(error.problem, path=path, remedy=error.remedy) from None
    time_base = stream.time_base or Fraction(1, 90_000)
    origin = frame.pts if frame.pts is not None else stream.start_time or 0
    still = _is_still(container, stream)
    return VideoInfo(
        width=frame.width,
        height=frame.height,
        pixel_format=layout,
        colour=colour_tags(frame),
        rate=_rate(stream),
        time_base=time_base,
        start=origin * time_base,
        duration=_duration(container, stream),
        frame_count=1 if still else stream.frames,
        codec=stream.codec_context.codec.canonical_name,
        bit_rate=stream.bit_rate or stream.codec_context.bit_rate or 0,
        rotation=turned_clockwise(display_matrix(frame)),
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        interlaced=frame.interlaced_frame or _field_order(stream) not in _PROGRESSIVE,
        start_timecode=_timecode(container, stream),
        is_still=still,
    )


def _rate(stream: VideoStream) -> FrameRate:
    """FFmpeg's guess of the nominal rate; the average where the guess is only the fineness of the clock."""
    guess, average = stream.guessed_rate, stream.average_rate
    if guess and guess > _FASTEST and average and guess > 2 * average:
        guess = None
    return FrameRate.of(guess or average or stream.base_rate or Fraction(25))


def _duration(container: InputContainer, stream: Stream) -> Fraction:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    tag = _MATROSKA_DURATION.fullmatch(stream.metadata.get("DURATION", ""))
    if tag:
        hours, minutes, seconds = tag.groups()
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    return Fraction(container.duration, 1_000_000) if container.duration else Fraction(0)


def _is_still(container: InputContainer, stream: VideoStream) -> bool:
    name = container.format.name
    if name == "image2" or name.endswith("_pipe"):
        return not container.streams.audio
    brand = container.metadata.get("major_brand", "").strip()
    return (brand in _STILL_BRANDS and stream.frames <= 1) or bool(stream.disposition & Disposition.still_image)


def _timecode(container: InputContainer, stream: VideoStream) -> str:
    places: list[Mapping[str, str]] = [stream.metadata, *(data.metadata for data in container.streams.data)]
    for place in [*places, container.metadata]:
        for key in ("timecode", "TIMECODE"):
            if place.get(key):
                return place[key]
    return ""


def _audio_info(stream: AudioStream, first: VideoFrame | AudioFrame | None) -> AudioInfo:
    context = stream.codec_context
    time_base = stream.time_base or Fraction(1, context.sample_rate or 1)
    origin = first.pts if first is not None and first.pts is not None else stream.start_time or 0
    duration = stream.duration * time_base if stream.duration else Fraction(0)
    return AudioInfo(
        stream=stream.index,
        codec=context.codec.canonical_name,
        sample_rate=context.sample_rate,
        channels=context.channels,
        layout=context.layout.name,
        language=stream.metadata.get("language", "").replace("und", ""),
        start=origin * time_base,
        duration=duration,
    )
