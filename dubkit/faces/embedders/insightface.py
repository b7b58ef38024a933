"""People known again by ArcFace, through the package insightface (``w600k_r50.onnx``, ``w600k_mbf.onnx``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.errors import ModelError
from dubkit.faces.align import align_face
from dubkit.faces.detector import check_image
from dubkit.faces.fingerprint import file_fingerprint
from dubkit.faces.insightface_zoo import load_network
from dubkit.schema import Face, Image

__all__ = ["InsightFaceEmbedder"]


class InsightFaceEmbedder:
    """ArcFace.

    Args:
        model: A recognition network of insightface, ``.onnx``.

    Raises:
        MissingDependencyError: insightface or ONNX Runtime is not installed.
        ModelError: The file is missing or no such network.
    """

    # Common practice with these networks takes 0.3 to 0.4. The cautious end: one person under two names is put right
    # sooner than two under one.
    same = 0.4

    def __init__(self, model: str | Path) -> None:
        path = Path(model)
        remedy = "give a recognition network of insightface, such as w600k_mbf.onnx"
        if not path.is_file():
            raise ModelError("there is no such recognition file", path=path, remedy=remedy)
        refusal = ModelError("is no network that insightface knows people by", path=path, remedy=remedy)
        self._network: Any = load_network(path, "knowing people again", refusal)
        if getattr(self._network, "taskname", "") != "recognition":
            raise refusal
        self._network.prepare(0)
        self._path = path
        self._size = self._network.input_size[0]

    def describe(self) -> str:
        """The network and what it runs on."""
        provider = self._network.session.get_providers()[0].removesuffix("ExecutionProvider")
        return f"ArcFace {self._path.name} (insightface, {provider})"

    def fingerprint(self) -> str:
        """See :class:`dubkit.faces.Fingerprinted`."""
        return f"arcface {file_fingerprint(self._path)}"

    def embed(self, image: Image, faces: Sequence[Face]) -> list[npt.NDArray[np.float32]]:
        """See :class:`dubkit.faces.FaceEmbedder`."""
        image = check_image(image)
        return [self._embed(image, face) for face in faces]

    def _embed(self, image: Image, face: Face) -> npt.NDArray[np.float32]:
        if not np.isfinite(face.landmarks).all():
            return np.zeros(0, np.float32)
        # One at a time: exports with a fixed batch of one exist, and a vector must not depend on its neighbours.
        vector = np.asarray(self._network.get_feat(align_face(image, face, self._size)), np.float64).ravel()
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
