"""Faces by the Haar cascades that come with OpenCV: nothing to download, no landmarks, the last resort.

One cascade alone finds faces in curtains. Measured on 601 images of 34 real clips (truth: SCRFD and YuNet), the share
of detections that are faces is 4 % for the frontal cascade ``alt2`` alone, 3 % for ``default`` alone, 36 % for the
profile cascade alone, but 92 % where ``alt2`` and ``default`` agree and 100 % where a profile agrees as well; of
``alt2``'s detections with a weight of 56 and more, all are faces. So ``alt2`` proposes, ``default`` is asked about
each proposal alone (which is also quicker), and a profile alone scores too low to begin a face track.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cv2.data import haarcascades

from dubkit.errors import ModelError
from dubkit.faces.boxes import overlaps, without_doubles
from dubkit.faces.detector import check_image
from dubkit.schema import Face, Image

__all__ = ["CascadeDetector"]

# Edges of SCRFD's box (2.5 GFLOP) less the cascade's square, left, top, right, bottom, as parts of its side: medians
# over 1029 faces of the same clips, where the two boxes then overlap by 0.77 on average (5 % by less than 0.56, mostly
# turned heads). The profile's are those of a face that looks left.
_FRONTAL_TO_CONVENTION = np.array([0.10, -0.06, -0.09, 0.10])
_PROFILE_TO_CONVENTION = np.array([-0.03, -0.04, -0.21, 0.09])

_SMALLEST = 24  # pixels, the side of the smallest square looked for
_LARGEST = 1280  # longest side the frontal cascade is given, and
_LARGEST_PROFILE = 432  # the profile cascade, which takes longer and matters less
_STEP, _PROFILE_STEP = 1.1, 1.15
_NEIGHBOURS = 3

# alt2's weights run from 54 to 58; up to 55.4 two in three are no faces, from 55.9 on nearly none. This line, raised or
# lowered by the second opinion, makes 0.5 about the score from which a detection is rather a face than not.
_WEIGHT_ORIGIN, _WEIGHT_SLOPE, _AT_ORIGIN = 55.4, 0.4, 0.35
_CONFIRMED, _DOUBTED, _BOTH = 0.15, -0.2, 0.1
_PROFILE_AT_ZERO, _PROFILE_SLOPE, _PROFILE_MOST = 0.3, 0.1, 0.58
_LIKELY = 0.95


class CascadeDetector:
    """OpenCV's Haar cascades for frontal faces and profiles to both sides; landmarks are NaN.

    Args:
        least_score: Faces below this are left out, 0..1.

    Raises:
        ModelError: This build of OpenCV brings no cascades.
    """

    name = "cascade"

    def __init__(self, least_score: float = 0.4) -> None:
        self._frontal = _load("frontalface_alt2")
        self._second = _load("frontalface_default")
        self._profile = _load("profileface")
        self._least_score = least_score

    def describe(self) -> str:
        """The method."""
        return f"Haar cascades (OpenCV {cv2.__version__})"

    def fingerprint(self) -> str:
        """See :class:`dubkit.faces.Fingerprinted`."""
        return f"cascade {cv2.__version__} {self._least_score:g}"

    def detect(self, image: Image) -> list[Face]:
        """See :class:`dubkit.faces.FaceDetector`."""
        image = check_image(image)
        if min(image.shape[:2]) < _SMALLEST:
            return []
        gray = np.asarray(cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)), np.uint8)
        frontal = self._frontal_faces(gray)
        profiles = self._profile_faces(gray)
        faces = [_supported(face, profiles) for face in frontal]
        return without_doubles(face for face in faces + profiles if face.score >= self._least_score)

    def _frontal_faces(self, gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, factor = _shrink(gray, _LARGEST)
        faces = []
        for square, weight in _squares(self._frontal, small, _STEP, _SMALLEST):
            score = _AT_ORIGIN + _WEIGHT_SLOPE * (weight - _WEIGHT_ORIGIN)
            score += _CONFIRMED if self._confirms(small, square) else _DOUBTED
            faces.append(_face(square, _FRONTAL_TO_CONVENTION, factor, score))
        return faces

    def _confirms(self, gray: npt.NDArray[np.uint8], square: npt.NDArray[np.float64]) -> bool:
        """Whether the other frontal cascade sees a face of that size there."""
        side = square[2] - square[0]
        start = np.maximum(square[:2] - side / 4, 0).astype(int)
        stop = (square[2:] + side / 4).astype(int)
        part = np.ascontiguousarray(gray[start[1] : stop[1], start[0] : stop[0]])
        return bool(_squares(self._second, part, _STEP, max(_SMALLEST, int(0.7 * side))))

    def _profile_faces(self, gray: npt.NDArray[np.uint8]) -> list[Face]:
        """Profiles: the cascade knows those that look left; in the mirrored image it finds the others."""
        small, factor = _shrink(gray, _LARGEST_PROFILE)
        smallest = max(20, round(_SMALLEST / factor))
        right = np.array([1.0, 0.0, 1.0, 0.0]) * small.shape[1]
        faces = []
        for mirrored in (False, True):
            looked_at = np.ascontiguousarray(small[:, ::-1]) if mirrored else small
            edges = _PROFILE_TO_CONVENTION
            for square, weight in _squares(self._profile, looked_at, _PROFILE_STEP, smallest):
                score = min(_PROFILE_AT_ZERO + _PROFILE_SLOPE * weight, _PROFILE_MOST)
                if mirrored:
                    square = np.abs(right - square)[[2, 1, 0, 3]]
                    edges = _PROFILE_TO_CONVENTION[[2, 1, 0, 3]] * (-1, 1, -1, 1)
                faces.append(_face(square, edges, factor, score))
        return faces


def _load(name: str) -> cv2.CascadeClassifier:
    path = Path(haarcascades) / f"haarcascade_{name}.xml"
    cascade = cv2.CascadeClassifier(str(path)) if path.is_file() else cv2.CascadeClassifier()
    if cascade.empty():
        raise ModelError("OpenCV's cascade is missing", path=path, remedy="install opencv-python again, below 5")
    return cascade


def _shrink(gray: npt.NDArray[np.uint8], largest: int) -> tuple[npt.NDArray[np.uint8], float]:
    """The image with no side above ``largest``, and the factor back."""
    height, width = gray.shape
    factor = max(1.0, max(height, width) / largest)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = gray if factor == 1.0 else cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), factor


def _squares(
    cascade: cv2.CascadeClassifier, gray: npt.NDArray[np.uint8], step: float, smallest: int
) -> list[tuple[npt.NDArray[np.float64], float]]:
    """Squares (left, top, right, bottom) that passed every stage, with the weight of the last one."""
    rectangles, _, weights = cascade.detectMultiScale3(
        gray, scaleFactor=step, minNeighbors=_NEIGHBOURS, minSize=(smallest, smallest), outputRejectLevels=True
    )
    return [
        (np.array([x, y, x + width, y + height], np.float64), float(weight))
        for (x, y, width, height), weight in zip(rectangles, weights, strict=True)
    ]


def _face(square: npt.NDArray[np.float64], edges: npt.NDArray[np.float64], factor: float, score: float) -> Face:
    box = (square + edges * (square[2] - square[0])) * factor
    return Face(box.astype(np.float32), np.full((5, 2), np.nan, np.float32), float(np.clip(score, 0.0, _LIKELY)))


def _supported(face: Face, profiles: list[Face]) -> Face:
    """A frontal face scores more where a profile was found too: cascades seldom err at the same place."""
    if profiles and float(overlaps(face.box[None], np.stack([p.box for p in profiles]))[0].max()) > 0.35:
        return Face(face.box, face.landmarks, min(face.score + _BOTH, _LIKELY))
    return face
