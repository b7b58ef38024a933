"""What was blended into a frame, as a picture of its own to be laid over the frame as it was."""

from __future__ import annotations

import numpy as np

from dubkit.blending.paste import Patch
from dubkit.blending.pixels import Mask, black_around, write_region
from dubkit.schema import Frame

__all__ = ["overlay_of"]


def overlay_of(patch: Patch) -> tuple[Frame, Mask]:
    """The new mouth alone, and how much of it is seen: over the frame as it was they give ``patch.frame``.

    The colours are not multiplied with the opacity ("straight"). A chroma sample that was left alone, because part of
    it lies outside the mask, is that of the frame, so that it stays so under any opacity.

    Args:
        patch: What was changed.

    Returns:
        The picture, black outside the patch's region, and its opacity: (frame.height, frame.width) float32, 0..1.
    """
    frame, region = patch.frame, patch.region
    picture = write_region(frame, region, patch.mouth, (patch.mask > 0).astype(np.float32))
    opacity = np.zeros((frame.height, frame.width), np.float32)
    inside = region.inside(frame.width, frame.height)
    opacity[inside.top : inside.bottom, inside.left : inside.right] = patch.mask[
        inside.top - region.top : inside.bottom - region.top, inside.left - region.left : inside.right - region.left
    ]
    return black_around(picture, region), opacity
