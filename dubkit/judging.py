"""The composer of one question: how does a model do on real clips?"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis, analyze, picture_of
from dubkit.errors import InputError, OutputError
from dubkit.evaluation import (
    ExpertScores,
    GeneratorScores,
    ProtocolClip,
    ProtocolSettings,
    Takes,
    judge_expert,
    judge_generator,
    stack_sheets,
    takes_sheet,
)
from dubkit.faces import CropSettings, FaceDetector, choose_detector
from dubkit.judges import JudgesAtHand, find_judges
from dubkit.lipsync import LipModel, SyncModel, find_model, load_checkpoint
from dubkit.lipsync.architecture import EXPERT, GENERATORS
from dubkit.media import probe
from dubkit.media.aside import check_target, written_aside
from dubkit.places import model_folders
from dubkit.schema import FaceTrack
from dubkit.timing import TimeRange
from dubkit.track_crops import cut_tracks, split_tracks
from dubkit.video_sound import open_sound

__all__ = ["ClipSettings", "ModelReport", "cut_clip", "evaluate_model"]

Progress: TypeAlias = Callable[[str, int, int], None]

_AROUND = Fraction(1)  # second of sound around a clip, for the judge to shift in
_LEAST_FRAMES = 15


@dataclass(frozen=True)
class ClipSettings:
    """How real clips are cut for judging.

    Attributes:
        longest: Seconds of a face that are taken at most.
        crop: How a crop lies around its face.
        protocol: How a generator is run and judged.
    """

    longest: float = 20.0
    crop: CropSettings = field(default_factory=CropSettings)
    protocol: ProtocolSettings = field(default_factory=ProtocolSettings)


@dataclass(frozen=True)
class ModelReport:
    """How a model does on real clips.

    Attributes:
        model: What it is called.
        architecture: What it is.
        device: Where it ran.
        judges: Who was asked.
        scores: What was measured: of a generator, or of a lip-sync expert.
        notes: What was left out, and why.
    """

    model: str
    architecture: str
    device: str
    judges: tuple[str, ...]
    scores: GeneratorScores | ExpertScores
    notes: tuple[str, ...] = ()


def evaluate_model(
    model: str | os.PathLike[str],
    videos: Sequence[Path] = (),
    *,
    clips: Sequence[ProtocolClip] = (),
    expert: str | os.PathLike[str] = "",
    landmarks: str | os.PathLike[str] = "",
    detector: str = "auto",
    detector_model: str = "",
    device: str = "auto",
    sheet: Path | None = None,
    settings: ClipSettings | None = None,
    progress: Progress | None = None,
) -> ModelReport:
    """How a generator, or a lip-sync expert, does on real clips in sync.

    Args:
        model: Name or checkpoint of what is judged.
        videos: Real clips, in sync; of each the face that is largest and longest to be seen is taken.
        clips: Clips that were cut before.
        expert: Judges a generator, as for :func:`find_judges`.
        landmarks: Likewise.
        detector: What finds faces in ``videos``, as in :class:`dubkit.DubJob`.
        detector_model: Its file, likewise.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        sheet: Where to write a PNG of what the generator makes.
        settings: How clips are cut and judged.
        progress: Called with (stage, steps done, steps in all); may raise to stop.

    Raises:
        InputError: if the model, a judge, or every clip cannot be used.
        OutputError: if the sheet cannot be written.
    """
    settings = settings or ClipSettings()
    path = find_model(model, folders=model_folders())
    checkpoint = load_checkpoint(path)
    is_expert = checkpoint.config.architecture == EXPERT
    if not is_expert:
        checkpoint.require(*GENERATORS, path=path)
    if sheet is not None:
        _check_sheet(sheet, is_expert)
    judged = (SyncModel if is_expert else LipModel)(checkpoint, device, path.stem)
    judges = JudgesAtHand()
    if not is_expert:
        judges = find_judges(expert=expert, landmarks=landmarks, with_syncnet=False, device=device)
    cut, notes = _cut_clips(videos, detector, detector_model, settings, progress)
    scores = _judge(judged, [*clips, *cut], judges, settings, sheet, progress)
    notes = [*judges.notes, *notes]
    return ModelReport(judged.name, checkpoint.config.architecture, judged.device, judges.names, scores, tuple(notes))


def _judge(
    judged: LipModel | SyncModel,
    clips: Sequence[ProtocolClip],
    judges: JudgesAtHand,
    settings: ClipSettings,
    sheet: Path | None,
    progress: Progress | None,
) -> GeneratorScores | ExpertScores:
    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress("judge", done, total)

    if isinstance(judged, SyncModel):
        return judge_expert(judged, clips, progress=tell)
    pictures: list[npt.NDArray[np.uint8]] = []

    def keep(takes: Takes) -> None:
        if sheet is not None:
            pictures.append(takes_sheet(takes))

    scores = judge_generator(
        judged,
        clips,
        expert=judges.expert,
        landmarks=judges.landmarks,
        settings=settings.protocol,
        on_takes=keep,
        progress=tell,
    )
    if sheet is not None:
        _write_picture(stack_sheets(pictures), sheet)
    return scores


def cut_clip(
    video: Path, finder: FaceDetector, settings: ClipSettings | None = None, progress: Progress | None = None
) -> ProtocolClip:
    """The face that is largest and longest to be seen in a video, with the sound under it.

    Raises:
        InputError: if the video cannot be read, has no sound, or shows no face for long.
    """
    settings = settings or ClipSettings()
    analysis = analyze(video, finder, progress=progress)
    if not analysis.media.audio:
        raise InputError("has no sound to judge lips by", path=video, remedy="give a clip with sound")
    rate = picture_of(analysis.media).rate
    parts = split_tracks(analysis.tracks, max(_LEAST_FRAMES, round(settings.longest * rate.fps)))
    if not parts or max(int(part.visible.sum()) for part in parts) < _LEAST_FRAMES:
        raise InputError(
            f"shows no face in {_LEAST_FRAMES} frames or more", path=video, remedy="give a clip of somebody who speaks"
        )
    wanted = Analysis(analysis.media, analysis.times, analysis.shots, (max(parts, key=_presence),))
    (crops,) = cut_tracks(video, wanted, 96, settings.crop, progress)
    span = analysis.times.time_range(crops.track.frames)
    with open_sound(video, analysis.media) as sound:
        mel = sound.mel(TimeRange(span.start - _AROUND, span.stop + _AROUND))
    box = np.median(crops.track.boxes, axis=0)
    return ProtocolClip(video.stem, crops.images, crops.times, mel, float((box[3] - box[1]) / (box[2] - box[0])))


def _presence(track: FaceTrack) -> float:
    """Area of the face summed over the frames in which it is seen."""
    boxes = track.boxes[track.visible].astype(np.float64)
    return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum())


def _cut_clips(
    videos: Sequence[Path], detector: str, detector_model: str, settings: ClipSettings, progress: Progress | None
) -> tuple[list[ProtocolClip], list[str]]:
    """The clips in ``videos``, and why some of them have none."""
    for video in videos:
        picture_of(probe(video))  # a file that is not there is said before any work
    if not videos:
        return [], []
    finder, note = choose_detector(detector, detector_model, folders=model_folders())
    clips, notes = [], [f"faces were found by {note}"]
    for video in videos:
        try:
            clips.append(cut_clip(video, finder, settings, progress))
        except InputError as error:
            notes.append(f"left out: {error}")
    if not clips:
        raise InputError(f"none of {len(videos)} clips can be judged by: {'; '.join(notes[1:])}")
    return clips, notes


def _check_sheet(path: Path, is_expert: bool) -> None:
    if is_expert:
        raise InputError("a lip-sync expert makes no pictures", remedy="leave out the picture sheet")
    if path.suffix.lower() != ".png":
        raise OutputError("is no name for a picture sheet", path=path, remedy="let it end in .png")
    check_target(path)


def _write_picture(picture: npt.NDArray[np.uint8], path: Path) -> None:
    """Write ``picture`` BGR as PNG."""
    _, data = cv2.imencode(".png", picture)
    with written_aside(path) as part:
        part.write_bytes(data.tobytes())
