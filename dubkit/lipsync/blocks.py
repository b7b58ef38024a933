"""The building blocks that all networks of the family share.

Their attribute names are part of the published file format: ``conv_block.0`` is the convolution, ``conv_block.1`` the
batch norm.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

__all__ = ["ConvBlock", "TransposeBlock", "fold_batch_norm", "scaled"]

_Pair: TypeAlias = int | tuple[int, int]


def scaled(channels: int, width: float) -> int:
    """``channels`` of the published network in one of factor ``width``: rounded half to even, at least 1."""
    return max(1, round(channels * width))


class ConvBlock(nn.Module):
    """Convolution, batch norm, ReLU; with ``residual`` the input is added before the ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: _Pair, stride: _Pair = 1, padding: _Pair = 0, *, residual: bool = False
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.BatchNorm2d(outputs))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W')."""
        found: Tensor = self.conv_block(x)
        if self.residual:
            found = found + x
        return torch.relu(found)


class TransposeBlock(nn.Module):
    """Transposed 3x3 convolution, batch norm, ReLU: keeps, grows (no padding) or doubles (stride 2) the picture."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, padding: int = 0, output_padding: int = 0) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ConvTranspose2d(inputs, outputs, 3, stride, padding, output_padding), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W')."""
        return torch.relu(self.conv_block(x))


def fold_batch_norm(network: nn.Module) -> None:
    """Merge every batch norm of ``network`` into its convolution, in place: the same function, less work.

    ``network`` must be in eval mode, and can be neither trained nor saved under the published names afterwards.
    """
    for module in network.modules():
        if isinstance(module, ConvBlock | TransposeBlock):
            convolution = cast("nn.Conv2d | nn.ConvTranspose2d", module.conv_block[0])
            norm = cast("nn.BatchNorm2d", module.conv_block[1])
            fused = fuse_conv_bn_eval(convolution, norm, transpose=isinstance(module, TransposeBlock))
            module.conv_block = nn.Sequential(fused)
