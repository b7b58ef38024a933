"""The lip-sync expert: do these five lower half faces and this moment of sound belong together?

After K R Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In The Wild" (2020), which
gave SyncNet (Chung and Zisserman, 2016) colour, residual blocks and the mel spectrogram. Layer names and shapes are
those of the weights published for it.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dubkit.lipsync.blocks import ConvBlock, audio_encoder, residuals, scaled

__all__ = ["CLIP_FRAMES", "Expert"]

CLIP_FRAMES = 5
"""Consecutive frames, at 25 a second, that are looked at together."""


class Expert(nn.Module):
    """Two encoders into one space; 16,435,072 parameters at width 1.

    Args:
        width: Factor on every inner channel count.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.width = width
        self.face_encoder = _face_encoder([scaled(channels, width) for channels in (32, 64, 128, 256, 512)])
        self.audio_encoder = audio_encoder(width, last_residuals=2)

    def forward(self, windows: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Both embeddings, as :meth:`embed_sound` and :meth:`embed_faces` give them, in this order."""
        return self.embed_sound(windows), self.embed_faces(faces)

    def embed_sound(self, windows: Tensor) -> Tensor:
        """(B, 1, 80, 16) mel windows to (B, 512 x width), of length 1 and nowhere negative."""
        return functional.normalize(self.audio_encoder(windows).flatten(1))

    def embed_faces(self, faces: Tensor) -> Tensor:
        """(B, 15, 48, 96), five lower half faces BGR 0..1 one behind the other, to (B, 512 x width) likewise."""
        return functional.normalize(self.face_encoder(faces).flatten(1))


def _face_encoder(channels: list[int]) -> nn.Sequential:
    """48 x 96 pixels become 46 x 47, 23 x 24, 12 x 12, 6 x 6, 3 x 3, and one vector."""
    first, second, third, fourth, fifth = channels
    return nn.Sequential(
        ConvBlock(3 * CLIP_FRAMES, first, 7, 1, 3),
        ConvBlock(first, second, 5, (1, 2), 1),
        *residuals(second, 2),
        ConvBlock(second, third, 3, 2, 1),
        *residuals(third, 3),
        ConvBlock(third, fourth, 3, 2, 1),
        *residuals(fourth, 2),
        ConvBlock(fourth, fifth, 3, 2, 1),
        *residuals(fifth, 2),
        ConvBlock(fifth, fifth, 3, 2, 1),
        ConvBlock(fifth, fifth, 3),
        ConvBlock(fifth, fifth, 1),
    )
