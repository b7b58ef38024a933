"""What is being written to a timeline, kept beside the jobs: what a killed run left is found by it and taken away.

The Lua of the free edition writes and reads the same file.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bridge.host import HostError
from .marks import Silenced

__all__ = ["JOURNAL_FILE", "Entry", "Journal"]

JOURNAL_FILE = "resolve-journal.json"


@dataclass(frozen=True)
class Entry:
    """One placement or removal that is under way.

    Attributes:
        stage: ``placing`` (a killed one is taken away), ``placed`` (it stays; what it replaces goes) or ``removing`` (a
            killed one is carried through).
        tag: Its name: the job's tag, or the first of those that are removed.
        project: Key of the project.
        timeline: Key of the timeline.
        tags: What is taken away: clips that carry one of these, or a tag that begins with one.
        tracks: Media and names of the tracks that are taken away when they are empty.
        paths: Files that are taken away with their clips.
        adding: Medium of a track that is just being added, and how many there were; it has no name yet.
        silenced: What is switched on again.
        bin_made: Whether our bin was not there before.
        kept: Keys of the media that our bin held before.
        replaces: Tags of what is removed when all is placed.
    """

    stage: str
    tag: str
    project: str
    timeline: str
    tags: tuple[str, ...]
    tracks: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    adding: tuple[str, int] | None = None
    silenced: tuple[Silenced, ...] = ()
    bin_made: bool = False
    kept: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()

    def covers(self, tag: str) -> bool:
        """Whether a clip with this tag is taken away."""
        return any(tag == one or tag.startswith(one + "/") for one in self.tags)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "stage": self.stage,
            "tag": self.tag,
            "project": self.project,
            "timeline": self.timeline,
            "tags": list(self.tags),
            "tracks": [list(track) for track in self.tracks],
            "paths": list(self.paths),
            "adding": list(self.adding) if self.adding else [],
            "silenced": [one.document() for one in self.silenced],
            "bin_made": self.bin_made,
            "kept": list(self.kept),
            "replaces": list(self.replaces),
        }

    @classmethod
    def of(cls, document: dict[str, Any]) -> Entry:
        """From JSON."""
        adding = document["adding"]
        return cls(
            stage=str(document["stage"]),
            tag=str(document["tag"]),
            project=str(document["project"]),
            timeline=str(document["timeline"]),
            tags=tuple(document["tags"]),
            tracks=tuple((str(medium), str(name)) for medium, name in document["tracks"]),
            paths=tuple(document["paths"]),
            adding=(str(adding[0]), int(adding[1])) if adding else None,
            silenced=tuple(Silenced.of(one) for one in document["silenced"]),
            bin_made=bool(document["bin_made"]),
            kept=tuple(document["kept"]),
            replaces=tuple(document["replaces"]),
        )


class Journal:
    """The file; it appears whole or not at all.

    Args:
        folder: Where the jobs are.
    """

    def __init__(self, folder: str) -> None:
        self._path = Path(folder) / JOURNAL_FILE

    def entries(self) -> list[Entry]:
        """What is under way, or was when its run was killed.

        Raises:
            HostError: if the file is there and cannot be read.
        """
        try:
            return [Entry.of(one) for one in json.loads(self._path.read_text("utf-8"))["entries"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise HostError(f"{self._path}: is damaged ({error}); move it away, and look for half a dub") from error

    def put(self, entry: Entry) -> None:
        """Note ``entry`` in the place of the one with its tag.

        Raises:
            HostError: if it cannot be written.
        """
        self._write([*(one for one in self.entries() if one.tag != entry.tag), entry])

    def drop(self, tag: str) -> None:
        """Forget the entry with that tag.

        Raises:
            HostError: if it cannot be written.
        """
        self._write([one for one in self.entries() if one.tag != tag])

    def _write(self, entries: list[Entry]) -> None:
        part = self._path.with_name(f"{JOURNAL_FILE}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not entries:
                self._path.unlink(missing_ok=True)
                return
            with part.open("w", encoding="ascii") as file:
                json.dump({"version": 1, "entries": [one.document() for one in entries]}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise HostError(f"{self._path}: cannot be written ({error.strerror})") from error
