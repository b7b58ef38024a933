"""The new mouth into the frame: colour matched to the surround, soft at the edge, nothing else touched."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dubkit.blending.mask import MaskSettings, mouth_mask
from dubkit.blending.pixels import Mask, Pixels, read_region, write_region
from dubkit.schema import Frame, Region

__all__ = ["BlendSettings", "Patch", "fade", "match_colour", "paste_mouth"]


@dataclass(frozen=True)
class BlendSettings:
    """How a new mouth is blended in.

    Attributes:
        mask: Shape of the mask.
        fade_frames: Frames over which a span's first and last mouths come and go.
        match_colour: Whether the mouth's colour is brought to that of the face around it.
    """

    mask: MaskSettings = field(default_factory=MaskSettings)
    fade_frames: int = 3
    match_colour: bool = True


@dataclass(frozen=True, eq=False)
class Patch:
    """What was changed in one frame.

    Attributes:
        frame: The frame with its new mouth.
        region: Where the mask lies.
        mask: (region.height, region.width) float32; 0 where nothing was touched.
        mouth: (region.height, region.width, 3) BGR: what was blended in, before it was.
    """

    frame: Frame
    region: Region
    mask: Mask
    mouth: Pixels


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


def match_colour(new: Pixels, old: Pixels, mask: Mask) -> Pixels:
    """``new`` shifted so that its mean colour on the mask's rim, where both show the same skin, equals that of ``old``.

    Args:
        new: (h, w, 3) the generated face.
        old: (h, w, 3) the face as it was.
        mask: (h, w); the rim is where it is neither 0 nor 1.
    """
    rim = mask * (1 - mask)
    total = float(rim.sum())
    if total < 1e-6:
        return new
    shift = np.tensordot(rim, old - new, axes=2) / total
    return np.asarray(new + shift.astype(np.float32), np.float32)


def paste_mouth(
    frame: Frame,
    region: Region,
    mouth: Pixels,
    landmarks: npt.NDArray[np.float32],
    settings: BlendSettings,
    opacity: float = 1.0,
) -> Patch:
    """``frame`` with ``mouth`` blended into ``region``.

    Args:
        frame: The frame as it was stored.
        region: The face crop's place in the frame.
        mouth: (region.height, region.width, 3) BGR 0..1: the generated face at the crop's size.
        landmarks: (5, 2) x, y in the frame; NaN where unknown.
        settings: How.
        opacity: 0 (leave the frame) .. 1.
    """
    mask = mouth_mask(region, landmarks, settings.mask)
    if settings.match_colour:
        mouth = match_colour(mouth, read_region(frame, region), mask)
    mask = np.asarray(mask * np.float32(opacity), np.float32)
    return Patch(write_region(frame, region, mouth, mask), region, mask, mouth)
