"""A batch shared out among the processor's cores, a part for each.

PyTorch shares each layer out among all cores, and in each the fastest waits for the slowest: the more so where a core
also decodes, blends and encodes. Cores that have pictures of their own wait once, at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["Cores"]

_PARTS = 4  # at most, and cores beyond share the layers of each: each part reads all weights
_LEAST = 4  # pictures of a part, for the same reason
_Array = npt.NDArray[np.float32]


class Cores:
    """Runs work on parts of a batch side by side.

    The first batch is not shared: whatever is made when a network is first run must not be made twice. All work is done
    by the same threads, even what is not shared: with another number of cores under it PyTorch may round otherwise.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._cores = 0
        self._begun = False
        self._lock = threading.Lock()

    def gather(self, work: Callable[[slice], _Array], count: int) -> _Array:
        """The (count, ...) array of which ``work`` makes any part; what it raises in one is raised."""
        cores = torch.get_num_threads()
        if cores < 2:
            return work(slice(0, count))
        pool = self._pool_of(cores)
        parts = max(1, min(cores, _PARTS, count // _LEAST)) if self._begun else 1
        edges = [round(part * count / parts) for part in range(parts + 1)]
        made = list(pool.map(work, map(slice, edges, edges[1:])))
        self._begun = True
        return made[0] if parts == 1 else np.concatenate(made)

    def _pool_of(self, cores: int) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None or self._cores != cores:
                parts = min(cores, _PARTS)
                all_here = threading.Barrier(parts + 1)

                def begin() -> None:
                    torch.set_num_threads(cores // parts)
                    torch.get_num_threads()  # asked once, it is this thread's own, whatever others set
                    all_here.wait()

                pool = ThreadPoolExecutor(parts, "lips", initializer=begin)
                for _ in range(parts):  # each starts a thread, since none is idle before all are here
                    pool.submit(int)
                all_here.wait()
                # What is set in a thread becomes what threads begin with that are started later.
                torch.set_num_threads(cores)
                self._pool, self._cores = pool, cores
            return self._pool
