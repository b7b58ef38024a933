"""A clip of a timeline as a film of its own: the frames that the editor shows, one for each of the timeline's.

The film is written without loss in the source's own pixel format (FFV1 and FLAC, in MP4, which keeps exact times and
the shape of pixels), so that all that comes after sees what the editor shows: the timeline's rate, whatever the
source's, and nothing before or after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from dubkit.analysis import picture_of
from dubkit.conform import conform_master
from dubkit.errors import InputError
from dubkit.host_run_job import HostClip
from dubkit.media import MasterWriter, SoundTrack, WriteSettings, probe, read_ahead, read_stretch, sound_blocks
from dubkit.schema import Frame, MediaInfo, VideoInfo, Waveform
from dubkit.soundtrack import mix_channels
from dubkit.timing import FrameRate, FrameTimes, Seconds, TimeRange

__all__ = ["ClipFilm", "check_clip", "cut_clip"]

_SPEEDS = (Fraction(1), Fraction(1001, 1000), Fraction(1000, 1001))
"""Seconds of source per second of timeline that a clip may have: see ``plugins/bridge/planning.py``."""
_SLACK_FRAMES, _SLACK_SECONDS = Fraction(3, 2), Fraction(1, 16)
"""Frames of the timeline, or seconds where that is more, by which an editor's numbers may be off: they are rounded to
whole frames of timeline or source, by some to the frame before."""
_SOUND_RATE = 48_000
_INSTANT = Fraction(1, 1_000_000)


@dataclass(frozen=True)
class ClipFilm:
    """A clip as a film.

    Attributes:
        path: The film.
        frames: How many it has: as many as the clip has on the timeline.
        source: What the source's file holds.
        notes: What was handled.
    """

    path: Path
    frames: int
    source: MediaInfo
    notes: tuple[str, ...]


def check_clip(clip: HostClip, rate: FrameRate) -> MediaInfo:
    """What the clip's file holds, if the clip can be done.

    Raises:
        InputError: saying why it cannot.
    """
    if not 0 <= clip.start < clip.end:
        raise InputError(f"{clip.name} lies at frames {clip.start} to {clip.end}, which is no place on a timeline")
    if clip.source_length <= 0:
        raise InputError(f"{clip.name} plays backwards", remedy="render it to a film first")
    length = rate.seconds(clip.end - clip.start)
    off = min(abs(clip.source_length - length * speed) for speed in _SPEEDS)
    slack = max(rate.seconds(1) * _SLACK_FRAMES, _SLACK_SECONDS)
    if off > slack:
        percent = float(100 * clip.source_length / length)
        raise InputError(f"{clip.name} plays at {percent:.4g} % of its speed", remedy="render it to a film first")
    media = probe(clip.source)
    picture = picture_of(media)
    if picture.is_still:
        raise InputError(f"{clip.name} is a still image", path=clip.source, remedy="render it to a film first")
    if clip.source_start < -slack or (picture.duration and clip.source_end > picture.duration + slack):
        raise InputError(
            f"{clip.name} shows seconds {float(clip.source_start):.3f} to {float(clip.source_end):.3f} of a source "
            f"of {float(picture.duration):.3f}",
            path=clip.source,
            remedy="link its media again",
        )
    return media


def cut_clip(
    clip: HostClip, rate: FrameRate, path: Path, progress: Callable[[int, int], None] | None = None
) -> ClipFilm:
    """Write ``clip`` as a film to ``path``, an ``.mp4`` file.

    For each frame of the timeline it takes the frame that the source shows in the middle of it.

    Args:
        clip: The clip.
        rate: The timeline's rate.
        path: The film.
        progress: Called with (frames written, frames in all).

    Raises:
        InputError: if the clip cannot be done.
        OutputError: if the film cannot be written.
    """
    media = check_clip(clip, rate)
    count = clip.end - clip.start
    picture = picture_of(media)
    film = replace(
        picture,
        rate=rate,
        time_base=1 / rate.fps,
        start=Fraction(0),
        duration=rate.seconds(count),
        frame_count=count,
        start_timecode="",
    )
    taken = _Frames(clip, rate, picture)
    tracks, sounds = _sound(clip, media, rate.seconds(count))
    with MasterWriter(path, film, sounds=tracks, settings=WriteSettings(codec="ffv1")) as writer:
        conform_master(taken.frames(), sounds, FrameTimes.constant(count, rate), writer, progress)
    return ClipFilm(path, count, media, (*_rates(picture, rate, taken), *writer.notes))


def _sound(clip: HostClip, media: MediaInfo, length: Seconds) -> tuple[list[SoundTrack], list[Iterator[Waveform]]]:
    """The first sound track of the clip's source, in the channels of its mix, and its blocks; nothing without one."""
    if not media.audio:
        return [], []
    channels = mix_channels(media.audio[0].channels)
    blocks = sound_blocks(
        clip.source,
        sample_rate=_SOUND_RATE,
        channels=channels,
        start=clip.source_start,
        duration=length,
        block=_SOUND_RATE,
    )
    return [SoundTrack(channels=channels, sample_rate=_SOUND_RATE, codec="flac")], [read_ahead(blocks)]


def _rates(picture: VideoInfo, rate: FrameRate, taken: _Frames) -> tuple[str, ...]:
    if not (taken.repeated or taken.skipped):
        return ()
    return (
        f"the source runs at {picture.rate} frames a second and the timeline at {rate}: "
        f"{taken.repeated} frames are shown again, {taken.skipped} are left out",
    )


class _Frames:
    """The frames that a timeline shows of a clip.

    Attributes:
        repeated: How many of the timeline's frames show the same as the one before.
        skipped: How many of the source's frames are not shown.
    """

    def __init__(self, clip: HostClip, rate: FrameRate, picture: VideoInfo) -> None:
        count = clip.end - clip.start
        length = rate.seconds(count)
        speed = min(_SPEEDS, key=lambda speed: abs(clip.source_length - length * speed))
        self._source, self._picture = clip.source, picture
        self._moments = [clip.source_start + (i + Fraction(1, 2)) / rate.fps * speed for i in range(count)]
        self.repeated = self.skipped = 0

    def frames(self) -> Iterator[Frame]:
        """One for each of the timeline's, numbered and timed as the film's."""
        first, last = max(Fraction(0), self._moments[0]), self._moments[-1]
        stored = read_stretch(self._source, TimeRange(first, max(first, last) + _INSTANT))
        _, frame = next(stored)
        following = next(stored, None)
        for index, moment in enumerate(self._moments):
            passed = 0
            while following is not None and self._exact(following[0]) <= moment:
                frame = following[1]
                following = next(stored, None)
                passed += 1
            if index:
                self.repeated += passed == 0
                self.skipped += max(0, passed - 1)
            yield replace(frame, index=index, pts=index)

    def _exact(self, time: Seconds) -> Seconds:
        """``time``, put back on the source's grid of frames where only the container's clock has rounded it off."""
        on_grid = round(time * self._picture.rate.fps) / self._picture.rate.fps
        return on_grid if abs(on_grid - time) <= self._picture.time_base else time
