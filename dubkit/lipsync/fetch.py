"""Getting published model files: from the network, or from a folder that somebody brought."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dubkit.errors import ModelError, OutputError
from dubkit.lipsync.published import FileState, PublishedFile, check_published, find_published, sha256_of

__all__ = ["fetch_published"]

_SECONDS_WITHOUT_A_BYTE = 30
_BLOCK = 1 << 20


def fetch_published(
    published: PublishedFile | str,
    folder: str | os.PathLike[str],
    *,
    accept_licence: bool = False,
    source: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Put a published file into ``folder``, whole and verified; one that is there already is left as it is.

    Args:
        published: The file, or its name.
        folder: Where to put it; made if it is not there.
        accept_licence: That the caller may use, and uses, the file as a non-commercial licence says. Asked for such
            files only.
        source: A folder that holds the file: nothing is fetched from the network then.
        progress: Told the number of bytes here and of all (0 where not known); may raise to stop.

    Returns:
        The file's path.

    Raises:
        ModelError: if consent is missing, the file cannot be had anywhere, or what comes is not the published file.
        OutputError: if it cannot be written.
    """
    if isinstance(published, str):
        published = find_published(published)
    if published.non_commercial and not accept_licence:
        raise ModelError(
            f"the licence of {published.name} must be accepted first: {published.licence}",
            remedy="pass accept_licence=True (on the command line --accept-licence) if that is how you use it",
        )
    folder = Path(folder)
    target = folder / published.file
    state = check_published(published, folder)
    if state is FileState.DIFFERENT:
        raise ModelError(
            f"is there already, and is not the published {published.name}", path=target, remedy="move it away first"
        )
    if state is FileState.PRESENT:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source is not None:
            _copy(published, Path(source), target)
        else:
            _download(published, target, progress)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})", path=target, remedy="choose another folder"
        ) from error
    return target


def _copy(published: PublishedFile, source: Path, target: Path) -> None:
    found = check_published(published, source)
    if found is not FileState.PRESENT:
        problem = "there is no such file" if found is FileState.ABSENT else _unlike(published, source / published.file)
        raise ModelError(problem, path=source / published.file, remedy=f"bring {published.file} from {published.page}")
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source / published.file, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _unlike(published: PublishedFile, path: Path) -> str:
    return f"is not the published {published.name}: its SHA-256 is {sha256_of(path)}, not {published.sha256}"


def _download(published: PublishedFile, target: Path, progress: Callable[[int, int], None] | None) -> None:
    if not published.urls:
        raise ModelError(
            f"{published.file} cannot be fetched by itself",
            remedy=f"get it by hand ({published.page}) and give its folder as the source",
        )
    # Both take a tenth of a second to import, and dubbing never needs them.
    import pooch  # it has no type information
    import requests

    # It announces every download on standard error, which is the caller's to speak on.
    pooch.get_logger().setLevel(logging.ERROR)
    failures = []
    for url in published.urls:
        downloader = pooch.HTTPDownloader(
            progressbar=False if progress is None else _Progress(progress, published.size),
            chunk_size=_BLOCK,
            timeout=_SECONDS_WITHOUT_A_BYTE,
        )
        try:
            pooch.retrieve(
                url, f"sha256:{published.sha256}", fname=target.name, path=target.parent, downloader=downloader
            )
        except requests.RequestException as error:
            failures.append(f"{url}: {_reason(error)}")
        except ValueError:
            failures.append(f"{url}: what came is not the published file (SHA-256 differs)")
        else:
            # It comes readable for its owner alone, as temporary files do.
            target.chmod(0o644)
            return
    raise ModelError(
        f"{published.file} could not be fetched from {'; nor from '.join(failures)}",
        remedy=f"try again later, or get it by hand ({published.page}) and give its folder as the source",
    )


def _reason(error: Any) -> str:
    """What went wrong, in a few words."""
    if error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    kinds = {
        "ConnectTimeout": "the server does not answer",
        "ReadTimeout": "the server stopped sending",
        "ChunkedEncodingError": "the connection broke off",
        "SSLError": "the server's certificate is not trusted",
        "ConnectionError": "the connection failed",
    }
    kind = type(error).__name__
    return kinds.get(kind, kind)


class _Progress:
    """Pooch's idea of a progress bar, told on to a callback."""

    def __init__(self, tell: Callable[[int, int], None], total: int) -> None:
        self._tell = tell
        self._done = 0
        self.total = total

    def update(self, size: int) -> None:
        self._done += size
        # It counts whole chunks, also the last.
        self._tell(min(self._done, self.total) if self.total else self._done, self.total)

    def reset(self) -> None:
        """Called at the end, before the whole is told once more."""
        self._done = 0

    def close(self) -> None:
        """Called at the end."""
