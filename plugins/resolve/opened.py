"""The project and the timeline that are open, and the way back to where the user was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Callable

from ..bridge.host import HostError
from ..bridge.rates import parse_rate
from ..bridge.records import Medium, Timeline
from .answers import ask, listed, some, text, whole

__all__ = [
    "OLDEST",
    "Opened",
    "TimelineGoneError",
    "find_timeline",
    "on_edit_page",
    "open_project",
    "surely",
    "timeline_record",
    "track_names",
]

OLDEST = (18, 5)
"""The first version whose clips can be put on a track and at a frame."""


class TimelineGoneError(HostError):
    """The timeline is no longer in the project."""


@dataclass(frozen=True)
class Opened:
    """A timeline of the open project.

    Attributes:
        resolve: The program.
        manager: What saves the project.
        project: The project.
        pool: Its media pool.
        timeline: The timeline.
        project_key: The project's identity.
        key: The timeline's identity.
        start: What it counts at its first frame.
        rate: Frames a second.
        drop: Whether its timecode is drop-frame.
        version: Of the program.
    """

    resolve: Any
    manager: Any
    project: Any
    pool: Any
    timeline: Any
    project_key: str
    key: str
    start: int
    rate: Fraction
    drop: bool
    version: tuple[int, ...]


def open_project(resolve: Any, timeline_key: str = "") -> Opened:
    """The open project with the timeline of that key, or the one that is open.

    Raises:
        HostError: if no project or no timeline is open, its rate is not to be had, or the version is too old.
    """
    told = listed("its version", resolve.GetVersion)[:3]
    if len(told) != 3 or not all(isinstance(part, (int, float)) for part in told):
        raise HostError("DaVinci Resolve does not tell its version")
    version = tuple(int(part) for part in told)
    if version < OLDEST:
        raise HostError(f"DaVinci Resolve {'.'.join(map(str, version))} is too old: 18.5 is the first that will do")
    manager = some("its project manager", resolve.GetProjectManager)
    project = some("an open project; open one", manager.GetCurrentProject)
    pool = some("the media pool", project.GetMediaPool)
    timeline = find_timeline(project, timeline_key)
    setting = str(some("the timeline's frame rate", timeline.GetSetting, "timelineFrameRate"))
    try:
        rate = parse_rate(setting)
    except ValueError as error:
        raise HostError(f"the timeline's frame rate, {setting!r}, is not understood") from error
    return Opened(
        resolve=resolve,
        manager=manager,
        project=project,
        pool=pool,
        timeline=timeline,
        project_key=text("which project is open", project.GetUniqueId),
        key=text("which timeline is open", timeline.GetUniqueId),
        start=whole("the timeline's first frame", timeline.GetStartFrame),
        rate=rate.rate,
        drop=rate.drop,
        version=version,
    )


def find_timeline(project: Any, key: str) -> Any:
    """The timeline with that key; the open one where the key is empty.

    Raises:
        TimelineGoneError: if it is no longer there.
        HostError: if none is open, or Resolve does not tell.
    """
    if not key:
        return some("an open timeline; open one", project.GetCurrentTimeline)
    for index in range(1, whole("its timelines", project.GetTimelineCount) + 1):
        timeline = some("one of its timelines", project.GetTimelineByIndex, index)
        if text("which timeline is which", timeline.GetUniqueId) == key:
            return timeline
    raise TimelineGoneError("the timeline that was dubbed is no longer in this project")


def track_names(timeline: Any, medium: Medium) -> list[str]:
    """Names of the tracks of a medium, the lowest first."""
    count = whole("how many tracks there are", timeline.GetTrackCount, medium.value)
    return [text("a track's name", timeline.GetTrackName, medium.value, number) for number in range(1, count + 1)]


def timeline_record(opened: Opened) -> Timeline:
    """The timeline in the bridge's words."""
    timeline = opened.timeline
    end = whole("the timeline's end", timeline.GetEndFrame)
    return Timeline(
        name=text("the timeline's name", timeline.GetName),
        rate=opened.rate,
        frames=max(0, end - opened.start),
        start_frame=opened.start,
        drop=opened.drop,
        tracks=tuple(name for medium in Medium for name in track_names(timeline, medium)),
    )


@contextmanager
def on_edit_page(opened: Opened) -> Iterator[None]:
    """With the Edit page and the timeline open, which writes need; then back to what was open before.

    Raises:
        HostError: if they cannot be opened.
    """
    resolve, project = opened.resolve, opened.project
    page = ask(resolve.GetCurrentPage)
    timeline = some("an open timeline; open one", project.GetCurrentTimeline)
    before = text("which timeline is open", timeline.GetUniqueId)
    try:
        if page != "edit":
            ask(resolve.OpenPage, "edit")
            if ask(resolve.GetCurrentPage) != "edit":
                raise HostError("the Edit page cannot be opened; open it and try again")
        _show(project, opened.timeline, opened.key)
        yield
    finally:

        def back() -> None:
            if before != opened.key:
                _show(project, timeline, before)
            if isinstance(page, str) and page != "edit":
                ask(resolve.OpenPage, page)

        surely(back)


def surely(back: Callable[[], None]) -> None:
    """Go back to where the user was, even if just then he stops the script."""
    try:
        back()
    except BaseException:
        back()
        raise


def _show(project: Any, wanted: Any, key: str) -> None:
    for _ in range(2):
        timeline = some("an open timeline; open one", project.GetCurrentTimeline)
        if text("which timeline is open", timeline.GetUniqueId) == key:
            return
        ask(project.SetCurrentTimeline, wanted)
    raise HostError("the timeline cannot be opened; open it and try again")
