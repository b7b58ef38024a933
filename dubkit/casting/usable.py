"""Which frames of a face track may be changed, and what keeps the others from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dubkit.schema import FaceTrack
from dubkit.timing import FrameRange

__all__ = ["Candidate", "UsableSettings"]


@dataclass(frozen=True)
class UsableSettings:
    """What counts as a face whose mouth can be changed.

    Attributes:
        min_face: Height of a face's box in pixels below which a mouth is too small to see.
        max_yaw: Degrees a head may be turned before its mouth is left alone.
        max_pitch: Degrees a head may nod, up or down, before its mouth is left alone.
        min_sharpness: Sharpness of the face, 0..1, below which it is too blurred for a new mouth.
        covered: Whether a mouth with something before it is changed all the same.
    """

    min_face: float = 32.0
    max_yaw: float = 60.0
    max_pitch: float = 50.0
    min_sharpness: float = 0.3
    covered: bool = False


@dataclass(frozen=True, eq=False)
class Candidate:
    """A face track with the frames of it that may be changed and that no line has claimed yet.

    Attributes:
        track: The track.
        settings: What counts as usable.
        usable: (n,) which frames may be changed.
        free: (n,) which of its frames no line has claimed; is written to.
    """

    track: FaceTrack
    settings: UsableSettings
    usable: npt.NDArray[np.bool_] = field(init=False)
    free: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """See what keeps its frames from being changed."""
        hindered = np.any([flags for flags, _ in self._hindrances(slice(None))], axis=0)
        object.__setattr__(self, "usable", self.track.visible & ~hindered)
        object.__setattr__(self, "free", np.ones_like(self.track.visible))

    def rows(self, frames: FrameRange) -> slice:
        """Where ``frames`` lie in its arrays, as far as it lasts."""
        part = self.track.frames.overlap(frames)
        return slice(part.start - self.track.frames.start, part.stop - self.track.frames.start)

    def can_speak(self, frames: FrameRange) -> bool:
        """Whether some frame of it may be changed."""
        return bool(self.usable[self.rows(frames)].any())

    def claimed(self, wanted: npt.NDArray[np.bool_]) -> int:
        """How many of the (n,) wanted frames that are usable other lines have changed already."""
        return int((wanted & self.usable & ~self.free).sum())

    def claim(self, wanted: npt.NDArray[np.bool_], min_frames: int) -> list[FrameRange]:
        """Take the (n,) wanted frames that are usable and unclaimed as runs of at least ``min_frames``."""
        rows = np.flatnonzero(wanted & self.usable & self.free)
        if not rows.size:
            return []
        runs = [run for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(run) >= min_frames]
        for run in runs:
            self.free[run] = False
        first = self.track.frames.start
        return [FrameRange(first + int(run[0]), first + int(run[-1]) + 1) for run in runs]

    def left_alone(self, frames: FrameRange) -> list[tuple[int, str]]:
        """How many visible frames something keeps from being changed, and what; the most frequent first."""
        rows = self.rows(frames)
        visible = self.track.visible[rows]
        found = [(int((flags & visible).sum()), why) for flags, why in self._hindrances(rows)]
        return sorted((entry for entry in found if entry[0]), key=lambda entry: -entry[0])

    def _hindrances(self, rows: slice) -> list[tuple[npt.NDArray[np.bool_], str]]:
        """What keeps the mouth of a visible face as it is, and in which frames; what is not known does not."""
        track, limits = self.track, self.settings
        heights = track.boxes[rows, 3] - track.boxes[rows, 1]
        bent = np.abs(track.pitch[rows]) > limits.max_pitch
        small = f"too small ({heights.max():.0f} of at least {limits.min_face:.0f} pixels)"
        return [
            (heights < limits.min_face, small),
            (np.abs(track.yaw[rows]) > limits.max_yaw, f"turned away by more than {limits.max_yaw:.0f} degrees"),
            (bent, f"bent up or down by more than {limits.max_pitch:.0f} degrees"),
            (track.covered[rows] & (not limits.covered), "covered at the mouth"),
            (track.sharpness[rows] < limits.min_sharpness, "too blurred"),
        ]
