"""Our bin in the media pool: what is placed is imported there, and the user's own bin is current again afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..bridge.host import HostError
from .answers import ask, listed, some, tell, text
from .marks import file_of, same_file
from .opened import Opened, surely

__all__ = ["BIN", "clips_in", "find_bin", "import_files", "remove_files"]

BIN = "dubkit"


def find_bin(opened: Opened) -> Any | None:
    """Our bin; None where there is none."""
    root = some("the master bin", opened.pool.GetRootFolder)
    for folder in listed("the bins", root.GetSubFolderList):
        if text("a bin's name", folder.GetName) == BIN:
            return folder
    return None


def clips_in(folder: Any) -> list[Any]:
    """What lies in a bin."""
    return listed("what is in our bin", folder.GetClipList)


def import_files(opened: Opened, paths: Sequence[str]) -> dict[str, Any]:
    """Each path's clip in our bin, which is made where it is missing.

    Raises:
        HostError: if a file was not imported.
    """
    pool = opened.pool
    folder = find_bin(opened)
    current = some("the bin that is open", pool.GetCurrentFolder)
    key = text("which bin is open", current.GetUniqueId)
    try:
        if folder is None:
            tell(pool.AddSubFolder, some("the master bin", pool.GetRootFolder), BIN)
            folder = find_bin(opened)
            if folder is None:
                raise HostError("no bin can be added to the media pool")
        _open(opened, folder, text("which bin is ours", folder.GetUniqueId))
        tell(pool.ImportMedia, list(paths))
        found: dict[str, Any] = {}
        for path in paths:
            media = _imported(folder, path)
            if media is None:
                tell(pool.ImportMedia, [path])
                media = _imported(folder, path)
            if media is None:
                raise HostError(f"{path}: DaVinci Resolve does not import it")
            found[path] = media
        return found
    finally:
        surely(lambda: _open(opened, current, key))


def _imported(folder: Any, path: str) -> Any | None:
    return next((media for media in clips_in(folder) if same_file(file_of(media), path)), None)


def _open(opened: Opened, wanted: Any, key: str) -> None:
    pool = opened.pool
    for _ in range(2):
        folder = some("the bin that is open", pool.GetCurrentFolder)
        if text("which bin is open", folder.GetUniqueId) == key:
            return
        ask(pool.SetCurrentFolder, wanted)
    raise HostError("a bin of the media pool cannot be opened")


def remove_files(opened: Opened, paths: Sequence[str], kept: Sequence[str], *, with_bin: bool) -> bool:
    """Take what was imported out of our bin again, and the bin if it was made for it and is empty.

    Returns:
        Whether there was something to be taken away.
    """
    pool = opened.pool
    folder = find_bin(opened)
    if folder is None:
        return False
    clips = clips_in(folder)
    new = [media for media in clips if ask(media.GetUniqueId) not in kept]
    files = [file_of(media) for media in new]
    if not all(files):
        raise HostError("DaVinci Resolve does not tell what is in our bin")
    gone = [media for media, file in zip(new, files) if any(same_file(file, path) for path in paths)]
    if gone:
        ask(pool.DeleteClips, gone)
        return True
    if with_bin and not clips and not listed("the bins", folder.GetSubFolderList):
        ask(pool.DeleteFolders, [folder])
        return True
    return False
