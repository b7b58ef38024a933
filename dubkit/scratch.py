"""Folders for what a run needs as long as it lasts, and for nothing of runs that were killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dubkit.media.aside import left_behind, run_name

__all__ = ["new_scratch", "scratch_folder"]


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """A new, empty folder that is removed with all that is in it when the block is left.

    Args:
        purpose: A word for its name.
    """
    folder = new_scratch(purpose)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_scratch(purpose: str) -> Path:
    """A new, empty folder, for the caller to remove; those of runs that were killed are removed now."""
    for old in Path(tempfile.gettempdir()).glob("dubkit-*"):
        if left_behind(old.name):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"dubkit-{purpose}-{run_name()}-"))
