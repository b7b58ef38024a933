"""Where model files are looked for and kept, and where results are."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

__all__ = ["cache_folder", "model_folders"]

_OFF = "off"


def model_folders() -> tuple[Path, ...]:
    """Folders with model files: those of the environment variable ``DUBKIT_MODELS``, then the user's own.

    The first one is where fetched files are kept. They need not exist.
    """
    listed = os.environ.get("DUBKIT_MODELS", "")
    return (*(Path(item) for item in listed.split(os.pathsep) if item), user_data_path("dubkit") / "models")


def cache_folder() -> Path | None:
    """Where results are kept for the next run: ``DUBKIT_CACHE``, else the user's own folder; None if that is ``off``.

    It need not exist.
    """
    named = os.environ.get("DUBKIT_CACHE", "")
    if named == _OFF:
        return None
    return Path(named) if named else user_cache_path("dubkit")
