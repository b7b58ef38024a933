"""Convolutions as oneDNN likes them best: weights laid out once, ReLU and residual done while the sum is at hand.

PyTorch's own convolution lays its weights out anew in every call, and passes over the result once more for each of the
two. The operators used here are those that ``torch.compile`` calls on x86; called directly they need no compiler.
Wide layers are done with fewer multiplications (:mod:`dubkit.lipsync.winograd`).
"""

from __future__ import annotations

import platform
from typing import Any, cast

import torch
from torch import Tensor, nn

from dubkit.lipsync.blocks import ConvBlock, TransposeBlock
from dubkit.lipsync.winograd import TILE, MinimalConvolution, can_be_minimal

__all__ = ["can_prepack", "prepack"]

_OPERATORS = (
    *("_reorder_convolution_weight", "_reorder_convolution_transpose_weight"),
    *("_convolution_pointwise", "_convolution_transpose_pointwise"),
)


def can_prepack(dtype: torch.dtype) -> bool:
    """Whether this processor, and this PyTorch, can do it in numbers of that kind."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    operators = torch.ops.mkldnn
    if not all(hasattr(operators, name) for name in _OPERATORS):
        return False
    if dtype == torch.float32:
        return True
    asked = {torch.bfloat16: "_is_mkldnn_bf16_supported", torch.float16: "_is_mkldnn_fp16_supported"}[dtype]
    return hasattr(operators, asked) and bool(getattr(operators, asked)())


def prepack(network: nn.Module) -> None:
    """Put such a convolution in place of every block of ``network``, whose batch norms must be folded.

    The same function; the network can only be run afterwards.
    """
    for name, module in list(network.named_modules()):
        if isinstance(module, ConvBlock | TransposeBlock):
            convolution = cast("nn.Conv2d | nn.ConvTranspose2d", module.conv_block[0])
            packed = _Convolution(convolution, residual=isinstance(module, ConvBlock) and module.residual)
        elif isinstance(module, nn.Conv2d) and ".conv_block." not in name:
            # PyTorch's own choice of method depends on how many pictures there are.
            packed = _Convolution(module, residual=False, squash="none")
        else:
            continue
        parent, _, attribute = name.rpartition(".")
        setattr(network.get_submodule(parent), attribute, packed)


class _Convolution(nn.Module):
    """Convolution, forward or transposed, and ``squash``; with ``residual`` the input is added before that."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, *, residual: bool, squash: str = "relu") -> None:
        super().__init__()
        self._squash = squash
        self._transposed = isinstance(convolution, nn.ConvTranspose2d)
        self._residual = residual
        # In the order of the operators' arguments.
        names = ("padding", *(("output_padding",) if self._transposed else ()), "stride", "dilation")
        self._shape = [list(getattr(convolution, name)) for name in names]
        bias = convolution.bias
        assert bias is not None, "folding a batch norm gives a bias"
        self._bias = bias.detach()
        self._weight = convolution.weight.detach()
        # Its weights are spread over four times the memory: not before it is run, and only where that is worth it.
        self._wide = convolution if squash == "relu" and can_be_minimal(convolution) else None
        self._minimal: MinimalConvolution | None = None
        self._packed = False

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W')."""
        if not self._packed:
            self._lay_out([*x.shape[1:]])
        if self._minimal is not None:
            return cast("Tensor", self._minimal(x))
        operators: Any = torch.ops.mkldnn
        given = self._weight, self._bias, *self._shape, 1
        made: Tensor
        if self._residual:
            made = operators._convolution_pointwise.binary(x, x, *given, "add", 1.0, self._squash, [], None)
        elif self._transposed:
            made = operators._convolution_transpose_pointwise(x, *given, self._squash, [], "")
        else:
            made = operators._convolution_pointwise(x, *given, self._squash, [], "")
        return made

    def _lay_out(self, shape: list[int]) -> None:
        # For one picture, whatever comes first: the result must not depend on what that was, or what is beside it.
        self._packed = True
        wide, self._wide = self._wide, None
        if wide is not None and max(shape[1:]) > TILE:
            minimal = MinimalConvolution(wide, residual=self._residual)
            if minimal.is_steady(shape):
                self._minimal = minimal
                del self._weight
                return
        operators: Any = torch.ops.mkldnn
        pack = operators._reorder_convolution_weight
        if self._transposed:
            pack = operators._reorder_convolution_transpose_weight
        self._weight = pack(self._weight, *self._shape, 1, [1, *shape])
