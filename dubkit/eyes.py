"""What looks for faces in a film: in the whole picture now and then, in between only around those it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dubkit.faces import FaceDetector, FaceEmbedder, look_at, scale_faces
from dubkit.faces.boxes import overlaps
from dubkit.schema import Face, Image, Region, VideoInfo

__all__ = ["Eyes"]

_AROUND = 0.5  # of a face's longer side: how far beyond its box it is looked for
_LEAST_SIDE = 64  # pixels: what lies around a face helps to know it
_STEP = 32  # pixels: a network's coarsest; parts that begin and end on it are seen as in the whole picture
_WORTH = 0.5  # part of the picture beyond which the whole is looked at
_SAME = 0.3  # intersection over union from which a face is the one that was known


@dataclass
class _Known:
    """A face that was there, and for how many looks it has not been found."""

    face: Face
    missing: int = 0


class Eyes:
    """Looks for faces in the small images of one film, in order.

    A look around the faces known costs a fraction of one at the whole picture and finds them as well: a network sees
    the same pixels at the same scale. If one of them is not found there, the whole picture is looked at; new faces are
    found by the next look at the whole.

    Args:
        detector: What finds faces.
        embedder: What knows people; None where nothing does.
        upright: The film's picture, in whose pixels faces are given.
        patience: For how many looks a face that is lost is still looked for where it was.
    """

    def __init__(
        self, detector: FaceDetector, embedder: FaceEmbedder | None, upright: VideoInfo, patience: int = 0
    ) -> None:
        self._detector, self._embedder, self._upright = detector, embedder, upright
        self._patience = patience
        self._known: list[_Known] = []

    @property
    def knows_any(self) -> bool:
        """Whether there is anything to look around for."""
        return bool(self._known)

    def forget(self) -> None:
        """Whatever was known may be gone: another shot begins."""
        self._known.clear()

    def look(self, image: Image, whole: bool = True, describe: bool = False) -> list[Face]:
        """The faces in the next image, in pixels of the film's picture.

        Args:
            image: (height, width, 3) uint8 BGR, upright.
            whole: Whether to look at all of it; else around the faces known, if they are found there.
            describe: Whether to say what tells people apart.
        """
        found = None if whole else self._around_known(image)
        if found is None:
            found = self._detector.detect(image)
            self._learn(found)
        return self._told(image, found, describe)

    def look_apart(self, image: Image, describe: bool = False) -> list[Face]:
        """The faces in an image out of order, about which nothing is learnt; as :meth:`look`."""
        return self._told(image, self._detector.detect(image), describe)

    def _told(self, image: Image, found: Sequence[Face], describe: bool) -> list[Face]:
        faces = [look_at(image, face, with_signature=describe) for face in found]
        if describe and self._embedder is not None:
            vectors = self._embedder.embed(image, faces)
            faces = [
                replace(face, look=replace(face.look, embedding=vector))
                for face, vector in zip(faces, vectors, strict=True)
            ]
        return scale_faces(faces, self._upright.width / image.shape[1], self._upright.height / image.shape[0])

    def _around_known(self, image: Image) -> list[Face] | None:
        """The faces known, where they are now; None where the whole picture must be looked at to say."""
        parts = _parts([known.face for known in self._known], image)
        if sum(part.width * part.height for part in parts) > _WORTH * image.shape[0] * image.shape[1]:
            return None
        seen = [face for part in parts for face in self._in_part(image, part)]
        places: dict[int, int] = {}
        for number, known in enumerate(self._known):
            place = _place(known.face, seen, set(places.values()))
            if place >= 0:
                places[number] = place
            elif not known.missing:
                return None
        for number, known in enumerate(self._known):
            if number in places:
                known.face, known.missing = seen[places[number]], 0
            else:
                known.missing += 1
        self._known = [known for known in self._known if known.missing <= self._patience]
        return sorted((seen[place] for place in places.values()), key=lambda face: -face.score)

    def _in_part(self, image: Image, part: Region) -> list[Face]:
        corner = np.array([part.left, part.top], np.float32)
        found = self._detector.detect(image[part.top : part.bottom, part.left : part.right])
        return [replace(face, box=face.box + np.tile(corner, 2), landmarks=face.landmarks + corner) for face in found]

    def _learn(self, found: Sequence[Face]) -> None:
        """Know the faces of a whole picture, and for a while those that were known and are not among them."""
        taken: set[int] = set()
        lost = []
        for known in self._known:
            place = _place(known.face, found, taken)
            if place >= 0:
                taken.add(place)
            elif known.missing < self._patience:
                lost.append(_Known(known.face, known.missing + 1))
        self._known = [_Known(face) for face in found] + lost


def _place(face: Face, among: Sequence[Face], taken: set[int]) -> int:
    """Number of the face that lies most over ``face`` and is not taken yet; -1 if none is the same."""
    free = [number for number in range(len(among)) if number not in taken]
    if not free:
        return -1
    union = overlaps(face.box[None], np.stack([among[number].box for number in free]))[0][0]
    best = int(np.argmax(union))
    return free[best] if union[best] >= _SAME else -1


def _parts(faces: Sequence[Face], image: Image) -> list[Region]:
    """Parts of the image that hold all of the faces and what is around them; none overlaps another."""
    parts: list[Region] = []
    for face in faces:
        part = _part(face, image)
        while True:
            touching = [other for other in parts if _overlap(part, other)]
            if not touching:
                break
            parts = [other for other in parts if other not in touching]
            for other in touching:
                part = _both(part, other)
        parts.append(part)
    return parts


def _part(face: Face, image: Image) -> Region:
    sides = np.array([face.width, face.height], np.float64)
    middle = face.box[:2] + sides / 2
    reach = max(float(sides.max()) * (0.5 + _AROUND), _LEAST_SIDE / 2)
    limits = np.array(image.shape[1::-1])
    start = np.clip((middle - reach) // _STEP * _STEP, 0, (limits - 1) // _STEP * _STEP).astype(int)
    stop = np.clip(-(-(middle + reach) // _STEP) * _STEP, start + 1, np.maximum(limits, start + 1)).astype(int)
    return Region(int(start[0]), int(start[1]), int(stop[0]), int(stop[1]))


def _overlap(one: Region, other: Region) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _both(one: Region, other: Region) -> Region:
    return Region(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )
