"""Read where a film was cut from a list made elsewhere: CSV, CMX 3600 edit decision list, or OpenTimelineIO.

Times are matched to the frame whose start is nearest, so that a list in milliseconds or at a nominal rate is exact, and
also where the frame rate varies. A timecode counts from the film's start timecode where the list begins at or after it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dubkit.errors import InputError, RecordError
from dubkit.schema import Shot
from dubkit.shots.bounds import shots_between
from dubkit.shots.edl import Event, read_events
from dubkit.shots.otio_cuts import read_otio_events
from dubkit.timing import FrameRange, FrameRate, FrameTimes, Seconds, Timecode

__all__ = ["CutList", "read_cut_list"]

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:[.,]\d+)?)")
_SECONDS = ("start time (seconds)", "start", "start time", "start_time", "start timecode", "cut", "time")
_FRAMES = ("start_frame", "frame")
_COUNTED_FROM_ONE = "start frame"  # as PySceneDetect writes it
_REMEDY = "give a .csv with a column 'start', an .edl or an .otio"


@dataclass(frozen=True)
class CutList:
    """Where the shots of a film begin, as somebody else found it.

    Attributes:
        path: The file.
        starts: Seconds from the film's first frame at which shots begin, in order.
        dissolves: Start and end of each dissolve in seconds; a shot begins in its middle.
        frames: First frames of shots, where the list counts in frames.
    """

    path: Path
    starts: tuple[Seconds, ...]
    dissolves: tuple[tuple[Seconds, Seconds], ...] = ()
    frames: tuple[int, ...] = ()

    def shots(self, times: FrameTimes) -> tuple[Shot, ...]:
        """The shots of a film whose frames are shown at ``times``.

        Raises:
            InputError: if cuts lie outside the film.
        """
        frames = [*self.frames, *(_nearest(times, start) for start in self.starts)]
        blends = [FrameRange(max(0, _nearest(times, a)), max(0, _nearest(times, b))) for a, b in self.dissolves]
        marks = [*frames, *(blend.start for blend in blends)]
        outside = [mark for mark in marks if not 0 <= mark <= len(times)]
        if outside:
            how_many = "all" if len(outside) == len(marks) else f"{len(outside)}"
            raise InputError(
                f"{how_many} of its {len(marks)} cuts lie outside the film, which lasts {float(times.duration):.3f} s",
                path=self.path,
                remedy="give the list of this film, counted from its first frame or its start timecode",
            )
        return shots_between(len(times), frames, blends)


def read_cut_list(path: Path, rate: FrameRate, start_timecode: str = "", duration: Seconds = Fraction(0)) -> CutList:
    """Read a list of cuts.

    Args:
        path: ``.csv`` (of PySceneDetect, or with a column ``start`` in seconds, clock time or timecode, or ``frame``
            counted from 0), ``.edl`` (CMX 3600; its record timecodes) or ``.otio`` (its first picture track).
        rate: Nominal frame rate of the film, in which timecodes count.
        start_timecode: Timecode of the film's first frame; empty where it has none.
        duration: Seconds that the film is said to last; 0 where unknown. An edit decision list that begins after
            that, for a film without a timecode of its own, is taken to begin with the film.

    Raises:
        InputError: if the file is no such list, or holds no cuts.
        MissingDependencyError: for ``.otio`` without OpenTimelineIO.
    """
    readers = {".csv": _read_csv, ".edl": _read_edl, ".otio": _read_otio}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError("is no list of cuts that dubkit reads", path=path, remedy=_REMEDY)
    if not path.is_file():
        raise InputError("there is no such list of cuts", path=path, remedy=_REMEDY)
    try:
        found = reader(path, _Clock(rate, start_timecode, duration))
    except RecordError as error:
        raise InputError(error.problem, path=path, remedy=error.remedy) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read as text ({error})", path=path, remedy=_REMEDY) from error
    if not (found.starts or found.dissolves or found.frames):
        raise InputError("holds no cuts", path=path, remedy=_REMEDY)
    return found


@dataclass(frozen=True)
class _Clock:
    """How a film counts."""

    rate: FrameRate
    start_timecode: str
    duration: Seconds

    def first_frame(self, earliest: int) -> int:
        """The film's first frame in the count of a list whose first timecode is frame ``earliest``."""
        if not self.start_timecode:
            return 0
        start = Timecode.parse(self.start_timecode, self.rate).frame
        return start if earliest >= start else 0


def _read_csv(path: Path, clock: _Clock) -> CutList:
    rows = list(_rows(path))
    names = _FRAMES + _SECONDS + (_COUNTED_FROM_ONE,)
    head = next((at for at, row in enumerate(rows) if any(cell in names for cell in row)), None)
    if head is None:
        raise RecordError("has no column called 'start'", remedy="name the column in its first line")
    column = next(name for name in (*_SECONDS, *_FRAMES, _COUNTED_FROM_ONE) if name in rows[head])
    at = rows[head].index(column)
    cells = [row[at] for row in rows[head + 1 :] if len(row) > at and row[at]]
    if column in _FRAMES or column == _COUNTED_FROM_ONE:
        less = 1 if column == _COUNTED_FROM_ONE else 0
        return CutList(path, (), frames=tuple(sorted(_whole(cell) - less for cell in cells)))
    return CutList(path, tuple(sorted(_seconds(cells, clock))))


def _rows(path: Path) -> Iterator[list[str]]:
    text = path.read_text("utf-8-sig")
    counts = {mark: text.count(mark) for mark in ",;\t"}
    # A semicolon is also the mark of drop-frame timecode, so it separates only where nothing else does.
    mark = next((mark for mark in (",", "\t", ";") if counts[mark]), ",")
    for row in csv.reader(text.splitlines(), delimiter=mark):
        yield [cell.strip().lower() for cell in row]


def _whole(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit()):
        raise RecordError(f"{cell!r} is not the number of a frame", remedy="write whole numbers")
    return int(cell)


def _seconds(cells: Sequence[str], clock: _Clock) -> Iterator[Seconds]:
    """Cells as seconds from the film's first frame."""
    codes = [Timecode.parse(cell, clock.rate).frame for cell in cells if _is_timecode(cell)]
    first = clock.first_frame(min(codes)) if codes else 0
    yield from (clock.rate.seconds(code - first) for code in codes)
    for cell in cells:
        if not _is_timecode(cell):
            match = _CLOCK.fullmatch(cell)
            if match is not None:
                hours, minutes, seconds = match.groups()
                yield int(hours or 0) * 3600 + int(minutes) * 60 + Fraction(seconds.replace(",", "."))
            elif re.fullmatch(r"\d+(?:\.\d*)?", cell):
                yield Fraction(cell)
            else:
                raise RecordError(f"{cell!r} is not a time", remedy="write seconds, HH:MM:SS.mmm or HH:MM:SS:FF")


def _is_timecode(cell: str) -> bool:
    return cell.replace(";", ":").count(":") == 3


def _read_edl(path: Path, clock: _Clock) -> CutList:
    events = list(read_events(path.read_text("utf-8-sig", errors="replace"), clock.rate))
    if not events:
        raise RecordError("holds no picture events", remedy="export a CMX 3600 list with the picture track")
    earliest = min(event.start for event in events)
    first = clock.first_frame(earliest)
    if not clock.start_timecode and 0 < clock.duration <= clock.rate.seconds(earliest):
        first = earliest
    return _from_events(path, events, clock.rate, first)


def _read_otio(path: Path, clock: _Clock) -> CutList:
    starts_at, events = read_otio_events(path, clock.rate)
    start = clock.first_frame(starts_at)
    return _from_events(path, events, clock.rate, start - starts_at if start else 0)


def _from_events(path: Path, events: Iterable[Event], rate: FrameRate, first: int) -> CutList:
    """The list of events whose count is ``first`` at the film's first frame."""
    events = list(events)
    if not events:
        return CutList(path, ())
    taken = {event.start for event in events}
    blends = sorted((event.start, event.start + event.dissolve) for event in events if event.dissolve)
    starts = {event.start for event in events if not event.dissolve} | {event.stop for event in events} - taken
    last = max(event.stop for event in events)
    return CutList(
        path,
        tuple(rate.seconds(start - first) for start in sorted(starts) if start != last),
        tuple((rate.seconds(start - first), rate.seconds(stop - first)) for start, stop in blends),
    )


def _nearest(times: FrameTimes, time: Seconds) -> int:
    """The frame that starts nearest to ``time``; the number of frames for the film's end, and beyond it more."""
    if time < 0:
        return -1
    frame = times.frame_at(time)
    if frame >= len(times):
        late = (time - times.duration) / (times.duration / len(times))
        return len(times) + round(late)
    return frame if time - times.seconds(frame) <= times.seconds(frame + 1) - time else frame + 1
