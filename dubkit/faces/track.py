"""Follow the faces of one shot: from detections on some of its frames to boxes on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError, RecordError
from dubkit.faces.covered import covered_mouths
from dubkit.faces.link import Chain, link_faces
from dubkit.faces.person import mean_embedding, some_signatures
from dubkit.faces.pose import head_pitch, head_yaw
from dubkit.faces.smooth import smooth_path
from dubkit.schema import Face, FaceTrack, Shot
from dubkit.timing import FrameRange

__all__ = ["TrackSettings", "frames_to_look", "track_faces"]


@dataclass(frozen=True)
class TrackSettings:
    """How faces are followed.

    Attributes:
        every: A detector looks at each n-th frame of a shot, and at its first and last.
        gap: A face missed for more frames than this begins a new track, in frames.
        blink: A face missed for at most this many frames was there all the same (``visible``), in frames.
        smooth: Standard deviation of the smoothing over time, in frames; 0 for none.
        least_looks: Fewer detections than this are no track, unless the shot has not as many frames looked at.
        least_share: A track's detections are at least this part of the frames looked at between its ends, 0..1.
        least_score: Mean score that a track's detections must have, 0..1.
        best_score: Score that one of its detections must have, 0..1.
    """

    every: int = 3
    gap: int = 12
    blink: int = 6
    smooth: float = 2.0
    least_looks: int = 4
    least_share: float = 0.5
    least_score: float = 0.5
    best_score: float = 0.6

    def __post_init__(self) -> None:
        """Refuse values nothing could be followed with."""
        if self.every < 1 or self.gap < 1 or self.least_looks < 1 or self.blink < 0 or self.smooth < 0:
            raise RecordError("track settings need every, gap and least_looks of at least one, nothing negative")


def frames_to_look(shot: Shot, settings: TrackSettings | None = None) -> list[int]:
    """The frames of a shot that a detector should look at: every n-th, and always the first and the last."""
    settings = settings or TrackSettings()
    return sorted({*shot.frames.indices[:: settings.every], shot.frames.stop - 1})


def track_faces(
    shot: Shot,
    detections: Mapping[int, Sequence[Face]],
    settings: TrackSettings | None = None,
    first_index: int = 0,
) -> tuple[FaceTrack, ...]:
    """Follow every face through a shot.

    Detections of neighbouring frames are linked by place, motion and size. Chains that are too short, too weak or too
    full of holes are no faces. Boxes and landmarks are interpolated between detections and smoothed with equal
    weight to both sides, within the shot alone.

    ``visible`` is True at and between detections, also across a stretch of misses of up to ``settings.blink``
    frames: detectors miss a face now and then. In a longer one the frames nearer to a miss than to a detection are
    False, and boxes there are filled. A track that begins or ends within ``settings.every`` frames of the shot's
    edge is held to that edge; such frames are visible unless the detector looked at the edge and found nothing.

    Where the detections carry what was seen of them (:func:`dubkit.faces.look_at`), faces whose paths cross are told
    apart by it too, and sharpness, covered mouths and what tells people apart are known. A frame between two
    detections counts as covered if either is.

    Args:
        shot: The shot.
        detections: Faces by number of the frame in the film, for every frame looked at, also where none was found.
        settings: How to follow.
        first_index: Number of the first track returned.

    Returns:
        The tracks, numbered in the order in which they begin, then from the left of the image.

    Raises:
        InputError: A detection's frame lies outside the shot.
    """
    settings = settings or TrackSettings()
    outside = sorted(frame for frame in detections if frame not in shot.frames)
    if outside:
        raise InputError(f"a face was looked for in frame {outside[0]}, which is not among the shot's {shot.frames}")
    looks = np.array(sorted(detections), np.int64)
    chains = [chain for chain in link_faces(detections, settings.gap) if _is_face(chain, looks, settings)]
    return tuple(_track(first_index + i, shot, chain, looks, settings) for i, chain in enumerate(chains))


def _is_face(chain: Chain, looks: npt.NDArray[np.int64], settings: TrackSettings) -> bool:
    scores = [face.score for face in chain.faces]
    looked = int(np.count_nonzero((looks >= chain.frames[0]) & (looks <= chain.frames[-1])))
    return (
        len(scores) >= min(settings.least_looks, len(looks))
        and len(scores) >= settings.least_share * looked
        and float(np.mean(scores)) >= settings.least_score
        and max(scores) >= settings.best_score
    )


def _track(index: int, shot: Shot, chain: Chain, looks: npt.NDArray[np.int64], settings: TrackSettings) -> FaceTrack:
    seen = np.array(chain.frames, np.int64)
    span = _span(shot, seen, settings.every)
    frames = np.arange(span.start, span.stop)
    boxes = smooth_path(_between(frames, seen, [face.box for face in chain.faces]), settings.smooth)
    landmarks = smooth_path(_between(frames, seen, [face.landmarks for face in chain.faces]), settings.smooth)
    scores = np.interp(frames, seen, [face.score for face in chain.faces])
    covered = covered_mouths(chain.faces)
    return FaceTrack(
        index=index,
        shot=shot.index,
        frames=span,
        boxes=boxes.astype(np.float32),
        landmarks=landmarks.astype(np.float32),
        scores=scores.astype(np.float32),
        visible=_visible(frames, seen, looks, settings.blink),
        yaw=head_yaw(landmarks),
        pitch=head_pitch(landmarks),
        sharpness=_measured(frames, seen, [face.look.sharpness for face in chain.faces]),
        covered=_covered(frames, seen, covered),
        signatures=some_signatures(chain.faces, covered),
        embedding=mean_embedding(chain.faces, covered),
    )


def _span(shot: Shot, seen: npt.NDArray[np.int64], every: int) -> FrameRange:
    first, last = int(seen[0]), int(seen[-1])
    start = shot.frames.start if first - shot.frames.start <= every else first
    stop = shot.frames.stop if shot.frames.stop - 1 - last <= every else last + 1
    return FrameRange(start, stop)


def _between(
    frames: npt.NDArray[np.int64], seen: npt.NDArray[np.int64], values: Sequence[npt.NDArray[np.float32]]
) -> npt.NDArray[np.float64]:
    """Values at all frames, straight between those seen, held outside; NaN next to a NaN."""
    known = np.stack(values).astype(np.float64)
    right = np.clip(np.searchsorted(seen, frames), 0, len(seen) - 1)
    left = np.where(seen[right] <= frames, right, np.maximum(right - 1, 0))
    steps = np.maximum(seen[right] - seen[left], 1)
    part = np.clip((frames - seen[left]) / steps, 0.0, 1.0).reshape(-1, *[1] * (known.ndim - 1))
    # A frame that was seen takes its own value even where the next is NaN.
    return np.asarray(np.where(part == 0, known[left], known[left] * (1 - part) + known[right] * part), np.float64)


def _measured(
    frames: npt.NDArray[np.int64], seen: npt.NDArray[np.int64], values: Sequence[float]
) -> npt.NDArray[np.float32]:
    """Values at all frames, straight between those measured, held outside; NaN where nothing was measured."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(frames), np.nan, np.float32)
    return np.asarray(np.interp(frames, seen[known], np.array(values)[known]), np.float32)


