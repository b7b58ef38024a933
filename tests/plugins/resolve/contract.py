"""The documented methods of DaVinci Resolve, and from which version on each is there."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["CONTRACT", "MINIMUM", "VERSIONS", "Version", "since"]

Version = tuple[int, int, int]

CONTRACT: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (Path(__file__).parents[3] / "plugins/resolve/resolve_contract.json").read_text("utf-8")
)
MINIMUM: Version = (18, 5, 0)
VERSIONS: tuple[Version, ...] = (
    MINIMUM, (18, 6, 4), (19, 0, 0), (19, 0, 2), (19, 1, 0), (20, 2, 0), (21, 0, 2), (21, 1, 0),
)  # fmt: skip
_NEWEST: Version = (21, 1, 0)
"""What the contract dates 24 July 2026: after 21.0.2, and not before 21.1."""


@cache
def since(kind: str, method: str) -> Version | None:
    """The version that first documents ``method`` of a ``kind``; None where none does."""
    entry = CONTRACT.get(kind, {}).get(method)
    if entry is None:
        return None
    first = entry["since"]
    if not first[:2].isdigit() or "(" in first:
        return _NEWEST
    major, minor, patch = (int(part) for part in first.split("_"))
    return major, minor, patch
