"""Frames of a timeline and of its sources, counted as their timecode counts them."""

from __future__ import annotations

from dubkit.schema import Clip
from dubkit.timing import FrameRate, Seconds, Timecode

__all__ = ["counts_drop", "first_frame", "source_length", "source_start", "whole_frames"]


def counts_drop(timecode: str) -> bool:
    """Whether ``timecode`` is counted drop-frame."""
    return ";" in timecode


def first_frame(timecode: str, rate: FrameRate) -> int:
    """The frame that ``timecode`` names; 0 where it is empty."""
    return Timecode.parse(timecode, rate).frame if timecode else 0


def whole_frames(time: Seconds, rate: FrameRate) -> int:
    """Frames in ``time`` seconds, to the nearest."""
    return round(time * rate.fps)


def source_start(clip: Clip, rate: FrameRate) -> int:
    """The frame at which ``clip`` starts, in its source's own count."""
    return first_frame(clip.source_timecode, rate) + whole_frames(clip.source_range.start, rate)


def source_length(clip: Clip, rate: FrameRate) -> int:
    """Frames of the whole source of ``clip``."""
    return whole_frames(clip.source_duration or clip.source_range.stop, rate)
