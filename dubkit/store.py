"""A folder of results kept by what they were made from, so that nobody makes them twice.

An entry is one file: a line with the checksum of all that follows, a line of JSON that says what it is and what it was
made from, then the data. It is written aside and renamed, so that it is whole or not there, also where two processes
write it at once (they write the same). What cannot be used, for whatever reason, counts as not there: it is made again
and takes the place of the old one.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dubkit.errors import OutputError, RecordError
from dubkit.media.aside import output_error, written_aside
from dubkit.places import cache_folder
from dubkit.remote_folder import RemoteFolder, folder_url
from dubkit.schema import dumps, loads

__all__ = ["FileContent", "Lookup", "Recipe", "Store", "StoreEntry", "file_content", "open_store"]

_MAGIC = b"dubkit-store 1 "
_DIGEST_SIZE = 32  # bytes
_KEY_SIZE = 16
_ENDING = ".kept"
_BLOCK = 1 << 20
_FRESH = 2.0  # seconds; a file changed this recently may change again without any of its times showing it

_writing = threading.Lock()  # two threads of one process would write aside under one name


@dataclass(frozen=True)
class Recipe:
    """What a result is, and everything it depends on.

    Attributes:
        kind: What it is, a short name such as ``analysis``; the folder in which it lies.
        version: Of the code that makes it. A result of another version is made again, in the same place.
        facts: All else it depends on, by name: hashes of files, settings as JSON.
    """

    kind: str
    version: int
    facts: Mapping[str, str]

    @property
    def key(self) -> str:
        """A name for the result: the same for the same kind and facts, whatever the version."""
        text = json.dumps([self.kind, dict(self.facts)], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=_KEY_SIZE).hexdigest()


@dataclass(frozen=True)
class Lookup:
    """What a store holds for a recipe.

    Attributes:
        found: Whether there is something that can be used.
        data: What was kept; empty where nothing was found.
        trouble: Why what is there cannot be used, such as ``is damaged``; empty where nothing is there at all.
    """

    found: bool = False
    data: bytes = b""
    trouble: str = ""


@dataclass(frozen=True)
class StoreEntry:
    """One result that is kept.

    Attributes:
        path: Its file.
        kind: What it is.
        about: What it is of, for people; empty where the file is damaged.
        size: Bytes on the disk.
        used: When it was last used or made, in seconds since 1970.
    """

    path: Path
    kind: str
    about: str
    size: int
    used: float


@dataclass(frozen=True)
class _Header:
    """The second line of an entry."""

    kind: str
    version: int
    about: str
    size: int
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FileContent:
    """What a file holds, by hash.

    Attributes:
        path: The file.
        digest: BLAKE2b of its bytes, as hexadecimal digits.
        stamp: Size, times and place of the file when it was read: no change leaves all of them as they were.
    """

    path: Path
    digest: str
    stamp: tuple[int, ...]

    def unchanged(self) -> bool:
        """Whether the file is still what it was."""
        try:
            return _stamp(self.path) == self.stamp
        except OSError:
            return False


class Store:
    """Results kept in a folder.

    Args:
        folder: Where; it is made when the first result is kept. It may be a URL: see :mod:`dubkit.remote_folder`.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder, self.url = Path(folder), folder_url(folder)
        self._remote = RemoteFolder(self.url) if self.url else None

    def look_up(self, recipe: Recipe) -> Lookup:
        """What was kept for ``recipe``, checked; it counts as used now."""
        path = self._path(recipe)
        try:
            raw = path.read_bytes() if self._remote is None else self._remote.read(self._name(path))
        except (FileNotFoundError, NotADirectoryError):
            return Lookup()
        except OSError as error:
            return Lookup(trouble=f"cannot be read ({error.strerror or error})")
        if not raw.startswith(_MAGIC):
            return Lookup(trouble="is damaged, or of another version of dubkit")
        first, _, rest = raw.partition(b"\n")
        line, _, data = rest.partition(b"\n")
        if first[len(_MAGIC) :] != _digest(rest):
            return Lookup(trouble="is damaged")
        header = _read_header(line)
        if header.version != recipe.version:
            return Lookup(trouble="is of another version of dubkit")
        if header.kind != recipe.kind or header.facts != dict(recipe.facts):
            return Lookup(trouble="is of something else")
        if self._remote is None:
            with suppress(OSError):
                os.utime(path)
        return Lookup(True, data)

    def keep(self, recipe: Recipe, data: bytes, about: str) -> None:
        """Keep ``data`` for ``recipe``, in place of what was kept for it before.

        Args:
            recipe: What it is.
            data: The result.
            about: What it is of, for people, in one line.

        Raises:
            OutputError: if it cannot be written.
        """
        path = self._path(recipe)
        header = _Header(recipe.kind, recipe.version, about, len(data), dict(recipe.facts))
        rest = dumps(header, indent=None).encode() + b"\n" + data
        raw = _MAGIC + _digest(rest) + b"\n" + rest
        if self._remote is not None:
            try:
                self._remote.write(self._name(path), raw)
            except OSError as error:
                raise output_error(path, error) from error
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise output_error(path.parent, error) from error
        with _writing, written_aside(path) as part:
            part.write_bytes(raw)

    def entries(self) -> Iterator[StoreEntry]:
        """Everything that is kept, by kind and name; damaged files too, so that they can be removed."""
        if self._remote is not None:
            yield from self._remote_entries(self._remote)
            return
        for path in sorted(self.folder.glob(f"*/[!.]*{_ENDING}")):
            with suppress(OSError):  # somebody else may have removed it
                status = path.stat()
                with path.open("rb") as file:
                    file.readline()
                    line = file.readline()
                yield StoreEntry(path, path.parent.name, _read_header(line).about, status.st_size, status.st_mtime)

    def remove(self, entry: StoreEntry) -> None:
        """Remove an entry; one that is gone already is not missed.

        Raises:
            OutputError: if it cannot be removed.
        """
        try:
            if self._remote is None:
                entry.path.unlink(missing_ok=True)
            else:
                self._remote.remove(self._name(entry.path))
        except FileNotFoundError:
            return
        except OSError as error:
            raise output_error(entry.path, error) from error

    def _remote_entries(self, remote: RemoteFolder) -> Iterator[StoreEntry]:
        for file in remote.names(_ENDING):
            try:
                line = remote.read(file.name).split(b"\n", 2)[1]
            except (OSError, IndexError):
                line = b""
            kind = file.name.partition("/")[0]
            yield StoreEntry(self.folder / file.name, kind, _read_header(line).about, file.size, file.written)

    def _name(self, path: Path) -> str:
        """The file's path within a folder that is a URL."""
        return path.relative_to(self.folder).as_posix()

    def _path(self, recipe: Recipe) -> Path:
        return self.folder / recipe.kind / f"{recipe.key}{_ENDING}"


