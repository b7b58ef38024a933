from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from dubkit.errors import MediaError
from dubkit.media import read_ahead
from dubkit.schema import Waveform


def blocks(count: int, fails: bool = False) -> Iterator[Waveform]:
    for number in range(count):
        yield Waveform(np.full((1, 10), number, np.float32), 8000)
    if fails:
        raise MediaError("breaks off", remedy="copy it again")


def readers() -> int:
    return sum(thread.name == "dubkit sound" for thread in threading.enumerate())


@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_all_comes_in_order(count: int) -> None:
    assert [int(block.samples[0, 0]) for block in read_ahead(blocks(count))] == list(range(count))
    assert readers() == 0


def test_a_mishap_comes_where_it_belongs() -> None:
    heard = read_ahead(blocks(7, fails=True))
    for _ in range(7):
        next(heard)
    with pytest.raises(MediaError, match="breaks off"):
        next(heard)
    assert readers() == 0


def test_nobody_listens_to_the_end() -> None:
    heard = read_ahead(blocks(10_000))
    next(heard)
    heard.close()
    assert readers() == 0
    read_ahead(blocks(10)).close()  # and one that was never begun
    assert readers() == 0
