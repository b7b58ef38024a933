"""The visual quality discriminator: is this lower half face a photograph, or was it made?

After K R Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In The Wild" (2020). Layer
names and shapes are those of the weights published for it. Only training needs it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dubkit.lipsync.blocks import LeakyBlock, scaled

__all__ = ["Discriminator"]


class Discriminator(nn.Module):
    """Convolutions down to one number; 14,113,793 parameters at width 1.

    Args:
        width: Factor on every inner channel count.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.width = width
        channels = [scaled(count, width) for count in (32, 64, 128, 256, 512)]
        self.face_encoder_blocks = _face_encoder(channels)
        self.binary_pred = nn.Sequential(nn.Conv2d(channels[-1], 1, 1), nn.Sigmoid())

    def forward(self, faces: Tensor) -> Tensor:
        """How likely each face is a photograph.

        Args:
            faces: (B, 3, 96, 96) whole faces BGR 0..1, of which only the lower half is looked at, or
                (B, 3, T, 96, 96) clips of them.

        Returns:
            (B, 1), or (T x B, 1): all clips of the first moment, then all of the second, and so on; each 0..1.
        """
        return torch.sigmoid(self.weigh(faces))

    def weigh(self, faces: Tensor) -> Tensor:
        """As :meth:`forward`, but the logarithm of the odds: a loss of it keeps its slope where it is very sure."""
        if faces.dim() == 5:
            faces = torch.cat(faces.unbind(2), dim=0)
        x = faces[:, :, faces.shape[2] // 2 :]
        for block in self.face_encoder_blocks:
            x = block(x)
        odds: Tensor = self.binary_pred[0](x)
        return odds.flatten(1)


def _face_encoder(channels: list[int]) -> nn.ModuleList:
    """48 x 96 pixels become 48 x 48, 24 x 24, 12 x 12, 6 x 6, 3 x 3, and one vector."""
    first, second, third, fourth, fifth = channels
    return nn.ModuleList(
        [
            nn.Sequential(LeakyBlock(3, first, 7)),
            nn.Sequential(LeakyBlock(first, second, 5, (1, 2)), LeakyBlock(second, second, 5)),
            nn.Sequential(LeakyBlock(second, third, 5, 2), LeakyBlock(third, third, 5)),
            nn.Sequential(LeakyBlock(third, fourth, 5, 2), LeakyBlock(fourth, fourth, 5)),
            nn.Sequential(LeakyBlock(fourth, fifth, 3, 2), LeakyBlock(fifth, fifth, 3)),
            nn.Sequential(LeakyBlock(fifth, fifth, 3, 2), LeakyBlock(fifth, fifth, 3)),
            nn.Sequential(LeakyBlock(fifth, fifth, 3, padded=False), LeakyBlock(fifth, fifth, 1)),
        ]
    )
