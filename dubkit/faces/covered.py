"""Whether something is before a mouth: a hand, a microphone, a cup.

Detectors are of no help: they find a face behind a hand with the score of any other, and guess where the mouth must be.
But a mouth looks like itself, open or closed, for as long as it is followed. So each look at the part of the face
around the mouth is compared with the median of the looks from a similar side in the same track.

What it cannot see: a mouth that is covered for more than half of the looks from one side, which is taken for the way
the person looks; faces seen for fewer than four looks; heads turned by more than 50 degrees; faces smaller than 20
pixels; a finger beside the mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.faces.look import MOUTH_MARGIN
from dubkit.faces.pose import head_yaw
from dubkit.schema import Face

__all__ = ["covered_mouths"]

# The three signs of something before a mouth; limits from 1939 looks at uncovered mouths in 36 real face tracks (4 of
# these looks, at mouths wide open, pass one) and the same looks with made covers. A real hand loses the lips.
_UNLIKE = 0.5  # correlation with the usual look that no uncovered mouth falls below (least: 0.506),
_RATHER_UNLIKE, _DIFFERENT = 0.75, 6.5  # or one that is doubtful, with a difference none of them shows (most: 6.1),
_LIPS, _LIPS_LOST, _LOOSE = (
    6.0,
    0.4,
    0.85,
)  # or lips less red than this part of what is usual, where they are red at all

_RED_LIPS = 14.0  # red enough for their absence to say which of two usual looks is the mouth

_WEIGHTS = np.array([1.0, 2.0, 0.7], np.float32)  # of lightness, red against green, yellow against blue: lips are red
_BLUR = 1.0  # pixels, so that teeth and tongue count less than lips and skin

_TURNED = 50.0  # degrees
_STEP = 10.0  # degrees between the sides from which median looks are taken
_LEAST_LOOKS, _FEW_LOOKS, _MOST_LOOKS = 4, 12, 64

Mouth = npt.NDArray[np.float32]


def covered_mouths(faces: Sequence[Face]) -> npt.NDArray[np.bool_]:
    """For every detection of one face whether its mouth is covered; False where that cannot be known.

    Args:
        faces: The detections in the order of their frames, with their looks.

    Returns:
        (n,) bool.
    """
    covered = np.zeros(len(faces), np.bool_)
    if not faces:
        return covered
    yaw = head_yaw(np.stack([face.landmarks for face in faces]))
    known = [i for i, face in enumerate(faces) if face.look.mouth.size and abs(yaw[i]) <= _TURNED]
    if len(known) < _LEAST_LOOKS:
        return covered
    mouths = [_mouth(faces[i]) for i in known]
    sides = np.rint(yaw[known] / _STEP).astype(int)
    for side in sorted(set(sides.tolist())):
        rows, columns = MOUTH_MARGIN
        usual = np.ascontiguousarray(_usual(mouths, yaw[known] - side * _STEP)[rows:-rows, columns:-columns])
        lips = _redness(usual)
        for j in np.flatnonzero(sides == side):
            covered[known[j]] = _is_covered(mouths[j], usual, lips)
    return covered


def _usual(mouths: Sequence[Mouth], away: npt.NDArray[np.float32]) -> Mouth:
    """The median look from about one side: of looks within a step of it, or of the few nearest to it.

    Looks that lack the red of the lips that others show do not count: what comes before a mouth seldom is as red, so
    that it may be there in more than half of the looks.
    """
    near = np.flatnonzero(np.abs(away) <= _STEP)
    if len(near) < _FEW_LOOKS:
        near = np.sort(np.argsort(np.abs(away), kind="stable")[:_FEW_LOOKS])
    chosen = near[np.unique(np.linspace(0, len(near) - 1, min(len(near), _MOST_LOOKS)).astype(int))]
    looks = np.stack([mouths[i] for i in chosen])
    rows, columns = MOUTH_MARGIN
    red = np.array([_redness(look[rows:-rows, columns:-columns]) for look in looks])
    usual_red = float(np.percentile(red, 90))
    shown = red >= _LIPS_LOST * usual_red if usual_red > _RED_LIPS else np.ones(len(red), np.bool_)
    return np.asarray(np.median(looks[shown], axis=0), np.float32)


def _mouth(face: Face) -> Mouth:
    lab = cv2.cvtColor(face.look.mouth.astype(np.float32) / np.float32(255), cv2.COLOR_BGR2Lab)
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), _BLUR) * _WEIGHTS, np.float32)


def _is_covered(look: Mouth, usual: Mouth, lips: float) -> bool:
    """Whether a look is too unlike the usual one, at the place where it fits best and whatever the light.

    Args:
        look: A look at the mouth and what is around it.
        usual: The usual one, less that margin.
        lips: How red the usual one's lips are.
    """
    agreements = cv2.matchTemplate(look, usual, cv2.TM_CCOEFF_NORMED)
    _, agreement, _, (x, y) = cv2.minMaxLoc(agreements)
    here = look[y : y + usual.shape[0], x : x + usual.shape[1]]
    change = here - usual
    difference = float(np.abs(change - change.mean(axis=(0, 1))).mean())
    lost = lips > _LIPS and _redness(here) < _LIPS_LOST * lips
    return bool(
        agreement < _UNLIKE or (agreement < _RATHER_UNLIKE and difference > _DIFFERENT) or (agreement < _LOOSE and lost)
    )


def _redness(mouth: Mouth) -> float:
    """How much redder the lips are than the skin around them, in the weighted units."""
    lips, red = _lips(*mouth.shape[:2]), mouth[..., 1]
    return float(np.percentile(red[lips], 85) - np.median(red[~lips]))


@cache
def _lips(height: int, width: int) -> npt.NDArray[np.bool_]:
    """Where lips are: the mouth's corners lie a third of the width from its middle, which is a little below the part's.

    (height, width)
    """
    rows, columns = np.mgrid[:height, :width]
    across, along = (rows - 0.62 * height) / (0.32 * height), (columns - 0.475 * width) / (0.325 * width)
    return np.asarray(across**2 + along**2 <= 1)
