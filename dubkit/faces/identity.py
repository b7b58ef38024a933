"""Which face tracks of a film are of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.faces.signature import difference
from dubkit.schema import FaceTrack, Scene

__all__ = ["IdentitySettings", "name_people", "person_name"]

_NEVER = -np.inf


@dataclass(frozen=True)
class IdentitySettings:
    """When two face tracks are of one person.

    Attributes:
        same: Cosine of two embeddings, -1..1, from which they are; the embedder knows its own.
        unlike: Difference of two signatures up to which they are, see :func:`dubkit.faces.signature.difference`.
        reach: Where the scenes are not known, signatures are compared across this many frames at most.
    """

    same: float = 0.4
    unlike: float = 1.0
    reach: int = 250

    def __post_init__(self) -> None:
        """Refuse values that mean nothing."""
        if not -1 < self.same < 1 or self.unlike < 0 or self.reach < 0:
            raise RecordError("identity settings need a cosine in -1..1, and neither unlikeness nor reach below zero")


def name_people(
    tracks: Sequence[FaceTrack],
    scenes: Sequence[Scene] = (),
    settings: IdentitySettings | None = None,
) -> tuple[FaceTrack, ...]:
    """Give every face track the name of its person: ``A``, ``B``, ... in the order in which they first appear.

    Tracks that are seen in one frame are of two people. Two embeddings are compared wherever they are in the film, and
    groups are joined by the mean of their cosines. Where one of two tracks has none, their signatures are compared,
    within a scene only, and a group is joined only if no pair of it looks unlike: rather two names for one person than
    one name for two. Without either a track stays alone.

    Args:
        tracks: Face tracks of one film, in any order; names they have are replaced.
        scenes: Shots that belong together; none where they are not known.
        settings: When two are the same.

    Returns:
        The tracks in the order given, with their names.
    """
    settings = settings or IdentitySettings()
    if not tracks:
        return ()
    order = sorted(range(len(tracks)), key=lambda i: (*_appearance(tracks[i]), tracks[i].index))
    sorted_tracks = [tracks[i] for i in order]
    groups = _joined(_likeness(sorted_tracks, scenes, settings))
    names: dict[int, str] = {}
    for group in groups:
        names.setdefault(group, person_name(len(names)))
    named = [replace(track, identity=names[group]) for track, group in zip(sorted_tracks, groups, strict=True)]
    places = {i: place for place, i in enumerate(order)}
    return tuple(named[places[i]] for i in range(len(tracks)))


def person_name(number: int) -> str:
    """``A`` for 0, ``Z`` for 25, then ``AA``, ``AB``, ... as columns of a sheet are named."""
    name, number = "", number + 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _appearance(track: FaceTrack) -> tuple[int, float]:
    """When it is first seen, and how far to the left."""
    first = int(np.argmax(track.visible))
    return track.frames.start + first, float(track.boxes[first, 0])


def _likeness(
    tracks: Sequence[FaceTrack], scenes: Sequence[Scene], settings: IdentitySettings
) -> npt.NDArray[np.float64]:
    """(n, n): above zero for one person, below for two, NaN where nothing is known, minus infinity where impossible."""
    n = len(tracks)
    like = np.full((n, n), np.nan)
    known = [i for i in range(n) if tracks[i].embedding.size]
    if known:
        vectors = np.stack([tracks[i].embedding.astype(np.float64) for i in known])
        like[np.ix_(known, known)] = vectors @ vectors.T - settings.same
    scene_of = {shot.index: number for number, scene in enumerate(scenes) for shot in scene.shots}
    for i, one in enumerate(tracks):
        for j in range(i + 1, n):
            other = tracks[j]
            if _seen_together(one, other):
                value = _NEVER
            elif np.isnan(like[i, j]) and _near(one, other, scene_of, settings.reach):
                value = _by_signature(one, other, settings.unlike)
            else:
                continue
            like[i, j] = like[j, i] = value
    np.fill_diagonal(like, np.nan)
    return like


def _seen_together(one: FaceTrack, other: FaceTrack) -> bool:
    shared = one.frames.overlap(other.frames)
    if not shared:
        return False
    rows = [slice(shared.start - track.frames.start, shared.stop - track.frames.start) for track in (one, other)]
    return bool((one.visible[rows[0]] & other.visible[rows[1]]).any())


def _near(one: FaceTrack, other: FaceTrack, scene_of: dict[int, int], reach: int) -> bool:
    """Whether two tracks lie in one scene."""
    scenes = {scene_of.get(one.shot), scene_of.get(other.shot)}
    if None not in scenes:
        return len(scenes) == 1
    first, second = sorted((one.frames, other.frames), key=lambda frames: frames.start)
    return second.start - first.stop <= reach


def _by_signature(one: FaceTrack, other: FaceTrack, unlike: float) -> float:
    """Likeness of the sides from which two people look most alike; never where none is alike."""
    if not one.signatures.size or not other.signatures.size:
        return float("nan")
    least = min(difference(a, b) for a in one.signatures for b in other.signatures)
    return unlike - least if least <= unlike else _NEVER


def _joined(like: npt.NDArray[np.float64]) -> list[int]:
    """The group of each, by joining the two most alike groups for as long as two are alike; ties go to the earliest.

    Two groups are as alike as the mean over their known pairs, never where one pair is impossible.
    """
    n = len(like)
    count = np.where(np.isnan(like), 0.0, 1.0)
    total = np.where(np.isnan(like), 0.0, like)
    group = list(range(n))
    alive = np.ones(n, np.bool_)
    mean = _mean(total, count)
    while True:
        best = int(np.argmax(mean))
        i, j = sorted(divmod(best, n))
        if mean.size == 0 or not mean[i, j] > 0:
            return group
        for values in (total, count):
            values[i] += values[j]
            values[:, i] = values[i]
        alive[j] = False
        mean[i] = mean[:, i] = np.where(alive, _mean(total[i], count[i]), _NEVER)
        mean[j] = mean[:, j] = mean[i, i] = _NEVER
        group = [i if number == j else number for number in group]


def _mean(total: npt.NDArray[np.float64], count: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean where something is known, minus infinity where nothing is or where a pair is impossible."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, _NEVER), np.float64)
