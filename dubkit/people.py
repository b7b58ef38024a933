"""Who is seen in a film: every person with their face tracks and times, and a contact sheet to look at."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from dubkit.analysis import Analysis, AnalysisSettings, analyze, picture_of
from dubkit.errors import OutputError
from dubkit.faces import choose_detector, choose_embedder
from dubkit.faces.sheet import FaceCard, contact_sheet, cut_portrait
from dubkit.media import probe, read_images, turned_video
from dubkit.media.aside import check_target, written_aside
from dubkit.places import model_folders
from dubkit.schema import FaceTrack, Image, dumps
from dubkit.store import open_store
from dubkit.timing import FrameRange, FrameTimes, Seconds, TimeRange

__all__ = ["PEOPLE_VERSION", "PeopleReport", "Person", "TrackFacts", "describe_people", "draw_people", "find_people"]

PEOPLE_VERSION = 1

_PORTRAIT_SIDE = 1280  # longest side of the images that portraits are cut from
_PAUSE = Fraction(1)  # seconds out of sight that are not worth telling

Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TrackFacts:
    """One face track.

    Attributes:
        face_track: Its number.
        shot: Number of the shot it lies in.
        identity: Name of the person.
        frames: From the first to the last frame in which it was seen.
        span: The same in seconds of the picture.
        visible: In how many frames the face is there.
        covered: In how many of these something is before the mouth.
        face_height: Median height of its box in pixels.
        yaw: Median of the degrees the head is turned, whichever way; -1 where unknown.
        sharpness: Median sharpness, 0..1; -1 where unknown.
    """

    face_track: int
    shot: int
    identity: str
    frames: FrameRange
    span: TimeRange
    visible: int
    covered: int
    face_height: float
    yaw: float
    sharpness: float


@dataclass(frozen=True)
class Person:
    """One person, as far as they could be told apart.

    Attributes:
        identity: The name.
        face_tracks: Numbers of their face tracks.
        spans: When they are seen, in seconds of the picture; pauses of up to a second are passed over.
        portrait: Number of the frame that shows them best.
    """

    identity: str
    face_tracks: tuple[int, ...]
    spans: tuple[TimeRange, ...]
    portrait: int


@dataclass(frozen=True)
class PeopleReport:
    """Who is seen in a film.

    Attributes:
        video: The film.
        frames: How many frames it has.
        shots: How many shots.
        detector: What found the faces.
        told_apart: What told people apart.
        people: By name, which is the order in which they first appear.
        tracks: Every face track.
        version: Of this report.
    """

    video: Path
    frames: int
    shots: int
    detector: str
    told_apart: str
    people: tuple[Person, ...]
    tracks: tuple[TrackFacts, ...]
    version: int = PEOPLE_VERSION


def find_people(
    video: str | os.PathLike[str],
    *,
    sheet: str | os.PathLike[str] = "",
    listing: str | os.PathLike[str] = "",
    detector: str = "auto",
    detector_model: str = "",
    recognition_model: str = "",
    cuts: str | os.PathLike[str] | None = None,
    work_dir: str | os.PathLike[str] | None = None,
    settings: AnalysisSettings | None = None,
    progress: Progress | None = None,
) -> PeopleReport:
    """Who is seen in ``video``, and when.

    Args:
        video: The film.
        sheet: PNG file to draw a contact sheet to; empty for none.
        listing: JSON file to write the report to; empty for none.
        detector: What finds faces, as in :class:`dubkit.DubJob`.
        detector_model: Its file, likewise.
        recognition_model: What knows people again: an insightface network; empty takes one in a model folder.
        cuts: List of cuts (CSV, EDL, OTIO) that is believed instead of looking for shots.
        work_dir: Folder for what is kept for the next run, as in :class:`dubkit.DubJob`.
        settings: How the film is looked through.
        progress: Called with (stage, frames done, frames in all as far as known); may raise to stop.

    Raises:
        InputError: if the video, the detector or the network cannot be used.
        OutputError: if a file cannot be written; said before any work.
    """
    path = Path(video)
    picture_of(probe(path))
    for target, suffix in ((sheet, ".png"), (listing, ".json")):
        if os.fspath(target):
            _check_target(Path(target), suffix, path)
    finder, note = choose_detector(detector, detector_model, folders=model_folders())
    embedder, told_apart = choose_embedder(recognition_model, folders=model_folders())
    store = open_store(None if work_dir is None else Path(work_dir))
    analysis = analyze(path, finder, settings, progress, embedder, None if cuts is None else Path(cuts), store)
    report = describe_people(path, analysis, note, told_apart)
    if os.fspath(sheet):
        drawn = draw_people(path, analysis, report)
        with written_aside(Path(sheet)) as part:
            part.write_bytes(cv2.imencode(".png", drawn)[1].tobytes())
    if os.fspath(listing):
        with written_aside(Path(listing)) as part:
            part.write_text(dumps(report) + "\n", encoding="utf-8")
    return report


def _check_target(path: Path, suffix: str, video: Path) -> None:
    if path.suffix.lower() != suffix:
        raise OutputError("is no name for what is written there", path=path, remedy=f"let it end in {suffix}")
    if path.resolve() == video.resolve():
        raise OutputError("is the video itself", path=path, remedy="give another name")
    check_target(path)


def describe_people(video: Path, analysis: Analysis, detector: str, told_apart: str) -> PeopleReport:
    """What an analysis says of the people in a film; ``detector`` and ``told_apart`` say how it was found out."""
    of: dict[str, list[FaceTrack]] = {}
    for track in sorted(analysis.tracks, key=lambda track: track.frames.start):
        of.setdefault(track.identity, []).append(track)
    people = [
        Person(
            identity,
            tuple(track.index for track in tracks),
            _spans(tracks, analysis.times),
            max(map(_best_frame, tracks))[1],
        )
        for identity, tracks in of.items()
    ]
    people.sort(
        key=lambda person: (person.spans[0].start if person.spans else 0, len(person.identity), person.identity)
    )
    facts = tuple(_facts(track, analysis.times) for track in analysis.tracks)
    frames, shots = len(analysis.times), len(analysis.shots)
    return PeopleReport(video, frames, shots, detector, told_apart, tuple(people), facts)


def draw_people(video: Path, analysis: Analysis, report: PeopleReport) -> Image:
    """A contact sheet of the people of a film; the film is decoded once more for their portraits."""
    wanted = {person.portrait for person in report.people}
    picture = picture_of(analysis.media)
    width = turned_video(picture, picture.rotation).width
    tracks = {track.index: track for track in analysis.tracks}
    portraits: dict[str, Image] = {}
    images = read_images(video, _PORTRAIT_SIDE, wanted=wanted.__contains__, upright=True) if wanted else ()
    for index, _, image in images:
        for person in report.people:
            if person.portrait == index:
                track = next(tracks[i] for i in person.face_tracks if index in tracks[i].frames)
                box = track.boxes[index - track.frames.start] * np.float32(image.shape[1] / width)
                portraits[person.identity] = cut_portrait(image, box)
        if len(portraits) == len(report.people):
            break
    return contact_sheet([FaceCard(portraits[one.identity], one.identity, _words(one)) for one in report.people])


def _words(person: Person) -> tuple[str, ...]:
    times = [f"{_clock(span.start)}-{_clock(span.stop)}" for span in person.spans]
    more = [f"and {len(times) - 3} times more"] if len(times) > 4 else []
    return tuple(times[:3] + more if more else times)


def _clock(time: Seconds) -> str:
    minutes, seconds = divmod(float(time), 60)
    return f"{int(minutes)}:{seconds:04.1f}"


def _facts(track: FaceTrack, times: FrameTimes) -> TrackFacts:
    heights = track.boxes[:, 3] - track.boxes[:, 1]
    return TrackFacts(
        face_track=track.index,
        shot=track.shot,
        identity=track.identity,
        frames=track.frames,
        span=times.time_range(track.frames),
        visible=int(track.visible.sum()),
        covered=int((track.visible & track.covered).sum()),
        face_height=round(float(np.median(heights)), 1),
        yaw=_median(np.abs(track.yaw)),
        sharpness=_median(track.sharpness),
    )


def _median(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    known = values[np.isfinite(values)]
    return round(float(np.median(known)), 3) if known.size else -1.0


def _best_frame(track: FaceTrack) -> tuple[float, int]:
    """How well a face is seen where it is seen best, and in which frame: large, sharp, towards us and uncovered."""
    heights = (track.boxes[:, 3] - track.boxes[:, 1]).astype(np.float64)
    facing = np.cos(np.radians(np.nan_to_num(track.yaw.astype(np.float64), nan=45.0)))
    worth = heights * np.nan_to_num(track.sharpness.astype(np.float64), nan=0.1) * np.maximum(facing, 0.05)
    worth *= np.where(track.visible, 1.0, 0.01) * np.where(track.covered, 0.3, 1.0)
    best = int(np.argmax(worth))
    return float(worth[best]), track.frames.start + best


def _spans(tracks: Sequence[FaceTrack], times: FrameTimes) -> tuple[TimeRange, ...]:
    """When a face of these tracks is seen."""
    seen = np.unique(np.concatenate([track.frames.start + np.flatnonzero(track.visible) for track in tracks]))
    runs = np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1)
    spans: list[TimeRange] = []
    for run in runs:
        if run.size:
            span = times.time_range(FrameRange(int(run[0]), int(run[-1]) + 1))
            if spans and span.start - spans[-1].stop <= _PAUSE:
                span = TimeRange(spans.pop().start, span.stop)
            spans.append(span)
    return tuple(spans)
