"""What goes where on the timeline, and all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Callable

from .host import HostError
from .job import Job, Result
from .records import Medium, NewTrack, Placed, Placement, PlacementPlan, Timeline
from .tags import job_tag, replaced

__all__ = ["Journal", "forget_placement", "plan_placement", "unfinished_placement"]

JOURNAL_FILE = "placing.json"


def plan_placement(job: Job, result: Result, timeline: Timeline, placed: Iterable[Placed] = ()) -> PlacementPlan:
    """Where the files of ``result`` go: onto new tracks named ``dub es``, more of them where clips overlap in time.

    Args:
        job: What was asked for.
        result: What was made.
        timeline: The timeline as it is now; new tracks get names none of its tracks has.
        placed: What lies there from earlier jobs; of these, what this job makes anew is replaced.
    """
    base = f"dub {job.language}" if job.operation == "dub" else "lip-sync"
    pictures, sounds = [], []
    silence: dict[str, str] = {}
    for clip in result.clips:
        if not clip.done:
            continue
        task = job.tasks[clip.number - 1]
        name = f"{task.picture.name} ({base})"
        pictures.append(Placement(clip.picture, name, clip.start, clip.frames, clip.tag))
        if clip.sound and job.operation == "dub":  # lips are synced to a sound that is on the timeline already
            sounds.append(Placement(clip.sound, name, clip.start, clip.frames, clip.tag))
            if job.sound == "mix":
                silence.update(dict.fromkeys(task.picture.sounds, clip.tag))
    tracks = [
        *_new_tracks(Medium.VIDEO, base, timeline, pictures),
        *_new_tracks(Medium.AUDIO, base, timeline, sounds),
    ]
    language = job.language if job.operation == "dub" else "sync"
    again = replaced([*pictures, *sounds], placed)
    return PlacementPlan(job_tag(language, job.identity), tuple(tracks), silence, again)


def _new_tracks(medium: Medium, base: str, timeline: Timeline, placements: Sequence[Placement]) -> list[NewTrack]:
    taken = set(timeline.tracks)
    tracks = []
    for layer in _layers(placements):
        name = _free_name(base, taken)
        taken.add(name)
        tracks.append(NewTrack(medium, name, tuple(layer)))
    return tracks


def _layers(placements: Sequence[Placement]) -> list[list[Placement]]:
    """On as few tracks as hold them without overlap."""
    layers: list[list[Placement]] = []
    for item in sorted(placements, key=lambda item: item.start):
        free = next((layer for layer in layers if layer[-1].end <= item.start), None)
        if free is None:
            layers.append([item])
        else:
            free.append(item)
    return layers


def _free_name(base: str, taken: Collection[str]) -> str:
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base} {number}"
    return name


class Journal:
    """What was added to a timeline so far, so that it can be taken away again.

    Use it as a context manager around the writes of :meth:`.host.Host.place`; after each write that was read back, say
    how it is undone::

        with Journal(plan, folder) as journal:
            track = add_track(...)
            journal.added("track dub es", lambda: delete_track(track))

    When the block is left by an exception, everything is undone, last first, and the exception goes on as
    :class:`.host.HostError`. The journal is also a file for as long as the block runs: one that is found when the
    editor starts tells that it died in the middle (:func:`unfinished_placement`), and the tags find what was placed.

    Args:
        plan: What is placed.
        folder: The job's folder.
    """

    def __init__(self, plan: PlacementPlan, folder: str) -> None:
        self._path = Path(folder, JOURNAL_FILE)
        self._plan = plan
        self._undo: list[tuple[str, Callable[[], object]]] = []

    def __enter__(self) -> Journal:
        tags = sorted({item.tag for item in self._plan.placements})
        tracks = [track.name for track in self._plan.tracks]
        try:
            self._path.write_text(json.dumps({"tag": self._plan.tag, "tags": tags, "tracks": tracks}), "ascii")
        except OSError as error:
            raise HostError(f"{self._path}: cannot be written ({error.strerror})") from error
        return self

    def added(self, what: str, undo: Callable[[], object]) -> None:
        """Note that ``what`` was added and how it is taken away; an ``undo`` that answers False has failed."""
        self._undo.append((what, undo))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = self._undone() if error is not None else []
        if not left:
            _forget(self._path)
        if error is None or not isinstance(error, Exception):
            return
        remains = f"; could not be taken back: {', '.join(left)}" if left else "; the timeline is as it was"
        raise HostError(f"{str(error).rstrip('.')}{remains}") from error

    def _undone(self) -> list[str]:
        """Undo everything, last first; what could not be undone."""
        left = []
        for what, undo in reversed(self._undo):
            try:
                if undo() is False:
                    left.append(what)
            except Exception:  # noqa: BLE001 - an editor raises anything, and the rest is still to be undone
                left.append(what)
        return left


def unfinished_placement(folder: str) -> tuple[str, ...]:
    """Tags of what a placement that was broken off may have left; empty where none was.

    Remove them (:meth:`.host.Host.remove`), then call :func:`forget_placement`.
    """
    try:
        data = json.loads(Path(folder, JOURNAL_FILE).read_text("ascii"))
        return tuple(str(tag) for tag in data["tags"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def forget_placement(folder: str) -> None:
    """What a broken placement left in the job's folder is cleared up."""
    _forget(Path(folder, JOURNAL_FILE))


def _forget(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
