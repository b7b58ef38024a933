"""A region of a frame as BGR and back, in the frame's own pixel format.

Only the region is converted, in float; samples outside the mask are never written, so they stay bit-exact,
chroma included: a chroma sample that covers any pixel outside the mask is outside itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

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
    area = _aligned(frame, region)
    planes = [frame.planes[i][_part(frame, i, area)] for i in range(min(3, len(frame.planes)))]
    bgr = _to_bgr(frame, planes, area.height, area.width)
    rows = np.clip(np.arange(region.top, region.bottom), 0, frame.height - 1) - area.top
    columns = np.clip(np.arange(region.left, region.right), 0, frame.width - 1) - area.left
    if rows[0] == 0 and columns[0] == 0 and rows.size == area.height and columns.size == area.width:
        return bgr
    return np.ascontiguousarray(bgr[np.ix_(rows, columns)])


def _to_bgr(frame: Frame, planes: list[npt.NDArray[Any]], height: int, width: int) -> Pixels:
    family, bits = frame.pixel_format.family, frame.pixel_format.bits
    bgr = np.empty((height, width, 3), np.float32)
    if family is ColourFamily.RGB:
        top = np.float32(2**bits - 1)
        if planes[0].ndim == 3:
            return np.asarray(planes[0][..., 2::-1] / top, np.float32)
        bgr[..., 0], bgr[..., 1], bgr[..., 2] = planes[1] / top, planes[0] / top, planes[2] / top
        return bgr
    black, luma_span, centre, chroma_span = _ranges(frame)
    luma = (planes[0].astype(np.float32) - black) / luma_span
    if family is ColourFamily.GRAY:
        bgr[:] = luma[..., None]
        return bgr
    kr, kb = _luma_weights(frame)
    cb, cr = (_grow((planes[i].astype(np.float32) - centre) / chroma_span, frame)[:height, :width] for i in (1, 2))
    blue = luma + 2 * (1 - kb) * cb
    red = luma + 2 * (1 - kr) * cr
    bgr[..., 0], bgr[..., 2] = blue, red
    bgr[..., 1] = (luma - kb * blue - kr * red) / (1 - kb - kr)
    return bgr


def _grow(plane: npt.NDArray[np.float32], frame: Frame) -> npt.NDArray[np.float32]:
    grown = plane
    if frame.pixel_format.log2_height:
        grown = grown.repeat(1 << frame.pixel_format.log2_height, axis=0)
    if frame.pixel_format.log2_width:
        grown = grown.repeat(1 << frame.pixel_format.log2_width, axis=1)
    return grown


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
    planes = [np.array(plane) for plane in frame.planes]
    family = frame.pixel_format.family
    if family is ColourFamily.RGB:
        top = 2**frame.pixel_format.bits - 1
        if planes[0].ndim == 3:
            view = planes[0][_part(frame, 0, area)]
            view[..., :3] = _blend(view[..., :3], canvas[..., ::-1] * top, weight[..., None], top)
        else:
            for plane, channel in ((0, 1), (1, 0), (2, 2)):
                part = _part(frame, plane, area)
                planes[plane][part] = _blend(planes[plane][part], canvas[..., channel] * top, weight, top)
        return replace(frame, planes=tuple(planes))
    top = 2**frame.pixel_format.bits - 1
    black, luma_span, centre, chroma_span = _ranges(frame)
    kr, kb = _luma_weights(frame)
    luma = kb * canvas[..., 0] + (1 - kb - kr) * canvas[..., 1] + kr * canvas[..., 2]
    part = _part(frame, 0, area)
    planes[0][part] = _blend(planes[0][part], luma * luma_span + black, weight, top)
    if family is ColourFamily.YUV:
        chroma_weight = _shrink_mask(weight, frame)
        for plane, channel, k in ((1, 0, kb), (2, 2, kr)):
            chroma = (canvas[..., channel] - luma) / (2 * (1 - k)) * chroma_span + centre
            part = _part(frame, plane, area)
            planes[plane][part] = _blend(planes[plane][part], _shrink(chroma, frame), chroma_weight, top)
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
    if inside == area:
        return pixels[source], mask[source]
    target = (
        slice(inside.top - area.top, inside.bottom - area.top),
        slice(inside.left - area.left, inside.right - area.left),
    )
    canvas = np.zeros((area.height, area.width, 3), np.float32)
    weight = np.zeros((area.height, area.width), np.float32)
    canvas[target], weight[target] = pixels[source], mask[source]
    return canvas, weight


def _blend(stored: npt.NDArray[Any], new: npt.NDArray[Any], weight: npt.NDArray[Any], top: int) -> npt.NDArray[Any]:
    mixed = stored + weight * (new - stored)
    rounded = np.clip(np.rint(mixed), 0, top).astype(stored.dtype)
    return np.where(weight > 0, rounded, stored)


def _blocks(plane: npt.NDArray[np.float32], frame: Frame) -> npt.NDArray[np.float32]:
    """(rows, step_y, columns, step_x): the pixels each chroma sample covers, edges repeated for odd sizes."""
    step_y, step_x = 1 << frame.pixel_format.log2_height, 1 << frame.pixel_format.log2_width
    pad_y, pad_x = -plane.shape[0] % step_y, -plane.shape[1] % step_x
    if pad_y or pad_x:
        plane = np.pad(plane, ((0, pad_y), (0, pad_x)), mode="edge")
    return plane.reshape(plane.shape[0] // step_y, step_y, plane.shape[1] // step_x, step_x)


def _shrink(plane: npt.NDArray[np.float32], frame: Frame) -> npt.NDArray[np.float32]:
    return np.asarray(_blocks(plane, frame).mean(axis=(1, 3)), np.float32)


def _shrink_mask(mask: Mask, frame: Frame) -> Mask:
    blocks = _blocks(mask, frame)
    return np.asarray(np.where(blocks.min(axis=(1, 3)) > 0, blocks.mean(axis=(1, 3)), 0), np.float32)
