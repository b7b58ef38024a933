"""What was blended into a frame, as a picture of its own to be laid over the frame as it was."""

from __future__ import annotations

import numpy as np

from dubkit.blending.paste import Patch
from dubkit.blending.pixels import Mask, black_around, write_region
from dubkit.schema import Frame, Region

__all__ = ["overlay_of"]

_MARGIN = 16
"""Pixels around the mask that stay as they are: codecs that lose something smear over as many."""


def overlay_of(patch: Patch) -> tuple[Frame, Mask]:
    """The new mouth alone, and how much of it is seen: over the frame as it was they give ``patch.frame``.

    The colours are not multiplied with the opacity ("straight"). A chroma sample that was left alone, because part of
    it lies outside the mask, is that of the frame, so that it stays so under any opacity. Colours that the format
    cannot hold are cut off here before they are blended, in ``patch.frame`` after.

    Args:
        patch: What was changed.

    Returns:
        The picture, black beyond its surround, and its opacity: (frame.height, frame.width) float32, 0..1.
    """
    frame, region = patch.frame, patch.region
    picture = write_region(frame, region, patch.mouth, (patch.mask > 0).astype(np.float32))
    opacity = np.zeros((frame.height, frame.width), np.float32)
    inside = region.inside(frame.width, frame.height)
    opacity[inside.top : inside.bottom, inside.left : inside.right] = patch.mask[
        inside.top - region.top : inside.bottom - region.top, inside.left - region.left : inside.right - region.left
    ]
    kept = Region(region.left - _MARGIN, region.top - _MARGIN, region.right + _MARGIN, region.bottom + _MARGIN)
    return black_around(picture, kept), opacity
