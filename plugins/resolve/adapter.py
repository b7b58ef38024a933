"""DaVinci Resolve as the bridge's host."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import Any

from ..bridge.host import HostError
from ..bridge.job import Job, Result
from ..bridge.placing import plan_placement
from ..bridge.records import Clip, Placed, PlacementPlan, Timeline
from .answers import text
from .journal import Entry, Journal
from .marks import placed_records
from .opened import Opened, TimelineGoneError, open_project, timeline_record
from .reading import selected_clips, tells_speed
from .sweeping import remove_tags, take_away
from .writing import Writing

__all__ = ["ResolveHost", "read_timeline", "write_result"]


class ResolveHost:
    """The bridge's host; it stays with the timeline that was open when it was made.

    Args:
        resolve: Resolve's own object of that name.
        folder: Where jobs are kept; the journal lies beside them.

    Raises:
        HostError: if no timeline is open, or this Resolve is too old.
    """

    def __init__(self, resolve: Any, folder: str) -> None:
        self._resolve = resolve
        self._journal = Journal(folder)
        self._key = open_project(resolve).key

    @property
    def name(self) -> str:
        """Program, edition and version."""
        product = text("its name", self._resolve.GetProductName)
        return f"{product} {text('its version', self._resolve.GetVersionString)}"

    def timeline(self) -> Timeline:
        """The timeline."""
        return timeline_record(self._opened())

    def selection(self) -> Sequence[Clip]:
        """The clips the user means; see :func:`.reading.selected_clips`."""
        return selected_clips(self._opened())

    def place(self, plan: PlacementPlan) -> None:
        """Put everything in ``plan`` on the timeline, or nothing."""
        writing = Writing(self._opened(), plan, self._journal)
        writing.run()
        if writing.notes:
            self.notify("the dub is in place", tuple(writing.notes))

    def placed(self) -> Sequence[Placed]:
        """Everything of ours on the timeline."""
        return placed_records(self._opened())

    def remove(self, tags: Collection[str]) -> int:
        """Remove what carries one of ``tags``; how many clips that were."""
        return remove_tags(self._opened(), tags, self._journal) if tags else 0

    def notify(self, message: str, details: tuple[str, ...] = ()) -> None:
        """Say it in Resolve's console."""
        for line in (f"dubkit: {message}", *(f"  {detail}" for detail in details)):
            sys.stdout.write(f"{line}\n")

    def cautions(self) -> tuple[str, ...]:
        """What the user must see to, because this Resolve does not tell it."""
        if tells_speed(self._opened()):
            return ()
        return ("before version 19.0.2 DaVinci Resolve does not tell which clips are retimed: do not select such",)

    def clean_up(self) -> tuple[str, ...]:
        """Take away what killed runs left in this project, or carry it through; a sentence for each.

        Raises:
            HostError: if the journal is damaged, or something cannot be taken away.
        """
        return tuple(self._cleaned(entry) for entry in self._journal.entries() if self._is_here(entry))

    def _is_here(self, entry: Entry) -> bool:
        return entry.project == self._opened().project_key

    def _cleaned(self, entry: Entry) -> str:
        try:
            opened = open_project(self._resolve, entry.timeline)
        except TimelineGoneError:
            self._journal.drop(entry.tag)
            return "a dub that was broken off was on a timeline that is gone"
        if entry.stage == "placed":
            if entry.replaces:
                remove_tags(opened, entry.replaces, self._journal)
            self._journal.drop(entry.tag)
            return "an earlier dub was replaced"
        left = take_away(opened, entry)
        if left:
            raise HostError(f"what a broken-off run left could not be taken away: {', '.join(left)}")
        self._journal.drop(entry.tag)
        placing = entry.stage == "placing"
        return "what a broken-off dub left was taken away" if placing else "a removal was carried through"

    def _opened(self) -> Opened:
        return open_project(self._resolve, self._key)


def read_timeline(resolve: Any, folder: str) -> tuple[Timeline, list[Clip]]:
    """The open timeline and the clips the user means."""
    host = ResolveHost(resolve, folder)
    return host.timeline(), list(host.selection())


def write_result(resolve: Any, folder: str, job: Job, result: Result) -> PlacementPlan:
    """Put what was made of ``job`` on the open timeline; what was placed where."""
    host = ResolveHost(resolve, folder)
    plan = plan_placement(job, result, host.timeline(), host.placed())
    host.place(plan)
    return plan
