"""What knows people again by their faces, and which one to use."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from dubkit.errors import MissingDependencyError, ModelError
from dubkit.faces.insightface_zoo import package_folders
from dubkit.schema import Face, Image

__all__ = ["FaceEmbedder", "choose_embedder"]

# ArcFace's networks as insightface's packages name them, the surest first.
_FILES = ("w600k_r50*.onnx", "glintr100*.onnx", "w600k_mbf*.onnx", "*arcface*.onnx")


@runtime_checkable
class FaceEmbedder(Protocol):
    """Turns faces into vectors that lie near to each other where they are of one person.

    To add one: write a class with these members in a file of :mod:`dubkit.faces.embedders`, try it in
    :func:`choose_embedder`, and add it to the conformance suite, which holds what is promised here.
    """

    @property
    def same(self) -> float:
        """Cosine of two vectors, -1..1, from which two faces are rather of one person than of two."""

    def describe(self) -> str:
        """The method and the file it uses, for people."""

    def embed(self, image: Image, faces: Sequence[Face]) -> list[npt.NDArray[np.float32]]:
        """A vector of length 1 for every face; empty for one without landmarks.

        Keeps nothing between calls, and a face's vector does not depend on the others.

        Args:
            image: (height, width, 3) uint8 BGR, is not changed.
            faces: Faces in it.
        """


def choose_embedder(model: str = "", *, folders: Sequence[Path] = ()) -> tuple[FaceEmbedder | None, str]:
    """The embedder at hand; nothing is downloaded.

    Args:
        model: Its file; empty looks in the usual places.
        folders: Where to look for files named ``w600k_*.onnx``, ``glintr100*.onnx`` and ``*arcface*.onnx``, before
            insightface's own.

    Returns:
        The embedder, None where there is none, and a sentence for people: which it is, or what is missing.

    Raises:
        ModelError: The file given is missing, or is no such network.
        MissingDependencyError: A file was given, and insightface is not installed.
    """
    from dubkit.faces.embedders.insightface import InsightFaceEmbedder

    if model:
        embedder = InsightFaceEmbedder(model)
        return embedder, f"{embedder.describe()}: the file was given"
    reasons = []
    if find_spec("insightface") is None or find_spec("onnxruntime") is None:
        reasons.append("insightface is not installed")
    else:
        places = [*folders, *package_folders()]
        for path in (path for pattern in _FILES for folder in places for path in sorted(Path(folder).glob(pattern))):
            try:
                embedder = InsightFaceEmbedder(path)
            except (ModelError, MissingDependencyError) as error:
                reasons.append(str(error))
            else:
                return embedder, f"{embedder.describe()}: the best at hand"
    reasons = reasons or ["no model folder holds w600k_r50.onnx or w600k_mbf.onnx"]
    return None, f"colours and light, within a scene only: {'; '.join(reasons)}"
