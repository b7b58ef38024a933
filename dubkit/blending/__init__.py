"""New mouths into frames, in the frame's own pixel format."""

from dubkit.blending.mask import MaskSettings, mouth_mask
from dubkit.blending.overlay import overlay_of
from dubkit.blending.paste import BlendSettings, Patch, fade, match_colour, paste_mouth
from dubkit.blending.pixels import Mask, Pixels, read_region, write_region

__all__ = [
    "BlendSettings",
    "Mask",
    "MaskSettings",
    "Patch",
    "Pixels",
    "fade",
    "match_colour",
    "mouth_mask",
    "overlay_of",
    "paste_mouth",
    "read_region",
    "write_region",
]
