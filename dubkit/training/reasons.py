"""Why something was not kept: words that tables and scripts can rely on."""

from __future__ import annotations

__all__ = [
    "BESIDE_SOUND",
    "DEFECT",
    "DIED",
    "NOT_LISTED",
    "NO_FACE",
    "NO_PICTURE",
    "NO_SOUND",
    "OUT_OF_SYNC",
    "SELDOM_SEEN",
    "SEVERAL_FACES",
    "SILENT",
    "TOO_SHORT",
    "TOO_SMALL",
    "UNCERTAIN",
    "UNREADABLE",
]

UNREADABLE = "cannot be read"
NO_PICTURE = "no moving picture"
NO_SOUND = "no sound"
BESIDE_SOUND = "seen before or after the sound"
SILENT = "silent"
NO_FACE = "no face seen"
SELDOM_SEEN = "face seen in too few frames"
TOO_SMALL = "face too small"
TOO_SHORT = "too short"
SEVERAL_FACES = "several faces at once"
UNCERTAIN = "sync not certain"
OUT_OF_SYNC = "too far out of sync"
NOT_LISTED = "not in the list of splits"
DIED = "its worker process died"
DEFECT = "preparation failed"
