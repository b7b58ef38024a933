"""Which checkpoint is meant: models that come with dubkit, files by path, and files in the folders for models.

To add one that comes with dubkit: save it through :func:`dubkit.lipsync.save_checkpoint` into ``weights/``, and say in
the model card there where it comes from, what it can and cannot do and what it may be used for. Its name is the file's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dubkit.errors import ModelError
from dubkit.lipsync.published import PUBLISHED

__all__ = ["BUILTIN", "DEFAULT_EXPERT", "DEFAULT_MODEL", "find_expert", "find_model"]

DEFAULT_MODEL = "compact"
DEFAULT_EXPERT = "compact_expert"

_PUBLISHED_EXPERT = "lipsync_expert"
_ENDINGS = ("", ".safetensors", ".pth")

BUILTIN: Mapping[str, Path] = {path.stem: path for path in sorted(Path(__file__).parent.glob("weights/*.safetensors"))}
"""Name -> checkpoint."""


def find_model(name_or_path: str | os.PathLike[str] = "", *, folders: Sequence[Path] = ()) -> Path:
    """The checkpoint meant by a built-in model's name, a path, or a name in ``folders``.

    Args:
        name_or_path: Empty means the built-in generator.
        folders: Where files are looked for by name, with or without their ending: ``wav2lip_gan`` is
            ``wav2lip_gan.pth`` there, or ``wav2lip_gan.safetensors``.

    Raises:
        ModelError: if it is none of these.
    """
    text = os.fspath(name_or_path) or DEFAULT_MODEL
    if text in BUILTIN:
        return BUILTIN[text]
    path = Path(text)
    if path.is_file():
        return path
    published = PUBLISHED.get(text) or next((each for each in PUBLISHED.values() if each.file == text), None)
    if len(path.parts) == 1:
        names = [*([published.file] if published else []), *(text + ending for ending in _ENDINGS)]
        for place in (folder / name for folder in folders for name in names):
            if place.is_file():
                return place
    if published is not None:
        raise ModelError(
            f"{text!r} is not in {_words(folders)}", remedy=f"get it with `dubkit models fetch {published.name}`"
        )
    names_here = ", ".join(BUILTIN)
    if path.suffix or len(path.parts) > 1:
        raise ModelError(
            "there is no such model file", path=path, remedy=f"give the path of a checkpoint, or a name: {names_here}"
        )
    raise ModelError(
        f"{text!r} is not a model dubkit has", remedy=f"use one of: {names_here}; or give a checkpoint's path"
    )


def find_expert(name_or_path: str | os.PathLike[str] = "", *, folders: Sequence[Path] = ()) -> Path:
    """As :func:`find_model`; empty means the built-in lip-sync expert, else the published one in ``folders``.

    Raises:
        ModelError: if it is not there; also if nothing is asked for and neither of these is.
    """
    if os.fspath(name_or_path):
        return find_model(name_or_path, folders=folders)
    if DEFAULT_EXPERT in BUILTIN:
        return BUILTIN[DEFAULT_EXPERT]
    try:
        return find_model(_PUBLISHED_EXPERT, folders=folders)
    except ModelError as error:
        raise ModelError(
            f"there is no lip-sync expert to judge by: none comes with dubkit, and {error.problem}",
            remedy=f"give the checkpoint of one, or {error.remedy}",
        ) from error


def _words(folders: Sequence[Path]) -> str:
    return " or ".join(str(folder) for folder in folders) or "any folder for models (none was given)"
