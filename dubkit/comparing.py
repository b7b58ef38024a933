"""The composer of one question: how near is a generated video to the real one it was made from?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis, analyze, picture_of
from dubkit.errors import InputError, MissingDependencyError, RecordError
from dubkit.evaluation import (
    ClipView,
    Evaluation,
    InceptionFeatures,
    Judges,
    Score,
    evaluate_clip,
    frechet_distance_of,
    stretch_faces,
    unit_faces,
)
from dubkit.faces import CropSettings, choose_detector
from dubkit.judges import JudgesAtHand, find_judges
from dubkit.lipsync import score_track
from dubkit.media import measure_times, probe, turned_video
from dubkit.places import model_folders
from dubkit.schema import FaceTrack, Frame, MediaInfo
from dubkit.sync_views import SyncNetEye
from dubkit.timing import Seconds, TimeRange
from dubkit.track_crops import cut_face, split_tracks, watch_tracks
from dubkit.video_sound import VideoSound, open_sound

__all__ = ["CompareSettings", "ComparisonReport", "compare_videos"]

Progress: TypeAlias = Callable[[str, int, int], None]
Crop: TypeAlias = npt.NDArray[np.uint8]

_INCEPTION = "weights-inception-2015-12-05-6726825d.pth"
_LEAST_FRAMES = 3  # flicker is seen over three
_AROUND = Fraction(1)  # second of sound around a face, for the expert to shift in
_EXPERT_SIZE = 96


@dataclass(frozen=True)
class CompareSettings:
    """How two videos are compared.

    Attributes:
        size: Pixels across a face in which pictures are compared; finer than a network draws, so that blur shows.
        longest: Seconds of a face that are compared together; longer face tracks are compared in parts.
        crop: How a crop lies around its face.
    """

    size: int = 224
    longest: float = 20.0
    crop: CropSettings = field(default_factory=CropSettings)


@dataclass(frozen=True)
class ComparisonReport:
    """How near a generated video is to the real one.

    Attributes:
        real: The real video.
        generated: The generated one.
        detector: The face detector that was used on the real one, and why.
        judges: Who was asked beside the pictures themselves.
        clips: One entry per face track, or part of a long one.
        sets: Scores of all faces together: ``fid``.
        notes: What was left out, and why.
    """

    real: Path
    generated: Path
    detector: str
    judges: tuple[str, ...]
    clips: tuple[Evaluation, ...]
    sets: Mapping[str, Score]
    notes: tuple[str, ...] = ()


def compare_videos(
    real: str | os.PathLike[str],
    generated: str | os.PathLike[str],
    *,
    expert: str | os.PathLike[str] = "",
    landmarks: str | os.PathLike[str] = "",
    syncnet: str | os.PathLike[str] = "",
    fid: bool = False,
    detector: str = "auto",
    detector_model: str = "",
    device: str = "auto",
    settings: CompareSettings | None = None,
    progress: Progress | None = None,
) -> ComparisonReport:
    """Score a generated video beside the real one it was made from, face by face, both by the same code.

    Faces are found in the real video alone and cut alike from both. Each is judged with its own sound; a generated
    video without any, with the real one's.

    Args:
        real: The real video.
        generated: The same frames with generated lips.
        expert: Name or checkpoint of a lip-sync expert, as for :func:`dubkit.judges.find_judges`.
        landmarks: Likewise.
        syncnet: Likewise.
        fid: Whether to measure FID, if its weights are in a folder for models.
        detector: What finds faces, as in :class:`dubkit.DubJob`.
        detector_model: Its file, likewise.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        settings: How.
        progress: Called with (stage, frames done, frames in all as far as known); may raise to stop.

    Raises:
        InputError: if a video or a judge cannot be used, the videos differ in size or number of frames, or no face is
            seen for three frames.
    """
    paths, settings = (Path(real), Path(generated)), settings or CompareSettings()
    media = (probe(paths[0]), probe(paths[1]))
    _check_sizes(media)
    judges = find_judges(expert=expert, landmarks=landmarks, syncnet=syncnet, device=device)
    inception, missing = _inception(device) if fid else (None, ())
    finder, note = choose_detector(detector, detector_model, folders=model_folders())
    analysis = analyze(paths[0], finder, progress=progress)
    frames = len(measure_times(paths[1]))
    if frames != len(analysis.times):
        raise InputError(
            f"has {frames} frames and {paths[0].name} {len(analysis.times)}: they cannot be compared frame by frame",
            path=paths[1],
            remedy="give two videos of the same frames",
        )
    with open_sound(paths[0], media[0]) as first, open_sound(paths[1], media[1]) as second:
        sounds = (first, second if media[1].audio else first)
        comparison = _Comparison(paths, analysis, judges, sounds, inception, settings)
        clips = tuple(comparison.clips(progress))
    if not clips:
        raise InputError("shows no face that could be compared", path=paths[0], remedy="give a video of a face")
    notes = (*judges.notes, *missing, *_sound_notes(media), *comparison.notes)
    return ComparisonReport(*paths, note, judges.names, clips, comparison.sets(), notes)


@dataclass(frozen=True, eq=False)
class _Glance:
    """What was cut from one frame of one video: the face, where it is seen, and what SyncNet looks at."""

    frame: int
    faces: tuple[Crop, ...]
    small: tuple[Crop, ...]
    sync: tuple[Crop, ...]


class _Comparison:
    """Two videos, side by side."""

    def __init__(
        self,
        paths: tuple[Path, Path],
        analysis: Analysis,
        judges: JudgesAtHand,
        sounds: tuple[VideoSound, VideoSound],
        inception: InceptionFeatures | None,
        settings: CompareSettings,
    ) -> None:
        rate = picture_of(analysis.media).rate
        tracks = split_tracks(analysis.tracks, max(_LEAST_FRAMES, round(settings.longest * rate.fps)))
        self._analysis = Analysis(analysis.media, analysis.times, analysis.shots, tracks)
        self._paths, self._judges, self._sounds, self._settings = paths, judges, sounds, settings
        self._eye = SyncNetEye(self._analysis)
        self._inception = inception
        self._features: tuple[list[npt.NDArray[np.float32]], ...] = ([], [])
        self.notes: list[str] = []

    def clips(self, progress: Progress | None) -> Iterator[Evaluation]:
        """One evaluation per face track; both videos are read in step."""

        def tell(done: int) -> None:
            if progress is not None:
                progress("crops", done, max(done, len(self._analysis.times)))

        first, second = (
            watch_tracks(path, self._analysis.tracks, self._look, teller)
            for path, teller in zip(self._paths, (tell, None), strict=True)
        )
        for (track, real), (_, generated) in zip(first, second, strict=True):
            name = f"face {track.index}, {track.frames}"
            if sum(len(glance.faces) for glance in real) < _LEAST_FRAMES:
                self.notes.append(f"left out: {name} (it is seen in fewer than {_LEAST_FRAMES} frames)")
                continue
            yield self._evaluated(name, track, real, generated)

    def sets(self) -> dict[str, Score]:
        """Scores of all faces together."""
        found = [np.concatenate(features) for features in self._features if features]
        if len(found) < len(self._features):
            return {}
        return {"fid": Score(0.0, frechet_distance_of(found[1], found[0]))}

    def _look(self, frame: Frame, track: FaceTrack) -> Iterator[_Glance]:
        crop, faces, small = self._settings.crop, list[Crop](), list[Crop]()
        if track.visible[frame.index - track.frames.start]:
            with suppress(RecordError):  # a box filled in between detections may lie beyond the picture's edge
                faces.append(cut_face(frame, track, self._settings.size, crop))
                small.append(cut_face(frame, track, _EXPERT_SIZE, crop))
        sync = tuple(self._eye.look(frame, track)) if self._judges.syncnet is not None else ()
        yield _Glance(frame.index, tuple(faces), tuple(small), sync)

    def _evaluated(
        self, name: str, track: FaceTrack, real: Sequence[_Glance], generated: Sequence[_Glance]
    ) -> Evaluation:
        rows = [glance.frame - track.frames.start for glance in real if glance.faces]
        sizes = np.median(track.boxes[rows, 2:] - track.boxes[rows, :2], axis=0)
        views = [self._view(glances, float(sizes[1] / sizes[0])) for glances in (real, generated)]
        for features, view in zip(self._features, views, strict=True):
            if self._inception is not None:
                features.append(self._inception.find(view.crops))
        span = self._analysis.times.time_range(track.frames)
        heard = any(sound.peak(span) > 0 for sound in self._sounds)
        can_sync = heard and self._eye.can_judge(track)
        judges = Judges(self._judges.syncnet if can_sync else None, self._judges.landmarks)
        first, second = (sound.waveform(span) for sound in self._sounds)
        return evaluate_clip(
            name,
            real=views[0],
            generated=views[1],
            face_boxes=self._boxes(views[0].crops),
            sound=first,
            generated_sound=second,
            judges=judges,
            further=self._confidence(real, generated, span),
        )

    def _view(self, glances: Sequence[_Glance], aspect: float) -> ClipView:
        faces = stretch_faces(np.stack([crop for glance in glances for crop in glance.faces]), aspect)
        sync = [crop for glance in glances for crop in glance.sync]
        return ClipView(faces, np.stack(sync)) if sync else ClipView(faces)

    def _boxes(self, crops: Crop) -> npt.NDArray[np.float32]:
        """(n, 4) where the face lies in its crop, which is larger by the crop's scale."""
        height, width = crops.shape[1:3]
        left, top = (side * (1 - 1 / self._settings.crop.scale) / 2 for side in (width, height))
        return np.tile(np.array([left, top, width - left, height - top], np.float32), (len(crops), 1))

    def _confidence(
        self, real: Sequence[_Glance], generated: Sequence[_Glance], span: TimeRange
    ) -> dict[str, tuple[float, float]]:
        if self._judges.expert is None:
            return {}
        times: list[Seconds] = [self._analysis.times.seconds(glance.frame) for glance in real if glance.faces]
        found = []
        for glances, sound in zip((real, generated), self._sounds, strict=True):
            crops = np.stack([crop for glance in glances for crop in glance.small])
            mel = sound.mel(TimeRange(span.start - _AROUND, span.stop + _AROUND))
            found.append(score_track(self._judges.expert, unit_faces(crops), times, mel))
        if not all(score.clips for score in found):
            return {}
        return {"expert_confidence": (found[0].expert_confidence, found[1].expert_confidence)}


def _check_sizes(media: tuple[MediaInfo, MediaInfo]) -> None:
    first, second = (turned_video(picture_of(each), picture_of(each).rotation) for each in media)
    if (first.width, first.height) != (second.width, second.height):
        raise InputError(
            f"is {second.width}x{second.height} and {media[0].path.name} {first.width}x{first.height}: "
            "they cannot be compared pixel by pixel",
            path=media[1].path,
            remedy="give two videos of one size",
        )


def _sound_notes(media: tuple[MediaInfo, MediaInfo]) -> Iterator[str]:
    if not media[0].audio:
        yield "the real video has no sound to judge lips by"
    elif not media[1].audio:
        yield "the generated video has no sound and was judged with the real one's"


def _inception(device: str) -> tuple[InceptionFeatures | None, tuple[str, ...]]:
    """The network of FID, or why it is not here."""
    for folder in model_folders():
        if (folder / _INCEPTION).is_file():
            try:
                return InceptionFeatures(folder / _INCEPTION, device), ()
            except MissingDependencyError as error:
                return None, (f"left out: FID ({error})",)
    folders = " or ".join(map(str, model_folders()))
    return None, (f"left out: FID ({_INCEPTION}, as torch-fidelity publishes it, is not in {folders})",)
