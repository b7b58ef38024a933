"""Convolutions of 3x3 with a quarter of the multiplications, by Winograd's minimal filtering F(4x4, 3x3).

Tiles of 6x6 inputs, four apart, and the weights are transformed; 36 products of matrices take the place of the
convolution; what they give is transformed into tiles of 4x4 outputs. The matrices are those of Lavin and Gray, "Fast
Algorithms for Convolutional Neural Networks" (2015), section 4.4. Worth it where a layer has so many channels that the
products outweigh the transforms, and where the processor has no instructions for numbers smaller than fp32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["TILE", "MinimalConvolution", "can_be_minimal"]

TILE = 4
"""Rows and columns of outputs that are worked out together; a picture no larger is done faster directly."""

_CHANNELS = 128
"""With fewer, passing over the tiles takes longer than the multiplications that are saved."""

_TILES = 144
"""Transformed at a time: few enough for the processor's cache, enough for the products to run at its rate."""

_INPUT = torch.tensor(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    dtype=torch.float64,
)
_WEIGHT = torch.tensor(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
    dtype=torch.float64,
) / torch.tensor([[24.0]], dtype=torch.float64)
_OUTPUT = torch.tensor(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], dtype=torch.float64
)


def can_be_minimal(convolution: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Whether it is a 3x3 convolution that steps by one pixel, in fp32, and has channels enough."""
    return (
        isinstance(convolution, nn.Conv2d)
        and convolution.kernel_size == (3, 3)
        and convolution.stride == (1, 1)
        and convolution.padding == (1, 1)
        and convolution.groups == 1
        and convolution.weight.dtype == torch.float32
        and min(convolution.in_channels, convolution.out_channels) >= _CHANNELS
    )


class MinimalConvolution(nn.Module):
    """Such a convolution, and ReLU; with ``residual`` the input is added before the ReLU.

    Args:
        convolution: See :func:`can_be_minimal`; it has a bias.
        residual: Whether.
    """

    def __init__(self, convolution: nn.Conv2d, *, residual: bool) -> None:
        super().__init__()
        outputs, inputs = convolution.weight.shape[:2]
        nines = convolution.weight.detach().transpose(0, 1).reshape(inputs * outputs, 9)
        spread = torch.kron(_WEIGHT, _WEIGHT) @ nines.T.double()
        self._weight = spread.reshape(36, inputs, outputs).float()
        assert convolution.bias is not None, "folding a batch norm gives a bias"
        self._bias = convolution.bias.detach()
        self._residual = residual
        self._into, self._out_of = (torch.kron(each, each).float() for each in (_INPUT, _OUTPUT))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H, W), channels last."""
        rows = x.permute(0, 2, 3, 1)
        batch, height, width, _ = rows.shape
        down, across = -(-height // TILE), -(-width // TILE)
        padded = functional.pad(rows, (0, 0, 1, TILE * across - width + 1, 1, TILE * down - height + 1))
        tiles = padded.unfold(1, TILE + 2, TILE).unfold(2, TILE + 2, TILE).permute(4, 5, 0, 1, 2, 3)
        made = x.new_empty(batch, TILE * down, TILE * across, len(self._bias))
        placed = made.view(batch, down, TILE, across, TILE, -1).permute(2, 4, 0, 1, 3, 5)
        at_once = max(1, round(_TILES / (down * across)))
        for first in range(0, batch, at_once):
            some = slice(first, first + at_once)
            self._few(tiles[:, :, some], placed[:, :, some])
        made = made[:, :height, :width]
        if self._residual:
            made += rows
        return made.relu_().permute(0, 3, 1, 2)

    def is_steady(self, shape: Sequence[int]) -> bool:
        """Whether what one picture of ``shape`` (inputs, H, W) becomes is the same, bit by bit, beside others.

        Libraries that multiply matrices may round the rows at an edge in another way than those inside.
        """
        few = torch.rand(5, *shape, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)
        together = self(few)
        return all(torch.equal(together[index : index + 1], self(few[index : index + 1])) for index in range(len(few)))

    def _few(self, tiles: Tensor, placed: Tensor) -> None:
        """Put the outputs (4, 4, B, down, across, outputs) of (6, 6, B, down, across, inputs) where they belong."""
        spread = (self._into @ tiles.reshape(36, -1)).view(36, -1, tiles.shape[-1])
        summed = torch.bmm(spread, self._weight)
        torch.add((self._out_of @ summed.view(36, -1)).view(placed.shape), self._bias, out=placed)
