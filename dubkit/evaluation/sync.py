"""How well lips and sound agree, from embeddings of both: distance, confidence, offset.

Conventions (Chung and Zisserman, "Out of time: automated lip sync in the wild", 2016): both embeddings have one row per
frame; sound is shifted against the picture by -reach..reach frames, rows beyond the end being zero; the distance of a
shift is the mean over frames of the Euclidean distance. LSE-D is the smallest of them, LSE-C the median minus the
smallest, and the offset is positive when the picture comes after the sound. Lower LSE-D and higher LSE-C are better.
Absolute values depend on crop and front-end, so real video is always scored beside generated video by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError

__all__ = ["SyncScore", "score_sync"]

_EPSILON = 1e-6  # added to every difference before its norm is taken, as the published scores were


@dataclass(frozen=True, eq=False)
class SyncScore:
    """Agreement of lips and sound.

    Attributes:
        distance: Smallest mean distance (LSE-D).
        confidence: Median minus smallest mean distance (LSE-C).
        offset: Frames by which the picture comes after the sound; negative: before.
        distances: (2 reach + 1,) float32 mean distance per shift, from the picture latest to earliest.
        frame_confidence: (frames,) float32: median of ``distances`` minus the frame's own distance at the best shift.
    """

    distance: float
    confidence: float
    offset: int
    distances: npt.NDArray[np.float32]
    frame_confidence: npt.NDArray[np.float32]


def score_sync(faces: npt.NDArray[np.float32], sounds: npt.NDArray[np.float32], reach: int = 15) -> SyncScore:
    """Score two series of embeddings.

    Args:
        faces: (frames, n) float32, one embedding per frame.
        sounds: (frames, n) float32, the embedding of the sound at the same time.
        reach: Frames by which sound is shifted either way.

    Raises:
        InputError: if the two differ in shape or are empty.
    """
    if faces.shape != sounds.shape or faces.ndim != 2 or len(faces) == 0:
        raise InputError(f"sync is scored over two equal series (frames, n), not {faces.shape} and {sounds.shape}")
    padded = np.pad(sounds, ((reach, reach), (0, 0)))
    count = len(faces)
    per_frame = np.stack(
        [np.linalg.norm(faces - padded[shift : shift + count] + _EPSILON, axis=1) for shift in range(2 * reach + 1)]
    )
    distances = per_frame.mean(axis=1)
    best = int(distances.argmin())
    # The published code's median is the lower of the two middle values; of an odd number there is only one.
    middle = float(np.sort(distances)[reach])
    return SyncScore(
        distance=float(distances[best]),
        confidence=middle - float(distances[best]),
        offset=reach - best,
        distances=distances.astype(np.float32),
        frame_confidence=(middle - per_frame[best]).astype(np.float32),
    )
