"""Who speaks a line, judged by who is seen: the largest face of each shot while the line lasts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
        max_frames: Frames of a span at most; a longer run becomes several, so that none grows with the film.
        min_face: Height of a face's box in pixels below which a mouth is too small to see.
        max_yaw: Degrees a head may be turned before its mouth is left alone.
        max_pitch: Degrees a head may nod, up or down, before its mouth is left alone.
        min_sharpness: Sharpness of the face, 0..1, below which it is too blurred for a new mouth.
        covered: Whether a mouth with something before it is changed all the same.
    """

    min_frames: int = 5
    max_frames: int = 750
    min_face: float = 32.0
    max_yaw: float = 60.0
    max_pitch: float = 50.0
    min_sharpness: float = 0.3
    covered: bool = False


@dataclass(frozen=True)
class CastSpans:
    """What must change.

    Attributes:
        spans: In film order; no two change the same frame of the same face.
        reasons: Number of a line's cue -> why frames of it are left alone, or how its face was chosen.
        shared: Number of a line's cue -> frames of its face that an overlapping line has changed already.
    """

    spans: tuple[Span, ...]
    reasons: Mapping[int, tuple[str, ...]]
    shared: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A face track with the frames of it that may be changed and that no line has claimed yet."""

    track: FaceTrack
    usable: npt.NDArray[np.bool_]
    free: npt.NDArray[np.bool_]
    area: npt.NDArray[np.float64]

    def rows(self, frames: FrameRange) -> slice:
        part = self.track.frames.overlap(frames)
        return slice(part.start - self.track.frames.start, part.stop - self.track.frames.start)

    def presence(self, frames: FrameRange) -> float:
        """Area of the face summed over the frames in which it is seen: large and long seen wins."""
        rows = self.rows(frames)
        return float(self.area[rows][self.track.visible[rows]].sum())

    def can_speak(self, frames: FrameRange) -> bool:
        """Whether some frame of it may be changed."""
        return bool(self.usable[self.rows(frames)].any())

    def claimed(self, frames: FrameRange) -> int:
        """How many of its usable frames other lines have changed already."""
        rows = self.rows(frames)
        return int((self.usable[rows] & ~self.free[rows]).sum())

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
        by_shot.setdefault(track.shot, []).append(_candidate(track, settings))
    starts = [shot.frames.start for shot in shots]
    spans: list[Span] = []
    reasons: dict[int, tuple[str, ...]] = {}
    shared: dict[int, int] = {}
    for line in lines:
        cue, wanted = line.cue.index, times.frames_in(line.span)
        notes: list[str] = []
        for shot in shots[max(0, bisect_right(starts, wanted.start) - 1) :]:
            frames = shot.frames.overlap(wanted)
            if not frames:
                break
            found, taken, more = _cast_in_shot(frames, by_shot.get(shot.index, []), settings)
            spans.extend(Span(cue, index, shot.index, run) for index, run in found)
            shared[cue] = shared.get(cue, 0) + taken
            notes.extend(more)
        if shared.get(cue):
            notes.append(f"{shared[cue]} of its frames show the line it overlaps")
        reasons[cue] = tuple(notes)
    spans.sort(key=lambda span: (span.frames.start, span.track))
    return CastSpans(tuple(spans), reasons, shared)


def _cast_in_shot(
    frames: FrameRange, candidates: Sequence[_Candidate], settings: CastSettings
) -> tuple[list[tuple[int, FrameRange]], int, list[str]]:
    """The track and run of each span, how many frames are taken by other lines, and what there is to say.

    The largest face is the speaker for as long as it is followed, also where it is turned away: a bystander does not
    speak for it. Where it is not followed, because it left the picture, the largest of the others is the speaker:
    usually the same person, back again.
    """
    here = [candidate for candidate in candidates if candidate.track.frames.overlap(frames)]
    if not here:
        return [], 0, [f"no face is seen in {frames}"]
    chosen: list[_Candidate] = []
    for candidate in sorted(here, key=lambda one: (-one.presence(frames), one.track.index)):
        if all(not candidate.track.frames.overlap(other.track.frames) for other in chosen):
            chosen.append(candidate)
    found: list[tuple[int, FrameRange]] = []
    notes: list[str] = []
    taken = 0
    for candidate in chosen:
        rivals = sum(other.presence(frames) > 0 for other in here if other.track.frames.overlap(candidate.track.frames))
        if rivals > 1:
            notes.append(f"the largest of {rivals} faces was taken as the speaker in {frames}")
        hindered = _left_alone(candidate, frames, settings)
        if not candidate.can_speak(frames):
            notes.append(f"the face in {frames} is {hindered[0][1] if hindered else 'not visible'}")
            continue
        notes.extend(f"the face in {frames} is {why} in {count} frames, left alone" for count, why in hindered)
        claimed = candidate.claimed(frames)
        runs = candidate.claim(frames, settings.min_frames)
        taken += claimed
        found.extend((candidate.track.index, part) for run in runs for part in _parts(run, settings.max_frames))
        if not runs and not claimed:
            notes.append(f"the face in {frames} is seen for fewer than {settings.min_frames} frames")
    return found, taken, notes


def _parts(run: FrameRange, longest: int) -> list[FrameRange]:
    return [FrameRange(start, min(start + longest, run.stop)) for start in range(run.start, run.stop, longest)]


def _candidate(track: FaceTrack, settings: CastSettings) -> _Candidate:
    heights = track.boxes[:, 3] - track.boxes[:, 1]
    usable = track.visible & ~np.any([flags for flags, _ in _hindrances(track, settings)], axis=0)
    area = np.asarray((track.boxes[:, 2] - track.boxes[:, 0]) * heights, np.float64)
    return _Candidate(track, usable, np.ones_like(usable), area)


def _hindrances(
    track: FaceTrack, settings: CastSettings, rows: slice = slice(None)
) -> list[tuple[npt.NDArray[np.bool_], str]]:
    """What keeps the mouth of a visible face from being changed, and in which frames; what is not known does not."""
    heights = track.boxes[rows, 3] - track.boxes[rows, 1]
    blurred, covered = track.sharpness[rows] < settings.min_sharpness, track.covered[rows] & (not settings.covered)
    turned, bent = np.abs(track.yaw[rows]) > settings.max_yaw, np.abs(track.pitch[rows]) > settings.max_pitch
    small = f"too small ({heights.max():.0f} of at least {settings.min_face:.0f} pixels)"
    return [
        (heights < settings.min_face, small),
        (turned, f"turned away by more than {settings.max_yaw:.0f} degrees"),
        (bent, f"bent up or down by more than {settings.max_pitch:.0f} degrees"),
        (covered, "covered at the mouth"),
        (blurred, "too blurred"),
    ]


def _left_alone(candidate: _Candidate, frames: FrameRange, settings: CastSettings) -> list[tuple[int, str]]:
    """In how many visible frames something keeps the mouth from being changed, and what; the most frequent first."""
    rows = candidate.rows(frames)
    visible = candidate.track.visible[rows]
    found = [(int((flags & visible).sum()), why) for flags, why in _hindrances(candidate.track, settings, rows)]
    return sorted((entry for entry in found if entry[0]), key=lambda entry: -entry[0])
