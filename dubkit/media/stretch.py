"""A stretch out of the middle of a picture, without decoding all that comes before it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, dropwhile
from pathlib import Path

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from dubkit.errors import MediaError
from dubkit.media.clock import PtsRepair, frame_ticks
from dubkit.media.opening import decoded_video, opened, picture_stream
from dubkit.media.pictures import picture_info
from dubkit.media.pixels import colour_tags, frame_planes
from dubkit.schema import Frame, VideoInfo
from dubkit.timing import Seconds, TimeRange

__all__ = ["read_stretch"]

_WORTH_SEEKING = Fraction(2)
"""Seconds; what lies nearer to the start is decoded from there."""
_STEPS_BACK = (0, 1, 4, 16)
"""Seconds before the stretch at which a keyframe is looked for."""


def read_stretch(path: Path, span: TimeRange) -> Iterator[tuple[Seconds, Frame]]:
    """The frames shown during ``span``, as they were stored, each with the second from which on it is shown.

    The first is the one that is seen at the start of ``span``, so it may begin before it; where the picture begins
    later, its first frame; where it has ended by then, its last. Times are what the timestamps say, from the first
    frame of the picture on; a frame's index counts from the first one delivered.

    Args:
        path: A file with a picture.
        span: Seconds of the picture.

    Raises:
        MediaError: if the file cannot be read, has no picture, or none of its frames can be decoded.
    """
    path = Path(path)
    info = picture_info(path)
    reformatter = VideoReformatter()
    for index, (time, stored) in enumerate(_shown(_timed(path, info, span.start), span)):
        planes = frame_planes(stored, info.pixel_format, reformatter, info.width, info.height)
        pts = round((time + info.start) / info.time_base)
        yield time, Frame(index, pts, planes, info.pixel_format, colour_tags(stored))


def _shown(frames: Iterator[tuple[Seconds, VideoFrame]], span: TimeRange) -> Iterator[tuple[Seconds, VideoFrame]]:
    """Of frames in order, those that are seen during ``span``."""
    held: tuple[Seconds, VideoFrame] | None = None
    for time, stored in frames:
        if held is not None and time > span.start:
            yield held
            held = None
        if time >= span.stop:
            return
        held = (time, stored)
    if held is not None:
        yield held


def _timed(path: Path, info: VideoInfo, start: Seconds) -> Iterator[tuple[Seconds, VideoFrame]]:
    """Frames and their seconds, from some frame at or before ``start`` on."""
    origin = round(info.start / info.time_base)
    if start > _WORTH_SEEKING:
        with opened(path) as container:
            stream = _picture(container, path)
            for back in _STEPS_BACK:
                frames = _after_keyframe(container, stream, origin + round((start - back) / info.time_base))
                first = next(frames, None)
                if first is not None and first.pts is not None and (first.pts - origin) * info.time_base <= start:
                    yield from _repaired(chain([first], frames), info, origin)
                    return
    with opened(path) as container:
        stream = _picture(container, path)
        yield from _repaired(decoded_video(container, stream), info, origin)


def _picture(container: InputContainer, path: Path) -> VideoStream:
    stream = picture_stream(container)
    if stream is None or stream.codec_context is None:
        raise MediaError("has no picture that can be decoded", path=path, remedy="give a file with a picture in it")
    stream.thread_type = "AUTO"
    return stream


def _after_keyframe(container: InputContainer, stream: VideoStream, target: int) -> Iterator[VideoFrame]:
    """Frames from the keyframe on that a jump towards ``target`` finds; none where it finds none.

    Frames shown before that keyframe may refer to pictures that were never decoded.
    """
    try:
        container.seek(target, stream=stream)
    except FFmpegError:
        return
    yield from dropwhile(lambda frame: not frame.key_frame, decoded_video(container, stream))


def _repaired(frames: Iterator[VideoFrame], info: VideoInfo, origin: int) -> Iterator[tuple[Seconds, VideoFrame]]:
    repair = PtsRepair(frame_ticks(info), origin)
    for stored in frames:
        yield (repair.next(stored.pts) - origin) * info.time_base, stored
