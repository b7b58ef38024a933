"""What all looks at one face together say about who it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dubkit.faces.pose import head_yaw
from dubkit.schema import Face

__all__ = ["mean_embedding", "some_signatures"]

_TURNED = 60.0  # degrees; what is seen from farther aside is compared only where there is nothing else
_SIDE = 30.0  # degrees of turn for which one signature stands


def mean_embedding(faces: Sequence[Face], covered: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """(d,) float32 of length 1: the mean of the embeddings, of clear looks where there are some; empty if none.

    Args:
        faces: The detections of one face.
        covered: (n,) whether its mouth was covered in each.
    """
    known = [i for i, face in enumerate(faces) if face.look.embedding.size]
    if not known:
        return np.zeros(0, np.float32)
    yaw = _yaw(faces)
    clear = [i for i in known if not covered[i] and abs(yaw[i]) <= _TURNED] or known
    total = np.sum([faces[i].look.embedding.astype(np.float64) for i in clear], axis=0)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32)


def some_signatures(faces: Sequence[Face], covered: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """(k, m) float32: the signature of the sharpest clear look from each side, from left to right; (0, 0) if none.

    Args:
        faces: The detections of one face.
        covered: (n,) whether its mouth was covered in each.
    """
    yaw = _yaw(faces)
    best: dict[int, int] = {}
    for i, face in enumerate(faces):
        if not face.look.signature.size or covered[i] or abs(yaw[i]) > _TURNED:
            continue
        side = round(float(yaw[i]) / _SIDE)
        if side not in best or _sharp(face) > _sharp(faces[best[side]]):
            best[side] = i
    if not best:
        return np.zeros((0, 0), np.float32)
    return np.stack([faces[best[side]].look.signature for side in sorted(best)])


def _yaw(faces: Sequence[Face]) -> npt.NDArray[np.float32]:
    return np.nan_to_num(head_yaw(np.stack([face.landmarks for face in faces])), nan=0.0)


def _sharp(face: Face) -> float:
    return -1.0 if np.isnan(face.look.sharpness) else face.look.sharpness
