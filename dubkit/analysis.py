"""What does not depend on the language: shots, face tracks and exact frame times of one video."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dubkit.errors import MediaError
from dubkit.faces import FaceDetector, TrackSettings, frames_to_look, scale_faces, track_faces
from dubkit.media import TimesCollector, probe, read_images, turned_video
from dubkit.schema import Face, FaceTrack, MediaInfo, Shot, VideoInfo
from dubkit.shots import ShotFinder, ShotSettings
from dubkit.timing import FrameRange, FrameTimes, Seconds

__all__ = ["Analysis", "AnalysisSettings", "analyze", "analyze_still", "picture_of"]


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
        settings: How to look.
        progress: Called with (stage, frames done, frames in all as far as known).
    """
    settings = settings or AnalysisSettings()
    media = probe(path)
    picture = picture_of(media)
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
    settings = settings or AnalysisSettings()
    media = probe(path)
    picture = picture_of(media)
    count = math.ceil(duration * picture.rate.fps)
    if count < 1:
        raise MediaError("cannot be shown for no time at all", path=path, remedy="give a sound or cues with a length")
    shot = Shot(0, FrameRange(0, count))
    upright = turned_video(picture, picture.rotation)
    _, _, image = next(read_images(path, settings.face_side, upright=True))
    fx, fy = upright.width / image.shape[1], upright.height / image.shape[0]
    faces = scale_faces(detector.detect(image), fx, fy)
    looked_at = dict.fromkeys(frames_to_look(shot, settings.tracks), faces)
    tracks = track_faces(shot, looked_at, settings.tracks, first_index=0)
    return Analysis(media, FrameTimes.constant(count, picture.rate), (shot,), tracks)


def _find_shots(
    path: Path,
    picture: VideoInfo,
    settings: AnalysisSettings,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[FrameTimes, tuple[Shot, ...]]:
    finder = ShotFinder(picture.rate, settings.shots)
    collector = TimesCollector()
    for index, pts, image in read_images(path, settings.shot_side):
        collector.add(pts)
        finder.add(image)
        if progress is not None:
            progress("shots", index + 1, max(picture.frame_count, index + 1))
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
        fx, fy = upright.width / image.shape[1], upright.height / image.shape[0]
        found[index] = scale_faces(detector.detect(image), fx, fy)
        if progress is not None:
            progress("faces", index + 1, frames)
    finish_shots(frames)
    return tuple(tracks)
