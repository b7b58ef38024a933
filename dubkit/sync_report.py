"""What is said of the sync of a video, face by face."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dubkit.timing import TimeRange

__all__ = ["SYNC_VERSION", "SyncReport", "SyncVerdict", "TrackSync"]

SYNC_VERSION = 1


class SyncVerdict(enum.Enum):
    """What is to be said of one face."""

    IN_SYNC = "in sync"
    OUT_OF_SYNC = "out of sync"
    UNSURE = "unsure"
    TOO_SHORT = "too short"
    NO_SOUND = "no sound"


@dataclass(frozen=True)
class TrackSync:
    """One face track, or a part of a long one.

    Attributes:
        face_track: Its number.
        shot: Number of the shot it lies in.
        span: From its first frame's start to its last one's end, in seconds of the picture.
        frames: In how many frames the face is seen.
        face_height: Median height of its box in pixels.
        verdict: What is to be said of it. ``unsure`` where the judge's confidence is too small to tell: perhaps it is
            another who speaks.
        offset_frames: Frames of 1/25 s that the picture comes after the sound; negative where it comes before; 0 where
            nothing could be judged.
        offset_ms: The same in milliseconds; by the expert between frames, too.
        confidence: The judge's own measure of it: of different judges not to be compared.
        in_sync: Whether the offset is small and the confidence large enough.
        scores: The judge's scores under their own names: ``expert_confidence``, or ``lse_d`` and ``lse_c``.
    """

    face_track: int
    shot: int
    span: TimeRange
    frames: int
    face_height: float
    verdict: SyncVerdict
    offset_frames: int = 0
    offset_ms: float = 0.0
    confidence: float = 0.0
    in_sync: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SyncReport:
    """The sync of every face of a video.

    Attributes:
        video: The file.
        judge: Who judged, by kind: ``expert`` or ``syncnet``.
        model: What the judge is called.
        detector: The face detector that was used, and why.
        frames: Frames of the picture.
        rate: Its nominal rate, as text.
        shots: How many shots there are.
        tracks: One entry per face track, or part of a long one, by time.
        notes: What concerns the whole video.
        version: Version of this document's form.
    """

    video: Path
    judge: str
    model: str
    detector: str
    frames: int
    rate: str
    shots: int
    tracks: tuple[TrackSync, ...]
    notes: tuple[str, ...] = ()
    version: int = SYNC_VERSION
