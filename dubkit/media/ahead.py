"""Sound read ahead by a second thread, while the first one works on what it has."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import TypeVar

__all__ = ["read_ahead"]

Block = TypeVar("Block")

_BLOCKS = 4
_PATIENCE = 0.1
"""Seconds after which the reading thread looks whether anyone still listens."""


def read_ahead(blocks: Iterator[Block]) -> Generator[Block, None, None]:
    """``blocks``, read up to four blocks ahead by a thread of its own; it ends when nobody listens any more.

    Raises:
        Exception: whatever ``blocks`` raises, where it would have been raised.
    """
    waiting: queue.Queue[Block | Exception | None] = queue.Queue(_BLOCKS)
    over = threading.Event()

    def put(item: Block | Exception | None) -> None:
        while not over.is_set():
            with suppress(queue.Full):
                waiting.put(item, timeout=_PATIENCE)
                break

    def read() -> None:
        try:
            for block in blocks:
                put(block)
                if over.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - it is raised again, in the thread that listens
            put(error)
        else:
            put(None)

    reader = threading.Thread(target=read, name="dubkit sound", daemon=True)
    reader.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        over.set()
        reader.join()
