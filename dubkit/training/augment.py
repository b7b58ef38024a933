"""Changes at random that leave the sync alone: the same for every picture of one draw."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.training.settings import AugmentSettings

__all__ = ["PictureChange", "SoundChange"]

_Faces = npt.NDArray[np.uint8]
_DB_PER_UNIT = 100 / 8  # the mel spectrogram maps 100 dB to -4..4


class PictureChange:
    """One draw of what happens to pictures.

    Args:
        draw: Where the randomness comes from.
        settings: How much may be changed.
        size: Pixels on each side of a crop.
    """

    def __init__(self, draw: np.random.Generator, settings: AugmentSettings, size: int) -> None:
        # Always the same number of draws, so that one setting does not change what another one draws.
        flip, gain, offset, x, y, zoom, turn = draw.uniform(-1, 1, 7)
        colour = draw.uniform(-1, 1, 3)
        self._flipped = (flip + 1) / 2 < settings.flip
        self._gain = 1 + settings.light * gain + settings.colour * colour
        self._offset = 255 * settings.light / 2 * offset
        self._lit = bool(settings.light or settings.colour)
        self._matrix = None
        if settings.shift or settings.zoom or settings.turn:
            centre = (size - 1) / 2
            matrix = cv2.getRotationMatrix2D((centre, centre), settings.turn * turn, 1 + settings.zoom * zoom)
            matrix[:, 2] += (settings.shift * x, settings.shift * y)
            self._matrix = matrix

    def apply(self, faces: _Faces) -> _Faces:
        """(n, size, size, 3) uint8 in and out."""
        if self._matrix is not None:
            size = faces.shape[1:3]
            faces = np.stack(
                [
                    cv2.warpAffine(face, self._matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                    for face in faces
                ]
            )
        if self._lit:
            levels = np.arange(256)[:, None] * self._gain + self._offset
            table = np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)
            faces = np.stack([table[faces[..., channel], channel] for channel in range(3)], axis=-1)
        return faces[:, :, ::-1] if self._flipped else faces


class SoundChange:
    """One draw of what happens to mel windows: louder or softer, and a voice a little higher or lower.

    Args:
        draw: Where the randomness comes from.
        settings: How much may be changed.
        limit: Mel values are clipped to -limit..limit.
    """

    def __init__(self, draw: np.random.Generator, settings: AugmentSettings, limit: float) -> None:
        loudness, pitch = draw.uniform(-1, 1, 2)
        self._change = settings.loudness * loudness / _DB_PER_UNIT
        self._bands = round(settings.pitch * pitch)
        self._limit = limit

    def apply(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n, bands, steps) float32 in and out."""
        if self._bands:
            moved = np.roll(windows, self._bands, axis=1)
            edge = slice(0, self._bands) if self._bands > 0 else slice(self._bands, None)
            moved[:, edge] = -self._limit
            windows = moved
        if self._change:
            # What is at the floor is silence, and stays there however loud the rest is made.
            louder = np.where(windows <= -self._limit, windows, windows + np.float32(self._change))
            windows = np.clip(louder, -self._limit, self._limit)
        return windows
