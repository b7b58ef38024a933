"""Read the picture events of a CMX 3600 edit decision list.

OpenTimelineIO's adapter for such lists lets go of the record timecode at which they begin, and refuses a list in which
source and record differ in length; both matter here, and little else of the list does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dubkit.errors import RecordError
from dubkit.timing import FrameRate, Timecode

__all__ = ["Event", "read_events"]

_TIMECODE = r"(\d\d:\d\d:\d\d[:;.]\d\d)"
_EVENT = re.compile(
    rf"\d+\s+\S+\s+(?P<channels>\S+)\s+(?P<kind>C|D|W\d+|K\s*[BO]?)\s+(?:(?P<length>\d+)\s+)?"
    rf"{_TIMECODE}\s+{_TIMECODE}\s+(?P<start>[\d:;.]+)\s+(?P<stop>[\d:;.]+)"
)
_COUNT = re.compile(r"FCM:\s*(NON[- ]?)?DROP", re.IGNORECASE)


@dataclass(frozen=True)
class Event:
    """A stretch of the finished film.

    Attributes:
        start: Its first frame in the film's count.
        stop: The frame after its last.
        dissolve: In how many frames it comes out of the event before, from ``start`` on; 0 for a cut.
    """

    start: int
    stop: int
    dissolve: int = 0


def read_events(text: str, rate: FrameRate) -> Iterator[Event]:
    """The picture events of a list, counted by their record timecodes.

    Args:
        text: The whole list.
        rate: Frame rate of the film.

    Raises:
        RecordError: if a timecode does not exist at that rate.
    """
    drop = False
    for line in text.splitlines():
        count = _COUNT.match(line.strip())
        if count is not None:
            drop = count[1] is None
        event = _EVENT.match(line.strip())
        if event is None or not _is_picture(event["channels"]) or event["kind"].startswith("K"):
            continue
        start, stop = (_frame(event[name], rate, drop) for name in ("start", "stop"))
        if stop < start:
            raise RecordError(f"has an event that ends at {event['stop']} before it starts at {event['start']}")
        if stop > start:  # the outgoing half of a dissolve is an event without a length
            yield Event(start, stop, 0 if event["kind"] == "C" else min(int(event["length"] or 0), stop - start))


def _is_picture(channels: str) -> bool:
    return "V" in channels.upper() or channels.upper() == "B"


def _frame(text: str, rate: FrameRate, drop: bool) -> int:
    if not re.fullmatch(_TIMECODE, text):
        raise RecordError(f"has an event at {text!r}, which is no timecode")
    hours, minutes, seconds, frames = re.split("[:;.]", text)
    mark = ";" if drop or ";" in text else ":"
    return Timecode.parse(f"{hours}:{minutes}:{seconds}{mark}{frames}", rate).frame
