"""Faces by SCRFD, through the package insightface, which also brings its larger networks and runs them on CUDA.

The package's code is under the MIT licence; the networks it publishes are for non-commercial use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from dubkit.errors import ModelError
from dubkit.faces.boxes import uncovered, without_doubles
from dubkit.faces.detector import check_image
from dubkit.faces.fingerprint import file_fingerprint
from dubkit.faces.insightface_zoo import DEFAULT_PACKAGE, free_detector, load_detector, load_network
from dubkit.schema import Face, Image

__all__ = ["InsightFaceDetector"]

_FREE = 640  # side that networks of free input size are prepared for; every look says its own
_LARGEST = 1280  # longest side a network of free input size is given
_STRIDE = 32
_SMALLEST_SIDE = 8  # an image narrower than this holds no face

# SCRFD misses faces that fill its input (none is found in two of four HDTF clips, 512 pixels square with faces of
# 300). So each image is shown twice: as it is, and again at a half to a third of its size, and of a face found in both
# the finer one is believed up to this width in the input, so that a track does not flicker between the two.
_SECOND, _LEAST_SECOND = 0.5, 0.3
_WIDEST = 200.0
_SMALL = 320  # pixels; in pictures no longer than this no face is missed, even one that fills them
_GAP = 16  # black pixels between the two, where they share one input


@dataclass(frozen=True)
class _Tile:
    """Where a scaled image lies in an input of the network, and the factors back to the image."""

    left: int
    top: int
    width: int
    height: int
    fx: float
    fy: float
    coarse: bool

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


class InsightFaceDetector:
    """SCRFD.

    Args:
        model: A SCRFD ``.onnx`` file, or the name of one of insightface's packages (``buffalo_l``), which
            insightface downloads into ``~/.insightface`` if it is not there.
        least_score: Faces below this confidence are left out, 0..1.

    Raises:
        MissingDependencyError: insightface or ONNX Runtime is not installed.
        ModelError: The file is missing or no face detector, or the package could not be fetched.
    """

    name = "insightface"

    def __init__(self, model: str | Path = DEFAULT_PACKAGE, least_score: float = 0.5) -> None:
        path = Path(model)
        self._network = _load_file(path) if path.suffix == ".onnx" else load_detector(str(model))
        self._label = path.name
        self._path = path if path.suffix == ".onnx" else Path(self._network.model_file)
        self._least_score = least_score
        self._fixed = getattr(self._network, "static_input_size", None) or _fixed_size(self._network)
        free = {} if self._fixed else {"input_size": (_FREE, _FREE)}
        self._network.prepare(0, det_thresh=least_score, **free)

    def describe(self) -> str:
        """The network and what it runs on."""
        provider = self._network.session.get_providers()[0].removesuffix("ExecutionProvider")
        return f"SCRFD {self._label} (insightface, {provider})"

    def fingerprint(self) -> str:
        """See :class:`dubkit.faces.Fingerprinted`."""
        return f"insightface {file_fingerprint(self._path)} {self._least_score:g}"

    def detect(self, image: Image) -> list[Face]:
        """See :class:`dubkit.faces.FaceDetector`."""
        image = check_image(image)
        height, width = image.shape[:2]
        if min(height, width) < _SMALLEST_SIDE:
            return []
        fine: list[Face] = []
        wide: list[Face] = []
        coarse: list[Face] = []
        for canvas, tiles in _canvases(image, self._fixed):
            for face, tile in self._look(canvas, tiles):
                if tile.coarse:
                    coarse.append(face)
                else:
                    (fine if face.width <= _WIDEST * tile.fx else wide).append(face)
        faces = without_doubles(fine)
        faces += uncovered(without_doubles(coarse), faces)
        faces += uncovered(without_doubles(wide), faces)
        return without_doubles(faces)

    def _look(self, canvas: Image, tiles: list[_Tile]) -> Iterator[tuple[Face, _Tile]]:
        boxes, points = self._network.detect(canvas, input_size=canvas.shape[1::-1])
        if points is None:
            points = np.full((len(boxes), 5, 2), np.nan, np.float32)
        for box, landmarks in zip(boxes, points, strict=True):
            x, y = (box[:2] + box[2:4]) / 2
            for tile in tiles:
                if tile.holds(x, y) and box[2] > box[0] and box[3] > box[1]:
                    spots = np.concatenate([box[:4].reshape(2, 2), landmarks])
                    spots = ((spots - (tile.left, tile.top)) * (tile.fx, tile.fy)).astype(np.float32)
                    yield Face(spots[:2].reshape(4), spots[2:], float(min(box[4], 1.0))), tile


def _canvases(image: Image, fixed: tuple[int, int] | None) -> Iterator[tuple[Image, list[_Tile]]]:
    """Inputs for the network, and where the image lies in each."""
    height, width = image.shape[:2]
    if fixed is None:
        main = min(1.0, _LARGEST / max(height, width))
        scales = ((main, False), (main * _SECOND, True))
        for scale, coarse in scales if max(height, width) > _SMALL else scales[:1]:
            wide, high = (-(-max(1, round(side * scale)) // _STRIDE) * _STRIDE for side in (width, height))
            canvas: Image = np.zeros((high, wide, 3), np.uint8)
            yield canvas, [_place(image, canvas, scale, 0, 0, coarse)]
        return
    canvas = np.zeros((fixed[1], fixed[0], 3), np.uint8)
    main = min(1.0, fixed[0] / width, fixed[1] / height)
    tiles = [_place(image, canvas, main, 0, 0, False)]
    right, below = tiles[0].width + _GAP, tiles[0].height + _GAP
    beside = min((fixed[0] - right) / width, fixed[1] / height)
    under = min(fixed[0] / width, (fixed[1] - below) / height)
    if max(beside, under) >= _LEAST_SECOND * main:
        scale = min(_SECOND * main, max(beside, under))
        left, top = (right, 0) if beside >= under else (0, below)
        yield canvas, [*tiles, _place(image, canvas, scale, left, top, True)]
        return
    yield canvas, tiles
    canvas = np.zeros_like(canvas)
    yield canvas, [_place(image, canvas, _SECOND * main, 0, 0, True)]


def _place(image: Image, canvas: Image, scale: float, left: int, top: int, coarse: bool) -> _Tile:
    height, width = image.shape[:2]
    wide = min(max(1, round(width * scale)), canvas.shape[1] - left)
    high = min(max(1, round(height * scale)), canvas.shape[0] - top)
    small = image if (wide, high) == (width, height) else cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA)
    canvas[top : top + high, left : left + wide] = small
    return _Tile(left, top, wide, high, width / wide, height / high, coarse)


def _fixed_size(network: Any) -> tuple[int, int] | None:
    """Width and height of the network's input, where the file fixes them."""
    height, width = network.session.get_inputs()[0].shape[2:4]
    return (width, height) if isinstance(height, int) and isinstance(width, int) else None


def _load_file(path: Path) -> Any:
    if not path.is_file():
        raise ModelError("there is no such detector file", path=path, remedy="give a SCRFD .onnx file")
    network = load_network(path, "finding faces with insightface", _not_a_detector(path))
    if getattr(network, "taskname", "") != "detection" or getattr(network, "fmc", None) is None:
        raise _not_a_detector(path)
    return free_detector(network, path)


def _not_a_detector(path: Path) -> ModelError:
    return ModelError(
        "is no face detector that insightface can load", path=path, remedy="give a SCRFD .onnx file with its outputs"
    )
