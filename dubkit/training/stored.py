"""What is already done: a record per video and step, so that a run which was stopped goes on where it stood.

- ``OUTPUT/done/STEM.cut.json``: which clips a video gave; it is written after their arrays.
- ``OUTPUT/done/STEM.sync.json``: what an expert said of them.

Each carries a fingerprint of all it depends on; a record with another one counts as not there.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dubkit.errors import RecordError
from dubkit.media.aside import output_error, written_aside
from dubkit.schema import dumps, loads
from dubkit.training.cut_video import CutVideo, clip_stem
from dubkit.training.measure import VideoSync

__all__ = ["ClipStore", "fingerprint"]

R = TypeVar("R")


def fingerprint(*parts: Any) -> str:
    """A digest of records and values: equal for what is equal, on every machine."""
    return hashlib.sha256(dumps(parts, indent=None).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class _Cut:
    fingerprint: str
    video: CutVideo


@dataclass(frozen=True)
class _Sync:
    fingerprint: str
    video: VideoSync


@dataclass(frozen=True)
class ClipStore:
    """The folder that clips are prepared in; one run at a time.

    Attributes:
        folder: Where it lies.
    """

    folder: Path

    def open(self) -> None:
        """Make the folder ready, and clear what a killed run was writing.

        Raises:
            OutputError: if there can be no such folder.
        """
        for kind in ("faces", "sounds", "done"):
            try:
                (self.folder / kind).mkdir(parents=True, exist_ok=True)
                for part in (self.folder / kind).glob(".*.part*"):
                    part.unlink()
            except OSError as error:
                raise output_error(self.folder / kind, error) from error

    def find_cut(self, source: str, mark: str) -> list[CutVideo]:
        """What was cut of a video, if all of it is there; else nothing."""
        path = self._path(source, "cut")
        return [
            record.video
            for record in _read(_Cut, path)
            if record.fingerprint == mark and all(file.is_file() for file in self._files(record.video))
        ]

    def forget_cut(self, source: str) -> None:
        """Remove what was cut of a video: the record first, so that it never vouches for arrays of another cut."""
        path = self._path(source, "cut")
        files = [file for record in _read(_Cut, path) for file in self._files(record.video)]
        for file in (path, *files):
            file.unlink(missing_ok=True)

    def keep_cut(self, mark: str, video: CutVideo) -> None:
        """Remember what was cut of a video.

        Raises:
            OutputError: if it cannot be written.
        """
        _write(self._path(video.source, "cut"), _Cut(mark, video))

    def find_sync(self, source: str, mark: str) -> list[VideoSync]:
        """What was measured of a video; else nothing."""
        return [record.video for record in _read(_Sync, self._path(source, "sync")) if record.fingerprint == mark]

    def keep_sync(self, mark: str, video: VideoSync) -> None:
        """Remember what was measured of a video.

        Raises:
            OutputError: if it cannot be written.
        """
        _write(self._path(video.source, "sync"), _Sync(mark, video))

    def _path(self, source: str, step: str) -> Path:
        return self.folder / "done" / f"{clip_stem(source)}.{step}.json"

    def _files(self, video: CutVideo) -> list[Path]:
        return [self.folder / kind / f"{clip.name}.npy" for clip in video.clips for kind in ("faces", "sounds")]


def _read(kind: type[R], path: Path) -> list[R]:
    """The record at ``path``, if it is there and whole."""
    with suppress(FileNotFoundError, UnicodeDecodeError, RecordError):
        return [loads(kind, path.read_text("utf-8"))]
    return []


def _write(path: Path, record: Any) -> None:
    with written_aside(path) as part:
        part.write_text(dumps(record), "utf-8")
