"""Where model files are looked for, and kept."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

__all__ = ["model_folders"]


def model_folders() -> tuple[Path, ...]:
    """Folders with model files: those of the environment variable ``DUBKIT_MODELS``, then the user's own.

    The first one is where fetched files are kept. They need not exist.
    """
    listed = os.environ.get("DUBKIT_MODELS", "")
    return (*(Path(item) for item in listed.split(os.pathsep) if item), user_data_path("dubkit") / "models")
