"""A generator ready to run: built once by the caller and passed in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.lipsync.architecture import GENERATOR
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.lipsync.ready import ReadyNetwork
from dubkit.lipsync.registry import find_model
from dubkit.lipsync.storage import load_checkpoint

__all__ = ["LipModel", "load_model"]


class LipModel(ReadyNetwork):
    """A generator on its device; arrays in, arrays out.

    Args:
        checkpoint: Weights and how to use them.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        name: What to call it in reports.

    Attributes:
        config: How it is used.
        name: What to call it in reports.

    Raises:
        InputError: if the device is not there.
        ModelError: if the checkpoint is not of a generator.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", name: str = "") -> None:
        checkpoint.require(GENERATOR)
        super().__init__(checkpoint, device, name)

    def run(self, windows: npt.NDArray[np.float32], faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """One batch through the network, as it is; :func:`dubkit.lipsync.synthesize` is the way to use a generator.

        Args:
            windows: (n, 80, 16) mel windows.
            faces: (n, 6, 96, 96) BGR 0..1: the masked target, then the reference.

        Returns:
            (n, 3, 96, 96) BGR 0..1.

        Raises:
            MemoryError: if the batch does not fit into the device's memory.
        """
        return self._run(
            lambda: self._network(self._sound(windows), self._picture(faces)), f"a batch of {len(faces)} faces"
        )


def load_model(
    name_or_path: str | os.PathLike[str] = "", device: str = "auto", *, folders: Sequence[Path] = ()
) -> LipModel:
    """The generator of a name or a checkpoint's path, ready to run on ``device``.

    Args:
        name_or_path: Which, as :func:`dubkit.lipsync.find_model` has it.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        folders: Where names are looked for, beside the built-in ones.

    Raises:
        ModelError: if there is no such model, or it cannot be used.
        InputError: if the device is not there.
    """
    path = find_model(name_or_path, folders=folders)
    checkpoint = load_checkpoint(path)
    checkpoint.require(GENERATOR, path=path)
    return LipModel(checkpoint, device, name=path.stem)
