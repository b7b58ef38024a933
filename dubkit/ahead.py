"""Work done ahead by a thread of its own: frames are decoded while others are drawn, and others again encoded.

The results are those of a plain loop, in the same order; only when things happen is different.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

__all__ = ["ahead"]

Item = TypeVar("Item")

_PATIENCE = 0.2
"""Seconds between two looks of one who waits; on some systems Ctrl-C is not noticed before."""


def ahead(
    items: Iterable[Item], limit: int, size: Callable[[Item], int], name: str = "dubkit ahead"
) -> Generator[Item, None, None]:
    """``items``, made ahead by a thread of its own.

    The thread begins when the first item is asked for. It ends with the items, and when this generator is closed, which
    waits until it has ended: put it into ``contextlib.closing``, as a traceback would keep it open. ``items``, if they
    are a generator, are closed then too, by the thread that ran them.

    Args:
        items: What is made.
        limit: Bytes of items that may wait at a time. One may wait whatever its size, and one more may be finished and
            have no room yet. 0 does without a thread.
        size: Bytes an item counts for.
        name: Of the thread.

    Raises:
        BaseException: whatever ``items`` raises, after the items before it were given.
    """
    if limit <= 0:
        yield from items
        return
    belt = _Belt[Item](limit)
    maker = threading.Thread(target=belt.fill, args=(items, size), name=name, daemon=True)
    maker.start()
    try:
        yield from belt.empty()
        belt.complain()
    finally:
        belt.stop()
        maker.join()
        belt.complain_of_closing()


class _Belt(Generic[Item]):
    """What lies between the one who makes and the one who takes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[tuple[Item, int]] = deque()
        self._held = 0
        self._stopped, self._complete = False, False
        self._error: BaseException | None = None
        self._closing_error: BaseException | None = None
        self._changed = threading.Condition()

    def fill(self, items: Iterable[Item], size: Callable[[Item], int]) -> None:
        """Make items until there are no more, or nobody wants them."""
        try:
            iterator = iter(items)
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that takes
            self._error = error
        else:
            self._fill(iterator, size)
        with self._changed:
            self._complete = True
            self._changed.notify_all()

    def _fill(self, iterator: Iterator[Item], size: Callable[[Item], int]) -> None:
        try:
            for item in iterator:
                if not self._put(item, size(item)):
                    break
        except BaseException as error:  # noqa: BLE001 - as above
            self._error = error
        close = getattr(iterator, "close", None)
        if close is None:
            return
        try:
            close()
        except BaseException as error:  # noqa: BLE001 - as above
            self._closing_error = error

    def empty(self) -> Iterator[Item]:
        """The items as they come."""
        while True:
            with self._changed:
                while not self._waiting and not self._complete:
                    self._changed.wait(_PATIENCE)
                if not self._waiting:
                    return
                item, size = self._waiting.popleft()
                self._held -= size
                self._changed.notify_all()
            yield item
            del item  # or it would be held while the next one is waited for

    def stop(self) -> None:
        """Say that no more items are wanted."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    def complain(self) -> None:
        """Raise what was raised while items were made; not to be asked by one who did not want them all."""
        if self._error is not None:
            raise self._error

    def complain_of_closing(self) -> None:
        """Raise what was raised when the items were closed."""
        if self._closing_error is not None:
            raise self._closing_error

    def _put(self, item: Item, size: int) -> bool:
        with self._changed:
            while self._waiting and self._held + size > self._limit and not self._stopped:
                self._changed.wait(_PATIENCE)
            if self._stopped:
                return False
            self._waiting.append((item, size))
            self._held += size
            self._changed.notify_all()
            return True
