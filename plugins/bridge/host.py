"""What an adapter gives: seven small methods; all thinking is done outside of it.

An adapter touches nothing of the user's but what its methods say, and leaves no call unread: whatever a host answers
to a write is read back. Where it cannot do something it raises :class:`HostError` with one sentence for the user.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from .records import Clip, Placed, PlacementPlan, Timeline

__all__ = ["Host", "HostError"]


class HostError(Exception):
    """The editor could not do what it was asked; the sentence is for the user."""


class Host(Protocol):
    """An editor with a timeline open. Every method is called on the thread on which the editor allows it."""

    @property
    def name(self) -> str:
        """Program and version, such as ``Blender 4.2.3``; written into the job."""
        ...

    def timeline(self) -> Timeline:
        """The open timeline.

        Raises:
            HostError: if none is open, or its rate is not to be had.
        """
        ...

    def selection(self) -> Sequence[Clip]:
        """The clips the user means, picture and sound, in no particular order; those that cannot be done too.

        Raises:
            HostError: if no timeline is open. An empty selection is an empty list.
        """
        ...

    def place(self, plan: PlacementPlan) -> None:
        """Put everything in ``plan`` on the timeline, read it back, then remove what it replaces.

        All or nothing: when something fails, what was added before is taken away again
        (:class:`bridge.placing.Journal` does it) and the timeline is as it was.

        Raises:
            HostError: naming what failed, and what could not be taken back, if anything.
        """
        ...

    def placed(self) -> Sequence[Placed]:
        """Everything of ours on the open timeline, by its tags."""
        ...

    def remove(self, tags: Collection[str]) -> int:
        """Remove what carries one of ``tags``, the tracks of ours that are empty then, and switch on what was silenced.

        Returns:
            How many clips were removed. Tags that are not there are not missed.

        Raises:
            HostError: if something could not be removed.
        """
        ...

    def notify(self, message: str, details: tuple[str, ...] = ()) -> None:
        """Say something to the user: one sentence, and lines that explain it."""
        ...
