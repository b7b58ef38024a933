"""Face restoration: what every enhancer promises."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from dubkit.blending.pixels import Pixels

__all__ = ["Enhancer"]


class Enhancer(Protocol):
    """Draws a face anew with the detail it lost; :class:`dubkit.blending.OnnxEnhancer` is the one that is shipped."""

    def enhance(self, face: Pixels, landmarks: npt.NDArray[np.float32]) -> Pixels:
        """The face, restored, in the same place and of the same size.

        Args:
            face: (h, w, 3) BGR 0..1.
            landmarks: (5, 2) x, y in pixels of ``face``; NaN where unknown.
        """
        ...
