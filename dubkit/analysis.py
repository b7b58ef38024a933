"""What does not depend on the language: shots, scenes, face tracks and exact frame times of one video."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dubkit.analysis_settings import AnalysisSettings, settings_for
from dubkit.errors import MediaError
from dubkit.eyes import Eyes
from dubkit.faces import FaceDetector, FaceEmbedder, Fingerprinted, frames_to_look, name_people, track_faces
from dubkit.media import probe, read_images, turned_video
from dubkit.schema import FaceTrack, MediaInfo, Scene, Shot, VideoInfo, dumps
from dubkit.shots import CutList, read_cut_list
from dubkit.store import FileContent, Recipe, Store, file_content
from dubkit.stored import stored_record
from dubkit.timing import FrameRange, FrameTimes, Seconds
from dubkit.watching import Watched, watch_film

__all__ = [
    "ANALYSIS_VERSION",
    "Analysis",
    "AnalysisSettings",
    "analyze",
    "analyze_still",
    "picture_of",
    "settings_for",
]

ANALYSIS_VERSION = 1
"""Of what is found by the same settings; to be raised with every change that finds something else."""


@dataclass(frozen=True)
class Analysis:
    """What was found in a video.

    Attributes:
        media: What the file holds.
        times: When each decoded frame is shown.
        shots: All shots; together they hold every frame once.
        tracks: All face tracks, in pixels of the upright frame, with the names of their people.
        scenes: The shots again, those together that belong together.
        notes: What its reader should know: that it was kept before, or why it could not be.
    """

    media: MediaInfo
    times: FrameTimes
    shots: tuple[Shot, ...]
    tracks: tuple[FaceTrack, ...]
    scenes: tuple[Scene, ...] = ()
    notes: tuple[str, ...] = ()


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
    embedder: FaceEmbedder | None = None,
    cuts: Path | None = None,
    store: Store | None = None,
) -> Analysis:
    """Find shots and follow faces in the video at ``path``, decoding it once and holding few images at a time.

    Args:
        path: The video.
        detector: What finds faces.
        settings: How to look; by default :func:`settings_for` the detector and the video's rate.
        progress: Called with (stage, frames done, frames in all as far as known).
        embedder: What knows people again anywhere in the film; without it, only within a scene.
        cuts: List of cuts that is believed instead of looking for shots; see :func:`dubkit.shots.read_cut_list`.
        store: Where the analysis is kept, to be taken from there the next time: for the same video (by its bytes),
            settings, networks (by theirs) and cuts. None keeps nothing.

    Raises:
        InputError: if the video or the list cannot be used.
    """
    media = probe(path)
    picture = picture_of(media)
    settings = settings or settings_for(detector, picture.rate)
    listed = None if cuts is None else read_cut_list(cuts, picture.rate, picture.start_timecode, picture.duration)

    def look() -> Watched:
        patience = settings.tracks.gap // settings.tracks.every
        eyes = Eyes(detector, embedder, turned_video(picture, picture.rotation), patience)
        seen = watch_film(path, picture, eyes, settings, listed, progress)
        people = settings.people if embedder is None else replace(settings.people, same=embedder.same)
        return replace(seen, tracks=name_people(seen.tracks, seen.scenes, people))

    if store is None:
        return _analysis(media, look())
    networks = {one.describe(): _fingerprint(one) for one in (detector, embedder) if one is not None}
    silent = [name for name, fingerprint in networks.items() if not fingerprint]
    if silent:
        note = f"the analysis is not kept: {silent[0]} does not say what its results depend on"
        return _analysis(media, look(), (note,))
    content = file_content(path, store)
    recipe = _recipe(content, settings, list(networks.values()), listed)
    found = stored_record(store, recipe, Watched, look, path.name, content.unchanged)
    return _analysis(media, found.record, found.notes)


def _analysis(media: MediaInfo, seen: Watched, notes: tuple[str, ...] = ()) -> Analysis:
    return Analysis(media, seen.times, seen.shots, seen.tracks, seen.scenes, notes)


def _fingerprint(network: object) -> str:
    """What its results depend on; empty where it does not say."""
    return network.fingerprint() if isinstance(network, Fingerprinted) else ""


def _recipe(
    content: FileContent, settings: AnalysisSettings, networks: Sequence[str], listed: CutList | None
) -> Recipe:
    """Everything an analysis depends on, save the code."""
    cuts = "" if listed is None else dumps(replace(listed, path=Path()), indent=None)
    facts = {
        "video": content.digest,
        "settings": dumps(settings, indent=None),
        "networks": "; ".join(networks),
        "cuts": cuts,
    }
    return Recipe("analysis", ANALYSIS_VERSION, facts)


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
    faces = Eyes(detector, None, turned_video(picture, picture.rotation)).look(image)
    looked_at = dict.fromkeys(frames_to_look(shot, settings.tracks), faces)
    tracks = track_faces(shot, looked_at, settings.tracks, first_index=0)
    return Analysis(media, FrameTimes.constant(count, picture.rate), (shot,), name_people(tracks), (Scene((shot,)),))
