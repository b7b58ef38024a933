"""Grain and sharpness: the mouth brought to the level of the skin around it.

Fine detail is split into bands of an octave each. On the skin it is taken from the frame itself, since pores, stubble
and grain are there already (Burt and Adelson, "A multiresolution spline", 1983: the finer the detail, the narrower the
blend). Where lips and teeth may be the new ones keep their own detail, raised as far as the skin around is sharper than
the generated skin, and grain fills what is missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.blending.pixels import Mask

__all__ = ["DetailLevels", "DetailSettings", "detailed", "measure_detail"]

_Luma = npt.NDArray[np.float32]
_TILE = 256
_MOST_BANDS = 4
_CELL = 6  # pixels: a level is measured in cells of about this size
_WHOLE = 0.95  # share of a cell that must be skin
_FEW = 6  # cells, fewer of which measure nothing
_OVERLAP = 16  # pixels; two frames whose mouths overlap less are not compared
_LEAST = 1e-5
_HALVED = 2  # the first octave that is blurred at half its size


@dataclass(frozen=True)
class DetailSettings:
    """How grain and sharpness are matched.

    Attributes:
        coarsest: Detail coarser than this is the generator's own everywhere, as a share of the crop's width: the
            standard deviation of the blur that takes it away. A generator that draws 96 columns knows none finer than
            about 0.0125, and blurs somewhat coarser detail.
        sharpen: A band of the mouth is raised by this factor at most.
        grain: Share of the missing deviation that is filled with grain, 0..1.
        clip: The frame's own detail is brought back up to this many deviations of the skin's; edges are no grain.
        smoother: Quantile of the skin's cells, from the smoothest, that says how much detail skin has.
        most_grain: Deviation of the grain in one band at most, of 0..1.
        steady: Share of a frame's own measurement in the levels that are used, once there are many.
    """

    coarsest: float = 0.016
    sharpen: float = 1.6
    grain: float = 1.0
    clip: float = 3.0
    smoother: float = 0.4
    most_grain: float = 0.012
    steady: float = 0.15


@dataclass(frozen=True, eq=False)
class DetailLevels:
    """What was measured on the skin around the mouth.

    Attributes:
        old: (bands,) deviation of the frame's own detail, finest first.
        new: (bands,) that of the generated face at the same places.
        still: How much of the finest detail goes with the face from frame to frame, 0 (all is fresh grain) .. 1.
        drift: (2,) pixels, y and x, that the skin has moved since the first frame.
        corner: (top, left) of ``finest`` in the frame.
        finest: (h, w) the frame's own finest band, 0 where there is no skin, for the next frame to compare with.
        frames: How many frames in a row this rests on.
    """

    old: npt.NDArray[np.float64]
    new: npt.NDArray[np.float64]
    still: float
    drift: npt.NDArray[np.float64]
    corner: tuple[int, int]
    finest: _Luma
    frames: int


def split_bands(luma: _Luma, crop_width: int, settings: DetailSettings) -> list[_Luma]:
    """Octave bands of ``luma``, finest first: what each doubling of the blur takes away."""
    octaves = float(np.log2(max(1.0, settings.coarsest * crop_width)))
    bands, rest = [], luma
    for octave in range(min(_MOST_BANDS, 1 + round(octaves))):
        blurred = _blurred(rest, octave)
        bands.append(rest - blurred)
        rest = blurred
    return bands


def measure_detail(
    old: list[_Luma],
    new: list[_Luma],
    skin: Mask,
    corner: tuple[int, int],
    before: DetailLevels | None,
    settings: DetailSettings,
) -> DetailLevels:
    """Levels of both faces' bands on the skin, drawn towards those of the frame before.

    Measured cell by cell, of which the smoother ones count: a beard's hairs and a fold beside the mouth are no grain.

    Args:
        old: The frame's own bands.
        new: The generated face's.
        skin: (h, w) 1 where both show skin, else 0.
        corner: (top, left) of all these in the frame.
        before: Levels of the frame before; None for the first.
        settings: How.
    """
    cells = _cells(skin) > _WHOLE
    levels = [_levels(bands, cells, settings) for bands in (old, new)]
    finest = np.asarray(cv2.multiply(old[0], skin), np.float32)
    if before is None:
        return DetailLevels(levels[0], levels[1], 1.0, np.zeros(2), corner, finest, 1)
    moved, still = _motion(before, corner, finest)
    share = max(settings.steady, 1 / (before.frames + 1))  # a plain mean, until there are many
    if before.old.shape == levels[0].shape:
        levels = [was + share * (now - was) for was, now in zip((before.old, before.new), levels, strict=True)]
    still = before.still + max(settings.steady, 1 / before.frames) * (still - before.still)
    return DetailLevels(levels[0], levels[1], still, before.drift + moved, corner, finest, before.frames + 1)


def detailed(
    old: list[_Luma],
    new: list[_Luma],
    zone: Mask,
    levels: DetailLevels,
    seed: tuple[int, int],
    settings: DetailSettings,
) -> _Luma:
    """What must be added to the new face's luma for its detail to match.

    Args:
        old: The frame's own bands.
        new: The generated face's.
        zone: (h, w) 1 where lips may be, 0 on the skin.
        levels: What was measured.
        seed: Face track and frame; the grain is the same for the same two.
        settings: How.
    """
    skin, mouth, grain = np.zeros_like(old[0]), np.zeros_like(old[0]), np.zeros((_TILE, _TILE), np.float32)
    for octave, (own, drawn) in enumerate(zip(old, new, strict=True)):
        wanted, there = float(levels.old[octave]), float(levels.new[octave])
        gain = min(max(1.0, wanted / max(there, _LEAST)), max(1.0, settings.sharpen))
        missing = min(settings.most_grain, settings.grain * math.sqrt(max(0.0, wanted**2 - (gain * there) ** 2)))
        if gain > 1:
            cv2.scaleAdd(drawn, gain - 1, mouth, dst=mouth)
        if missing > _LEAST:
            cv2.scaleAdd(_noise_tile(octave), missing, grain, dst=grain)
        most = settings.clip * wanted
        difference = np.asarray(cv2.subtract(own, drawn), np.float32)
        # An edge that both have stays, one that has moved hardly shows.
        skin += np.clip(difference, -most, most, out=difference)
    if grain.any():
        _add_grain(mouth, grain, seed, levels)
    return np.asarray(cv2.add(skin, cv2.multiply(zone, cv2.subtract(mouth, skin))), np.float32)


def _blurred(luma: _Luma, octave: int) -> _Luma:
    """Twice a mean over 3, 5, 9 ... pixels: nearly a Gaussian of deviation 1.2, 2, 3.7 ....

    From the third octave on, where ``luma`` comes blurred already, it is done at half the size, at a third of the cost.
    """
    kernel = _twice_a_mean(1 + (2 << octave), octave >= _HALVED)
    if octave < _HALVED:
        return np.asarray(cv2.sepFilter2D(luma, cv2.CV_32F, kernel, kernel), np.float32)
    height, width = luma.shape
    even = cv2.copyMakeBorder(luma, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    half = cv2.resize(even, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
    half = cv2.sepFilter2D(half, cv2.CV_32F, kernel, kernel)
    whole = cv2.resize(half, (even.shape[1], even.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole[:height, :width], np.float32)


@lru_cache(maxsize=2 * _MOST_BANDS)
def _twice_a_mean(side: int, halved: bool) -> npt.NDArray[np.float32]:
    """A mean over ``side`` pixels of a mean over as many; ``halved``: every other number, for half the size."""
    mean = np.ones(side)
    kernel = np.convolve(mean, mean)[:: 2 if halved else 1].astype(np.float32)
    kernel /= kernel.sum()
    kernel.setflags(write=False)
    return kernel


def _cells(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Means over cells of about ``_CELL`` pixels square, of up to four channels."""
    height, width = values.shape[:2]
    size = max(1, width // _CELL), max(1, height // _CELL)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _levels(bands: list[_Luma], cells: npt.NDArray[np.bool_], settings: DetailSettings) -> npt.NDArray[np.float64]:
    """Deviation of each band in the cell that ``settings.smoother`` of them lie below; 0 where they are too few."""
    if np.count_nonzero(cells) < _FEW:
        return np.zeros(len(bands))
    # All as channels of one picture take half the time of one by one.
    powers = _cells(np.asarray(cv2.merge([cv2.multiply(band, band) for band in bands]), np.float32))
    ranked = np.sort(powers.reshape(*cells.shape, len(bands))[cells], axis=0)
    place, beyond = divmod(settings.smoother * (len(ranked) - 1), 1)
    low, high = ranked[int(place)], ranked[min(int(place) + 1, len(ranked) - 1)]
    return np.asarray(np.sqrt(low + beyond * (high - low)), np.float64)


def _motion(before: DetailLevels, corner: tuple[int, int], finest: _Luma) -> tuple[npt.NDArray[np.float64], float]:
    """Pixels (y, x) that the skin moved since the frame before, and how alike its finest detail still is, 0..1."""
    top, left = (max(a, b) for a, b in zip(before.corner, corner, strict=True))
    pairs = ((before.corner, before.finest), (corner, finest))
    bottom, right = (min(at[axis] + band.shape[axis] for at, band in pairs) for axis in (0, 1))
    if bottom - top < _OVERLAP or right - left < _OVERLAP:
        return np.zeros(2), 0.0
    was, now = (band[top - at[0] : bottom - at[0], left - at[1] : right - at[1]] for at, band in pairs)
    (x, y), _ = cv2.phaseCorrelate(_evenly(was), _evenly(now))
    found = [(_likeness(was, now, dy, dx), float(dy), float(dx)) for dy, dx in {(0, 0), (round(y), round(x))}]
    still, dy, dx = max(found)
    # Keep the fraction of the pixel, or a slow drift would never be seen.
    return (np.array([y, x]) if (dy, dx) == (round(y), round(x)) else np.zeros(2)), still


def _evenly(band: _Luma) -> _Luma:
    """``band`` with room for a fast transform of even size: in one of odd size OpenCV finds half a pixel of motion."""
    down, right = (2 * cv2.getOptimalDFTSize(-(-side // 2)) - side for side in band.shape)
    return np.asarray(cv2.copyMakeBorder(band, 0, down, 0, right, cv2.BORDER_CONSTANT), np.float32)


def _likeness(was: _Luma, now: _Luma, dy: int, dx: int) -> float:
    """Correlation of ``now`` with ``was`` moved by (dy, dx), where both are skin, 0..1."""
    height, width = was.shape
    if max(abs(dy), abs(dx)) > min(height, width) // 4:
        return 0.0
    a = was[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    b = now[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    inside_a, inside_b = ((band != 0).view(np.uint8) for band in (a, b))
    power = math.sqrt(cv2.norm(a, cv2.NORM_L2SQR, inside_b) * cv2.norm(b, cv2.NORM_L2SQR, inside_a))
    return min(max(0.0, float(np.einsum("yx,yx->", a, b)) / power), 1.0) if power > _LEAST else 0.0


def _add_grain(luma: _Luma, tile: _Luma, seed: tuple[int, int], levels: DetailLevels) -> None:
    """Add the endless tile to ``luma``: a part of it goes with the face, the rest is from elsewhere each time."""
    drift = (round(float(move)) for move in levels.drift)
    kept = [at + start - move for at, start, move in zip(levels.corner, _random_place(seed[:1]), drift, strict=True)]
    # Powers add up, so the shares are square roots.
    for share, (top, left) in (
        (math.sqrt(levels.still), kept),
        (math.sqrt(1 - levels.still), _random_place(seed)),
    ):
        for row in range(-(top % _TILE), luma.shape[0], _TILE):
            for column in range(-(left % _TILE), luma.shape[1], _TILE):
                part = luma[max(0, row) : row + _TILE, max(0, column) : column + _TILE]
                y, x = max(0, -row), max(0, -column)
                part[...] = cv2.scaleAdd(tile[y : y + part.shape[0], x : x + part.shape[1]], share, part)


@lru_cache(maxsize=64)
def _random_place(seed: tuple[int, ...]) -> tuple[int, int]:
    """Where in the tile to begin."""
    row, column = np.random.default_rng(seed).integers(0, _TILE, 2)
    return int(row), int(column)


@lru_cache(maxsize=_MOST_BANDS)
def _noise_tile(octave: int) -> _Luma:
    """A tile of band-limited noise that repeats without an edge."""
    noise = np.random.default_rng(octave).standard_normal((_TILE, _TILE)).astype(np.float32)
    reach = 64
    rest = np.pad(noise, reach, mode="wrap")
    for step in range(octave + 1):
        blurred = _blurred(rest, step)
        band, rest = rest - blurred, blurred
    inner = band[reach:-reach, reach:-reach]
    tile = np.asarray(inner / inner.std(), np.float32)
    tile.setflags(write=False)
    return tile
