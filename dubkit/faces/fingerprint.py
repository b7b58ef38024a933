"""What a network finds depends on its file, whatever the file is called."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol, runtime_checkable

__all__ = ["Fingerprinted", "file_fingerprint"]


@runtime_checkable
class Fingerprinted(Protocol):
    """A detector or embedder whose results can be kept, because it says what they depend on."""

    def fingerprint(self) -> str:
        """Everything that decides what is found in an image: method, limits, and what is in its file."""


def file_fingerprint(path: Path) -> str:
    """A hash of what is in a file.

    Raises:
        OSError: if it cannot be read.
    """
    return hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