def open_store(folder: Path | None = None) -> Store | None:
    """The store in ``folder``, by default the user's own; None where the user wants none (``DUBKIT_CACHE=off``)."""
    place = folder or cache_folder()
    return None if place is None else Store(place)


def file_content(path: Path, store: Store | None = None) -> FileContent:
    """What is in a file: all of it is read, about a gigabyte a second, unless ``store`` remembers it unchanged.

    Raises:
        OSError: if it cannot be read.
    """
    path = Path(path).absolute()
    stamp = _stamp(path)
    recipe = Recipe("file", 1, {"path": str(path)})
    if store is not None:
        known = store.look_up(recipe).data.decode().split()
        if known[1:] == [str(value) for value in stamp]:
            return FileContent(path, known[0], stamp)
    content = FileContent(path, _hash_file(path), stamp)
    settled = time.time() - max(stamp[1], stamp[2]) / 1e9 > _FRESH
    if store is not None and settled and content.unchanged():
        with suppress(OutputError):  # then it is read again the next time
            store.keep(recipe, " ".join([content.digest, *map(str, stamp)]).encode(), f"what is in {path.name}")
    return content


def _stamp(path: Path) -> tuple[int, ...]:
    """A file can be given back its old size and time of change, but not (outside Windows) its ``ctime``."""
    status = path.stat()
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)


def _hash_file(path: Path) -> str:
    hashed = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST_SIZE).hexdigest().encode()


def _read_header(line: bytes) -> _Header:
    """The header in a line; one that says nothing where it is none."""
    try:
        return loads(_Header, line.decode())
    except (UnicodeDecodeError, RecordError):
        return _Header("", 0, "", 0)
