"""Grain and sharpness: the mouth brought to the level of the skin around it.

Fine detail is split into bands of an octave each. On the skin it is taken from the frame itself, since pores, stubble
and grain are there already (Burt and Adelson, "A multiresolution spline", 1983: the finer the detail, the narrower the
blend). Where lips and teeth may be the new ones keep their own detail, raised as far as the skin around is sharper than
the generated skin, and grain fills what is missing.
"""

from __future__ import annotations

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
    enough = np.count_nonzero(cells) >= _FEW
    levels = [np.array([_level(band, cells, settings) if enough else 0.0 for band in bands]) for bands in (old, new)]
    finest = old[0] * skin
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
    added = np.zeros_like(old[0])
    for octave, (own, drawn) in enumerate(zip(old, new, strict=True)):
        wanted, there = float(levels.old[octave]), float(levels.new[octave])
        gain = np.float32(np.clip(wanted / max(there, _LEAST), 1, max(1.0, settings.sharpen)))
        missing = min(settings.most_grain, settings.grain * np.sqrt(max(0.0, wanted**2 - float(gain * there) ** 2)))
        mouth = drawn * (gain - 1)
        if missing > _LEAST:
            mouth += np.float32(missing) * _grain(octave, own.shape, seed, levels)
        most = settings.clip * wanted
        skin = np.clip(own - drawn, -most, most)  # an edge that both have stays, one that has moved hardly shows
        added += skin + zone * (mouth - skin)
    return added


def _blurred(luma: _Luma, octave: int) -> _Luma:
    """Twice a mean over 3, 5, 9 ... pixels: nearly a Gaussian of deviation 1.2, 2, 3.7 ..., at no cost for its size."""
    side = 1 + (2 << octave)
    return np.asarray(cv2.blur(cv2.blur(luma, (side, side)), (side, side)), np.float32)


def _cells(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Means over cells of about ``_CELL`` pixels square."""
    height, width = values.shape
    size = (max(1, width // _CELL), max(1, height // _CELL))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _level(band: _Luma, cells: npt.NDArray[np.bool_], settings: DetailSettings) -> float:
    powers = _cells(band * band)[cells]
    return float(np.sqrt(np.quantile(powers, settings.smoother)))


def _motion(before: DetailLevels, corner: tuple[int, int], finest: _Luma) -> tuple[npt.NDArray[np.float64], float]:
    """Pixels (y, x) that the skin moved since the frame before, and how alike its finest detail still is, 0..1."""
    top, left = (max(a, b) for a, b in zip(before.corner, corner, strict=True))
    pairs = ((before.corner, before.finest), (corner, finest))
    bottom, right = (min(at[axis] + band.shape[axis] for at, band in pairs) for axis in (0, 1))
    if bottom - top < _OVERLAP or right - left < _OVERLAP:
        return np.zeros(2), 0.0
    was, now = (band[top - at[0] : bottom - at[0], left - at[1] : right - at[1]] for at, band in pairs)
    (x, y), _ = cv2.phaseCorrelate(was, now)
    found = [(_likeness(was, now, dy, dx), float(dy), float(dx)) for dy, dx in {(0, 0), (round(y), round(x))}]
    still, dy, dx = max(found)
    # Keep the fraction of the pixel, or a slow drift would never be seen.
    return (np.array([y, x]) if (dy, dx) == (round(y), round(x)) else np.zeros(2)), still


def _likeness(was: _Luma, now: _Luma, dy: int, dx: int) -> float:
    """Correlation of ``now`` with ``was`` moved by (dy, dx), where both are skin, 0..1."""
    height, width = was.shape
    if max(abs(dy), abs(dx)) > min(height, width) // 4:
        return 0.0
    a = was[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    b = now[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    both = (a != 0) & (b != 0)
    a, b = a[both], b[both]
    power = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.clip(np.dot(a, b) / power, 0, 1)) if power > _LEAST else 0.0


def _grain(octave: int, shape: tuple[int, ...], seed: tuple[int, int], levels: DetailLevels) -> _Luma:
    """(h, w) noise of one band and deviation 1, of which a part goes with the face and the rest is new each time."""
    tile = _noise_tile(octave)
    place = np.asarray(levels.corner) - np.rint(levels.drift).astype(int)
    kept = _patch(tile, shape, np.random.default_rng(seed[:1]).integers(0, _TILE, 2) + place)
    fresh = _patch(tile, shape, np.random.default_rng(seed).integers(0, _TILE, 2))
    return np.float32(np.sqrt(levels.still)) * kept + np.float32(np.sqrt(1 - levels.still)) * fresh


def _patch(tile: _Luma, shape: tuple[int, ...], corner: npt.NDArray[np.int64]) -> _Luma:
    """(h, w) of the endless tile, from ``corner`` on."""
    rows, columns = ((np.arange(n) + start) % _TILE for n, start in zip(shape, corner, strict=True))
    return np.asarray(tile[np.ix_(rows, columns)], np.float32)


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
