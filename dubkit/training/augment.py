"""Changes at random that leave the sync alone: the same for every picture of one draw."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.training.data_settings import AugmentSettings

__all__ = ["PictureChange", "SoundChange"]

_Faces = npt.NDArray[np.uint8]
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)
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
        stretch, tone, grey, blur = _apart(draw, 4)
        self._flipped = (flip + 1) / 2 < settings.flip
        self._grey = (grey + 1) / 2 < settings.grey
        self._blur = settings.blur * max(0.0, blur)
        self._matrix = None
        if settings.shift or settings.zoom or settings.turn or settings.stretch:
            larger, wider = 1 + settings.zoom * zoom, (1 + settings.stretch * stretch) ** 0.5
            self._matrix = _around_centre(size, settings.turn * turn, larger * wider, larger / wider)
            self._matrix[:, 2] += (settings.shift * x, settings.shift * y)
        self._table = None
        if settings.light or settings.colour or settings.tone:
            shares = (np.arange(256)[:, None] / 255) ** 2.0 ** (settings.tone * tone)
            levels = 255 * shares * (1 + settings.light * gain + settings.colour * colour)
            levels = np.clip(np.rint(levels + 255 * settings.light / 2 * offset), 0, 255)
            self._table = np.asarray(levels, np.uint8)[None]  # (1, 256, 3), a look-up table as OpenCV wants it

    def apply(self, faces: _Faces) -> _Faces:
        """(n, size, size, 3) uint8 in and out."""
        if self._matrix is not None:
            faces = np.stack([_moved(face, self._matrix) for face in faces])
        if self._blur:
            faces = np.stack([np.asarray(cv2.GaussianBlur(face, (0, 0), self._blur), np.uint8) for face in faces])
        if self._table is not None:
            faces = np.stack([np.asarray(cv2.LUT(face, self._table), np.uint8) for face in faces])
        if self._grey:
            luma = np.asarray(np.rint(faces @ _LUMA), np.uint8)
            faces = np.repeat(luma[..., None], 3, axis=-1)
        return faces[:, :, ::-1] if self._flipped else faces


def _apart(draw: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """Numbers -1..1 that take nothing from ``draw``: settings that came later leave what the older ones draw alone."""
    return draw.spawn(1)[0].uniform(-1, 1, count)


def _around_centre(size: int, degrees: float, across: float, down: float) -> npt.NDArray[np.float64]:
    """(2, 3): a turn and a change of both sides that leave the middle of the picture where it is."""
    centre = (size - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((centre, centre), degrees, 1.0), np.float64)
    matrix[:, :2] *= ((across,), (down,))
    matrix[:, 2] = centre - matrix[:, :2] @ (centre, centre)
    return matrix


def _moved(face: _Faces, matrix: npt.NDArray[np.float64]) -> _Faces:
    moved = cv2.warpAffine(face, matrix, face.shape[:2], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


class SoundChange:
    """One draw of what happens to mel windows: level, pitch, timbre, and a floor of noise.

    Args:
        draw: Where the randomness comes from.
        settings: How much may be changed.
        limit: Mel values are clipped to -limit..limit.
    """

    def __init__(self, draw: np.random.Generator, settings: AugmentSettings, limit: float) -> None:
        loudness, pitch = draw.uniform(-1, 1, 2)
        tilt, noise = _apart(draw, 2)
        self._change = settings.loudness * loudness / _DB_PER_UNIT
        self._tilt = settings.tilt * tilt / _DB_PER_UNIT
        self._floor = limit * (2 * settings.noise * max(0.0, noise) - 1)
        self._bands = round(settings.pitch * pitch)
        self._limit = limit

    def apply(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n, bands, steps) float32 in and out."""
        if self._bands:
            moved = np.roll(windows, self._bands, axis=1)
            edge = slice(0, self._bands) if self._bands > 0 else slice(self._bands, None)
            moved[:, edge] = -self._limit
            windows = moved
        if self._change or self._tilt:
            # What is at the floor is silence, and stays there however loud the rest is made.
            change = self._change + self._tilt * np.linspace(-0.5, 0.5, windows.shape[1], dtype=np.float32)[:, None]
            louder = np.where(windows <= -self._limit, windows, windows + np.float32(change))
            windows = np.clip(louder, -self._limit, self._limit)
        return np.maximum(windows, np.float32(self._floor)) if self._floor > -self._limit else windows
