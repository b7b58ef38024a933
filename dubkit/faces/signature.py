"""A person described by colours and light, to be compared within a scene, where nothing that knows people is at hand.

What it can do: tell that a face that was lost and found again, or comes back soon after a cut, is most likely the same
person in the same clothes under the same light. What it cannot do: know somebody again in another scene, in other
clothes, or from another side, or tell twins in uniform apart. It is made to say no when in doubt.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.schema import Face, Image

__all__ = ["difference", "signature_of"]

_FACE = 14  # side of the face in light alone
_BINS = (8, 10, 10)  # of lightness and the two colour axes
_RANGES = ((0.0, 100.0), (-30.0, 40.0), (-40.0, 40.0))
_HISTOGRAM = sum(_BINS)
_SPREAD = 16  # longest side in pixels to which a region is scaled before it is counted

# Regions beside the box, as parts of its width and height: left, top, right, bottom.
_HAIR = (0.1, -0.22, 0.9, 0.08)
_CLOTHES = (-0.35, 1.30, 1.35, 2.10)
_LEAST_INSIDE = 0.5  # part of a region that must lie in the image

# Where one person differs by less than one. Of 915 pairs of face tracks of two people in real clips none is below 1.6;
# of the two halves of one track, half are below 1: docs/tracking.md.
_FACE_SCALE, _SKIN_SCALE, _HAIR_SCALE, _CLOTHES_SCALE = 0.3, 9.0, 9.0, 7.0
_WITHOUT_CLOTHES = 2.5  # times as much, where the clothes are not seen


def signature_of(image: Image, face: Face, upright: Image) -> npt.NDArray[np.float32]:
    """(m,) float32: the light of the face, the colour of its skin, and what colours hair and clothes have.

    Args:
        image: (height, width, 3) uint8 BGR, the one the face was found in.
        face: The face.
        upright: The face laid upright.
    """
    lab = _lab(upright)
    size = len(upright)
    # From brows to chin, from cheek to cheek: hair and what is behind the head have no say here.
    inner = np.ascontiguousarray(lab[int(0.32 * size) : int(0.93 * size), int(0.22 * size) : int(0.78 * size), 0])
    light = cv2.resize(inner, (_FACE, _FACE), interpolation=cv2.INTER_AREA).astype(np.float64)
    light -= light.mean()
    light /= max(float(np.linalg.norm(light)), 1e-6)
    cheeks = lab[size // 2 : size * 3 // 4, size // 4 : size * 3 // 4].reshape(-1, 3)
    skin = np.median(cheeks, axis=0).astype(np.float64)
    beside = [_colours(image, face, part) for part in (_HAIR, _CLOTHES)]
    return np.concatenate([light.ravel(), skin, *beside]).astype(np.float32)


def difference(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """How unlike two people look: up to one they are most likely the same.

    The worst of four: the face's light (correlation), its skin, the hair and the clothes (mean distance of their
    colours). Where one shows no clothes, the rest must agree more closely; infinite where hair is not seen either.
    """
    faces = _FACE * _FACE
    rest = [values[faces:].astype(np.float64) for values in (one, other)]
    worst = [(1 - float(one[:faces] @ other[:faces])) / _FACE_SCALE]
    worst.append(float(np.abs(rest[0][:3] - rest[1][:3]).max()) / _SKIN_SCALE)
    hair, clothes = ([values[start : start + _HISTOGRAM] for values in rest] for start in (3, 3 + _HISTOGRAM))
    if all(counts.any() for counts in hair):
        worst.append(_moved(hair[0] - hair[1]) / _HAIR_SCALE)
    if all(counts.any() for counts in clothes):
        return max(*worst, _moved(clothes[0] - clothes[1]) / _CLOTHES_SCALE)
    return max(worst) * _WITHOUT_CLOTHES if len(worst) > 2 else float("inf")


def _colours(image: Image, face: Face, part: tuple[float, float, float, float]) -> npt.NDArray[np.float64]:
    """Shares of the colours in a region beside the face, each of the three axes for itself; zeros if it is not seen."""
    corner, size = face.box[:2].astype(np.float64), np.array([face.width, face.height])
    wanted = np.concatenate([corner + size * part[:2], corner + size * part[2:]])
    start = np.clip(np.rint(wanted[:2]), 0, image.shape[1::-1]).astype(int)
    stop = np.clip(np.rint(wanted[2:]), 0, image.shape[1::-1]).astype(int)
    if (stop <= start).any() or np.prod(stop - start) < _LEAST_INSIDE * np.prod(wanted[2:] - wanted[:2]):
        return np.zeros(_HISTOGRAM)
    region = image[start[1] : stop[1], start[0] : stop[0]]
    scale = min(1.0, _SPREAD / max(region.shape[:2]))
    sides = [max(1, round(side * scale)) for side in region.shape[1::-1]]
    pixels = _lab(np.asarray(cv2.resize(region, sides, interpolation=cv2.INTER_AREA), np.uint8)).reshape(-1, 3)
    shares = [
        np.histogram(np.clip(pixels[:, axis], *limits), bins, limits)[0] / len(pixels)
        for axis, (bins, limits) in enumerate(zip(_BINS, _RANGES, strict=True))
    ]
    return np.concatenate(shares)


def _moved(excess: npt.NDArray[np.float64]) -> float:
    """How far, at the least, colour must be moved to make one count the other: the largest of the three axes."""
    starts = np.cumsum([0, *_BINS])
    distances = []
    for axis, (low, high) in enumerate(_RANGES):
        counts = excess[starts[axis] : starts[axis + 1]]
        distances.append(float(np.abs(np.cumsum(counts)).sum()) * (high - low) / _BINS[axis])
    return max(distances)


def _lab(image: Image) -> npt.NDArray[np.float32]:
    """CIE L*a*b*: lightness 0..100, two axes of colour."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_BGR2Lab), np.float32)
