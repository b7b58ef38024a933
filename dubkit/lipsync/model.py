"""A generator ready to run: built once by the caller and passed in."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from dubkit.lipsync.architecture import GENERATORS
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.lipsync.cores import Cores
from dubkit.lipsync.generator import Generator
from dubkit.lipsync.precision import LEAST_PSNR, PRECISIONS, check_precision, fast_precisions, psnr
from dubkit.lipsync.ready import ReadyNetwork
from dubkit.lipsync.registry import find_model
from dubkit.lipsync.storage import load_checkpoint

__all__ = ["LipModel", "load_model"]

_TRIED = 2  # faces by which a kind of number is judged
_HEARD_AT_ONCE = {"cpu": 4}  # a GPU would rather do more than wait


class LipModel(ReadyNetwork):
    """A generator on its device; arrays in, arrays out.

    Args:
        checkpoint: Weights and how to use them.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        name: What to call it in reports.
        precision: In which numbers it is run: ``fp32``, ``bf16``, ``fp16``, or ``auto``, which takes a smaller kind
            than fp32 only where the device has instructions for it and this very network draws the same in it.
        compiled: Whether PyTorch's compiler, and on CUDA its graphs, prepare it for batches of one size; takes
            minutes, and needs a compiler.

    Attributes:
        config: How it is used.
        name: What to call it in reports.
        precision: In which numbers it is run.

    Raises:
        InputError: if the device is not there, or there is no such precision.
        ModelError: if the checkpoint is not of a generator.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str = "auto",
        name: str = "",
        *,
        precision: str = "auto",
        compiled: bool = False,
    ) -> None:
        checkpoint.require(*GENERATORS)
        self._wanted, self.precision = check_precision(precision), "fp32"
        super().__init__(checkpoint, device, name)
        # What is compiled is compiled for batches of one size, and shares itself out.
        self._cores = Cores() if self._device.type == "cpu" and not compiled else None
        if compiled:
            mode = "reduce-overhead" if self._device.type == "cuda" else "default"
            self._generator.draw = torch.compile(self._generator.draw, mode=mode)  # type: ignore[method-assign]

    def _settle(self, network: nn.Module) -> nn.Module:
        exact = cast("Generator", network)
        for precision in fast_precisions(self._device) if self._wanted == "auto" else [self._wanted]:
            tried = self._in(precision, exact)
            if self._wanted == "auto" and not self._draws_alike(tried, exact):
                continue
            self.precision, self._dtype = precision, PRECISIONS[precision]
            return super()._settle(tried)
        return super()._settle(exact)

    def _in(self, precision: str, network: Generator) -> Generator:
        """``network`` in numbers of another kind, but for the layers that make the picture's own."""
        other = copy.deepcopy(network).to(PRECISIONS[precision])
        for layer in other.exact_layers:
            layer.float()
        return other

    def _draws_alike(self, tried: Generator, exact: Generator) -> bool:
        random = torch.Generator().manual_seed(0)
        # Coarse patches that are made smooth: pictures, rather than noise.
        faces = nn.functional.interpolate(torch.rand((_TRIED, 6, 12, 12), generator=random), (96, 96), mode="bilinear")
        faces[:, :3, 48:] = 0
        limit = self.config.mel.limit
        windows = limit * (2 * torch.rand((_TRIED, 1, 80, 16), generator=random) - 1)
        made = []
        with torch.inference_mode():
            for network in (tried, exact):
                network.to(self._device)
                dtype = next(network.parameters()).dtype
                made.append(network(windows.to(self._device, dtype), faces.to(self._device, dtype)))
        return psnr(*made) >= LEAST_PSNR

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
        what = f"a batch of {len(faces)} faces"
        if self._cores is None:
            return self._run(lambda: self._drawn(windows, faces), what)
        return self._cores.gather(
            lambda part: self._run(lambda: self._drawn(windows[part], faces[part]), what), len(faces)
        )

    @property
    def _generator(self) -> Generator:
        return cast("Generator", self._network)

    def _drawn(self, windows: npt.NDArray[np.float32], faces: npt.NDArray[np.float32]) -> Tensor:
        """One batch; each distinct window is listened to once, as it repeats at high frame rates and in silence."""
        places = dict[bytes, int]()
        which = [places.setdefault(window.tobytes(), len(places)) for window in windows]
        rows = [which.index(place) for place in range(len(places))]
        # Always as many at a time: what is heard in a window must not depend, not even in its last bit, on how many
        # others there are.
        at_once = _HEARD_AT_ONCE.get(self._device.type, 16)
        rows += rows[-1:] * (-len(rows) % at_once)
        heard = [
            self._generator.listen(self._sound(windows[rows[first : first + at_once]]))
            for first in range(0, len(rows), at_once)
        ]
        return self._generator.draw(torch.cat(heard)[which], self._picture(faces))


def load_model(
    name_or_path: str | os.PathLike[str] = "",
    device: str = "auto",
    *,
    folders: Sequence[Path] = (),
    precision: str = "auto",
    compiled: bool = False,
) -> LipModel:
    """The generator of a name or a checkpoint's path, ready to run on ``device``.

    Args:
        name_or_path: Which, as :func:`dubkit.lipsync.find_model` has it.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        folders: Where names are looked for, beside the built-in ones.
        precision: In which numbers it is run, as :class:`LipModel` has it.
        compiled: Whether PyTorch's compiler prepares it.

    Raises:
        ModelError: if there is no such model, or it cannot be used.
        InputError: if the device is not there, or there is no such precision.
    """
    path = find_model(name_or_path, folders=folders)
    checkpoint = load_checkpoint(path)
    checkpoint.require(*GENERATORS, path=path)
    return LipModel(checkpoint, device, name=path.stem, precision=precision, compiled=compiled)
