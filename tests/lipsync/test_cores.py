from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.lipsync import Checkpoint, LipModel, find_model, load_checkpoint
from dubkit.lipsync.cores import Cores


@pytest.fixture(autouse=True)
def threads() -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


def begun() -> Cores:
    cores = Cores()
    cores.gather(lambda part: np.zeros(part.stop, np.float32), 1)
    return cores


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 40))
def test_every_picture_comes_out_once_and_in_its_place(count: int) -> None:
    given_to = np.arange(count, dtype=np.float32)
    np.testing.assert_array_equal(begun().gather(lambda part: given_to[part], count), given_to)


def test_parts_run_side_by_side_on_a_core_each_and_nobody_else_is_held_to_one(threads: int) -> None:
    cores = begun()
    meeting = threading.Barrier(threads, timeout=20)
    seen: list[int] = []

    def work(part: slice) -> npt.NDArray[np.float32]:
        meeting.wait()
        seen.append(torch.get_num_threads())
        return np.zeros(part.stop - part.start, np.float32)

    for _ in range(2):
        assert len(cores.gather(work, 16)) == 16
    assert seen == [1] * 2 * threads
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert [torch.get_num_threads(), *later] == [threads, threads]


def test_the_first_batch_and_small_ones_are_not_shared() -> None:
    where: list[int] = []

    def work(part: slice) -> npt.NDArray[np.float32]:
        where.append(threading.get_ident())
        return np.zeros(part.stop - part.start, np.float32)

    cores = Cores()
    cores.gather(work, 40)
    cores.gather(work, 7)
    assert len(where) == 2
    torch.set_num_threads(1)
    cores.gather(work, 40)
    assert where[2] == threading.get_ident()


def test_what_goes_wrong_in_one_part_is_told() -> None:
    def work(part: slice) -> npt.NDArray[np.float32]:
        if part.start:
            raise MemoryError("no room")
        return np.zeros(part.stop, np.float32)

    with pytest.raises(MemoryError, match="no room"):
        begun().gather(work, 16)


@pytest.mark.parametrize("name", ["tiny", "compact"])
def test_a_picture_is_the_same_whichever_core_draws_it(tiny: Checkpoint, name: str) -> None:
    checkpoint = tiny if name == "tiny" else load_checkpoint(find_model(name))
    random = np.random.default_rng(1)
    windows = random.uniform(-4, 4, (13, 80, 16)).astype(np.float32)
    faces = random.random((13, 6, 96, 96), np.float32)
    model = LipModel(checkpoint, "cpu", precision="fp32")
    torch.set_num_threads(1)
    alone = model.run(windows, faces)
    torch.set_num_threads(3)
    for _ in range(3):
        np.testing.assert_array_equal(model.run(windows, faces), alone)
