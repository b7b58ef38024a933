"""The composer of one question: is each face of a video in sync with its sound, and by how much is it not?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dubkit.analysis import Analysis, analyze, picture_of
from dubkit.errors import InputError
from dubkit.evaluation import SyncNetJudge, unit_faces
from dubkit.faces import CropSettings, choose_detector
from dubkit.lipsync import CLOCK_RATE, SyncExpert, SyncSettings, find_model, load_expert, score_track
from dubkit.media import probe
from dubkit.places import model_folders
from dubkit.schema import FaceTrack
from dubkit.store import open_store
from dubkit.sync_report import SyncReport, SyncVerdict, TrackSync
from dubkit.sync_views import SyncNetEye
from dubkit.timing import TimeRange
from dubkit.track_crops import cut_tracks, split_tracks, watch_tracks
from dubkit.video_sound import VideoSound, open_sound

__all__ = [
    "JUDGES",
    "SyncCheckSettings",
    "judge_tracks",
    "measure_sync",
    "open_sync_judge",
]

JUDGES = ("expert", "syncnet")

Progress: TypeAlias = Callable[[str, int, int], None]

_SILENT = 1e-3  # the largest sample, of 1, below which nothing is to be heard
_AROUND = Fraction(1)  # second of sound around a face, for the judge to shift in


@dataclass(frozen=True)
class SyncCheckSettings:
    """How the sync of a video is measured.

    Attributes:
        longest: Seconds of a face that are judged together; a longer face track is judged in parts, so that neither
            memory grows with it nor drift is averaged away.
        sync: How the expert is asked.
        crop: How a crop lies around its face, for the expert.
        syncnet_confidence: LSE-C below which SyncNet is not sure; not calibrated here.
    """

    longest: float = 60.0
    sync: SyncSettings = field(default_factory=SyncSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    syncnet_confidence: float = 3.0

    def __post_init__(self) -> None:
        """Refuse parts in which nothing can be judged."""
        if self.longest < 2:
            raise InputError(f"parts of {self.longest:g} s are too short to be judged", remedy="use 2 s or more")


def measure_sync(
    video: str | os.PathLike[str],
    *,
    expert: str | os.PathLike[str] = "",
    judge: str = "expert",
    syncnet: str | os.PathLike[str] = "",
    detector: str = "auto",
    detector_model: str = "",
    device: str = "auto",
    cuts: str | os.PathLike[str] | None = None,
    settings: SyncCheckSettings | None = None,
    progress: Progress | None = None,
) -> SyncReport:
    """How far picture and sound are apart for every face in ``video``.

    Args:
        video: A video with sound.
        expert: Name or checkpoint of a lip-sync expert; empty takes the built-in one, else the published one in the
            folders for models.
        judge: Who judges: ``expert``, or ``syncnet``, the network behind LSE-D and LSE-C.
        syncnet: SyncNet's file; empty takes ``syncnet_v2.model`` in the folders for models.
        detector: What finds faces, as in :class:`dubkit.DubJob`.
        detector_model: Its file, likewise.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        cuts: List of cuts (CSV, EDL, OTIO) that is believed instead of looking for shots.
        settings: How it is measured.
        progress: Called with (stage, frames done, frames in all as far as known); may raise to stop.

    Raises:
        InputError: if the video, the judge or the detector cannot be used; said before any work.
    """
    video, settings = Path(video), settings or SyncCheckSettings()
    picture = picture_of(probe(video))
    if picture.is_still:
        raise InputError("is a still image, which is in sync with nothing", path=video, remedy="give a video")
    asked, model = open_sync_judge(judge, expert=expert, syncnet=syncnet, device=device)
    finder, note = choose_detector(detector, detector_model, folders=model_folders())
    store = open_store()
    analysis = analyze(video, finder, progress=progress, cuts=None if cuts is None else Path(cuts), store=store)
    found = judge_tracks(video, analysis, asked, settings, progress)
    return SyncReport(
        video=video,
        judge=judge,
        model=model,
        detector=note,
        frames=len(analysis.times),
        rate=str(picture.rate),
        shots=len(analysis.shots),
        tracks=tuple(sorted(found, key=lambda track: (track.span.start, track.face_track))),
        notes=_notes(analysis),
    )


def open_sync_judge(
    judge: str, *, expert: str | os.PathLike[str] = "", syncnet: str | os.PathLike[str] = "", device: str = "auto"
) -> tuple[SyncExpert | SyncNetJudge, str]:
    """The judge asked for, and what it is called; arguments as for :func:`measure_sync`.

    Raises:
        InputError: if there is no such judge, or it is not at hand.
    """
    if judge not in JUDGES:
        raise InputError(f"there is no judge called {judge!r}", remedy=f"use one of: {', '.join(JUDGES)}")
    if judge == "syncnet":
        path = find_model(syncnet or "syncnet_v2", folders=model_folders())
        return SyncNetJudge(path, device), path.stem
    loaded = load_expert(expert, device, folders=model_folders())
    return loaded, loaded.name


def judge_tracks(
    video: Path,
    analysis: Analysis,
    judge: SyncExpert | SyncNetJudge,
    settings: SyncCheckSettings | None = None,
    progress: Progress | None = None,
) -> Iterator[TrackSync]:
    """The sync of every face track, in the order in which they end; the video is decoded once.

    Args:
        video: The video.
        analysis: What was found in it.
        judge: Who judges.
        settings: How.
        progress: As for :func:`measure_sync`.

    Raises:
        InputError: if picture or sound cannot be read.
    """
    settings = settings or SyncCheckSettings()
    rate = picture_of(analysis.media).rate
    longest = max(1, round(settings.longest * rate.fps))
    parts = Analysis(analysis.media, analysis.times, analysis.shots, split_tracks(analysis.tracks, longest))
    with open_sound(video, analysis.media) as sound:
        if isinstance(judge, SyncNetJudge):
            yield from _by_syncnet(video, parts, judge, sound, settings, progress)
        else:
            yield from _by_expert(video, parts, judge, sound, settings, progress)


def _by_expert(
    video: Path,
    analysis: Analysis,
    expert: SyncExpert,
    sound: VideoSound,
    settings: SyncCheckSettings,
    progress: Progress | None,
) -> Iterator[TrackSync]:
    for crops in cut_tracks(video, analysis, 96, settings.crop, progress):
        span = analysis.times.time_range(crops.track.frames)
        if sound.peak(span) < _SILENT:
            yield _track_sync(crops.track, span, SyncVerdict.NO_SOUND)
            continue
        mel = sound.mel(TimeRange(span.start - _AROUND, span.stop + _AROUND))
        found = score_track(expert, unit_faces(crops.images), crops.times, mel, settings.sync)
        if not found.clips:
            yield _track_sync(crops.track, span, SyncVerdict.TOO_SHORT)
            continue
        sure = found.expert_confidence >= settings.sync.least_confidence
        yield _track_sync(
            crops.track,
            span,
            _verdict(sure, found.in_sync),
            found.offset_frames,
            found.offset,
            {"expert_confidence": found.expert_confidence},
        )


def _by_syncnet(
    video: Path,
    analysis: Analysis,
    judge: SyncNetJudge,
    sound: VideoSound,
    settings: SyncCheckSettings,
    progress: Progress | None,
) -> Iterator[TrackSync]:
    eye = SyncNetEye(analysis)

    def tell(done: int) -> None:
        if progress is not None:
            progress("crops", done, max(done, len(analysis.times)))

    for track, seen in watch_tracks(video, analysis.tracks, eye.look, tell):
        span = analysis.times.time_range(track.frames)
        if sound.peak(span) < _SILENT:
            yield _track_sync(track, span, SyncVerdict.NO_SOUND)
        elif not eye.can_judge(track):
            yield _track_sync(track, span, SyncVerdict.TOO_SHORT)
        else:
            heard = sound.waveform(TimeRange(span.start, span.stop))
            found = judge.judge(np.stack(seen), heard)
            sure = found.confidence >= settings.syncnet_confidence
            offset = found.offset / CLOCK_RATE
            scores = {"lse_c": found.confidence, "lse_d": found.distance}
            near = abs(offset) <= settings.sync.tolerance
            yield _track_sync(track, span, _verdict(sure, near), found.offset, offset, scores)


def _verdict(sure: bool, near: bool) -> SyncVerdict:
    if not sure:
        return SyncVerdict.UNSURE
    return SyncVerdict.IN_SYNC if near else SyncVerdict.OUT_OF_SYNC


def _track_sync(
    track: FaceTrack,
    span: TimeRange,
    verdict: SyncVerdict,
    offset_frames: int = 0,
    offset: float = 0.0,
    scores: Mapping[str, float] | None = None,
) -> TrackSync:
    scores = scores or {}
    return TrackSync(
        face_track=track.index,
        shot=track.shot,
        span=span,
        frames=int(track.visible.sum()),
        face_height=round(float(np.median(track.boxes[:, 3] - track.boxes[:, 1])), 1),
        verdict=verdict,
        offset_frames=offset_frames,
        offset_ms=round(offset * 1000, 1),
        confidence=next(iter(scores.values()), 0.0),
        in_sync=verdict is SyncVerdict.IN_SYNC,
        scores=scores,
    )


def _notes(analysis: Analysis) -> tuple[str, ...]:
    notes = list(analysis.notes)
    if not analysis.tracks:
        notes.append("no face was found")
    if not analysis.media.audio:
        notes.append("there is no sound")
    elif len(analysis.media.audio) > 1:
        notes.append(f"the first of {len(analysis.media.audio)} sound tracks was listened to")
    return tuple(notes)
