"""A lip-sync expert ready to judge: built once by the caller and passed in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from dubkit.lipsync.architecture import EXPERT
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.lipsync.expert import Expert
from dubkit.lipsync.ready import ReadyNetwork
from dubkit.lipsync.registry import find_expert
from dubkit.lipsync.storage import load_checkpoint
from dubkit.timing import Seconds

__all__ = ["SyncModel", "load_expert"]


class SyncModel(ReadyNetwork):
    """A lip-sync expert on its device; arrays in, arrays out.

    Args:
        checkpoint: Weights and how to use them.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        name: What to call it in reports.

    Attributes:
        config: How it is used.
        name: What to call it in reports.

    Raises:
        InputError: if the device is not there.
        ModelError: if the checkpoint is not of an expert.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", name: str = "") -> None:
        checkpoint.require(EXPERT)
        super().__init__(checkpoint, device, name)

    @property
    def mel_offset(self) -> Seconds:
        """Seconds from the first of five frames to the start of their mel window."""
        return self.config.mel_offset

    def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Where five frames lie in the space that faces and sound share.

        Args:
            clips: (n, 15, 48, 96): five lower half faces BGR 0..1, one behind the other.

        Returns:
            (n, 512 x width), each of length 1 and nowhere negative.

        Raises:
            MemoryError: if the batch does not fit into the device's memory.
        """
        return self._run(
            lambda: self._expert.embed_faces(self._picture(clips)), f"a batch of {len(clips)} clips of five faces"
        )

    def embed_sound(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Where mel windows lie in that space.

        Args:
            windows: (n, 80, 16) mel windows.

        Returns:
            (n, 512 x width), each of length 1 and nowhere negative.

        Raises:
            MemoryError: if the batch does not fit into the device's memory.
        """
        return self._run(
            lambda: self._expert.embed_sound(self._sound(windows)), f"a batch of {len(windows)} mel windows"
        )

    @property
    def _expert(self) -> Expert:
        return cast("Expert", self._network)


def load_expert(
    name_or_path: str | os.PathLike[str] = "", device: str = "auto", *, folders: Sequence[Path] = ()
) -> SyncModel:
    """The lip-sync expert of a name or a checkpoint's path, ready to run on ``device``.

    Args:
        name_or_path: Which, as :func:`dubkit.lipsync.find_expert` has it; empty takes the best at hand.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        folders: Where names are looked for, beside the built-in ones.

    Raises:
        ModelError: if it is not there, or is something else.
        InputError: if the device is not there.
    """
    path = find_expert(name_or_path, folders=folders)
    checkpoint = load_checkpoint(path)
    checkpoint.require(EXPERT, path=path)
    return SyncModel(checkpoint, device, name=path.stem)
