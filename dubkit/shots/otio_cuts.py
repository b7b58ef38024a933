"""Read the picture events of an OpenTimelineIO file; the only place in this room that knows its library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dubkit.errors import InputError, MissingDependencyError
from dubkit.shots.edl import Event
from dubkit.timing import FrameRate

__all__ = ["read_otio_events"]


def read_otio_events(path: Path, rate: FrameRate) -> tuple[int, list[Event]]:
    """The frame at which a timeline's own count begins (0 where it does not say), and its events counted from 0.

    Args:
        path: The file.
        rate: Frame rate of the film.

    Raises:
        MissingDependencyError: if OpenTimelineIO is not installed.
        InputError: if the file is no timeline with a picture track.
    """
    try:
        import opentimelineio as otio
    except ImportError as error:
        raise MissingDependencyError("opentimelineio", extra="timeline", purpose="a list of cuts as OTIO") from error

    def frames(time: Any) -> int:
        return round(float(time.to_seconds()) * rate.fps)

    try:
        timeline = otio.adapters.read_from_file(str(path), "otio_json")
        tracks = timeline.video_tracks()
        starts_at = frames(timeline.global_start_time) if timeline.global_start_time else 0
        events = list(_events(tracks[0], frames)) if tracks else []
    except (otio.exceptions.OTIOError, ValueError, AttributeError) as error:
        raise InputError(f"is no OpenTimelineIO timeline whose cuts are known ({error})", path=path) from error
    if not tracks:
        raise InputError("has no picture track", path=path, remedy="export the timeline that the film was made from")
    return starts_at, events


def _events(track: Any, frames: Callable[[Any], int]) -> Iterator[Event]:
    """An event per item; one that comes out of a transition begins where that does, and the one before ends there."""
    items = list(track)
    offsets = [(frames(item.in_offset), frames(item.out_offset)) if item.overlapping() else (0, 0) for item in items]
    for at, item in enumerate(items):
        if item.overlapping():  # a transition
            continue
        place = track.range_of_child_at_index(at)
        early, late = offsets[at - 1] if at else (0, 0)
        start = frames(place.start_time) - early
        stop = frames(place.end_time_exclusive()) - (offsets[at + 1][0] if at + 1 < len(items) else 0)
        if stop > start:
            yield Event(start, stop, early + late)
