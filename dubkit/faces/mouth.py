"""How much a mouth moves of its own: more than the rest of the face that it is part of."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.faces.align import ALIGNED_SIZE, align_face
from dubkit.schema import Face, Image

__all__ = ["mouth_motion", "upright_face"]

_FOREHEAD_TO_NOSE = (slice(20, 76), slice(24, 88))  # rows, columns of an upright face of 112 pixels
_LIPS = (slice(82, 104), slice(40, 72))
_FARTHEST = 6.0  # pixels; a face that is said to have moved further between two aligned frames was mistaken
_BLUR = 1.2  # pixels of standard deviation: grain does not count as motion
_STILL = 0.01  # of the face's contrast: what an encoder leaves of a face that does not move at all
_WINDOW = cv2.createHanningWindow((64, 56), cv2.CV_32F)


def upright_face(image: Image, face: Face) -> npt.NDArray[np.float32]:
    """(112, 112) float32, 0..255: the face, upright and gray, for :func:`mouth_motion`.

    Args:
        image: (height, width, 3) uint8 BGR.
        face: A face in it.
    """
    return np.asarray(cv2.cvtColor(align_face(image, face, ALIGNED_SIZE), cv2.COLOR_BGR2GRAY), np.float32)


def mouth_motion(before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
    """How much the mouth changes between two moments, over how much forehead, eyes and nose do.

    The head's own motion is taken out first, by phase correlation of the upper face: landmarks tremble by more than
    lips move. What is left there, of turning, light and compression, is what the mouth is held against. Measured at 25
    frames a second on real clips, as the median over a second: 1.3..2.4 where somebody speaks, 0.9..1.3 where not.

    Args:
        before: (112, 112) an upright face, from :func:`upright_face`.
        after: (112, 112) the same face a twenty-fifth of a second later, or about that.

    Returns:
        0 or more; about 1 where the mouth moves as the rest of the face does.
    """
    (x, y), _ = cv2.phaseCorrelate(before[_FOREHEAD_TO_NOSE], after[_FOREHEAD_TO_NOSE], _WINDOW)
    if max(abs(x), abs(y)) > _FARTHEST:
        x = y = 0.0
    back = np.array([[1, 0, x], [0, 1, y]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    held = cv2.warpAffine(after, back, after.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    change = np.abs(cv2.GaussianBlur(before, (0, 0), _BLUR) - cv2.GaussianBlur(held, (0, 0), _BLUR))
    contrast = float(after[_FOREHEAD_TO_NOSE].std()) + 1
    return float(change[_LIPS].mean()) / (float(change[_FOREHEAD_TO_NOSE].mean()) + _STILL * contrast)
