"""A training on disk: everything needed to go on as if it had never stopped."""

from __future__ import annotations

import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dubkit.errors import InputError, OutputError, RecordError
from dubkit.schema import dumps, loads
from dubkit.training.settings import TrainSettings
from dubkit.training.settings_file import difference

__all__ = ["Saved", "read_saved", "write_saved"]

_NAME = "state.pt"
_VERSION = 1


@dataclass(frozen=True)
class Saved:
    """Where a training stands.

    Attributes:
        step: Steps done.
        settings: How it is trained.
        tensors: State dictionaries of networks, optimizers and the like, by name.
        numbers: The task's own state.
    """

    step: int
    settings: TrainSettings
    tensors: dict[str, Any]
    numbers: dict[str, Any]


def write_saved(folder: Path, saved: Saved) -> None:
    """Write it aside, to the disk, and then rename: a reader finds the old one or the new one, never a part.

    Raises:
        OutputError: if it cannot be written.
    """
    path = folder / _NAME
    aside = path.with_name(f".{_NAME}.part")
    content = {
        "version": _VERSION,
        "step": saved.step,
        "settings": dumps(saved.settings),
        "tensors": saved.tensors,
        "numbers": saved.numbers,
    }
    try:
        with aside.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except (OSError, RuntimeError) as error:
        aside.unlink(missing_ok=True)
        raise OutputError(f"cannot be written ({error})", path=path, remedy="make room on the disk") from error


def read_saved(folder: Path, settings: TrainSettings) -> Saved | None:
    """The training in ``folder``; None where none was begun.

    Raises:
        InputError: if it is damaged, or was begun with other settings than these.
    """
    path = folder / _NAME
    if not path.is_file():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["version"] != _VERSION:
            raise InputError("was written by another version of dubkit", path=path, remedy="begin in another folder")
        begun = loads(TrainSettings, content["settings"])
        saved = Saved(content["step"], begun, content["tensors"], content["numbers"])
    except (
        *(RuntimeError, ValueError, LookupError, TypeError, EOFError, OSError),
        *(pickle.UnpicklingError, zipfile.BadZipFile, RecordError),
    ) as error:
        raise InputError("is damaged", path=path, remedy="delete it to begin again, or use another folder") from error
    changed = difference(begun, settings)
    if changed:
        raise InputError(
            f"holds a training begun with another {changed}",
            path=folder,
            remedy="give the settings it was begun with, or another folder",
        )
    return saved
