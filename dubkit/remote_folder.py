"""A folder by its URL, wherever fsspec reaches: ``s3://``, ``gs://``, ``sftp://``, ``file://`` ..."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from dubkit.errors import InputError, MissingDependencyError

__all__ = ["RemoteFile", "RemoteFolder", "folder_url"]

T = TypeVar("T")

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)  # one letter is a drive of Windows
_LOCAL = ("file", "local")
_AT_ONCE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "memory")
"""Where a file appears when all of it is written, and moving one would copy it."""
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")
"""By which names file systems say when a file was written."""


@dataclass(frozen=True)
class RemoteFile:
    """A file in such a folder.

    Attributes:
        name: Its path within the folder.
        size: Bytes.
        written: When, in seconds since 1970; 0 where that is not known.
    """

    name: str
    size: int
    written: float


def folder_url(folder: str | os.PathLike[str]) -> str:
    """``folder`` as a URL; empty where it is a path. Of a URL's two slashes a ``Path`` has left one; both are read."""
    found = _URL.fullmatch(os.fspath(folder).replace("\\", "/"))
    if found is None:
        return ""
    root = "/" if found[1] in _LOCAL else ""
    return f"{found[1]}://{root}{found[2]}"


class RemoteFolder:
    """Reads and writes the files in a folder.

    Args:
        url: The folder.

    Raises:
        MissingDependencyError: if fsspec, or what it needs for this kind of URL, is not installed.
        InputError: if there is no such kind.
    """

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingDependencyError("fsspec", extra="ray", purpose=f"keeping results in {url}") from error
        try:
            files, self._root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise InputError(f"{url} cannot be reached: {error}", remedy="install that package") from error
        except ValueError as error:
            raise InputError(f"{url} cannot be reached: {error}", remedy="use another kind of URL") from error
        self._files: Any = files
        kinds = files.protocol if isinstance(files.protocol, tuple | list) else (files.protocol,)
        self._at_once = any(kind in _AT_ONCE for kind in kinds)

    def read(self, name: str) -> bytes:
        """What is in a file.

        Raises:
            FileNotFoundError: if it is not there.
            OSError: if it cannot be read.
        """
        return self._asked(lambda: bytes(self._files.cat_file(self._path(name))))

    def write(self, name: str, data: bytes) -> None:
        """Put a file in place as a whole: written aside and renamed, unless the place does that by itself.

        Raises:
            OSError: if it cannot be written.
        """
        path = self._path(name)
        folder, _, last = path.rpartition("/")

        def work() -> None:
            self._files.makedirs(folder, exist_ok=True)
            if self._at_once:
                self._files.pipe_file(path, data)
                return
            part = f"{folder}/.{last}.{uuid.uuid4().hex}.part"
            try:
                self._files.pipe_file(part, data)
                self._files.mv(part, path)
            except BaseException:
                with suppress(Exception):
                    self._files.rm_file(part)
                raise

        self._asked(work)

    def remove(self, name: str) -> None:
        """Remove a file.

        Raises:
            FileNotFoundError: if it is not there.
            OSError: if it cannot be removed.
        """
        self._asked(lambda: self._files.rm_file(self._path(name)))

    def names(self, ending: str) -> Iterator[RemoteFile]:
        """The files in its folders that end so, by name; none that are hidden."""
        try:
            found = self._asked(lambda: self._files.find(self._root, detail=True))
        except FileNotFoundError:
            return
        for path, facts in sorted(found.items()):
            name = path[len(self._root) :].lstrip("/")
            if name.endswith(ending) and not name.rpartition("/")[2].startswith("."):
                yield RemoteFile(name, int(facts.get("size") or 0), _written(facts))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @staticmethod
    def _asked(work: Callable[[], T]) -> T:
        """What ``work`` gives; whatever a library of whatever service raises becomes an OSError."""
        try:
            return work()
        except OSError:
            raise
        except Exception as error:
            raise OSError(f"{type(error).__name__}: {error}") from error


def _written(facts: dict[str, Any]) -> float:
    value = next((facts[name] for name in _TIMES if facts.get(name)), 0.0)
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if isinstance(value, int | float) else 0.0
