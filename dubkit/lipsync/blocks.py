"""The building blocks that all networks of the family share.

Their attribute names are part of the published file format: ``conv_block.0`` is the convolution, ``conv_block.1`` the
batch norm.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

__all__ = [
    "ConvBlock",
    "LeakyBlock",
    "TransposeBlock",
    "audio_encoder",
    "fold_batch_norm",
    "residuals",
    "scaled",
]

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


class LeakyBlock(nn.Module):
    """Convolution and leaky ReLU (slope 0.01), without a norm; padded so that stride 1 keeps the size by default."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: _Pair = 1, *, padded: bool = True) -> None:
        super().__init__()
        padding = kernel // 2 if padded else 0
        self.conv_block = nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, padding))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W')."""
        return functional.leaky_relu(self.conv_block(x), 0.01)


def residuals(channels: int, count: int) -> list[ConvBlock]:
    """``count`` blocks that add to what they are given."""
    return [ConvBlock(channels, channels, 3, 1, 1, residual=True) for _ in range(count)]


def audio_encoder(width: float, last_residuals: int) -> nn.Sequential:
    """Mel windows (B, 1, 80, 16) to (B, 512 scaled, 1, 1), by way of 27 x 16, 9 x 6 and 3 x 3.

    Args:
        width: Factor on every channel count.
        last_residuals: Residual blocks at 256 channels: 1 in the generator, 2 in the expert.
    """
    first, second, third, fourth, fifth = (scaled(channels, width) for channels in (32, 64, 128, 256, 512))
    return nn.Sequential(
        ConvBlock(1, first, 3, 1, 1),
        *residuals(first, 2),
        ConvBlock(first, second, 3, (3, 1), 1),
        *residuals(second, 2),
        ConvBlock(second, third, 3, 3, 1),
        *residuals(third, 2),
        ConvBlock(third, fourth, 3, (3, 2), 1),
        *residuals(fourth, last_residuals),
        ConvBlock(fourth, fifth, 3),
        ConvBlock(fifth, fifth, 1),
    )


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
