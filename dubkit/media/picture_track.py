"""The picture of a master: frames in, packets out, at the right times."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from dubkit.errors import OutputError
from dubkit.media.clock import OutputClock
from dubkit.media.containers import ContainerRules
from dubkit.media.encoders import PicturePlan
from dubkit.media.pixels import describe_format, range_code, tag_colour, video_frame
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat, VideoInfo
from dubkit.timing import Seconds

__all__ = ["NewPicture"]

_NUMBERING = frozenset({"mpeg4", "mpeg2video", "mpeg1video"})
"""Encoders whose clock is the frame rate."""
_HD_ROWS = 720
_NOTICEABLE = Fraction(2, 1000)
"""Seconds; what a container's clock rounds is less."""


class NewPicture:
    """Encodes the picture of a master.

    Args:
        path: The master, for messages.
        container: The master, before its header is written.
        video: The picture as it will be given.
        plan: How it is to be encoded.
        rules: What the container takes.

    Attributes:
        frames: How many were given.
    """

    def __init__(
        self, path: Path, container: OutputContainer, video: VideoInfo, plan: PicturePlan, rules: ContainerRules
    ) -> None:
        self._path, self._container, self._video, self._plan = path, container, video, plan
        self._clock = OutputClock(video, numbered=rules.constant_rate or plan.encoder in _NUMBERING)
        self._colour = written_colour(video, describe_format(plan.pixel_format), plan.encoder)
        self._stream = self._new_stream(rules)
        self._reformatter = VideoReformatter()
        self._pending: VideoFrame | None = None
        self._durations: dict[int, int] = {}
        self._gapless = rules.muxer == "mxf"
        self.frames = 0

    def _new_stream(self, rules: ContainerRules) -> VideoStream:
        plan, video = self._plan, self._video
        options: Mapping[str, str] = plan.options
        if rules.muxer == "avi":
            options = {"bf": "0", **options}  # AVI has no way to show frames in another order than stored
        if plan.encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "0")  # the only way to keep SVT-AV1 from writing to the terminal
        stream = self._container.add_stream(plan.encoder, video.rate.fps, options=dict(options))
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = video.width, video.height, plan.pixel_format
        context.time_base = stream.time_base = self._clock.time_base
        context.sample_aspect_ratio = video.sample_aspect
        context.color_primaries, context.color_trc = self._colour.primaries, self._colour.transfer
        context.colorspace, context.color_range = self._colour.matrix, range_code(self._colour)
        context.thread_count = 0
        if plan.encoder == "libx265" and rules.muxer in {"mp4", "mov"}:
            context.codec_tag = "hvc1"  # Apple's players know HEVC by this name only
        if video.rotation:
            stream.set_display_rotation(-video.rotation)
        return stream

    @property
    def reached(self) -> Seconds:
        """Second at which the last frame given starts."""
        return Fraction(0) if self._pending is None else (self._pending.pts or 0) * self._clock.time_base

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the times of the frames, in words."""
        if self._clock.moved <= _NOTICEABLE:
            return ()
        moved = f"{float(1000 * self._clock.moved):.0f} ms"
        return (f"frames are shown up to {moved} earlier or later: this kind of file only knows frame numbers",)

    def write(self, frame: Frame) -> None:
        """Encode the next frame.

        Raises:
            OutputError: if it has another size or format than the picture.
        """
        video = self._video
        given = (frame.width, frame.height, frame.pixel_format.name)
        if given != (video.width, video.height, video.pixel_format.name):
            raise OutputError(
                f"was given a frame of {given[0]}x{given[1]} {given[2]} for a picture of "
                f"{video.width}x{video.height} {video.pixel_format.name}",
                path=self._path,
                remedy="write the frames as they were read",
            )
        stored = self._converted(frame)
        stored.pts, stored.time_base = self._clock.tick(frame.pts), self._clock.time_base
        if self._gapless and stored.pts != self.frames:
            raise OutputError(
                "cannot hold a picture of variable frame rate", path=self._path, remedy="write a .mov or .mkv file"
            )
        if self._pending is not None:
            self._encode(self._pending, stored.pts - (self._pending.pts or 0))
        self._pending = stored
        self.frames += 1

    def finish(self) -> Seconds:
        """Encode what is left; the duration of the picture in seconds."""
        assert self._pending is not None
        last = self._clock.last()
        end = ((self._pending.pts or 0) + last) * self._clock.time_base
        self._encode(self._pending, last)
        self._encode(None, 0)
        return end

    def _encode(self, frame: VideoFrame | None, duration: int) -> None:
        if frame is not None and frame.pts is not None:
            self._durations[frame.pts] = duration
        for packet in self._stream.encode(frame):
            # Not every encoder hands durations on; the last one decides how long the file says it is.
            packet.duration = self._durations.pop(packet.pts or 0, 0)
            self._container.mux_one(packet)

    def _converted(self, frame: Frame) -> VideoFrame:
        stored = video_frame(frame)
        wanted = self._plan.pixel_format
        if frame.pixel_format.name != wanted:
            before, after = _levels(frame.colour, frame.pixel_format), _levels(self._colour, describe_format(wanted))
            stored = self._reformatter.reformat(
                stored,
                format=wanted,
                src_colorspace=frame.colour.matrix,
                dst_colorspace=self._colour.matrix,
                src_color_range=before,
                dst_color_range=after,
                interpolation="BICUBIC",
            )
        tag_colour(stored, self._colour)
        return stored


def written_colour(video: VideoInfo, layout: PixelFormat, encoder: str) -> ColourTags:
    """The colour tags of the master: the source's, save where pixels had to change their meaning."""
    colour, was, now = video.colour, video.pixel_format.family, layout.family
    if was is ColourFamily.RGB and now is ColourFamily.YUV:
        colour = dataclasses.replace(colour, matrix=1 if video.height >= _HD_ROWS else 6, full_range=False)
    elif now is ColourFamily.RGB:
        colour = dataclasses.replace(colour, matrix=0, full_range=colour.full_range if was is now else True)
    if encoder == "mjpeg" and now is ColourFamily.YUV:
        colour = dataclasses.replace(colour, full_range=True)
    return colour


def _levels(colour: ColourTags, layout: PixelFormat) -> int:
    if layout.family is ColourFamily.RGB:
        return range_code(ColourTags(full_range=True))
    return range_code(ColourTags(full_range=bool(colour.full_range)))
