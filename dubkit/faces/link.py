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


@dataclass
class Chain:
    """Detections of one face, by frame, in rising order."""

    frames: list[int] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    speed: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    def append(self, frame: int, face: Face) -> None:
        """Add the next detection and learn its speed (pixels per frame of the centre)."""
        if self.frames:
            moved = (_centre(face) - _centre(self.faces[-1])) / (frame - self.frames[-1])
            self.speed = moved if len(self.frames) == 1 else 0.5 * (self.speed + moved)
        self.frames.append(frame)
        self.faces.append(face)

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
        return distance / max(size, other) + _SIZE_COST * float(np.log(ratio))


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
