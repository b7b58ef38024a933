"""How spans are rendered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from dubkit.blending import BlendSettings
from dubkit.errors import InputError, RecordError
from dubkit.faces import CropSettings
from dubkit.lipsync import SynthesisSettings

__all__ = ["RenderSettings", "with_memory"]

_WINDOW_SHARE = 2  # the window gets one of two halves; what is read, drawn and blended ahead a third of the other each
_MIB = {"": 1, "m": 1, "mib": 1, "mb": 1, "g": 1024, "gib": 1024, "gb": 1024}


@dataclass(frozen=True)
class RenderSettings:
    """How spans are rendered.

    Attributes:
        window_frames: Frames held while a batch of faces is filled, at most.
        window_mib: Mebibytes of frames held meanwhile, at most.
        ahead_mib: Mebibytes of frames that may wait in each of three places: read and not yet drawn, drawn and not yet
            blended, blended and not yet written; these go on at the same time, each in a thread. 0 does one after the
            other in one thread.
        reference_every: Frames of a face track between two looks for a better reference.
        crop: How a crop lies around its face.
        blend: How the mouth is blended in.
        synthesis: How the generator is run.
    """

    window_frames: int = 96
    window_mib: int = 256
    ahead_mib: int = 85
    reference_every: int = 5
    crop: CropSettings = field(default_factory=CropSettings)
    blend: BlendSettings = field(default_factory=BlendSettings)
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)

    def __post_init__(self) -> None:
        """Refuse windows without frames and looks that never come."""
        if min(self.window_frames, self.window_mib, self.reference_every) < 1:
            raise RecordError("rendering needs a window, and pauses between looks, of at least one")
        if self.ahead_mib < 0:
            raise RecordError("frames cannot wait in less than no memory")


def with_memory(settings: RenderSettings, memory: str) -> RenderSettings:
    """``settings`` with frames held in ``memory`` at most, in all places together.

    Args:
        settings: How spans are rendered.
        memory: In MiB, such as ``512``, or with its unit, such as ``2GiB``; empty leaves the settings as they are.

    Raises:
        InputError: if it is no amount of memory, or none.
    """
    if not memory:
        return settings
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", memory.lower())
    mib = int(float(found[1]) * _MIB.get(found[2], 0)) if found else 0
    if mib < 1:
        raise InputError(f"{memory!r} is not an amount of memory", remedy="give MiB, such as 512, or a unit: 2GiB")
    window = max(1, mib // _WINDOW_SHARE)
    return replace(settings, window_mib=window, ahead_mib=max(1, (mib - window) // 3))
