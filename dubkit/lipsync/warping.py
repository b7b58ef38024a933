"""A generator that moves the pixels it is shown, and paints only what they cannot become.

A network that paints a whole face anew from little data paints it blurred. The lips, the chin and their grain are all
in the reference: this one says for each pixel where in the reference it comes from, and how much of the painted
picture covers it (the inside of a mouth that was closed). Moving pixels is the sampler of Jaderberg et al., "Spatial
Transformer Networks" (2015). What is heard scales and shifts the last features of both ends (Perez et al., "FiLM",
2018): through the decoder alone it takes thousands of steps to come that far.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from dubkit.lipsync.blocks import ConvBlock, residuals, scaled
from dubkit.lipsync.generator import Generator

__all__ = ["Moved", "WarpingGenerator"]

_JOINED = (128, 32)  # channels 48 pixels wide, of the decoder and of the encoder's level beside it
_LAST = (64, 16)  # the same 96 pixels wide
_HEARD = 512
_INNER = 96
_REACH = 8.0  # pixels per unit of what the last layer says, so that it learns as fast as its neighbours
_PAINTED = -1.5  # log odds at the beginning: mostly moved


class Moved(NamedTuple):
    """What a picture was made of.

    Attributes:
        made: (B, 3, 96, 96) the picture.
        moved: (B, 3, 96, 96) the reference's pixels, moved.
        flow: (B, 2, 96, 96) pixels to the right and down from each place to where in the reference its colour is.
    """

    made: Tensor
    moved: Tensor
    flow: Tensor


class WarpingGenerator(Generator):
    """The U-Net of the paper with a second end, which moves the reference.

    Args:
        width: Factor on every inner channel count.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__(width)
        inner = scaled(_INNER, width)
        joined = sum(scaled(channels, width) for channels in _JOINED)
        self.motion_block = nn.Sequential(
            ConvBlock(joined, inner, 3, 1, 1), *residuals(inner, 1), nn.Conv2d(inner, 3, 3, 1, 1)
        )
        heard, painted = scaled(_HEARD, width), sum(scaled(channels, width) for channels in _LAST)
        self.motion_film, self.paint_film = nn.Conv2d(heard, 2 * inner, 1), nn.Conv2d(heard, 2 * painted, 1)
        with torch.no_grad():
            for film in (self.motion_film, self.paint_film):
                for parameter in film.parameters():
                    parameter.zero_()
            weight, bias = self.motion_block[-1].parameters()
            weight.mul_(0.3)
            bias.copy_(torch.tensor([_PAINTED, 0.0, 0.0]))

    @property
    def exact_layers(self) -> list[nn.Module]:
        """As of the generator; where pixels come from is no place for rounding either."""
        return [*super().exact_layers, self.motion_block[-1]]

    @property
    def hearing_layers(self) -> list[nn.Conv2d]:
        """As of the generator."""
        return [*super().hearing_layers, self.motion_film, self.paint_film]

    def draw(self, heard: Tensor, faces: Tensor) -> Tensor:
        """As of the generator."""
        return self.move(heard, faces).made

    def move(self, heard: Tensor, faces: Tensor) -> Moved:
        """As :meth:`draw`, with what came of it on the way."""
        small, large = self._decoded(heard, faces)
        first, second, last = self.motion_block
        said = last(second(_modulated(first(small), self.motion_film(heard))).float()).float()
        said = functional.interpolate(said, scale_factor=2, mode="bilinear", align_corners=False)
        covered, flow = torch.sigmoid(said[:, :1]), _REACH * said[:, 1:]
        moved = _sample(faces[:, 3:].float(), flow)
        painted = self._painted(_modulated(large, self.paint_film(heard))).float()
        return Moved(covered * painted + (1 - covered) * moved, moved, flow)


def _modulated(features: Tensor, film: Tensor) -> Tensor:
    """(B, c, h, w) scaled and shifted by (B, 2 c, 1, 1)."""
    scale, shift = film.chunk(2, 1)
    return features * (1 + scale) + shift


def _sample(pictures: Tensor, flow: Tensor) -> Tensor:
    """(B, c, h, w) whose every pixel is that of ``pictures`` at its own place + ``flow``; the edge goes on outside."""
    height, width = pictures.shape[-2:]
    rows = (2 * torch.arange(height, device=flow.device) + 1) / height - 1
    columns = (2 * torch.arange(width, device=flow.device) + 1) / width - 1
    places = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), -1)
    steps = flow.permute(0, 2, 3, 1) * torch.tensor([2 / width, 2 / height], device=flow.device)
    # Contiguous: sampling is the same then, whatever the layout of the rest.
    return functional.grid_sample(
        pictures.contiguous(), places + steps, mode="bilinear", padding_mode="border", align_corners=False
    )
