"""Every error that dubkit raises on purpose.

::

    DubkitError                    one clear sentence: the thing, what is wrong, what to do
    ├── InputError                 something given to dubkit cannot be used
    │   ├── MediaError             a picture or sound file
    │   ├── SubtitleError          a subtitle file
    │   ├── VoiceError             a voice, or the text to speak
    │   ├── ModelError             a checkpoint or detector file
    │   └── RecordError            JSON that is not the record it claims to be
    ├── MissingDependencyError     an optional package is not installed
    ├── OutputError                a result could not be written
    └── Cancelled                  the caller asked to stop

An error carries the data it speaks of (``path``, ``problem``, ``remedy``), so that a program need not
read the sentence. Anything else that escapes from dubkit is a defect.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = [
    "Cancelled",
    "DubkitError",
    "InputError",
    "MediaError",
    "MissingDependencyError",
    "ModelError",
    "OutputError",
    "RecordError",
    "SubtitleError",
    "VoiceError",
]


class DubkitError(Exception):
    """The root of the tree.

    Args:
        problem: What is wrong, without the name of the thing: ``"is not a video"``.
        path: The file it is about, where there is one.
        remedy: What the user can do, as an imperative: ``"give a file with a picture in it"``.
    """

    def __init__(self, problem: str, *, path: str | os.PathLike[str] | None = None, remedy: str = "") -> None:
        self.problem = problem
        self.path = None if path is None else Path(path)
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """The one sentence: path, problem, remedy."""
        about = "" if self.path is None else f"{self.path}: "
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{about}{self.problem}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling between processes with the data intact."""
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(kind: type[DubkitError], data: dict[str, object]) -> DubkitError:
    error = kind.__new__(kind)
    error.__dict__.update(data)
    error.args = (str(error),)
    return error


class InputError(DubkitError):
    """Something given to dubkit cannot be used."""


class MediaError(InputError):
    """A picture or sound file that is missing, unreadable, or not what is needed here."""


class SubtitleError(InputError):
    """A subtitle file that cannot be read, or holds nothing to speak."""


class VoiceError(InputError):
    """A voice that is missing, cannot be read, or cannot speak the text."""


class ModelError(InputError):
    """A checkpoint or detector file that is missing, damaged, or of another kind."""


class RecordError(InputError):
    """JSON that is not the record it claims to be, or a record whose values contradict each other."""


class MissingDependencyError(DubkitError):
    """An optional package is needed and not installed.

    Args:
        package: The package that could not be imported.
        extra: The extra of dubkit that brings it.
        purpose: What it is needed for.
    """

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f"{purpose} needs the package {package}", remedy=f"install it with: pip install 'dubkit[{extra}]'"
        )


class OutputError(DubkitError):
    """A result could not be written; nothing half-written was left."""


class Cancelled(DubkitError):  # noqa: N818 - it is an answer to the caller's wish, not a mishap
    """The caller asked to stop."""

    def __init__(self) -> None:
        super().__init__("stopped as asked")
