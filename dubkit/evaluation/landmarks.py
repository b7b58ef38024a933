"""What the mouth does, seen through 68 landmarks: how far it opens, and how far its points are from the real ones.

Points are numbered from 0 as in the iBUG 300-W scheme: eyes' outer corners 36 and 45, mouth 48..67, the middles of the
inner lips 62 (upper) and 66 (lower). Distances are divided by the distance of the eyes' outer corners, so that neither
the picture's size nor the speaker's distance counts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError, ModelError
from dubkit.evaluation.cut import cut_region
from dubkit.schema import Image, Region

__all__ = ["LandmarkFinder", "mouth_distance", "mouth_opening", "opening_correlation"]

Landmarks = npt.NDArray[np.float32]

_POINTS = 68
_EYES = (36, 45)
_INNER_LIPS = (62, 66)
_MOUTH = slice(48, 68)
_INPUT = 112
_MARGIN = 1.1
_STILL = 1e-6  # an opening whose standard deviation is below this does not move


class LandmarkFinder:
    """Finds 68 landmarks with a network in ONNX form, through OpenCV.

    The network takes (1, 3, 112, 112) RGB 0..1 of a square around the face and gives 68 pairs x, y as shares of it, as
    the published PFLD does.

    Args:
        path: The ``.onnx`` file.

    Raises:
        ModelError: if the file is missing, or no such network.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        path = Path(path)
        if not path.is_file():
            raise ModelError("there is no such landmark file", path=path, remedy="give a 68-landmark .onnx file")
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
            found = self._run(np.zeros((_INPUT, _INPUT, 3), np.uint8))
        except cv2.error as error:
            raise ModelError(
                "is no network that OpenCV can load", path=path, remedy="give a 68-landmark .onnx file"
            ) from error
        if found.size != 2 * _POINTS:
            raise ModelError(
                f"gives {found.size} numbers, not {_POINTS} points", path=path, remedy="give a 68-landmark .onnx file"
            )

    def find(self, image: Image, box: npt.NDArray[np.float32]) -> Landmarks:
        """(68, 2) float32 x, y in pixels of the image.

        Args:
            image: (h, w, 3) uint8 BGR.
            box: (4,) left, top, right, bottom of the face, as :attr:`dubkit.schema.Face.box`. The network sees a square
                around its centre, 1.1 times its longer side; beyond the image it is black.

        Raises:
            InputError: if image or box have another form.
        """
        if box.shape != (4,) or not np.isfinite(box).all() or box[2] <= box[0] or box[3] <= box[1]:
            raise InputError(f"a face's box should be left, top, right, bottom, not {box.tolist()}")
        side = max(1, round(float(max(box[2] - box[0], box[3] - box[1])) * _MARGIN))
        corner = np.round((box[:2] + box[2:]).astype(np.float64) / 2 - side / 2).astype(int)
        left, top = int(corner[0]), int(corner[1])
        square = cut_region(image, Region(left, top, left + side, top + side), beyond=0)
        method = cv2.INTER_AREA if side > _INPUT else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(square, (_INPUT, _INPUT), interpolation=method), np.uint8)
        return np.asarray(self._run(small).reshape(_POINTS, 2) * side + corner, np.float32)

    def find_all(self, images: Sequence[Image], boxes: npt.NDArray[np.float32]) -> Landmarks:
        """(n, 68, 2) float32: :meth:`find` for each image and its box (n, 4).

        Raises:
            InputError: if there are not as many boxes as images, or any has another form.
        """
        if len(images) != len(boxes) or len(boxes) == 0:
            raise InputError(f"{len(images)} images need as many face boxes, not {len(boxes)}")
        return np.stack([self.find(image, box) for image, box in zip(images, boxes, strict=True)])

    def _run(self, square: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        self._network.setInput(cv2.dnn.blobFromImage(square, 1 / 255, (_INPUT, _INPUT), swapRB=True))
        return np.asarray(self._network.forward(), np.float32)


def mouth_opening(landmarks: Landmarks) -> npt.NDArray[np.float32]:
    """(n,) distance of the inner lips' middles over that of the eyes' outer corners; 0 is closed.

    Args:
        landmarks: (n, 68, 2).

    Raises:
        InputError: if they have another form.
    """
    _check(landmarks)
    return np.asarray(_between(landmarks, _INNER_LIPS) / _between(landmarks, _EYES), np.float32)


def opening_correlation(found: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]) -> float:
    """Pearson's correlation over frames of two clips' :func:`mouth_opening`, -1..1; higher is better.

    0 where one of the mouths does not move: there is nothing to agree about.

    Raises:
        InputError: if the two differ in length, or have fewer than two frames.
    """
    if found.shape != reference.shape or found.ndim != 1 or len(found) < 2:
        raise InputError(f"openings of the same frames are compared, not {found.shape} and {reference.shape}")
    a, b = (values.astype(np.float64) - values.mean(dtype=np.float64) for values in (found, reference))
    if min(a.std(), b.std()) < _STILL:
        return 0.0
    return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))


def mouth_distance(found: Landmarks, reference: Landmarks) -> float:
    """Landmark distance of the mouth (LMD): mean distance of its 20 points, over that of the reference's eyes.

    0 is best. Nothing is aligned first: dubbing leaves the head where it is, and a mouth drawn in the wrong place is
    to be noticed.

    Args:
        found: (n, 68, 2) in the picture to judge.
        reference: (n, 68, 2) in the same frames of the real one, in the same pixels.

    Raises:
        InputError: if they have another form.
    """
    _check(found)
    _check(reference)
    if found.shape != reference.shape:
        raise InputError(f"landmarks of the same frames are compared, not {found.shape} and {reference.shape}")
    apart = np.linalg.norm(found[:, _MOUTH].astype(np.float64) - reference[:, _MOUTH], axis=2).mean(axis=1)
    return float((apart / _between(reference, _EYES)).mean())


def _between(landmarks: Landmarks, pair: tuple[int, int]) -> npt.NDArray[np.float64]:
    first, second = pair
    return np.asarray(np.linalg.norm(landmarks[:, first].astype(np.float64) - landmarks[:, second], axis=1))


def _check(landmarks: Landmarks) -> None:
    if landmarks.ndim != 3 or landmarks.shape[1:] != (_POINTS, 2) or len(landmarks) == 0:
        raise InputError(f"landmarks should be (n, {_POINTS}, 2), not {landmarks.shape}")
    if not np.isfinite(landmarks).all() or not (_between(landmarks, _EYES) > 0).all():
        raise InputError("landmarks whose eyes have no distance cannot be measured with")
