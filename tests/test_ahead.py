"""Work done ahead: the same items in the same order, bounded, and no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.ahead import ahead
from dubkit.errors import Cancelled

NAME = "dubkit test ahead"


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


@pytest.fixture(autouse=True)
def _leaves_no_thread() -> Iterator[None]:
    yield
    assert own_threads() == []


def one(_: object) -> int:
    return 1


@given(st.lists(st.integers(0, 50)), st.integers(0, 100))
def test_items_come_out_as_they_went_in(sizes: list[int], limit: int) -> None:
    assert list(ahead(iter(sizes), limit, lambda size: size, NAME)) == sizes
    assert own_threads() == []


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100), st.data())
def test_no_more_waits_than_may(sizes: list[int], limit: int, data: st.DataObject) -> None:
    """What was made and not yet taken: within the limit, but for one item that found no room."""
    taken, lock, made, most = 0, threading.Lock(), 0, list[str]()

    def items() -> Iterator[int]:
        nonlocal made
        for number, size in enumerate(sizes):
            with lock:
                # All that were handed over before, of which the last may be waiting for room.
                waiting = sizes[taken : max(taken, number - 1)]
                if len(waiting) > 1 and sum(waiting) > limit:
                    most.append(f"{waiting} in {limit}")
                made += 1
            yield size

    stop = data.draw(st.integers(0, len(sizes)))
    with closing(ahead(items(), limit, lambda size: size, NAME)) as found:
        for _ in zip(range(stop), found, strict=False):
            with lock:
                taken += 1
    assert most == []
    assert own_threads() == []


def test_it_works_ahead_and_waits_at_the_limit() -> None:
    made, three = list[int](), threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 3:
                three.set()
            yield number

    with closing(ahead(items(), 2, one, NAME)) as found:
        assert next(found) == 0
        assert three.wait(10)  # two wait, one more is made
        time.sleep(0.05)
        assert made == [0, 1, 2, 3]
        assert next(found) == 1


def test_an_item_larger_than_the_limit_goes_through() -> None:
    assert list(ahead([5, 500, 5], 10, lambda size: size, NAME)) == [5, 500, 5]


def test_nothing_begins_before_the_first_is_asked_for() -> None:
    found = ahead(iter([1]), 8, one, NAME)
    assert own_threads() == []
    found.close()


def test_no_limit_means_no_thread() -> None:
    running = list[str]()

    def items() -> Iterator[int]:
        running.append(threading.current_thread().name)
        yield 1

    assert list(ahead(items(), 0, one, NAME)) == [1]
    assert list(ahead(items(), 1, one, NAME)) == [1]
    assert running == [threading.current_thread().name, NAME]


@pytest.mark.parametrize("error", [ValueError("broken"), Cancelled(), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("limit", [0, 1, 1000])
def test_what_goes_wrong_in_making_is_raised_where_it_is_taken(error: BaseException, limit: int) -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise error

    taken = list[int]()
    with pytest.raises(type(error)) as caught, closing(ahead(items(), limit, one, NAME)) as found:
        taken.extend(found)
    assert caught.value is error
    assert own_threads() == []


def test_everything_before_the_error_is_given() -> None:
    def items() -> Iterator[int]:
        yield from range(20)
        raise ValueError

    found = ahead(items(), 1000, one, NAME)
    assert [next(found) for _ in range(20)] == list(range(20))
    with pytest.raises(ValueError, match=r"^$"):
        next(found)


def test_who_stops_before_an_error_is_not_told_of_it() -> None:
    """Nor would a plain loop have come to it."""
    broken = threading.Event()

    def items() -> Iterator[int]:
        yield from range(3)
        broken.set()
        raise ValueError

    found = ahead(items(), 1000, one, NAME)
    assert next(found) == 0
    assert broken.wait(10)
    found.close()


@pytest.mark.parametrize("error", [ValueError, Cancelled, KeyboardInterrupt])
def test_what_goes_wrong_in_taking_ends_the_making(error: type[BaseException]) -> None:
    closed = list[str]()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.append(threading.current_thread().name)

    def take(found: Iterator[int]) -> None:
        for item in found:
            if item == 5:
                raise error

    with pytest.raises(error), closing(ahead(items(), 3, one, NAME)) as found:
        take(found)
    assert closed == [NAME]  # by the thread that ran it
    assert own_threads() == []


def test_what_goes_wrong_in_closing_is_not_lost() -> None:
    def items() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            raise OSError("disk full")

    found = ahead(items(), 2, one, NAME)
    assert next(found) == 0
    with pytest.raises(OSError, match="disk full"):
        found.close()


def test_one_behind_the_other_end_together() -> None:
    closed = list[int]()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.append(1)

    def doubled(source: Iterator[int]) -> Iterator[int]:
        with closing(ahead(source, 4, one, NAME)) as inner:
            for item in inner:
                yield 2 * item

    with closing(ahead(doubled(items()), 4, one, NAME)) as found:
        assert [item for _, item in zip(range(50), found, strict=False)] == list(range(0, 100, 2))
        assert len(own_threads()) == 2
    assert closed == [1]
    assert own_threads() == []


def test_making_and_taking_overlap() -> None:
    """Two who need each other to go on: a plain loop would wait for ever."""
    taken = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        assert taken.wait(10)
        yield 2

    found = ahead(items(), 8, one, NAME)
    assert next(found) == 1
    taken.set()
    assert list(found) == [2]
