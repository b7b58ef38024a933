"""New mouths into frames, in the frame's own pixel format."""

from dubkit.blending.detail import DetailSettings
from dubkit.blending.enhance import Enhancer
from dubkit.blending.light import LightSettings
from dubkit.blending.mask import MaskSettings, mouth_mask
from dubkit.blending.onnx_enhancer import OnnxEnhancer
from dubkit.blending.overlay import overlay_of
from dubkit.blending.paste import BlendSettings, Match, Patch, fade, paste_mouth
from dubkit.blending.pixels import Mask, Pixels, read_region, write_region

__all__ = [
    "BlendSettings",
    "DetailSettings",
    "Enhancer",
    "LightSettings",
    "Mask",
    "MaskSettings",
    "Match",
    "OnnxEnhancer",
    "Patch",
    "Pixels",
    "fade",
    "mouth_mask",
    "overlay_of",
    "paste_mouth",
    "read_region",
    "write_region",
]
