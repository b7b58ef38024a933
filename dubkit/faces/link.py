"""Which detections of neighbouring frames are the same face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dubkit.schema import Face

__all__ = ["Chain", "link_faces"]

# A face is expected where it was heading; it may lie off that by this part of its size, by more for every frame since
# it was seen, and by more while its speed is not known, up to a limit. Speeds are trusted less the longer ago they were
# measured.
_NEAR, _NEAR_PER_FRAME, _NEAR_UNKNOWN, _NEAR_LIMIT = 0.35, 0.03, 0.15, 0.8
_SIZE_RATIO = 1.7
_SIZE_COST = 0.5
_TRUST = 8.0  # frames after which a speed counts for 1/e

# Two looks at one face differ (one less the correlation of its thumbnails) by 0.01 in the median and 0.27 in one of a
# hundred, looks at two people by 0.67 in the median: where paths cross, that decides. Beyond both limits, which no two
# neighbouring looks at one face reached in 42 real face tracks, it is somebody else: a dissolve that nobody noticed.
_LOOK_COST = 0.5
_OTHER_CORRELATION, _OTHER_LIGHT = 0.5, 0.2
_LEAST_CONTRAST = 0.04  # standard deviation, of 1 for white, below which a thumbnail shows nothing to tell people by
_KEEP = 0.6  # part of what a chain has looked like so far that stays with each new look


@dataclass
class Chain:
    """Detections of one face, by frame, in rising order."""

    frames: list[int] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    speed: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    thumbnail: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def append(self, frame: int, face: Face) -> None:
        """Add the next detection and learn its speed (pixels per frame of the centre)."""
        if self.frames:
            moved = (_centre(face) - _centre(self.faces[-1])) / (frame - self.frames[-1])
            self.speed = moved if len(self.frames) == 1 else 0.5 * (self.speed + moved)
        self.frames.append(frame)
        self.faces.append(face)
        seen = face.look.thumbnail.astype(np.float64) / 255
        if seen.size:
            known = self.thumbnail.shape == seen.shape
            self.thumbnail = _KEEP * self.thumbnail + (1 - _KEEP) * seen if known else seen

    def cost(self, frame: int, face: Face) -> float:
        """How badly a detection fits: distance from where it is expected, in sizes; infinite if it cannot be."""
        passed = frame - self.frames[-1]
        travel = self.speed * _TRUST * (1 - np.exp(-passed / _TRUST))
        size, other = _size(self.faces[-1]), _size(face)
        expected, last, found = _centre(self.faces[-1]) + travel, _centre(self.faces[-1]), _centre(face)
        # A face that stops at once lies where it was, not where it was heading.
        distance = min(float(np.linalg.norm(found - expected)), float(np.linalg.norm(found - last)) * 1.25)
        ratio = max(size / other, other / size)
        unknown = _NEAR_UNKNOWN if len(self.frames) == 1 else 0.0
        near = min(_NEAR + unknown + _NEAR_PER_FRAME * passed, _NEAR_LIMIT)
        if distance > near * max(size, other) or ratio > _SIZE_RATIO:
            return float("inf")
        return distance / max(size, other) + _SIZE_COST * float(np.log(ratio)) + self._unlikeness(face)

    def _unlikeness(self, face: Face) -> float:
        """What it costs that a detection looks otherwise than the chain did; infinite if it is somebody else."""
        seen = face.look.thumbnail.astype(np.float64) / 255
        if seen.size == 0 or seen.shape != self.thumbnail.shape:
            return 0.0
        one, other = seen - seen.mean(), self.thumbnail - self.thumbnail.mean()
        if min(one.std(), other.std()) < _LEAST_CONTRAST:
            return 0.0
        apart = 1 - float(np.mean(one * other) / (one.std() * other.std()))
        if apart > _OTHER_CORRELATION and float(np.abs(seen - self.thumbnail).mean()) > _OTHER_LIGHT:
            return float("inf")
        return _LOOK_COST * apart


def link_faces(detections: Mapping[int, Sequence[Face]], gap: int) -> list[Chain]:
    """Join the detections of a shot, frame by frame, the best fitting pair first.

    Args:
        detections: Faces by frame; frames without faces may be there, their order does not matter.
        gap: A face unseen for more frames than this is followed no longer.

    Returns:
        Every detection in exactly one chain, in the order in which they began, then from the left.
    """
    chains: list[Chain] = []
    for frame in sorted(detections):
        faces = sorted(detections[frame], key=lambda face: (*face.box.tolist(), -face.score))
        alive = [chain for chain in chains if frame - chain.frames[-1] <= gap]
        costs = [(chain.cost(frame, face), i, j) for i, chain in enumerate(alive) for j, face in enumerate(faces)]
        taken_chains: set[int] = set()
        taken_faces: set[int] = set()
        for cost, i, j in sorted(costs):
            if cost < float("inf") and i not in taken_chains and j not in taken_faces:
                taken_chains.add(i)
                taken_faces.add(j)
                alive[i].append(frame, faces[j])
        for j, face in enumerate(faces):
            if j not in taken_faces:
                chain = Chain()
                chain.append(frame, face)
                chains.append(chain)
    return chains


def _centre(face: Face) -> npt.NDArray[np.float64]:
    return (face.box[:2].astype(np.float64) + face.box[2:]) / 2


def _size(face: Face) -> float:
    return float(np.sqrt(face.width * face.height))
