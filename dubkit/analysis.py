"""What does not depend on the language: shots, face tracks and exact frame times of one video."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dubkit.errors import MediaError
from dubkit.faces import FaceDetector, TrackSettings, frames_to_look, scale_faces, track_faces
from dubkit.media import TimesCollector, probe, read_images, turned_video
from dubkit.schema import Face, FaceTrack, Image, MediaInfo, Shot, VideoInfo
from dubkit.shots import ShotFinder, ShotSettings
from dubkit.timing import FrameRange, FrameRate, FrameTimes, Seconds

__all__ = ["Analysis", "AnalysisSettings", "analyze", "analyze_still", "picture_of", "settings_for"]


_USUAL_RATE = 27  # frames a second, between 24 and 30: the rate that settings in frames are meant for


@dataclass(frozen=True)
class AnalysisSettings:
    """How a video is looked through.

    Attributes:
        shot_side: Longer side in pixels of the images in which cuts are looked for.
        face_side: Longer side in pixels of the images in which faces are looked for.
        shots: How cuts are found.
        tracks: How faces are followed.
    """

    shot_side: int = 320
    face_side: int = 640
    shots: ShotSettings = field(default_factory=ShotSettings)
    tracks: TrackSettings = field(default_factory=TrackSettings)


@dataclass(frozen=True)
class Analysis:
    """What was found in a video.

    Attributes:
        media: What the file holds.
        times: When each decoded frame is shown.
        shots: All shots; together they hold every frame once.
        tracks: All face tracks, in pixels of the upright frame.
    """

    media: MediaInfo
    times: FrameTimes
    shots: tuple[Shot, ...]
    tracks: tuple[FaceTrack, ...]


def picture_of(media: MediaInfo) -> VideoInfo:
    """The picture of a file that must have one.

    Raises:
        MediaError: if it holds only sound.
    """
    if media.video is None:
        raise MediaError("holds sound but no picture", path=media.path, remedy="give a video or an image")
    return media.video


def settings_for(detector: FaceDetector, rate: FrameRate) -> AnalysisSettings:
    """Our best settings for a detector and a frame rate.

    Face tracks count in frames of about 25 a second, so they count twice as far at 50. The cascade takes more than ten
    times as long per image as YuNet, so it looks half as often; found as many faces, none of them false.
    """
    usual = TrackSettings()
    factor = max(1, round(rate.fps / _USUAL_RATE))
    pause = factor * (2 if detector.name == "cascade" else 1)
    tracks = replace(
        usual,
        every=usual.every * pause,
        gap=usual.gap * factor,
        blink=usual.blink * factor,
        smooth=usual.smooth * factor,
    )
    return AnalysisSettings(tracks=tracks)


def analyze(
    path: Path,
    detector: FaceDetector,
    settings: AnalysisSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Analysis:
    """Find shots and follow faces in the video at ``path``, decoding it twice and holding one image at a time.

    Args:
        path: The video.
        detector: What finds faces.
        settings: How to look; by default :func:`settings_for` the detector and the video's rate.
        progress: Called with (stage, frames done, frames in all as far as known).
    """
    media = probe(path)
    picture = picture_of(media)
    settings = settings or settings_for(detector, picture.rate)
    times, shots = _find_shots(path, picture, settings, progress)
    tracks = _follow_faces(path, picture, shots, len(times), detector, settings, progress)
    return Analysis(media, times, shots, tracks)


def analyze_still(
    path: Path, detector: FaceDetector, duration: Seconds, settings: AnalysisSettings | None = None
) -> Analysis:
    """A still image as one shot of ``duration`` seconds at its nominal rate, with the faces that are in it.

    Raises:
        MediaError: if the duration is shorter than one frame.
    """
    media = probe(path)
    picture = picture_of(media)
    settings = settings or settings_for(detector, picture.rate)
    count = math.ceil(duration * picture.rate.fps)
    if count < 1:
        raise MediaError("cannot be shown for no time at all", path=path, remedy="give a sound or cues with a length")
    shot = Shot(0, FrameRange(0, count))
    _, _, image = next(read_images(path, settings.face_side, upright=True))
    faces = _faces_in(image, turned_video(picture, picture.rotation), detector)
    looked_at = dict.fromkeys(frames_to_look(shot, settings.tracks), faces)
    tracks = track_faces(shot, looked_at, settings.tracks, first_index=0)
    return Analysis(media, FrameTimes.constant(count, picture.rate), (shot,), tracks)


def _faces_in(image: Image, upright: VideoInfo, detector: FaceDetector) -> list[Face]:
    """The faces in a small image of the picture, in pixels of the upright picture itself."""
    fx, fy = upright.width / image.shape[1], upright.height / image.shape[0]
    return scale_faces(detector.detect(image), fx, fy)


def _find_shots(
    path: Path,
    picture: VideoInfo,
    settings: AnalysisSettings,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[FrameTimes, tuple[Shot, ...]]:
    finder = ShotFinder(picture.rate, settings.shots)
    expected = picture.frame_count or round(picture.duration * picture.rate.fps)
    collector = TimesCollector()
    for index, pts, image in read_images(path, settings.shot_side):
        collector.add(pts)
        finder.add(image)
        if progress is not None:
            progress("shots", index + 1, max(expected, index + 1))
    return collector.finish(picture), finder.finish()


def _follow_faces(
    path: Path,
    picture: VideoInfo,
    shots: Sequence[Shot],
    frames: int,
    detector: FaceDetector,
    settings: AnalysisSettings,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[FaceTrack, ...]:
    upright = turned_video(picture, picture.rotation)
    wanted = {frame for shot in shots for frame in frames_to_look(shot, settings.tracks)}
    tracks: list[FaceTrack] = []
    pending = list(shots)
    found: dict[int, Sequence[Face]] = {}

    def finish_shots(before: int) -> None:
        while pending and pending[0].frames.stop <= before:
            shot = pending.pop(0)
            tracks.extend(track_faces(shot, found, settings.tracks, first_index=len(tracks)))
            for frame in [frame for frame in found if frame < shot.frames.stop]:
                del found[frame]

    for index, _, image in read_images(path, settings.face_side, wanted=wanted.__contains__, upright=True):
        finish_shots(index)
        found[index] = _faces_in(image, upright, detector)
        if progress is not None:
            progress("faces", index + 1, frames)
    finish_shots(frames)
    return tuple(tracks)
