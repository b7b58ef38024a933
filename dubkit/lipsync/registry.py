"""Models that come with dubkit.

To add one: save it through :func:`dubkit.lipsync.save_checkpoint` into ``weights/``, say in the model card there where
it comes from, what it can and cannot do and what it may be used for, and give it a line in ``BUILTIN``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dubkit.errors import ModelError

__all__ = ["BUILTIN", "DEFAULT_MODEL", "find_model"]

DEFAULT_MODEL = "compact"

_WEIGHTS = Path(__file__).parent / "weights"

BUILTIN: Mapping[str, Path] = {"compact": _WEIGHTS / "compact.safetensors"}
"""Name -> checkpoint."""


def find_model(name_or_path: str | os.PathLike[str] = "") -> Path:
    """The checkpoint meant by a built-in model's name, or by a path; empty means the built-in default.

    Raises:
        ModelError: if it is neither a built-in name nor a file.
    """
    text = os.fspath(name_or_path)
    if (text or DEFAULT_MODEL) in BUILTIN:
        return BUILTIN[text or DEFAULT_MODEL]
    path = Path(text)
    if path.is_file():
        return path
    names = ", ".join(sorted(BUILTIN))
    if path.suffix or len(path.parts) > 1:
        raise ModelError(
            "there is no such model file", path=path, remedy=f"give the path of a checkpoint, or a name: {names}"
        )
    raise ModelError(f"{text!r} is not a model dubkit has", remedy=f"use one of: {names}; or give a checkpoint's path")
