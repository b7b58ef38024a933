"""Several processes, one training: what ``torchrun`` starts, joined by DistributedDataParallel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from dubkit.lipsync import choose_device

if TYPE_CHECKING:
    from torch.nn.parallel import DistributedDataParallel

__all__ = ["Place", "joined"]


@dataclass(frozen=True)
class Place:
    """Which of the processes this one is.

    Attributes:
        rank: Its number.
        count: How many there are.
        device: Where it computes.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def wrap(self, player: nn.Module) -> nn.Module:
        """``player`` with its gradients averaged over all processes."""
        if self.count == 1:
            return player
        from torch.nn.parallel import DistributedDataParallel  # costs seconds, which one process need not wait

        return DistributedDataParallel(player, device_ids=[self.device] if self.device.type == "cuda" else None)

    def accumulating(self, player: nn.Module, last: bool) -> AbstractContextManager[None]:
        """Inside, gradients are averaged only with the ``last`` of the batches that are added up."""
        if last or self.count == 1:
            return nullcontext()
        waits: AbstractContextManager[None] = cast("DistributedDataParallel", player).no_sync()
        return waits

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            torch.distributed.barrier()

    def agreed(self, decision: bool) -> bool:
        """What the leading process decided."""
        if self.count == 1:
            return decision
        told = torch.tensor([int(decision)], device=self.device)
        torch.distributed.broadcast(told, 0)
        return bool(told.item())


@contextmanager
def joined(device: str = "auto") -> Iterator[Place]:
    """This process among those that ``torchrun`` started; alone where it was not started so.

    Args:
        device: As for :func:`dubkit.lipsync.choose_device`; with several CUDA devices each process takes its own.

    Raises:
        InputError: if there is no such device.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = choose_device(device)
    if count == 1:
        yield Place(0, 1, chosen)
        return
    if chosen.type == "cuda":
        chosen = choose_device(f"cuda:{os.environ['LOCAL_RANK']}")
        torch.cuda.set_device(chosen)
    torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Place(torch.distributed.get_rank(), count, chosen)
    finally:
        torch.distributed.destroy_process_group()
