"""Faces by YuNet, through OpenCV: small, quick, needs no further package. Apache-2.0, from opencv_zoo."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import ModelError
from dubkit.faces.boxes import without_doubles
from dubkit.faces.detector import check_image
from dubkit.faces.detectors.onnx_shape import with_input_shape
from dubkit.faces.fingerprint import file_fingerprint
from dubkit.schema import Face, Image

__all__ = ["YuNetDetector"]

# Edges of SCRFD's box (2.5 GFLOP) less YuNet's own, as parts of YuNet's width (left, right) and height (top,
# bottom): medians over 1083 faces of 34 real clips, where the two boxes then overlap by 0.92 on average (5 % by less
# than 0.86).
_TO_CONVENTION = np.array([0.002, -0.028, 0.006, 0.008], np.float32)

_GRAPH_SHAPE = (1, 3, 640, 640)  # only fills in the graph; the true size is set for each image
_LARGEST = 1280  # longest side an image is looked at with
_SMALLEST_SIDE = 8  # an image narrower than this holds no face
_OVERLAP = 0.3
_MOST_BOXES = 5000


class YuNetDetector:
    """YuNet.

    Args:
        model: The ``.onnx`` file; exports with a dynamic input shape, which OpenCV refuses, are put right in memory.
        least_score: Faces below this confidence are left out, 0..1.

    Raises:
        ModelError: The file is missing or no YuNet network.
    """

    name = "yunet"

    def __init__(self, model: str | Path, least_score: float = 0.7) -> None:
        self._path, self._least_score = Path(model), least_score
        if not self._path.is_file():
            raise ModelError("there is no such detector file", path=self._path, remedy="give a YuNet .onnx file")
        try:
            network = with_input_shape(self._path.read_bytes(), _GRAPH_SHAPE)
            self._network = cv2.FaceDetectorYN.create(
                framework="onnx",
                bufferModel=np.frombuffer(network, np.uint8),
                bufferConfig=np.zeros(0, np.uint8),
                input_size=(320, 320),
                score_threshold=least_score,
                nms_threshold=_OVERLAP,
                top_k=_MOST_BOXES,
            )
            self.detect(np.zeros((64, 64, 3), np.uint8))
        except (ModelError, OSError, cv2.error) as error:
            raise ModelError(
                "is no YuNet network that OpenCV can load", path=self._path, remedy="give a YuNet .onnx file"
            ) from error

    def describe(self) -> str:
        """The file."""
        return f"YuNet {self._path.name} (OpenCV)"

    def fingerprint(self) -> str:
        """See :class:`dubkit.faces.Fingerprinted`."""
        return f"yunet {file_fingerprint(self._path)} {self._least_score:g}"

    def detect(self, image: Image) -> list[Face]:
        """See :class:`dubkit.faces.FaceDetector`."""
        image = check_image(image)
        height, width = image.shape[:2]
        if min(height, width) < _SMALLEST_SIDE:
            return []
        scale = min(1.0, _LARGEST / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size != (width, height):
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._network.setInputSize(size)
        _, rows = self._network.detect(image)
        factors = np.array([width / size[0], height / size[1]], np.float32)
        return without_doubles(_face(row, factors) for row in (() if rows is None else rows) if min(row[2:4]) > 0)


def _face(row: npt.NDArray[np.float32], factors: npt.NDArray[np.float32]) -> Face:
    """A row: left, top, width, height, five points (the eye on the left of the image first), score."""
    corner, size = row[:2], row[2:4]
    box = np.concatenate([corner, corner + size]) + _TO_CONVENTION * np.tile(size, 2)
    landmarks = row[4:14].reshape(5, 2) * factors
    return Face((box * np.tile(factors, 2)).astype(np.float32), landmarks.astype(np.float32), float(min(row[14], 1.0)))
