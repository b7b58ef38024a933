"""Who speaks a line, judged by who is seen: the largest face of each shot while the line lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.schema import FaceTrack, Line, Shot, Span
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["CastSettings", "CastSpans", "cast_lines"]


@dataclass(frozen=True)
class CastSettings:
    """What counts as a face that can speak.

    Attributes:
        min_frames: Frames a face must be seen on end to be worth changing.
        min_face: Height of a face's box in pixels below which a mouth is too small to see.
        max_yaw: Degrees a head may be turned before its mouth is left alone.
    """

    min_frames: int = 5
    min_face: float = 32.0
    max_yaw: float = 60.0


@dataclass(frozen=True)
class CastSpans:
    """What must change.

    Attributes:
        spans: In film order; no two change the same frame of the same face.
        reasons: Number of a line's cue -> why frames of it are left alone, or how its face was chosen.
    """

    spans: tuple[Span, ...]
    reasons: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A face track with the frames of it that may be changed and that no line has claimed yet."""

    track: FaceTrack
    usable: npt.NDArray[np.bool_]
    free: npt.NDArray[np.bool_]

    def rows(self, frames: FrameRange) -> slice:
        part = self.track.frames.overlap(frames)
        return slice(part.start - self.track.frames.start, part.stop - self.track.frames.start)

    def presence(self, frames: FrameRange) -> float:
        """Area of the face summed over its usable frames: large and long seen wins."""
        rows = self.rows(frames)
        boxes = self.track.boxes[rows][self.usable[rows]]
        return float(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum())

    def claim(self, frames: FrameRange, min_frames: int) -> list[FrameRange]:
        """Take the usable, unclaimed frames as runs of at least ``min_frames``."""
        rows = self.rows(frames)
        wanted = np.flatnonzero(self.usable[rows] & self.free[rows]) + rows.start
        if not wanted.size:
            return []
        pieces = np.split(wanted, np.flatnonzero(np.diff(wanted) > 1) + 1)
        runs = [piece for piece in pieces if len(piece) >= min_frames]
        for run in runs:
            self.free[run] = False
        first = self.track.frames.start
        return [FrameRange(first + int(run[0]), first + int(run[-1]) + 1) for run in runs]


def cast_lines(
    lines: Sequence[Line],
    shots: Sequence[Shot],
    tracks: Sequence[FaceTrack],
    times: FrameTimes,
    settings: CastSettings,
) -> CastSpans:
    """Choose for every line, in every shot it touches, the face that speaks it.

    Args:
        lines: Placed lines, in film order.
        shots: All shots.
        tracks: All face tracks, in pixels of the stored frame.
        times: When each frame is shown.
        settings: What counts as a face that can speak.
    """
    by_shot: dict[int, list[_Candidate]] = {}
    for track in tracks:
        usable = _usable(track, settings)
        by_shot.setdefault(track.shot, []).append(_Candidate(track, usable, np.ones_like(usable)))
    spans: list[Span] = []
    reasons: dict[int, tuple[str, ...]] = {}
    for line in lines:
        wanted = times.frames_in(line.span)
        notes: list[str] = []
        for shot in shots:
            frames = shot.frames.overlap(wanted)
            if frames:
                found, more = _cast_in_shot(frames, by_shot.get(shot.index, []), settings)
                spans.extend(Span(line.cue.index, index, shot.index, run) for index, run in found)
                notes.extend(more)
        reasons[line.cue.index] = tuple(notes)
    spans.sort(key=lambda span: (span.frames.start, span.track))
    return CastSpans(tuple(spans), reasons)


def _cast_in_shot(
    frames: FrameRange, candidates: Sequence[_Candidate], settings: CastSettings
) -> tuple[list[tuple[int, FrameRange]], list[str]]:
    """The track and run of each span, and what there is to say.

    The largest face is the speaker for as long as it is followed; where it is not, because it left the picture,
    the largest of the others is: usually the same person, back again.
    """
    here = [candidate for candidate in candidates if candidate.track.frames.overlap(frames)]
    if not here:
        return [], [f"no face is seen in {frames}"]
    chosen: list[_Candidate] = []
    for candidate in sorted(here, key=lambda one: (-one.presence(frames), one.track.index)):
        apart = all(not candidate.track.frames.overlap(other.track.frames) for other in chosen)
        if apart and candidate.presence(frames) > 0:
            chosen.append(candidate)
    if not chosen:
        largest = max(here, key=lambda one: float((one.track.boxes[:, 3] - one.track.boxes[:, 1]).max()))
        return [], [f"the face in {frames} is {_why_unusable(largest, frames, settings)}"]
    found: list[tuple[int, FrameRange]] = []
    notes: list[str] = []
    for candidate in chosen:
        rivals = sum(other.presence(frames) > 0 for other in here if other.track.frames.overlap(candidate.track.frames))
        if rivals > 1:
            notes.append(f"the largest of {rivals} faces was taken as the speaker in {frames}")
        runs = candidate.claim(frames, settings.min_frames)
        found.extend((candidate.track.index, run) for run in runs)
    if not found:
        notes.append(f"the face in {frames} is seen for fewer than {settings.min_frames} frames not yet changed")
    return found, notes


def _usable(track: FaceTrack, settings: CastSettings) -> npt.NDArray[np.bool_]:
    heights = track.boxes[:, 3] - track.boxes[:, 1]
    turned = np.abs(np.nan_to_num(track.yaw, nan=0.0)) > settings.max_yaw
    return np.asarray(track.visible & (heights >= settings.min_face) & ~turned)


def _why_unusable(candidate: _Candidate, frames: FrameRange, settings: CastSettings) -> str:
    track, rows = candidate.track, candidate.rows(frames)
    if not track.visible[rows].any():
        return "not visible"
    height = float((track.boxes[rows, 3] - track.boxes[rows, 1]).max())
    if height < settings.min_face:
        return f"too small ({height:.0f} of at least {settings.min_face:.0f} pixels)"
    return f"turned away by more than {settings.max_yaw:.0f} degrees"
