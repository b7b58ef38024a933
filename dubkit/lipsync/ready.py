"""A network on its device, ready to run: what generator and expert have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from dubkit.lipsync.architecture import build_network
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.checkpoint import Checkpoint, ModelConfig
from dubkit.lipsync.device import choose_device
from dubkit.lipsync.prepacked import can_prepack, prepack

__all__ = ["ReadyNetwork", "trained_network"]


def trained_network(checkpoint: Checkpoint) -> nn.Module:
    """The network of a checkpoint with its weights, ready to be asked."""
    network = build_network(checkpoint.config.architecture, checkpoint.config.width)
    network.load_state_dict({name: torch.tensor(value) for name, value in checkpoint.state.items()})
    return network.eval()


class ReadyNetwork:
    """A trained network on its device; arrays in, arrays out.

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
        network = trained_network(checkpoint)
        fold_batch_norm(network)
        self._dtype, self._layout = torch.float32, torch.contiguous_format
        self._network = self._settle(network)

    def _settle(self, network: nn.Module) -> nn.Module:
        """``network``, whose batch norms are folded, on the device and laid out as it is fastest; changed in place."""
        network.to(self._device)
        # Not measured in fp32 on GPUs; in the other kinds of number their matrix units want it.
        if self._device.type == "cpu" or (self._device.type == "cuda" and self._dtype != torch.float32):
            self._layout = torch.channels_last
            convert_conv2d_weight_memory_format(network, self._layout)
        if self._device.type == "cpu" and can_prepack(self._dtype):
            prepack(network)
        return network

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}, width {self.config.width:g}, on {self.device})"

    @property
    def device(self) -> str:
        """Where it runs."""
        return str(self._device)

    def _sound(self, windows: npt.NDArray[np.float32]) -> Tensor:
        return torch.tensor(windows).unsqueeze(1).to(self._device, self._dtype)

    def _picture(self, faces: npt.NDArray[np.float32]) -> Tensor:
        return torch.tensor(faces).to(self._device, self._dtype, memory_format=self._layout)

    def _run(self, work: Callable[[], Tensor], what: str) -> npt.NDArray[np.float32]:
        """The array ``work`` makes; MemoryError, naming ``what``, where the device has no room for it."""
        try:
            # TF32 would make a frame depend on the card, and on what else is in its batch.
            exact = torch.backends.cudnn.flags(allow_tf32=False) if self._device.type == "cuda" else nullcontext()
            with torch.inference_mode(), exact:
                found: npt.NDArray[np.float32] = work().cpu().numpy()
                return found
        except RuntimeError as error:
            if "out of memory" not in str(error) and "allocate memory" not in str(error):
                raise
        self._free_cache()
        raise MemoryError(f"{what} does not fit into the memory of {self.device}")

    def _free_cache(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        elif self._device.type == "mps":
            torch.mps.empty_cache()
