"""The picture of a master: frames in, packets out, at the right times."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dubkit.errors import OutputError
from dubkit.media.clock import OutputClock
from dubkit.media.containers import ContainerRules
from dubkit.media.encoders import PicturePlan
from dubkit.media.orientation import DisplayMatrix
from dubkit.media.picture_encoder import FrameConverter, set_up
from dubkit.schema import Frame, VideoInfo
from dubkit.timing import Seconds

__all__ = ["NewPicture", "master_clock"]

_NUMBERING = frozenset({"mpeg4", "mpeg2video", "mpeg1video"})
"""Encoders whose clock is the frame rate."""
_NOTICEABLE = Fraction(2, 1000)
"""Seconds; what a container's clock rounds is less."""


def master_clock(video: VideoInfo, encoder: str, rules: ContainerRules) -> OutputClock:
    """The clock on which ``encoder`` and the container tell when frames are shown."""
    return OutputClock(video, numbered=rules.constant_rate or encoder in _NUMBERING)


class NewPicture:
    """Encodes the picture of a master.

    Args:
        path: The master, for messages.
        container: The master, before its header is written.
        video: The picture as it will be given.
        plan: How it is to be encoded.
        rules: What the container takes.
        matrix: How the picture is to be laid on the screen, where there is more to it than its rotation.

    Attributes:
        frames: How many were given.
    """

    def __init__(
        self,
        path: Path,
        container: OutputContainer,
        video: VideoInfo,
        plan: PicturePlan,
        rules: ContainerRules,
        matrix: DisplayMatrix = (),
    ) -> None:
        self._path, self._container = path, container
        self._clock = master_clock(video, plan.encoder, rules)
        self._converter = FrameConverter(path, video, plan)
        self._stream = self._new_stream(video, plan, rules, matrix)
        self._pending: VideoFrame | None = None
        self._durations: dict[int, int] = {}
        self._gapless = rules.muxer == "mxf"
        self.frames = 0

    def _new_stream(
        self, video: VideoInfo, plan: PicturePlan, rules: ContainerRules, matrix: DisplayMatrix
    ) -> VideoStream:
        options: Mapping[str, str] = plan.options
        if rules.muxer == "avi":
            options = {"bf": "0", **options}  # AVI has no way to show frames in another order than stored
        stream = self._container.add_stream(plan.encoder, video.rate.fps, options=dict(options))
        assert isinstance(stream, VideoStream)
        set_up(stream.codec_context, video, plan, self._clock.time_base)
        stream.time_base = self._clock.time_base
        if plan.encoder == "libx265" and rules.muxer in {"mp4", "mov"}:
            stream.codec_context.codec_tag = "hvc1"  # Apple's players know HEVC by this name only
        if matrix:
            stream.set_display_matrix(matrix)
        elif video.rotation:
            stream.set_display_rotation(-video.rotation)
        return stream

    @property
    def reached(self) -> Seconds:
        """Second at which the last frame given starts."""
        return Fraction(0) if self._pending is None else (self._pending.pts or 0) * self._clock.time_base

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the times of the frames, in words."""
        return moved_note(self._clock)

    def write(self, frame: Frame) -> None:
        """Encode the next frame.

        Raises:
            OutputError: if it has another size or format than the picture.
        """
        stored = self._converter.convert(frame)
        stored.pts, stored.time_base = self._clock.tick(frame.pts), self._clock.time_base
        if self._gapless and stored.pts != self.frames:
            raise no_gaps(self._path)
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

    def close(self) -> None:
        """Let go of nothing: what an encoder holds goes with the container."""

    def _encode(self, frame: VideoFrame | None, duration: int) -> None:
        if frame is not None and frame.pts is not None:
            self._durations[frame.pts] = duration
        for packet in self._stream.encode(frame):
            # Not every encoder hands durations on; the last one decides how long the file says it is.
            packet.duration = self._durations.pop(packet.pts or 0, 0)
            self._container.mux_one(packet)


def moved_note(clock: OutputClock) -> tuple[str, ...]:
    """What became of the times of the frames, in words."""
    if clock.moved <= _NOTICEABLE:
        return ()
    moved = f"{float(1000 * clock.moved):.0f} ms"
    return (f"frames are shown up to {moved} earlier or later: this kind of file only knows frame numbers",)


def no_gaps(path: Path) -> OutputError:
    """What is said of a variable rate where frames follow one another without a gap."""
    return OutputError("cannot hold a picture of variable frame rate", path=path, remedy="write a .mov or .mkv file")
