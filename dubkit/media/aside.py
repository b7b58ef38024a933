"""Files that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import soundfile

from dubkit.errors import OutputError
from dubkit.schema import Waveform

__all__ = [
    "RIFF_LIMIT",
    "PartFile",
    "check_target",
    "clear_leftovers",
    "left_behind",
    "output_error",
    "part_path",
    "put_in_place",
    "run_name",
    "write_wav",
    "written_aside",
]

_REASONS = {
    errno.ENOSPC: ("could not be written: the disk is full", "free some space, or write to another disk"),
    errno.EDQUOT: ("could not be written: the disk quota is used up", "free some space, or write to another disk"),
    errno.EFBIG: ("could not be written: a file may not become this large here", "write to another disk"),
    errno.EROFS: ("cannot be written: the disk is read-only", "write to another folder"),
    errno.EACCES: ("cannot be written: permission denied", "write to another folder"),
    errno.EPERM: ("cannot be written: permission denied", "write to another folder"),
    errno.ENAMETOOLONG: ("cannot be written: the name is too long", "choose a shorter name"),
}
RIFF_LIMIT = 4_000_000_000
"""Bytes a WAV file can hold; RF64 (EBU Tech 3306) goes beyond."""


def output_error(path: Path, error: OSError) -> OutputError:
    """The sentence that tells why ``path`` could not be written."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    problem, remedy = _REASONS.get(error.errno or 0, (f"could not be written ({reason})", "write to another folder"))
    return OutputError(problem, path=path, remedy=remedy)


def check_target(path: Path) -> None:
    """Refuse, before any work, a target that cannot be written.

    Raises:
        OutputError: if its folder is missing or closed to us, or a folder stands in its place.
    """
    if path.is_dir():
        raise OutputError("is a folder", path=path, remedy="name a file in it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"cannot be written: the folder {folder} does not exist", path=path, remedy="make it first")
    if not os.access(folder, os.W_OK):
        raise output_error(path, OSError(errno.EACCES, ""))


def run_name() -> str:
    """A name for this process: by it others see whether what was written aside still belongs to somebody."""
    return f"{hashlib.blake2b(platform.node().encode(), digest_size=2).hexdigest()}-{os.getpid()}"


def left_behind(name: str) -> bool:
    """Whether ``name`` holds a :func:`run_name` of this machine whose process is no more.

    On Windows nobody is taken to be gone: asking after a process would end it there.
    """
    machine, _, own = run_name().partition("-")
    found = re.search(rf"[.-]{machine}-(\d+)[.-]", name)
    if found is None or found[1] == own or os.name == "nt":
        return False
    try:
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # it is somebody else's, or no number of a process
        return False
    return False


def part_path(path: Path) -> Path:
    """Where ``path`` is written until it is whole: hidden, in the same folder, with the same ending."""
    return path.with_name(f".{path.stem}.{run_name()}.part{path.suffix}")


def clear_leftovers(path: Path) -> None:
    """Remove what runs that were killed have left of ``path``."""
    start, end = f".{path.stem}.", f".part{path.suffix}"
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(path.parent) if entry.name.startswith(start)]
        for name in names:
            if name.endswith(end) and left_behind(name):
                path.with_name(name).unlink(missing_ok=True)


def put_in_place(part: Path, path: Path) -> None:
    """Give ``part`` the name ``path`` when all of it is on the disk: a power cut leaves no file that is empty inside.

    Raises:
        OSError: if that cannot be done.
    """
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    if os.name == "nt":  # folders cannot be opened there
        return
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems take no such order
            os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A path in the same folder to write to; it takes the place of ``path`` if all goes well, and vanishes if not.

    Raises:
        OutputError: if the target cannot be written, also for any OSError raised while it was.
    """
    check_target(path)
    clear_leftovers(path)
    part = part_path(path)
    try:
        yield part
        put_in_place(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise output_error(path, error) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class PartFile:
    """A file for FFmpeg to write to, which remembers what went wrong.

    FFmpeg forgets, and an exception raised inside its call would be printed; so after the first error nothing more
    is written, FFmpeg is told that all is well, and whoever called it looks at ``error``.

    Args:
        path: The file to make.

    Attributes:
        error: The first thing that went wrong; None so far.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self.error: OSError | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more can be written."""
        return self._file.closed

    def readable(self) -> bool:
        """FFmpeg never reads what it writes."""
        return False

    def write(self, data: bytes) -> int:
        """Write all of ``data``."""
        if self.error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to ``offset``."""
        try:
            return self._file.seek(offset, whence)
        except OSError as error:  # moving writes what was held back
            self.error = self.error or error
            return offset

    def tell(self) -> int:
        """The present position."""
        return self._file.tell()

    def close(self) -> None:
        """Close; what cannot be written any more is remembered as the error."""
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error


def write_wav(path: Path, sound: Waveform, bits: int | str = 24) -> None:
    """Write ``sound`` as a WAV file (RF64 where it is too long for one).

    Args:
        path: The file; there is either all of it or none.
        sound: What to write; values beyond full scale are clipped unless ``bits`` is ``"float"``.
        bits: 16 or 24 for PCM, ``"float"`` for 32-bit floating point.

    Raises:
        OutputError: if it cannot be written.
    """
    subtypes: dict[Any, tuple[str, int]] = {16: ("PCM_16", 2), 24: ("PCM_24", 3), "float": ("FLOAT", 4)}
    if bits not in subtypes:
        raise OutputError(f"cannot hold {bits!r} bits per sample", path=path, remedy="use 16, 24 or 'float'")
    subtype, size = subtypes[bits]
    container = "RF64" if sound.samples.size * size > RIFF_LIMIT else "WAV"
    with written_aside(Path(path)) as part:
        try:
            soundfile.write(part, sound.samples.T, sound.sample_rate, subtype=subtype, format=container)
        except soundfile.LibsndfileError as error:
            raise OutputError(
                f"could not be written ({error.error_string})", path=path, remedy="check the disk"
            ) from error
