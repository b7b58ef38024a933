"""What a face detector is; the ways to find faces are in :mod:`dubkit.faces.detectors`."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from dubkit.errors import MediaError
from dubkit.schema import Face, Image

__all__ = ["FaceDetector", "check_image"]


@runtime_checkable
class FaceDetector(Protocol):
    """Finds the faces in one image.

    To add one: write a class with these three members in a file of :mod:`dubkit.faces.detectors`, name it in
    :mod:`dubkit.faces.choose`, and add it to the conformance suite, which holds what is promised here.
    """

    @property
    def name(self) -> str:
        """How it is asked for: ``insightface``, ``yunet`` or ``cascade``."""

    def describe(self) -> str:
        """The method and the file it uses, for people: ``SCRFD det_10g.onnx (insightface, CPU)``."""

    def detect(self, image: Image) -> list[Face]:
        """The faces of at least about 24 pixels' width, the most certain first.

        Keeps nothing between calls: the same image gives the same faces. Boxes are in pixels of the image and in
        the one convention of :class:`dubkit.schema.Face`, whatever the method.

        Args:
            image: (height, width, 3) uint8 BGR, need not be contiguous, is not changed.

        Returns:
            Faces by falling score; an empty list where there are none.

        Raises:
            MediaError: It is no such image.
        """


def check_image(image: Image) -> Image:
    """The image, contiguous.

    Raises:
        MediaError: It is not (height, width, 3) uint8 with at least one pixel.
    """
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        shape = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise MediaError(f"faces are looked for in (height, width, 3) uint8 BGR images, not {shape}")
    if image.size == 0:
        raise MediaError(f"an image of {image.shape[1]}x{image.shape[0]} pixels holds no faces")
    return np.ascontiguousarray(image)
