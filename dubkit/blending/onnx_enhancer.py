"""Face restoration by a network in ONNX form, as GFPGAN, GPEN and CodeFormer are exported; none comes with dubkit."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.blending.pixels import Pixels
from dubkit.errors import ModelError

__all__ = ["OnnxEnhancer"]

_SIDE = 512  # what published networks take; a file may say otherwise
_FAITHFUL = 0.7
_REMEDY = "give a face restoration network: RGB of one size, -1..1, in and out"

# Where eyes, nose and corners of the mouth lie in the pictures these networks were trained on, as shares of the side:
# the mean of FFHQ's aligned faces, as published with the alignment of 512 pixels.
_TEMPLATE = (
    np.array([[192.98, 239.95], [318.90, 240.19], [256.63, 314.02], [201.26, 371.41], [313.09, 371.15]], np.float32)
    / 512
)

Planes = npt.NDArray[np.float32]


class _Network(Protocol):
    side: int
    runs_on: str

    def run(self, planes: Planes) -> npt.NDArray[Any]: ...


class OnnxEnhancer:
    """A restoration network; runs in ONNX Runtime where that is installed, else in OpenCV.

    The face is laid into the network's picture by its landmarks, as in training, and back again; where they are not
    known, the crop is taken as it is.

    Args:
        path: The ``.onnx`` file. One input holds the picture, (1, 3, side, side) RGB -1..1; another one, if there is
            any, is taken for the weight of faithfulness that CodeFormer has.
        device: ``cpu`` keeps it off the graphics card; anything else lets ONNX Runtime choose.
        faithful: That weight: 0 (beautiful) .. 1 (faithful).

    Raises:
        ModelError: if the file is missing, or no such network.
    """

    def __init__(self, path: str | os.PathLike[str], device: str = "auto", faithful: float = _FAITHFUL) -> None:
        self._path = Path(path)
        if not self._path.is_file():
            raise ModelError("there is no such enhancer file", path=self._path, remedy="give a .onnx file")
        self._network = _opened(self._path, device, faithful)
        made = self._network.run(np.zeros((1, 3, self._network.side, self._network.side), np.float32))
        if made.ndim != 4 or made.shape[:2] != (1, 3) or made.shape[2] != made.shape[3]:
            raise ModelError(f"gives an array {made.shape}, not a picture", path=self._path, remedy=_REMEDY)

    def describe(self) -> str:
        """The network and what it runs on."""
        return f"{self._path.name} ({self._network.runs_on})"

    def enhance(self, face: Pixels, landmarks: npt.NDArray[np.float32]) -> Pixels:
        """See :class:`dubkit.blending.Enhancer`."""
        side, (height, width) = self._network.side, face.shape[:2]
        there = _alignment(landmarks, side, height, width)
        aligned = cv2.warpAffine(face, there, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        planes = np.clip(aligned[..., ::-1], 0, 1).transpose(2, 0, 1)[None] * 2 - 1
        made = self._network.run(np.ascontiguousarray(planes, np.float32))[0].astype(np.float32)
        picture = np.ascontiguousarray(np.clip((made.transpose(1, 2, 0)[..., ::-1] + 1) / 2, 0, 1))
        if picture.shape[0] != side:
            picture = np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.float32)
        # Read backwards through the same matrix, so that each pixel comes home; where the picture ends the face stays.
        home = cv2.WARP_INVERSE_MAP
        size = (width, height)
        back = cv2.warpAffine(picture, there, size, flags=cv2.INTER_CUBIC | home, borderMode=cv2.BORDER_REPLICATE)
        reached = cv2.warpAffine(np.ones((side, side), np.float32), there, size, flags=cv2.INTER_LINEAR | home)
        return np.asarray(face + reached[..., None] * (np.clip(back, 0, 1) - face), np.float32)


def _alignment(landmarks: npt.NDArray[np.float32], side: int, height: int, width: int) -> npt.NDArray[np.float32]:
    """(2, 3) from pixels of the face to the network's: turn, scale and shift that fit best (Umeyama, 1991)."""
    if not np.isfinite(landmarks).all():
        fx, fy = side / width, side / height
        return np.array([[fx, 0, (fx - 1) / 2], [0, fy, (fy - 1) / 2]], np.float32)  # pixels have their middle at .5
    wanted = _TEMPLATE * side
    a, b = ((points - points.mean(axis=0)).astype(np.float64) for points in (landmarks, wanted))
    power = max(float((a * a).sum()), 1e-9)
    cos = float((a * b).sum()) / power
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / power
    turn = np.array([[cos, -sin], [sin, cos]])
    shift = wanted.mean(axis=0) - turn @ landmarks.mean(axis=0)
    return np.asarray(np.column_stack([turn, shift]), np.float32)


def _opened(path: Path, device: str, faithful: float) -> _Network:
    try:
        import_module("onnxruntime")
    except ImportError:
        return _OpenCvNetwork(path)
    return _RuntimeNetwork(path, device, faithful)


def _failures() -> tuple[type[Exception], ...]:
    """What ONNX Runtime may raise of a file; its errors share no class but Exception."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return (*(getattr(state, name) for name in names), OSError, RuntimeError, ValueError)


class _RuntimeNetwork:
    """A network in ONNX Runtime, which knows every operation."""

    def __init__(self, path: Path, device: str, faithful: float) -> None:
        runtime = import_module("onnxruntime")
        providers = runtime.get_available_providers() if device != "cpu" else ["CPUExecutionProvider"]
        self._path = path
        try:
            self._session = runtime.InferenceSession(str(path), providers=providers)
        except _failures() as error:
            raise ModelError("is no network that ONNX Runtime can load", path=path, remedy=_REMEDY) from error
        inputs = self._session.get_inputs()
        pictures = [each for each in inputs if len(each.shape) == 4]
        if len(pictures) != 1:
            raise ModelError("does not take one picture", path=path, remedy=_REMEDY)
        self._picture = pictures[0]
        side = self._picture.shape[3]
        self.side = side if isinstance(side, int) and side > 0 else _SIDE
        self.runs_on = f"ONNX Runtime, {self._session.get_providers()[0].removesuffix('ExecutionProvider')}"
        self._weights = {
            each.name: np.full(
                [n if isinstance(n, int) else 1 for n in each.shape],
                faithful,
                np.float64 if "double" in each.type else np.float32,
            )
            for each in inputs
            if each is not self._picture
        }

    def run(self, planes: Planes) -> npt.NDArray[Any]:
        kind = np.float16 if "float16" in self._picture.type else np.float32
        try:
            made = self._session.run(None, {self._picture.name: planes.astype(kind), **self._weights})
        except _failures() as error:
            raise ModelError("could not be run", path=self._path, remedy=_REMEDY) from error
        return np.asarray(made[0])


class _OpenCvNetwork:
    """A network in OpenCV, for those without ONNX Runtime."""

    side = _SIDE
    runs_on = "OpenCV"

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
        except cv2.error as error:
            raise ModelError(
                "is no network that OpenCV can load", path=path, remedy=f"install onnxruntime, or {_REMEDY}"
            ) from error

    def run(self, planes: Planes) -> npt.NDArray[Any]:
        try:
            self._network.setInput(planes)
            return np.asarray(self._network.forward())
        except cv2.error as error:
            raise ModelError(
                "could not be run by OpenCV", path=self._path, remedy=f"install onnxruntime, or {_REMEDY}"
            ) from error
