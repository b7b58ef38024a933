"""What the Lua of the free edition and the Python beside it say to each other, as JSON.

Lua writes an *order*: the timeline and the clips the user means, in the words of the bridge, fractions as
``"24000/1001"``.
It gets back a *plan*: what comes onto which new track.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..bridge.records import Clip, ClipKind, Medium, Placed, PlacementPlan, Timeline

__all__ = ["clip_of", "placed_of", "plan_document", "timeline_of"]


def timeline_of(told: Mapping[str, Any]) -> Timeline:
    """The timeline in an order."""
    return Timeline(**{**told, "rate": Fraction(told["rate"]), "tracks": tuple(told["tracks"])})


def clip_of(told: Mapping[str, Any]) -> Clip:
    """A clip in an order."""
    values = {
        "medium": Medium(told["medium"]),
        "kind": ClipKind(told["kind"]),
        "source_start": Fraction(told["source_start"]),
        "source_end": Fraction(told["source_end"]),
        "sounds": tuple(told["sounds"]),
    }
    return Clip(**{**told, **values})


def placed_of(told: Mapping[str, Any]) -> Placed:
    """Something of ours in an order."""
    return Placed(told["tag"], Medium(told["medium"]), told["start"], told["end"])


def plan_document(plan: PlacementPlan) -> dict[str, Any]:
    """A plan as JSON-ready data."""
    tracks = [
        {
            "medium": track.medium.value,
            "name": track.name,
            "placements": [
                {"path": one.path, "name": one.name, "start": one.start, "frames": one.frames, "tag": one.tag}
                for one in track.placements
            ],
        }
        for track in plan.tracks
    ]
    return {"tag": plan.tag, "tracks": tracks, "silence": dict(plan.silence), "replaces": list(plan.replaces)}
