"""The composer of one question: what is in a film, before anybody dubs it? Shots, scenes, face tracks and people."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dubkit.analysis import Analysis, AnalysisSettings, analyze, picture_of
from dubkit.errors import InputError, OutputError
from dubkit.faces import choose_detector, choose_embedder
from dubkit.media import probe
from dubkit.media.aside import check_target, written_aside
from dubkit.people import Person, TrackFacts, describe_people
from dubkit.places import model_folders
from dubkit.schema import dumps
from dubkit.store import open_store
from dubkit.timing import FrameRange, Seconds, TimeRange

__all__ = ["ANALYSIS_REPORT_VERSION", "AnalysisReport", "ShotFacts", "describe_analysis", "report_analysis"]

ANALYSIS_REPORT_VERSION = 1


@dataclass(frozen=True)
class ShotFacts:
    """One shot.

    Attributes:
        shot: Its number.
        scene: Number of the scene it belongs to.
        frames: Its frames.
        span: The same in seconds of the picture.
        dissolve_in: How many of its first frames also show the shot before.
        dissolve_out: How many of its last frames also show the shot after.
        people: Who is seen in it.
    """

    shot: int
    scene: int
    frames: FrameRange
    span: TimeRange
    dissolve_in: int
    dissolve_out: int
    people: tuple[str, ...]


@dataclass(frozen=True)
class AnalysisReport:
    """What is in a film.

    Attributes:
        video: The film.
        frames: How many frames it has.
        rate: Nominal frame rate, such as ``30000/1001``.
        variable: Whether frames are shown for different times.
        duration: Seconds.
        scenes: How many scenes.
        detector: What found the faces.
        told_apart: What told people apart.
        shots: Every shot.
        people: Everybody, in the order in which they first appear.
        tracks: Every face track.
        notes: What else is worth knowing of this run; left out of the file, which is the same for every run.
        version: Of this report.
    """

    video: Path
    frames: int
    rate: str
    variable: bool
    duration: Seconds
    scenes: int
    detector: str
    told_apart: str
    shots: tuple[ShotFacts, ...]
    people: tuple[Person, ...]
    tracks: tuple[TrackFacts, ...]
    notes: tuple[str, ...] = ()
    version: int = ANALYSIS_REPORT_VERSION


def report_analysis(
    video: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    detector: str = "auto",
    detector_model: str = "",
    recognition_model: str = "",
    cuts: str | os.PathLike[str] | None = None,
    work_dir: str | os.PathLike[str] | None = None,
    settings: AnalysisSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> AnalysisReport:
    """What is in ``video``; it is kept, so that a dub of it starts from there.

    Args:
        video: The film.
        output: JSON file to write the report to; None for none.
        detector: What finds faces, as in :class:`dubkit.DubJob`.
        detector_model: Its file, likewise.
        recognition_model: What knows people again, likewise.
        cuts: List of cuts that is believed instead of looking for shots, likewise.
        work_dir: Folder for what is kept for the next run, likewise.
        settings: How the film is looked through.
        progress: Called with (stage, frames done, frames in all as far as known); may raise to stop.

    Raises:
        InputError: if the video, the list or a network cannot be used.
        OutputError: if the file cannot be written; said before any work.
    """
    path = Path(video)
    if picture_of(probe(path)).is_still:
        raise InputError("is a still image, in which there is nothing to follow", path=path, remedy="give a video")
    target = None if output is None else Path(output)
    if target is not None:
        _check_target(target, path)
    finder, note = choose_detector(detector, detector_model, folders=model_folders())
    embedder, told_apart = choose_embedder(recognition_model, folders=model_folders())
    store = open_store(None if work_dir is None else Path(work_dir))
    analysis = analyze(path, finder, settings, progress, embedder, None if cuts is None else Path(cuts), store)
    report = describe_analysis(path, analysis, note, told_apart)
    if target is not None:
        with written_aside(target) as part:
            part.write_text(dumps(replace(report, notes=())) + "\n", encoding="utf-8")
    return report


def describe_analysis(video: Path, analysis: Analysis, detector: str, told_apart: str) -> AnalysisReport:
    """What an analysis says; ``detector`` and ``told_apart`` say how it was found out."""
    found = describe_people(video, analysis, detector, told_apart)
    scene_of = {shot.index: number for number, scene in enumerate(analysis.scenes) for shot in scene.shots}
    shots = tuple(
        ShotFacts(
            shot=shot.index,
            scene=scene_of[shot.index],
            frames=shot.frames,
            span=analysis.times.time_range(shot.frames),
            dissolve_in=shot.dissolve_in,
            dissolve_out=shot.dissolve_out,
            people=tuple(
                one.identity
                for one in found.people
                if any(track.identity == one.identity and track.shot == shot.index for track in analysis.tracks)
            ),
        )
        for shot in analysis.shots
    )
    return AnalysisReport(
        video=video,
        frames=len(analysis.times),
        rate=str(picture_of(analysis.media).rate),
        variable=not analysis.times.is_constant,
        duration=analysis.times.duration,
        scenes=len(analysis.scenes),
        detector=detector,
        told_apart=told_apart,
        shots=shots,
        people=found.people,
        tracks=found.tracks,
        notes=analysis.notes,
    )


def _check_target(path: Path, video: Path) -> None:
    if path.suffix.lower() != ".json":
        raise OutputError("is no name for what is written there", path=path, remedy="let it end in .json")
    if path.resolve() == video.resolve():
        raise OutputError("is the video itself", path=path, remedy="give another name")
    check_target(path)
