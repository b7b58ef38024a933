"""A region of a frame as BGR and back, in the frame's own pixel format.

Only the region is converted, in float; samples outside the mask are never written, so they stay bit-exact,
chroma included: a chroma sample that covers any pixel outside the mask is outside itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.schema import ColourFamily, Frame, Region

__all__ = ["Mask", "Pixels", "black_around", "read_region", "write_region"]

Pixels: TypeAlias = npt.NDArray[np.float32]
"""(height, width, 3) float32, BGR, nominally 0..1."""

Mask: TypeAlias = npt.NDArray[np.float32]
"""(height, width) float32, 0 (leave alone) .. 1 (replace)."""

# Kr, Kb of the luma equation by matrix coefficients code point (ITU-T H.273, table 4).
_LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
_HD_HEIGHT = 720  # untagged pictures from this height on are taken as BT.709, smaller ones as BT.601, as players do


def _luma_weights(frame: Frame) -> tuple[float, float]:
    fallback = 1 if frame.height >= _HD_HEIGHT else 6
    return _LUMA_WEIGHTS.get(frame.colour.matrix, _LUMA_WEIGHTS[fallback])


def _ranges(frame: Frame) -> tuple[float, float, float, float]:
    """Black level, luma span, chroma centre and chroma span of the stored samples (ITU-R BT.2100, table 9)."""
    bits = frame.pixel_format.bits
    if frame.colour.full_range:
        top = float(2**bits - 1)
        return 0.0, top, float(2 ** (bits - 1)), top
    unit = float(2 ** (bits - 8))
    return 16 * unit, 219 * unit, 128 * unit, 224 * unit


def _aligned(frame: Frame, region: Region) -> Region:
    """The part of ``region`` inside the frame, grown to whole chroma samples."""
    inside = region.inside(frame.width, frame.height)
    step_x, step_y = 1 << frame.pixel_format.log2_width, 1 << frame.pixel_format.log2_height
    return Region(
        inside.left // step_x * step_x,
        inside.top // step_y * step_y,
        min(frame.width, -(-inside.right // step_x) * step_x),
        min(frame.height, -(-inside.bottom // step_y) * step_y),
    )


def _part(frame: Frame, plane: int, region: Region) -> tuple[slice, slice]:
    """Where an aligned ``region`` lies in a plane."""
    chroma = frame.pixel_format.family is ColourFamily.YUV and plane in (1, 2)
    sx = frame.pixel_format.log2_width if chroma else 0
    sy = frame.pixel_format.log2_height if chroma else 0
    return (
        slice(region.top >> sy, -(-region.bottom >> sy)),
        slice(region.left >> sx, -(-region.right >> sx)),
    )


def read_region(frame: Frame, region: Region) -> Pixels:
    """``region`` of ``frame`` as BGR; where it reaches beyond the frame, the edge is repeated.

    Returns:
        (region.height, region.width, 3) float32, 0..1 for legal samples.
    """
    inside = region.inside(frame.width, frame.height)
    bgr = _to_bgr(frame, inside)
    if inside == region:
        return bgr
    return np.asarray(cv2.copyMakeBorder(bgr, *_around(inside, region), cv2.BORDER_REPLICATE), np.float32)


def _around(inner: Region, outer: Region) -> tuple[int, int, int, int]:
    """Pixels by which ``outer`` is larger at the top, bottom, left and right."""
    return inner.top - outer.top, outer.bottom - inner.bottom, inner.left - outer.left, outer.right - inner.right


def _to_bgr(frame: Frame, inside: Region) -> Pixels:
    """A region that lies inside the frame. Samples are brought together as they are; one pass makes colours of them."""
    family, area = frame.pixel_format.family, _aligned(frame, inside)
    if family is ColourFamily.YUV:
        luma, blue, red = _stored(frame, 0, inside), _grown(frame, 1, area), _grown(frame, 2, area)
        above, beside = inside.top - area.top, inside.left - area.left
        cb, cr = (plane[above : above + inside.height, beside : beside + inside.width] for plane in (blue, red))
        return _transformed(cv2.merge([luma, cb, cr]), _to_bgr_matrix(*_luma_weights(frame), *_ranges(frame)))
    if family is ColourFamily.GRAY:
        black, span, _, _ = _ranges(frame)
        luma = (_stored(frame, 0, inside).astype(np.float32) - np.float32(black)) / np.float32(span)
        return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.float32)
    if frame.planes[0].ndim == 3:
        samples = _stored(frame, 0, inside)[..., 2::-1]
    else:
        samples = cv2.merge([_stored(frame, plane, inside) for plane in (1, 0, 2)])
    return np.asarray(np.divide(samples, _top(frame), dtype=np.float32, order="C"))


def _stored(frame: Frame, plane: int, area: Region) -> npt.NDArray[Any]:
    """The samples of an aligned area, laid out anew where the plane is a view that is turned or mirrored."""
    return np.ascontiguousarray(frame.planes[plane][_part(frame, plane, area)])


def _top(frame: Frame) -> int:
    """The largest sample."""
    return int(2**frame.pixel_format.bits) - 1


@lru_cache(maxsize=16)
def _to_bgr_matrix(
    kr: float, kb: float, black: float, luma_span: float, centre: float, chroma_span: float
) -> npt.NDArray[np.float64]:
    """(3, 4): stored Y, Cb, Cr and 1 -> B, G, R of 0..1 (ITU-T H.273, equations of the matrix coefficients)."""
    kg = 1 - kb - kr
    from_blue, from_red = 2 * (1 - kb) / chroma_span, 2 * (1 - kr) / chroma_span
    rows = np.array(
        [
            [1 / luma_span, from_blue, 0, 0],
            [1 / luma_span, -kb / kg * from_blue, -kr / kg * from_red, 0],
            [1 / luma_span, 0, from_red, 0],
        ]
    )
    rows[:, 3] = -rows[:, 0] * black - (rows[:, 1] + rows[:, 2]) * centre
    rows.setflags(write=False)
    return rows


@lru_cache(maxsize=16)
def _from_bgr_matrix(
    kr: float, kb: float, black: float, luma_span: float, centre: float, chroma_span: float
) -> npt.NDArray[np.float64]:
    """(3, 4): B, G, R of 0..1 and 1 -> Y, Cb, Cr as they are stored."""
    luma = np.array([kb, 1 - kb - kr, kr])
    blue = (np.array([1, 0, 0]) - luma) / (2 * (1 - kb))
    red = (np.array([0, 0, 1]) - luma) / (2 * (1 - kr))
    shares = np.stack([luma * luma_span, blue * chroma_span, red * chroma_span])
    rows = np.hstack([shares, np.array([[black], [centre], [centre]])])
    rows.setflags(write=False)
    return rows


def _transformed(samples: npt.NDArray[Any], matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.transform(np.asarray(samples, np.float32), matrix), np.float32)


def _grown(frame: Frame, plane: int, area: Region) -> npt.NDArray[Any]:
    """The chroma samples of an aligned area, repeated for every pixel they cover."""
    grown = _stored(frame, plane, area)
    stored = grown.dtype
    wider, twice = (np.uint16, 0x101) if stored == np.uint8 else (np.uint32, 0x10001)
    for _ in range(frame.pixel_format.log2_width):  # one number of twice the size holds a sample twice
        grown = (grown.astype(wider) * np.asarray(twice, wider)).view(stored)
    return grown.repeat(1 << frame.pixel_format.log2_height, axis=0)


def write_region(frame: Frame, region: Region, pixels: Pixels, mask: Mask) -> Frame:
    """A copy of ``frame`` in which ``pixels`` replace ``region`` as far as ``mask`` says.

    Args:
        frame: The frame as it was stored.
        region: Where; the part beyond the frame's edge is ignored.
        pixels: (region.height, region.width, 3) BGR.
        mask: (region.height, region.width).

    Returns:
        A new frame; every sample where the mask is 0 equals the stored one, bit for bit.
    """
    area = _aligned(frame, region)
    canvas, weight = _onto(area, region, pixels, mask, frame)
    planes = list(frame.planes)
    family, top = frame.pixel_format.family, _top(frame)

    def put(plane: int, new: npt.NDArray[np.float32], share: Mask) -> None:
        planes[plane] = planes[plane].copy()
        part = (*_part(frame, plane, area), slice(0, 3))[: planes[plane].ndim]
        planes[plane][part] = _blend(planes[plane][part], new, share, top)

    if family is ColourFamily.RGB and planes[0].ndim == 3:
        put(0, canvas[..., ::-1] * np.float32(top), weight)
    elif family is ColourFamily.RGB:
        for plane, channel in ((0, 1), (1, 0), (2, 2)):
            put(plane, canvas[..., channel] * np.float32(top), weight)
    else:
        matrix = _from_bgr_matrix(*_luma_weights(frame), *_ranges(frame))
        put(0, _transformed(canvas, matrix[:1]), weight)
        if family is ColourFamily.YUV:
            chroma_weight = _shrink_mask(weight, frame)
            for plane in (1, 2):
                put(plane, _shrink(_transformed(canvas, matrix[plane : plane + 1]), frame), chroma_weight)
    return replace(frame, planes=tuple(planes))


def black_around(frame: Frame, region: Region) -> Frame:
    """``frame`` with nothing but black outside ``region``, which is grown to whole chroma samples.

    Raises:
        RecordError: if no part of ``region`` lies inside the frame.
    """
    area = _aligned(frame, region)
    black, _, centre, _ = _ranges(frame)
    planes = []
    for index, plane in enumerate(frame.planes):
        chroma = frame.pixel_format.family is ColourFamily.YUV and index in (1, 2)
        empty = np.full_like(plane, 0 if frame.pixel_format.family is ColourFamily.RGB else centre if chroma else black)
        part = _part(frame, index, area)
        empty[part] = plane[part]
        planes.append(empty)
    return replace(frame, planes=tuple(planes))


def _onto(area: Region, region: Region, pixels: Pixels, mask: Mask, frame: Frame) -> tuple[Pixels, Mask]:
    """``pixels`` and ``mask`` laid onto the aligned area; outside the region the mask is 0."""
    inside = region.inside(frame.width, frame.height)
    source = (
        slice(inside.top - region.top, inside.bottom - region.top),
        slice(inside.left - region.left, inside.right - region.left),
    )
    pixels, mask = pixels[source], mask[source]
    if inside == area:
        return pixels, mask
    edges = _around(inside, area)
    return (
        np.asarray(cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_CONSTANT, value=(0, 0, 0)), np.float32),
        np.asarray(cv2.copyMakeBorder(mask, *edges, cv2.BORDER_CONSTANT, value=0), np.float32),
    )


def _blend(stored: npt.NDArray[Any], new: npt.NDArray[np.float32], weight: Mask, top: int) -> npt.NDArray[Any]:
    """``stored`` drawn towards ``new`` and rounded to the nearest sample, the even one of two."""
    share = weight if stored.ndim == 2 else cv2.merge([weight] * 3)
    stored = np.ascontiguousarray(stored)
    before = stored.astype(np.float32)
    mixed = np.asarray(cv2.add(before, cv2.multiply(cv2.subtract(new, before), share)), np.float32)
    rounded = np.clip(np.rint(mixed, out=mixed), 0, top, out=mixed).astype(stored.dtype)
    # Not left to a weight of 0: new pixels that are no number would spread, and stored samples may be beyond the top.
    return np.asarray(cv2.copyTo(rounded, (weight > 0).view(np.uint8), stored.copy()), stored.dtype)


def _whole(plane: npt.NDArray[np.float32], frame: Frame) -> npt.NDArray[np.float32]:
    """``plane`` up to whole chroma samples, edges repeated for odd sizes."""
    pad_y = -plane.shape[0] % (1 << frame.pixel_format.log2_height)
    pad_x = -plane.shape[1] % (1 << frame.pixel_format.log2_width)
    if not pad_y and not pad_x:
        return plane
    return np.asarray(cv2.copyMakeBorder(plane, 0, pad_y, 0, pad_x, cv2.BORDER_REPLICATE), np.float32)


def _shrink(plane: npt.NDArray[np.float32], frame: Frame) -> npt.NDArray[np.float32]:
    """Means over the pixels each chroma sample covers."""
    across, down = frame.pixel_format.log2_width, frame.pixel_format.log2_height
    if not across and not down:
        return plane
    whole = _whole(plane, frame)
    size = whole.shape[1] >> across, whole.shape[0] >> down
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)


def _shrink_mask(mask: Mask, frame: Frame) -> Mask:
    """The same of a mask; 0 where any of the pixels is outside."""
    inside = np.asarray(cv2.threshold(mask, 0, 1, cv2.THRESH_BINARY)[1], np.float32)
    return _shrink(mask, frame) * (_shrink(inside, frame) > 0.99)  # a pixel is an eighth of a sample, or more
