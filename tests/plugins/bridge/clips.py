"""Clips and timelines to try the bridge with."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from plugins.bridge.records import Clip, Medium, Timeline

RATE = Fraction(24000, 1001)
TIMELINE = Timeline("reel", RATE, frames=2000, start_frame=86400, tracks=("Video 1", "Audio 1"))


def clip(start: int = 0, end: int = 96, **changes: Any) -> Clip:
    """A picture clip that shows a second of leader later than it begins on the timeline."""
    source_start = start / RATE + 1
    made = Clip(
        key=f"v{start}",
        name=f"clip {start}",
        medium=Medium.VIDEO,
        track=1,
        start=start,
        end=end,
        source="/films/a b/Ünïcode 映画.mov",
        source_start=source_start,
        source_end=source_start + (end - start) / RATE,
    )
    return replace(made, **changes)


def sound(start: int = 0, end: int = 96, **changes: Any) -> Clip:
    """A sound clip of the same times."""
    return clip(start, end, **{"medium": Medium.AUDIO, "key": f"a{start}", "name": f"sound {start}", **changes})


def there(path: str) -> bool:
    """Every file there is a name for exists."""
    return bool(path)
