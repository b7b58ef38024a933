"""Frames on their way into an encoder: how it is set up, and the pixels it is given."""

from __future__ import annotations

import dataclasses
import os
from fractions import Fraction
from pathlib import Path

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from dubkit.errors import OutputError
from dubkit.media.encoders import PicturePlan
from dubkit.media.pixels import convertible_matrix, describe_format, range_code, tag_colour, threads_for, video_frame
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat, VideoInfo

__all__ = ["FrameConverter", "set_up", "written_colour"]

_HD_ROWS = 720


def set_up(context: VideoCodecContext, video: VideoInfo, plan: PicturePlan, time_base: Fraction) -> None:
    """Tell an encoder, before it is opened, what it will be given.

    Args:
        context: The encoder; its options are the caller's.
        video: The picture as it will be given.
        plan: How it is to be encoded.
        time_base: Seconds per unit of the frames' timestamps.
    """
    if plan.encoder == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "0")  # the only way to keep SVT-AV1 from writing to the terminal
    colour = written_colour(video, describe_format(plan.pixel_format), plan.encoder)
    context.width, context.height, context.pix_fmt = video.width, video.height, plan.pixel_format
    context.time_base = time_base
    context.sample_aspect_ratio = video.sample_aspect
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace, context.color_range = colour.matrix, range_code(colour)
    context.thread_count = 0


class FrameConverter:
    """Turns frames, as they were read, into what the encoder takes.

    Args:
        path: The master, for messages.
        video: The picture as it will be given.
        plan: How it is to be encoded.
    """

    def __init__(self, path: Path, video: VideoInfo, plan: PicturePlan) -> None:
        self._path, self._video, self._plan = path, video, plan
        self._colour = written_colour(video, describe_format(plan.pixel_format), plan.encoder)
        self._reformatter = VideoReformatter()

    def convert(self, frame: Frame) -> VideoFrame:
        """``frame`` as the encoder takes it, without a timestamp.

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
        stored = video_frame(frame)
        wanted = self._plan.pixel_format
        before, after = _levels(frame.colour, frame.pixel_format), _levels(self._colour, describe_format(wanted))
        if frame.pixel_format.name != wanted or before != after:
            stored = self._reformatter.reformat(
                stored,
                format=wanted,
                src_colorspace=convertible_matrix(frame.colour.matrix),
                dst_colorspace=convertible_matrix(self._colour.matrix),
                src_color_range=before,
                dst_color_range=after,
                interpolation="BICUBIC",
                threads=threads_for(frame.width),
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
    if encoder.startswith("prores") and now is ColourFamily.YUV and colour.full_range:
        colour = dataclasses.replace(colour, full_range=False)  # ProRes has no way to say it: all read it as limited
    return colour


def _levels(colour: ColourTags, layout: PixelFormat) -> int:
    if layout.family is ColourFamily.RGB:
        return range_code(ColourTags(full_range=True))
    return range_code(ColourTags(full_range=bool(colour.full_range)))
