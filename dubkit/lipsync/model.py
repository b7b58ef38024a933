"""A generator ready to run: built once by the caller and passed in."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.utils import convert_conv2d_weight_memory_format

from dubkit.lipsync.architecture import build_network
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.checkpoint import Checkpoint, ModelConfig
from dubkit.lipsync.device import choose_device
from dubkit.lipsync.registry import find_model
from dubkit.lipsync.storage import load_checkpoint

__all__ = ["LipModel", "load_model"]


class LipModel:
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
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", name: str = "") -> None:
        self.config: ModelConfig = checkpoint.config
        self.name = name or checkpoint.config.architecture
        self._device = choose_device(device)
        network = build_network(checkpoint.config.architecture, checkpoint.config.width)
        network.load_state_dict({key: torch.tensor(value) for key, value in checkpoint.state.items()})
        network.eval()
        fold_batch_norm(network)
        self._network = network.to(self._device)
        self._layout = torch.contiguous_format
        if self._device.type == "cpu":
            # A fifth faster there; not measured elsewhere.
            self._layout = torch.channels_last
            convert_conv2d_weight_memory_format(self._network, self._layout)

    def __repr__(self) -> str:
        return f"LipModel({self.name}, width {self.config.width:g}, on {self.device})"

    @property
    def device(self) -> str:
        """Where it runs."""
        return str(self._device)

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
        try:
            # TF32 would make a frame depend on the card, and on what else is in its batch.
            with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
                sound = torch.tensor(windows).unsqueeze(1).to(self._device)
                picture = torch.tensor(faces).to(self._device, memory_format=self._layout)
                found: npt.NDArray[np.float32] = self._network(sound, picture).cpu().numpy()
                return found
        except RuntimeError as error:
            if "out of memory" not in str(error) and "allocate memory" not in str(error):
                raise
        self._free_cache()
        raise MemoryError(f"a batch of {len(faces)} faces does not fit into the memory of {self.device}")

    def _free_cache(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        elif self._device.type == "mps":
            torch.mps.empty_cache()


def load_model(name_or_path: str | os.PathLike[str] = "", device: str = "auto") -> LipModel:
    """The generator of a built-in name or a checkpoint's path, ready to run on ``device``.

    Raises:
        ModelError: if there is no such model, or it cannot be used.
        InputError: if the device is not there.
    """
    path = find_model(name_or_path)
    return LipModel(load_checkpoint(path), device, name=path.stem)
