"""A film watched once from its first frame to its last: exact times, shots, scenes and face tracks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dubkit.analysis_settings import AnalysisSettings
from dubkit.eyes import Eyes
from dubkit.faces import track_faces
from dubkit.media import FrameView, TimesCollector, read_views
from dubkit.schema import Face, FaceTrack, Image, Scene, Shot, VideoInfo
from dubkit.shots import CutList, SceneFinder, ShotFinder
from dubkit.timing import FrameTimes

__all__ = ["Watched", "watch_film"]

T = TypeVar("T")
Progress = Callable[[str, int, int], None]

_SETTLE = 50  # frames after which it is asked which shots are settled


@dataclass(frozen=True)
class Watched:
    """What was seen in a film.

    Attributes:
        times: When each decoded frame is shown.
        shots: All shots; together they hold every frame once.
        scenes: The shots again, those together that belong together.
        tracks: All face tracks, in pixels of the upright frame; nobody has a name yet.
    """

    times: FrameTimes
    shots: tuple[Shot, ...]
    scenes: tuple[Scene, ...]
    tracks: tuple[FaceTrack, ...]


def watch_film(
    path: Path,
    picture: VideoInfo,
    eyes: Eyes,
    settings: AnalysisSettings,
    listed: CutList | None = None,
    progress: Progress | None = None,
) -> Watched:
    """Find shots and follow faces, holding one frame and some small images at a time.

    The film is decoded once. With a list of cuts it is decoded twice: which frames they mean is known when the times
    of all of them are.

    Raises:
        MediaError: if the film cannot be read.
        InputError: if the list is of another film.
    """
    follower = _Follower(eyes, settings)
    if listed is not None:
        return _watch_listed(path, picture, follower, settings, listed, progress)
    finder = ShotFinder(picture.rate, settings.shots)
    grouper = SceneFinder(picture.rate, settings.scenes)
    collector = TimesCollector()
    recent: deque[FrameView] = deque(maxlen=finder.memory)
    for view in _told(read_views(path, picture), "faces", _expected(picture), progress):
        image = view.image(settings.shot_side)
        collector.add(view.pts)
        grouper.add(image)
        finder.add(image)
        recent.append(view)
        follower.see(view)
        follower.hold([one for one in recent if one.index in finder.possible])
        if view.index % _SETTLE == 0:
            follower.finish(finder.settled())
    times, shots = collector.finish(picture), finder.finish()
    follower.hold([one for one in recent if one.index in finder.possible or one is recent[-1]])
    return Watched(times, shots, grouper.finish(shots), follower.finish(shots))


def _watch_listed(
    path: Path,
    picture: VideoInfo,
    follower: _Follower,
    settings: AnalysisSettings,
    listed: CutList,
    progress: Progress | None,
) -> Watched:
    grouper = SceneFinder(picture.rate, settings.scenes)
    collector = TimesCollector()
    for view in _told(read_views(path, picture), "shots", _expected(picture), progress):
        collector.add(view.pts)
        grouper.add(view.image(settings.shot_side))
    times = collector.finish(picture)
    shots = listed.shots(times)
    ends = {frame for shot in shots for frame in _ends(shot)}
    for view in _told(read_views(path, picture), "faces", len(times), progress):
        follower.see(view)
        if view.index in ends:
            follower.hold([view])
        if view.index % _SETTLE == 0:
            follower.finish([shot for shot in shots if shot.frames.stop <= view.index])
    return Watched(times, shots, grouper.finish(shots), follower.finish(shots))


def _expected(picture: VideoInfo) -> int:
    return picture.frame_count or round(picture.duration * picture.rate.fps)


def _told(views: Iterator[FrameView], stage: str, total: int, progress: Progress | None) -> Iterator[FrameView]:
    for view in views:
        yield view
        if progress is not None:
            progress(stage, view.index + 1, max(total, view.index + 1))


def _ends(shot: Shot) -> tuple[int, ...]:
    """The first and the last frame in which only this shot is seen."""
    return (shot.clear.start, shot.clear.stop - 1) if shot.clear else ()


class _Follower:
    """Looks for faces while the film goes by, and follows them through each shot when its ends are known."""

    def __init__(self, eyes: Eyes, settings: AnalysisSettings) -> None:
        self._eyes, self._settings = eyes, settings
        self._looks = 0  # since the last cut
        self._found: dict[int, Sequence[Face]] = {}
        self._whole: set[int] = set()
        self._held: dict[int, Image] = {}
        self._tracks: list[FaceTrack] = []
        self._finished = 0

    def see(self, view: FrameView) -> None:
        """The next frame; it is looked at if its turn has come."""
        settings = self._settings
        if view.index % settings.tracks.every:
            return
        turn = view.index // settings.tracks.every
        # Small faces are not found by every look: at the start of a shot there are as many as it takes to know one.
        new = self._looks < settings.whole_every and not self._eyes.knows_any
        whole = new or turn % settings.whole_every == 0
        self._looks += 1
        if whole or self._eyes.knows_any:
            image = view.image(settings.face_side, upright=True)
            self._found[view.index] = self._eyes.look(image, whole, turn % settings.describe_every == 0)
            if whole:
                self._whole.add(view.index)

    def hold(self, views: Sequence[FrameView]) -> None:
        """Frames that may be the ends of shots: they are kept to be looked at if they are."""
        for view in views:
            if view.index not in self._held and view.index not in self._whole:
                self._held[view.index] = view.image(self._settings.face_side, upright=True)
        if views:
            self._eyes.forget()
            self._looks = 0

    def finish(self, shots: Sequence[Shot]) -> tuple[FaceTrack, ...]:
        """Follow the faces of those of ``shots`` that are new; returns all tracks so far.

        Nobody is followed through a dissolve: there two pictures lie over one another, and no lips may be changed.
        """
        for shot in shots[self._finished :]:
            for frame in _ends(shot):
                if frame in self._held:
                    self._found[frame] = self._eyes.look_apart(self._held[frame], describe=True)
            if shot.clear:
                seen = {frame: faces for frame, faces in self._found.items() if frame in shot.clear}
                clear = Shot(shot.index, shot.clear)
                self._tracks += track_faces(clear, seen, self._settings.tracks, first_index=len(self._tracks))
            self._found = _from(self._found, shot.frames.stop)
            self._held = _from(self._held, shot.frames.stop)
            self._whole = {frame for frame in self._whole if frame >= shot.frames.stop}
        self._finished = max(self._finished, len(shots))
        return tuple(self._tracks)


def _from(values: dict[int, T], frame: int) -> dict[int, T]:
    return {number: value for number, value in values.items() if number >= frame}
