"""A leaning superellipse, soft towards its rim, drawn over a rectangle of a frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.schema import Region

__all__ = ["Outline"]

_Plane = npt.NDArray[np.float32]
_LEAST_RADIUS = 0.5  # pixels
_LEAST_SOFT = 1e-3  # of the radius


@dataclass(frozen=True)
class Outline:
    """A superellipse whose four quarters may differ in size.

    Attributes:
        centre: x, y in the frame.
        roll: Radians clockwise by which it leans.
        radii: To the left, right, up and down, in pixels.
        power: Its exponent: 2 is an ellipse, more is squarer.
    """

    centre: tuple[float, float]
    roll: float
    radii: tuple[float, float, float, float]
    power: float

    def bounds(self, region: Region) -> Region:
        """What the rectangle about it covers of ``region``; at least a pixel."""
        left, right, up, down = (max(radius, _LEAST_RADIUS) for radius in self.radii)
        cos, sin = math.cos(self.roll), math.sin(self.roll)
        corners = [(u * cos - v * sin, u * sin + v * cos) for u in (-left, right) for v in (-up, down)]
        x, y = ([self.centre[axis] + corner[axis] for corner in corners] for axis in (0, 1))
        first = max(region.left, math.floor(min(x))), max(region.top, math.floor(min(y)))
        last = min(region.right, math.ceil(max(x)) + 1), min(region.bottom, math.ceil(max(y)) + 1)
        return Region(min(first[0], last[0] - 1), min(first[1], last[1] - 1), *last)

    def filled(self, part: Region, soft: float) -> _Plane:
        """(part.height, part.width) 1 inside, 0 from the rim on; it falls, smoothly, over the outer ``soft`` of 1."""
        x = np.arange(part.left, part.right, dtype=np.float64) + (0.5 - self.centre[0])
        y = np.arange(part.top, part.bottom, dtype=np.float64) + (0.5 - self.centre[1])
        cos, sin, soft = math.cos(self.roll), math.sin(self.roll), max(soft, _LEAST_SOFT)
        total = cv2.add(
            self._powers(_plane(x * cos, y * sin), self.radii[0], self.radii[1]),
            self._powers(_plane(x * -sin, y * cos), self.radii[2], self.radii[3]),
        )
        distance = np.asarray(cv2.pow(total, 1 / self.power), np.float32)
        ramp = np.subtract(1, distance, out=distance)
        ramp *= np.float32(1 / soft)
        np.clip(ramp, 0, 1, out=ramp)
        smooth = ramp * ramp
        ramp *= -2
        ramp += 3
        smooth *= ramp
        return smooth

    def _powers(self, along: _Plane, low: float, high: float) -> _Plane:
        """|``along``| over ``low`` where it is negative and ``high`` elsewhere, to the outline's power."""
        low, high = max(low, _LEAST_RADIUS), max(high, _LEAST_RADIUS)
        # Of the two one is negative everywhere, so the larger is the one that counts.
        share = np.asarray(cv2.max(along * np.float32(-1 / low), along * np.float32(1 / high)), np.float32)
        whole, rest = divmod(self.power, 1)
        if rest == 0.5:  # a root and a whole power cost a fraction of any other
            return np.asarray(cv2.multiply(cv2.pow(share, whole), cv2.sqrt(share)), np.float32)
        return np.asarray(cv2.pow(share, self.power), np.float32)


def _plane(columns: npt.NDArray[np.floating[Any]], rows: npt.NDArray[np.floating[Any]]) -> _Plane:
    """(rows, columns) of their sums."""
    return np.asarray(rows, np.float32)[:, None] + np.asarray(columns, np.float32)
