"""Which frames of a speaker must change: while the new voice sounds, and while the old lips move without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.timing import FrameRange, FrameTimes, TimeRange

__all__ = ["NeedSettings", "frames_needed", "lips_move"]

SILENCES = ("close", "keep", "freeze")


@dataclass(frozen=True)
class NeedSettings:
    """What must change, and what becomes of lips that move in silence.

    Attributes:
        silence: ``close`` closes lips that move while the new voice is silent: lips that are seen to speak and not
            heard are what viewers notice first. ``keep`` leaves them as they were. ``freeze`` holds them as the voice
            left them. Lips that rest already are left alone in any case.
        lead: Seconds around each stretch of sound in which lips get ready or come to rest.
        linger: Seconds beyond cue and voice in which old lips that go on moving are followed.
        bridge: Seconds between two stretches to be changed below which what lies between is changed too: lips that
            come and go within a moment show more than new ones.
        moving: Motion of a mouth, as :class:`dubkit.schema.MouthTrack` has it, from which on it does not rest.
        window: Frames over which that is judged.
    """

    silence: str = "close"
    lead: float = 0.1
    linger: float = 0.6
    bridge: float = 0.5
    moving: float = 1.15
    window: int = 9

    def __post_init__(self) -> None:
        """Refuse what is not known, and times below zero."""
        if self.silence not in SILENCES:
            raise InputError(f"silent lips cannot be {self.silence!r}", remedy=f"use one of {', '.join(SILENCES)}")
        if min(self.lead, self.linger, self.bridge) < 0 or self.window < 1:
            raise InputError("times around a line cannot be below zero, and lips are judged over a frame at least")


def lips_move(motion: npt.NDArray[np.float64], settings: NeedSettings) -> npt.NDArray[np.float64]:
    """(n,) 1 where lips move, 0 where they rest, NaN where that is not known: the median over a moment.

    Args:
        motion: (n,) motion of a mouth, NaN where it is not known.
        settings: What counts as moving.
    """
    if not np.isfinite(motion).any():
        return np.full(len(motion), np.nan)
    half = settings.window // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(motion, half, constant_values=np.nan), 2 * half + 1)
    known = np.isfinite(windows).any(axis=1) & np.isfinite(motion)
    found = np.full(len(motion), np.nan)
    found[known] = np.nanmedian(windows[known], axis=1) >= settings.moving
    return found


def frames_needed(
    frames: FrameRange,
    line: FrameRange,
    sounding: Sequence[TimeRange],
    moving: npt.NDArray[np.float64],
    times: FrameTimes,
    settings: NeedSettings,
) -> npt.NDArray[np.bool_]:
    """(frames,) which frames of a speaker must change for a line.

    Args:
        frames: The frames in question.
        line: Those in which its cue is shown or its voice may be heard; lips whose motion is not known are taken to
            move there, and to rest elsewhere.
        sounding: When its new voice sounds, in seconds of the picture.
        moving: (frames,) whether the old lips move, from :func:`lips_move`.
        times: When each frame is shown.
        settings: What must change.
    """
    needed = np.zeros(len(frames), np.bool_)
    for span in sounding:
        part = times.frames_in(span).overlap(frames)
        needed[part.start - frames.start : part.stop - frames.start] = True
    if settings.silence != "keep":
        inside = np.zeros(len(frames), np.bool_)
        part = line.overlap(frames)
        inside[part.start - frames.start : part.stop - frames.start] = True
        needed |= inside & (np.isnan(moving) | (moving == 1))
        # From where the line begins and ends, the old lips are followed for as long as they move on.
        on = moving == 1
        for at in range(part.start - frames.start - 1, -1, -1):
            if not on[at] or not needed[at + 1]:
                break
            needed[at] = True
        for at in range(max(part.stop - frames.start, 1), len(frames)):
            if not on[at] or not needed[at - 1]:
                break
            needed[at] = True
    return _bridged(needed, frames, times, settings.bridge)


def _bridged(
    needed: npt.NDArray[np.bool_], frames: FrameRange, times: FrameTimes, longest: float
) -> npt.NDArray[np.bool_]:
    rows = np.flatnonzero(needed)
    for before, after in pairwise(rows):
        if after - before > 1:
            gap = times.seconds(frames.start + int(after)) - times.seconds(frames.start + int(before) + 1)
            if gap <= longest:
                needed[before:after] = True
    return needed
