"""What does not depend on the language: shots, face tracks and exact frame times of one video."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dubkit.errors import MediaError
from dubkit.faces import (
    FaceDetector,
    FaceEmbedder,
    IdentitySettings,
    TrackSettings,
    frames_to_look,
    look_at,
    name_people,
    scale_faces,
    track_faces,
)
from dubkit.media import TimesCollector, probe, read_images, turned_video
from dubkit.schema import Face, FaceTrack, Image, MediaInfo, Scene, Shot, VideoInfo
from dubkit.shots import CutList, SceneFinder, SceneSettings, ShotFinder, ShotSettings, read_cut_list
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
        scenes: Which shots belong together.
        tracks: How faces are followed.
        people: When two face tracks are of one person; an embedder brings its own ``same``.
        describe_every: What tells people apart is measured in each n-th of the images in which faces are looked for.
    """

    shot_side: int = 320
    face_side: int = 640
    shots: ShotSettings = field(default_factory=ShotSettings)
    scenes: SceneSettings = field(default_factory=SceneSettings)
    tracks: TrackSettings = field(default_factory=TrackSettings)
    people: IdentitySettings = field(default_factory=IdentitySettings)
    describe_every: int = 4


@dataclass(frozen=True)
class Analysis:
    """What was found in a video.

    Attributes:
        media: What the file holds.
        times: When each decoded frame is shown.
        shots: All shots; together they hold every frame once.
        tracks: All face tracks, in pixels of the upright frame, with the names of their people.
        scenes: The shots again, those together that belong together.
    """

    media: MediaInfo
    times: FrameTimes
    shots: tuple[Shot, ...]
    tracks: tuple[FaceTrack, ...]
    scenes: tuple[Scene, ...] = ()


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
    people = IdentitySettings()
    return AnalysisSettings(tracks=tracks, people=replace(people, reach=people.reach * factor))


def analyze(
    path: Path,
    detector: FaceDetector,
    settings: AnalysisSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    embedder: FaceEmbedder | None = None,
    cuts: Path | None = None,
) -> Analysis:
    """Find shots and follow faces in the video at ``path``, decoding it twice and holding one image at a time.

    Args:
        path: The video.
        detector: What finds faces.
        settings: How to look; by default :func:`settings_for` the detector and the video's rate.
        progress: Called with (stage, frames done, frames in all as far as known).
        embedder: What knows people again anywhere in the film; without it, only within some seconds.
        cuts: List of cuts that is believed instead of looking for shots; see :func:`dubkit.shots.read_cut_list`.

    Raises:
        InputError: if the video or the list cannot be used.
    """
    media = probe(path)
    picture = picture_of(media)
    settings = settings or settings_for(detector, picture.rate)
    listed = None if cuts is None else read_cut_list(cuts, picture.rate, picture.start_timecode, picture.duration)
    times, shots, scenes = _find_shots(path, picture, settings, listed, progress)
    eyes = _Eyes(detector, embedder, turned_video(picture, picture.rotation))
    tracks = _follow_faces(path, eyes, shots, len(times), settings, progress)
    people = settings.people if embedder is None else replace(settings.people, same=embedder.same)
    return Analysis(media, times, shots, name_people(tracks, settings=people), scenes)


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
    faces = _Eyes(detector, None, turned_video(picture, picture.rotation)).faces_in(image, describe=False)
    looked_at = dict.fromkeys(frames_to_look(shot, settings.tracks), faces)
    tracks = track_faces(shot, looked_at, settings.tracks, first_index=0)
    return Analysis(media, FrameTimes.constant(count, picture.rate), (shot,), name_people(tracks), (Scene((shot,)),))


@dataclass(frozen=True)
class _Eyes:
    """What looks for faces in small images of an upright picture."""

    detector: FaceDetector
    embedder: FaceEmbedder | None
    upright: VideoInfo

    def faces_in(self, image: Image, describe: bool) -> list[Face]:
        """The faces in a small image, in pixels of the picture itself, with what tells people apart if asked for."""
        faces = [look_at(image, face, with_signature=describe) for face in self.detector.detect(image)]
        if describe and self.embedder is not None:
            vectors = self.embedder.embed(image, faces)
            faces = [
                replace(face, look=replace(face.look, embedding=vector))
                for face, vector in zip(faces, vectors, strict=True)
            ]
        return scale_faces(faces, self.upright.width / image.shape[1], self.upright.height / image.shape[0])


def _find_shots(
    path: Path,
    picture: VideoInfo,
    settings: AnalysisSettings,
    listed: CutList | None,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[FrameTimes, tuple[Shot, ...], tuple[Scene, ...]]:
    finder = ShotFinder(picture.rate, settings.shots)
    grouper = SceneFinder(picture.rate, settings.scenes)
    expected = picture.frame_count or round(picture.duration * picture.rate.fps)
    collector = TimesCollector()
    for index, pts, image in read_images(path, settings.shot_side):
        collector.add(pts)
        grouper.add(image)
        if listed is None:
            finder.add(image)
        if progress is not None:
            progress("shots", index + 1, max(expected, index + 1))
    times = collector.finish(picture)
    shots = finder.finish() if listed is None else listed.shots(times)
    return times, shots, grouper.finish(shots)


def _follow_faces(
    path: Path,
    eyes: _Eyes,
    shots: Sequence[Shot],
    frames: int,
    settings: AnalysisSettings,
    progress: Callable[[str, int, int], None] | None,
) -> tuple[FaceTrack, ...]:
    # Nobody is followed through a dissolve: there two pictures lie over one another, and no lips may be changed.
    shots = [Shot(shot.index, shot.clear) for shot in shots if shot.clear]
    looks = [frames_to_look(shot, settings.tracks) for shot in shots]
    wanted = {frame for frames in looks for frame in frames}
    described = {frame for frames in looks for frame in frames[:: settings.describe_every]}
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
        found[index] = eyes.faces_in(image, describe=index in described)
        if progress is not None:
            progress("faces", index + 1, frames)
    finish_shots(frames)
    return tuple(tracks)
