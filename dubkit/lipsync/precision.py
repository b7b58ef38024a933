"""In which numbers a network is run: the smallest that the device is fast in and the result stays the same in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from dubkit.errors import InputError

__all__ = ["LEAST_PSNR", "PRECISIONS", "check_precision", "fast_precisions", "psnr"]

PRECISIONS: Mapping[str, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
"""Name -> kind of number."""

LEAST_PSNR = 45.0
"""Decibels by which results may differ from those in fp32, at most, for ``auto`` to take a smaller kind of number.

A picture of 8 bits differs by 59 from the one it is rounded from.
"""


def check_precision(name: str) -> str:
    """``name``, if it is ``auto`` or one of :data:`PRECISIONS`.

    Raises:
        InputError: if it is not.
    """
    if name != "auto" and name not in PRECISIONS:
        raise InputError(f"{name!r} is not a precision", remedy=f"use auto, {', '.join(PRECISIONS)}")
    return name


def fast_precisions(device: torch.device) -> Sequence[str]:
    """The kinds of number smaller than fp32 that ``device`` has instructions for, best first.

    Of fp16 and bf16, which are as fast as each other on CUDA, fp16 is closer to fp32 by three bits. Apple's MPS has
    not been measured.
    """
    if device.type == "cuda":
        return ("fp16", "bf16") if torch.cuda.is_bf16_supported(including_emulation=False) else ("fp16",)
    if device.type == "cpu":
        # Absent in older versions of PyTorch; there fp32 is taken unless bf16 is asked for by name.
        able: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
        return ("bf16",) if able.get("amx_bf16") or able.get("avx512_bf16") else ()
    return ()


def psnr(found: torch.Tensor, wanted: torch.Tensor) -> float:
    """Peak signal to noise ratio of values 0..1, in decibels; minus infinity where some are not numbers."""
    error = float((found.double() - wanted.double()).square().mean())
    if error != error:
        return float("-inf")
    return float("inf") if error == 0 else -10 * float(torch.log10(torch.tensor(error)))
