"""Frames out of a file: as they were stored, or as small images to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from dubkit.errors import MediaError
from dubkit.media.clock import PtsRepair, TimesCollector, frame_ticks
from dubkit.media.opening import decoded_video, opened, picture_stream, timed_video
from dubkit.media.pixels import colour_tags, convertible_matrix, frame_planes, is_converted
from dubkit.media.probe import probe
from dubkit.media.turning import turned_frame
from dubkit.schema import Frame, Image, VideoInfo
from dubkit.timing import FrameRange, FrameTimes

__all__ = [
    "FrameView",
    "decodable_picture",
    "decoded_from_start",
    "measure_times",
    "picture_info",
    "read_frames",
    "read_images",
    "read_views",
]

_BT709, _BT601, _UNSPECIFIED = 1, 6, 2
_HD_ROWS = 720
_WORTH_SEEKING = 50
"""Frames; fewer are decoded and passed over faster than a seek is checked."""


def read_frames(
    path: Path, frames: FrameRange | None = None, *, times: FrameTimes | None = None, upright: bool = False
) -> Iterator[Frame]:
    """The frames of a picture, exactly as they were stored, in the order they are shown.

    Packets that cannot be decoded are passed over, as FFmpeg does; a frame's index counts the frames that were
    decoded before it. Few frames are held at a time, however long the film.

    Args:
        path: A file with a picture.
        frames: Only these; frames beyond the end are not there and not missed.
        times: The times of all frames, as :func:`measure_times` or a ``TimesCollector`` gave them. With them the
            reader jumps to the keyframe before ``frames``; without, it decodes from the start. What is
            delivered is the same.
        upright: Turn frames by the rotation written in the file, whole planes at a time.

    Raises:
        MediaError: if the file cannot be read, has no picture, or none of its frames can be decoded.
    """
    info = picture_info(path)
    reformatter = VideoReformatter()
    for index, pts, stored in _indexed(Path(path), info, frames, times):
        yield FrameView(index, pts, stored, info, {0: reformatter}).frame(upright)


def read_images(
    path: Path,
    max_side: int,
    *,
    wanted: Callable[[int], bool] | None = None,
    frames: FrameRange | None = None,
    times: FrameTimes | None = None,
    upright: bool = False,
) -> Iterator[tuple[int, int, Image]]:
    """Index, timestamp and BGR image of the frames of a picture, with the indices of :func:`read_frames`.

    Args:
        path: A file with a picture.
        max_side: Pixels; larger pictures are scaled down so that their longer side is this long.
        wanted: Tells by its index whether a frame is wanted; others are decoded and not converted.
        frames: Only these.
        times: As for :func:`read_frames`.
        upright: Turn images by the rotation written in the file.

    Raises:
        MediaError: as :func:`read_frames`.
    """
    info = picture_info(path)
    reformatter = VideoReformatter()
    for index, pts, stored in _indexed(Path(path), info, frames, times):
        if wanted is None or wanted(index):
            yield index, pts, FrameView(index, pts, stored, info, {max_side: reformatter}).image(max_side, upright)


class FrameView:
    """One frame, to be looked at in one or several sizes, or as it was stored; it holds all its samples.

    Attributes:
        index: As for :func:`read_frames`.
        pts: Its timestamp.
    """

    def __init__(
        self, index: int, pts: int, stored: VideoFrame, info: VideoInfo, reformatters: dict[int, VideoReformatter]
    ) -> None:
        self.index, self.pts = index, pts
        self._stored, self._info, self._reformatters = stored, info, reformatters

    def image(self, max_side: int, upright: bool = False) -> Image:
        """The BGR image; arguments and result as for :func:`read_images`."""
        info = self._info
        scale = min(1.0, max_side / max(info.width, info.height))
        width, height = max(1, round(info.width * scale)), max(1, round(info.height * scale))
        # One for each size: it prepares anew where the size changes.
        reformatter = self._reformatters.setdefault(max_side, VideoReformatter())
        image = _bgr(self._stored, reformatter, width, height)
        if upright and info.rotation:
            image = np.ascontiguousarray(np.rot90(image, -info.rotation // 90))
        return image

    def frame(self, upright: bool = False) -> Frame:
        """The frame as :func:`read_frames` delivers it."""
        info, reformatter = self._info, self._reformatters.setdefault(0, VideoReformatter())
        planes = frame_planes(self._stored, info.pixel_format, reformatter, info.width, info.height)
        converted = is_converted(self._stored, info.pixel_format, info.width, info.height)
        frame = Frame(self.index, self.pts, planes, info.pixel_format, colour_tags(self._stored), converted)
        return turned_frame(frame, info.rotation) if upright else frame


def read_views(path: Path, info: VideoInfo | None = None) -> Iterator[FrameView]:
    """The frames of a picture, to be looked at in any size; as :func:`read_images`, for more than one size at once.

    Args:
        path: A file with a picture.
        info: The picture's record, where it is known already.

    Raises:
        MediaError: as :func:`read_frames`.
    """
    info = info or picture_info(path)
    reformatters: dict[int, VideoReformatter] = {}
    for index, pts, stored in _indexed(Path(path), info, None, None):
        yield FrameView(index, pts, stored, info, reformatters)


def measure_times(path: Path) -> FrameTimes:
    """When each frame is shown, and how many there are: the whole picture is decoded once.

    Raises:
        MediaError: as :func:`read_frames`.
    """
    info = picture_info(path)
    collector = TimesCollector()
    for _, pts, _ in decoded_from_start(Path(path), info):
        collector.add(pts)
    return collector.finish(info)


def picture_info(path: Path) -> VideoInfo:
    """The record of a file's picture.

    Raises:
        MediaError: if the file cannot be read or has no picture.
    """
    video = probe(path).video
    if video is None:
        raise MediaError("has sound but no picture", path=path, remedy="give a file with a picture in it")
    return video


def _bgr(frame: VideoFrame, reformatter: VideoReformatter, width: int, height: int) -> Image:
    colour = colour_tags(frame)
    if not frame.format.is_rgb:
        matrix = convertible_matrix(colour.matrix)
        # What players assume where nothing is said: BT.709 for HD, BT.601 below.
        untold = _BT709 if frame.height >= _HD_ROWS else _BT601
        frame.colorspace = untold if matrix == _UNSPECIFIED else matrix
    small = (width, height) != (frame.width, frame.height)
    image = reformatter.reformat(
        frame,
        width,
        height,
        "bgr24",
        interpolation="AREA" if small else "BILINEAR",
        src_color_range="JPEG" if colour.full_range or frame.format.is_rgb else "MPEG",
        dst_color_range="JPEG",
    )
    frame.colorspace = colour.matrix  # the frame may be wanted as it was stored
    plane = image.planes[0]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)
    pixels = lines[:, : 3 * width].reshape(height, width, 3)
    # The samples are the image's own, unless nothing had to be converted: then they are still the decoder's.
    return pixels.copy() if image is frame else np.ascontiguousarray(pixels)


def _indexed(
    path: Path, info: VideoInfo, frames: FrameRange | None, times: FrameTimes | None
) -> Iterator[tuple[int, int, VideoFrame]]:
    if frames is not None and not frames:
        return
    following = 0 if frames is None else frames.start
    stop = None if frames is None else frames.stop
    if times is not None and _WORTH_SEEKING < following < len(times):
        for index, stored in _after_seek(path, times, following, stop):
            yield index, int(times.pts[index]), stored
            following = index + 1
        if following >= min(stop or len(times), len(times)):
            return
    for index, pts, stored in decoded_from_start(path, info):
        if stop is not None and index >= stop:
            return
        if index >= following:
            yield index, pts, stored


def decoded_from_start(path: Path, info: VideoInfo) -> Iterator[tuple[int, int, VideoFrame]]:
    """Index, repaired timestamp and every frame that can be decoded.

    Raises:
        MediaError: if the file cannot be read, or none can be.
    """
    with opened(path) as container:
        stream = decodable_picture(container, path)
        repair = PtsRepair(frame_ticks(info), round(info.start / info.time_base))
        index = -1
        for index, stored in enumerate(timed_video(container, stream)):
            yield index, repair.next(stored.pts), stored
        if index < 0:
            raise MediaError("has a picture of which no frame can be decoded", path=path, remedy="export it again")


def decodable_picture(container: InputContainer, path: Path) -> VideoStream:
    """The picture of an opened file, decoded by as many threads as help.

    Raises:
        MediaError: if it has none, or one in an unknown codec.
    """
    stream = picture_stream(container)
    if stream is None or stream.codec_context is None:
        raise MediaError("has no picture that can be decoded", path=path, remedy="give a file with a picture in it")
    stream.thread_type = "AUTO"
    return stream


def _after_seek(path: Path, times: FrameTimes, start: int, stop: int | None) -> Iterator[tuple[int, VideoFrame]]:
    """Frames from ``start`` on by way of a keyframe before it.

    Ends early, perhaps before the first frame, as soon as what is decoded is not what ``times`` says: then the
    caller goes on from the start of the file.
    """
    with opened(path) as container:
        stream = decodable_picture(container, path)
        stored = _seek(container, stream, times, start)
        index = start
        for frame in stored:
            if (stop is not None and index >= stop) or index >= len(times) or frame.pts != times.pts[index]:
                return
            yield index, frame
            index += 1


def _seek(container: InputContainer, stream: VideoStream, times: FrameTimes, start: int) -> Iterator[VideoFrame]:
    """Frames from the ``start``-th on; none where no keyframe before it can be found.

    Only what follows a keyframe in the order of showing is trusted: frames before it may refer to
    pictures that were never decoded.
    """
    target = int(times.pts[start])
    for back in (0, 1, 4, 16):
        position = target - round(back / times.time_base)
        if position <= times.pts[0]:
            return
        try:
            container.seek(position, stream=stream)
        except FFmpegError:
            return
        stored = decoded_video(container, stream)
        first = _reached(stored, target)
        if first is not None:
            yield first
            yield from stored
            return


def _reached(stored: Iterator[VideoFrame], target: int) -> VideoFrame | None:
    trusted = False
    for frame in stored:
        trusted = trusted or frame.key_frame
        if frame.pts is None or frame.pts >= target:
            return frame if trusted and frame.pts == target else None
    return None
