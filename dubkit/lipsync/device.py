"""Where a network runs."""

from __future__ import annotations

import torch

from dubkit.errors import InputError

__all__ = ["choose_device"]


def choose_device(name: str = "auto") -> torch.device:
    """The device called ``name``; ``auto`` takes CUDA, else Apple's MPS, else the processor.

    Args:
        name: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises:
        InputError: if there is no such device here.
    """
    if name == "auto":
        return torch.device(next((kind for kind in ("cuda", "mps") if _count(kind)), "cpu"))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"{name!r} is not a device", remedy="use auto, cpu, cuda, cuda:1 or mps") from error
    if (device.index or 0) >= _count(device.type):
        raise InputError(f"the device {name!r} is not available here", remedy="use cpu, or auto to take what is there")
    return device


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    return int(kind == "cpu")
