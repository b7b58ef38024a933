"""One talking video to clips: face crops on a 25 fps clock, each with its sound."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis, analyze, picture_of
from dubkit.faces import FaceDetector
from dubkit.lipsync import CLOCK_RATE, pick_moments
from dubkit.media import probe
from dubkit.media.aside import written_aside
from dubkit.schema import FaceTrack, MediaInfo
from dubkit.timing import Seconds, TimeRange
from dubkit.track_crops import TrackCrops, cut_tracks, split_tracks
from dubkit.training.index import DroppedClip
from dubkit.training.prepare_settings import CutSettings
from dubkit.training.reasons import (
    BESIDE_SOUND,
    NO_FACE,
    NO_PICTURE,
    NO_SOUND,
    SELDOM_SEEN,
    SILENT,
    TOO_SHORT,
    TOO_SMALL,
)
from dubkit.video_sound import VideoSound, open_sound

__all__ = ["CutClip", "CutVideo", "clip_stem", "cut_video"]

_HOLE, _BESIDE_SOUND, _RIVALLED, _CLEAR = range(4)


@dataclass(frozen=True)
class CutClip:
    """A clip whose arrays are stored, before anybody asked whether it is in sync.

    Attributes:
        name: As in :class:`dubkit.training.TrainingClip`, and so are all others.
        track: Number of the face track.
        start: Seconds of the video at the first crop.
        frames: Number of crops.
        sound_start: Seconds from the first crop to mel step 0.
        rivalled: Whether another face is seen all the while, so that it is not known who speaks.
    """

    name: str
    track: int
    start: Seconds
    frames: int
    sound_start: Seconds
    rivalled: bool


@dataclass(frozen=True)
class CutVideo:
    """What a video gave.

    Attributes:
        source: The video, relative to its folder.
        clips: What can be kept.
        dropped: What cannot.
    """

    source: str
    clips: tuple[CutClip, ...] = ()
    dropped: tuple[DroppedClip, ...] = ()


def cut_video(
    path: Path,
    source: str,
    folder: Path,
    detector: FaceDetector,
    settings: CutSettings = CutSettings(),  # noqa: B008 - frozen, so it can be shared
    progress: Callable[[str, int, int], None] | None = None,
) -> CutVideo:
    """Cut one video into clips, and store their arrays under ``folder/faces`` and ``folder/sounds``.

    Args:
        path: The video.
        source: What it is called: its path relative to the folder that is prepared.
        folder: Where the clips go.
        detector: What finds faces.
        settings: How.
        progress: Called with (stage, frames done, frames in all as far as known); may raise to stop.

    Raises:
        MediaError: if the video cannot be read.
        OutputError: if an array cannot be written.
    """
    media = probe(path)
    picture = picture_of(media)
    if picture.is_still:
        return _none(source, media, NO_PICTURE)
    if not media.audio:
        return _none(source, media, NO_SOUND)
    with open_sound(path, media, settings.mel, folder) as sound:
        if sound.span.duration == 0:
            return _none(source, media, NO_SOUND)
        if sound.peak(sound.span) <= settings.quietest:
            return _none(source, media, SILENT)
        analysis = analyze(path, detector, settings.analysis, progress)
        return _Cutter(source, folder, analysis, sound, settings).cut(path, progress)


def _none(source: str, media: MediaInfo, reason: str) -> CutVideo:
    return CutVideo(source, dropped=(DroppedClip(source, -1, round(float(picture_of(media).duration), 3), reason),))


class _Cutter:
    def __init__(self, source: str, folder: Path, analysis: Analysis, sound: VideoSound, settings: CutSettings) -> None:
        self._source, self._folder = source, folder
        self._analysis, self._sound, self._settings = analysis, sound, settings
        self._clips: list[CutClip] = []
        self._dropped: list[DroppedClip] = []
        self._counts: dict[int, int] = defaultdict(int)
        times = analysis.times
        shown = np.diff(times.pts, append=times.pts[-1] + times.last_duration)
        self._lasts = shown.astype(np.float64) * float(times.time_base)  # seconds, per frame of the video
        self._stem = clip_stem(source)

    def cut(self, path: Path, progress: Callable[[str, int, int], None] | None) -> CutVideo:
        seen = np.zeros(len(self._lasts), np.bool_)
        usable: list[FaceTrack] = []
        in_shot: dict[int, list[FaceTrack]] = defaultdict(list)
        for track in self._analysis.tracks:
            in_shot[track.shot].append(track)
            seen[track.frames.start : track.frames.stop] |= track.visible
            reason = self._refusal(track)
            if reason:
                self._drop(track.index, self._seconds(track), reason)
            else:
                usable.append(track)
        self._drop(-1, float(self._lasts[~seen].sum()), NO_FACE)
        if usable:
            settings = self._settings
            longest = max(1, int(settings.most_seconds * picture_of(self._analysis.media).rate.fps))
            wanted = replace(self._analysis, tracks=split_tracks(usable, longest))
            for crops in cut_tracks(path, wanted, settings.image_size, settings.crop, progress):
                self._take(crops, in_shot[crops.track.shot])
        clips = sorted(self._clips, key=lambda clip: clip.name)
        return CutVideo(self._source, tuple(clips), tuple(self._dropped))

    def _refusal(self, track: FaceTrack) -> str:
        """Why nothing of a track can be kept; empty where something may."""
        if not track.visible.any() or track.visible.mean() < self._settings.least_seen:
            return SELDOM_SEEN
        if float(np.median(_heights(track)[track.visible])) < self._settings.least_height:
            return TOO_SMALL
        return ""

    def _take(self, crops: TrackCrops, tracks: Sequence[FaceTrack]) -> None:
        """Store the unbroken runs of a piece, each wholly with or wholly without a rival."""
        moments = pick_moments(crops.times, self._settings.reach)
        if not len(moments):
            self._drop(crops.track.index, self._seconds(crops.track), TOO_SHORT)
            return
        kinds = np.full(len(moments), _CLEAR)
        rivalled = _rivalled(crops.track, tracks, self._settings.rival_height)
        kinds[rivalled[crops.frames[moments.nearest] - crops.track.frames.start]] = _RIVALLED
        starts = [crops.times[0] + Fraction(k, CLOCK_RATE) for k in range(len(moments))]
        heard = self._sound.span
        silent = [start < heard.start or start + Fraction(1, CLOCK_RATE) > heard.stop for start in starts]
        kinds[np.array(silent)] = _BESIDE_SOUND
        kinds[~moments.near] = _HOLE
        edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), len(kinds)]
        for first, last in pairwise(edges):
            kind = int(kinds[first])
            if kind != _HOLE:
                self._keep(crops, starts[first], moments.nearest[first:last], kind)

    def _keep(self, crops: TrackCrops, start: Seconds, picks: npt.NDArray[np.int64], kind: int) -> None:
        seconds, track = Fraction(len(picks), CLOCK_RATE), crops.track.index
        spoken = TimeRange(start, start + seconds)
        reason = ""
        if kind == _BESIDE_SOUND:
            reason = BESIDE_SOUND
        elif seconds < Fraction(self._settings.least_seconds).limit_denominator(1000):
            reason = TOO_SHORT
        elif self._sound.peak(spoken) <= self._settings.quietest:
            reason = SILENT
        if reason:
            self._drop(track, float(seconds), reason)
            return
        margin = Fraction(self._settings.margin).limit_denominator(1000)
        mel = self._sound.mel(TimeRange(spoken.start - margin, spoken.stop + margin))
        name = f"{self._stem}-{track:04}-{self._counts[track]:03}"
        self._counts[track] += 1
        _store(self._folder / "faces" / f"{name}.npy", crops.images[picks])
        _store(self._folder / "sounds" / f"{name}.npy", mel.values)
        self._clips.append(CutClip(name, track, start, len(picks), mel.start - start, kind == _RIVALLED))

    def _drop(self, track: int, seconds: float, reason: str) -> None:
        if seconds >= 1 / CLOCK_RATE:
            self._dropped.append(DroppedClip(self._source, track, round(seconds, 3), reason))

    def _seconds(self, track: FaceTrack) -> float:
        """How long the face of a track is seen."""
        return float(self._lasts[track.frames.start : track.frames.stop][track.visible].sum())


def clip_stem(source: str) -> str:
    """What the clips of a video are called: readable, safe in every file system, and of this video alone."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    words = re.sub(r"[^A-Za-z0-9]+", "-", source.rsplit(".", 1)[0]).strip("-")[-60:]
    return f"{words}-{digest}" if words else digest


def _heights(track: FaceTrack) -> npt.NDArray[np.float32]:
    return np.asarray(track.boxes[:, 3] - track.boxes[:, 1], np.float32)


def _rivalled(track: FaceTrack, tracks: Sequence[FaceTrack], least: float) -> npt.NDArray[np.bool_]:
    """(frames of the track,) whether another face is seen that is at least ``least`` times as high."""
    heights = _heights(track)
    found = np.zeros(len(track.frames), np.bool_)
    for other in tracks:
        common = track.frames.overlap(other.frames)
        if other.index == track.index or not common:
            continue
        mine = slice(common.start - track.frames.start, common.stop - track.frames.start)
        theirs = slice(common.start - other.frames.start, common.stop - other.frames.start)
        found[mine] |= other.visible[theirs] & (_heights(other)[theirs] >= least * heights[mine])
    return found


def _store(path: Path, values: npt.NDArray[Any]) -> None:
    with written_aside(path) as part, part.open("wb") as file:
        np.save(file, values, allow_pickle=False)