def _covered(
    frames: npt.NDArray[np.int64], seen: npt.NDArray[np.int64], covered: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether the mouth was covered in the detection before a frame or in the one after it."""
    after = np.clip(np.searchsorted(seen, frames), 0, len(seen) - 1)
    before = np.clip(np.searchsorted(seen, frames, side="right") - 1, 0, len(seen) - 1)
    return np.asarray(covered[before] | covered[after])


def _visible(
    frames: npt.NDArray[np.int64], seen: npt.NDArray[np.int64], looks: npt.NDArray[np.int64], blink: int
) -> npt.NDArray[np.bool_]:
    visible = np.ones(len(frames), np.bool_)
    missed = np.setdiff1d(looks, seen)
    edges = [int(frames[0]) - 1, *seen.tolist(), int(frames[-1]) + 1]
    for before, after in pairwise(edges):
        misses = missed[(missed > before) & (missed < after)]
        outer = before < seen[0] or after > seen[-1]
        if misses.size == 0 or (not outer and after - before - 1 <= blink):
            continue
        # From halfway between the last detection and the first miss to halfway between the last miss and the next.
        start = int(misses[0]) if before < seen[0] else (before + int(misses[0])) // 2 + 1
        stop = int(misses[-1]) + 1 if after > seen[-1] else (int(misses[-1]) + after + 1) // 2
        visible[(frames >= start) & (frames < stop)] = False
    return visible
