"""Text that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

from dubkit.errors import OutputError

__all__ = ["write_text"]


def write_text(path: Path, text: str) -> None:
    """Write ``text`` beside ``path``, in UTF-8, and put it in its place.

    Raises:
        OutputError: if it cannot be written; then nothing of it is left.
    """
    part = path.with_name(f".{path.name}.part")  # the same for every run: one that is killed leaves nothing behind
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"could not be written ({error.strerror})", path=path, remedy="write to another folder"
        ) from error
