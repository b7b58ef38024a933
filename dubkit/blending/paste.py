"""The new mouth into the frame: light, grain and sharpness of the surround, soft at the edge, nothing else touched."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.blending.detail import DetailLevels, DetailSettings, detailed, measure_detail, split_bands
from dubkit.blending.enhance import Enhancer
from dubkit.blending.light import LightSettings, light_field, lit, steadied
from dubkit.blending.mask import MaskSettings, mouth_mask, mouth_shapes, mouth_zone
from dubkit.blending.pixels import Mask, Pixels, read_region, write_region
from dubkit.schema import Frame, Region

__all__ = ["BlendSettings", "Match", "Patch", "fade", "paste_mouth"]

_LUMA = np.array([[0.114, 0.587, 0.299]], np.float32)  # of B, G, R: ITU-R BT.601


@dataclass(frozen=True)
class BlendSettings:
    """How a new mouth is blended in.

    Attributes:
        mask: Shape of the mask.
        fade_frames: Frames over which a span's first and last mouths come and go.
        match_colour: Whether the mouth's colour and light are brought to those of the face around it.
        light: How.
        match_detail: Whether its grain and sharpness are.
        detail: How.
    """

    mask: MaskSettings = field(default_factory=MaskSettings)
    fade_frames: int = 3
    match_colour: bool = True
    light: LightSettings = field(default_factory=LightSettings)
    match_detail: bool = True
    detail: DetailSettings = field(default_factory=DetailSettings)


@dataclass(frozen=True, eq=False)
class Match:
    """What was measured around one frame's mouth; handed to the next frame, so that the mouth does not flicker.

    Attributes:
        frame: Number of the frame.
        light: What was added to the mouth's light; None where it was not matched.
        detail: Levels of grain and sharpness; None where they were not matched.
    """

    frame: int
    light: npt.NDArray[np.float32] | None = None
    detail: DetailLevels | None = None


@dataclass(frozen=True, eq=False)
class Patch:
    """What was changed in one frame.

    Attributes:
        frame: The frame with its new mouth.
        region: Where the mask lies.
        mask: (region.height, region.width) float32; 0 where nothing was touched.
        mouth: (region.height, region.width, 3) BGR: what was blended in, before it was.
        match: What was measured, for the next frame.
    """

    frame: Frame
    region: Region
    mask: Mask
    mouth: Pixels
    match: Match


def fade(position: int, length: int, fade_frames: int, *, rises: bool = True, falls: bool = True) -> float:
    """Opacity of the mouth in frame ``position`` of a run of ``length`` changed frames.

    Args:
        position: From 0.
        length: Frames.
        fade_frames: Frames over which it comes and goes.
        rises: Whether the face is seen before the run; where a cut precedes it, there is nothing to fade from.
        falls: Whether the face is seen after the run.
    """
    edges = [position] * rises + [length - 1 - position] * falls
    return min([1.0, *((edge + 1) / (fade_frames + 1) for edge in edges)])


def paste_mouth(
    frame: Frame,
    region: Region,
    mouth: Pixels,
    landmarks: npt.NDArray[np.float32],
    settings: BlendSettings,
    opacity: float = 1.0,
    *,
    before: Match | None = None,
    seed: int = 0,
    enhancer: Enhancer | None = None,
) -> Patch:
    """``frame`` with ``mouth`` blended into ``region``.

    Args:
        frame: The frame as it was stored.
        region: The face crop's place in the frame, some of it inside.
        mouth: (region.height, region.width, 3) BGR 0..1: the generated face at the crop's size.
        landmarks: (5, 2) x, y in the frame; NaN where unknown.
        settings: How.
        opacity: 0 (leave the frame) .. 1.
        before: What the patch of the frame before says (:attr:`Patch.match`); that of any other frame counts as None.
        seed: Number of the face track; the grain depends on it and on the frame's number alone.
        enhancer: Restores the face before it is blended in; None for none.
    """
    inner, mask, zone = mouth_shapes(region, landmarks, settings.mask)
    if not inner.meets(frame.width, frame.height):  # the face is seen, its mouth is not
        return Patch(frame, region, np.zeros(mouth.shape[:2], np.float32), mouth, Match(frame.index))
    known = before if before is not None and before.frame == frame.index - 1 else Match(frame.index - 1)
    if enhancer is not None:
        mouth = _enhanced(frame, region, mouth, landmarks, settings, enhancer)
    top, left = inner.top - region.top, inner.left - region.left
    mouth = mouth[top : top + inner.height, left : left + inner.width]
    match = Match(frame.index)
    if settings.match_colour or settings.match_detail:
        old = read_region(frame, inner)
        light = detail = None
        if settings.match_colour:
            light = steadied(light_field(mouth, old, mask, zone, settings.light), known.light, settings.light)
            mouth = lit(mouth, light)
        if settings.match_detail:
            bands = [split_bands(_luma(pixels), region.width, settings.detail) for pixels in (old, mouth)]
            skin = ((mask > 0) & (zone == 0)).astype(np.float32)
            corner = inner.top, inner.left
            detail = measure_detail(bands[0], bands[1], skin, corner, known.detail, settings.detail)
            added = detailed(bands[0], bands[1], zone, detail, (seed, frame.index), settings.detail)
            mouth = np.asarray(cv2.add(mouth, cv2.cvtColor(added, cv2.COLOR_GRAY2BGR)), np.float32)
        match = Match(frame.index, light, detail)
    mask = np.asarray(mask * np.float32(opacity), np.float32)
    return Patch(write_region(frame, inner, mouth, mask), inner, mask, mouth, match)


def _luma(pixels: Pixels) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.transform(pixels, _LUMA), np.float32)


def _enhanced(
    frame: Frame,
    region: Region,
    mouth: Pixels,
    landmarks: npt.NDArray[np.float32],
    settings: BlendSettings,
    enhancer: Enhancer,
) -> Pixels:
    """The whole face with its new mouth, restored: what an enhancer knows is faces, not mouths."""
    old, mask = read_region(frame, region), mouth_mask(region, landmarks, settings.mask)
    if settings.match_colour:
        zone = mouth_zone(region, landmarks, settings.mask)
        mouth = lit(mouth, light_field(mouth, old, mask, zone, settings.light))
    face = old + mask[..., None] * (mouth - old)
    corner = np.array([region.left, region.top], np.float32)
    return enhancer.enhance(np.clip(face, 0, 1), landmarks - corner)
