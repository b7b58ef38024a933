"""The generator: a face without its lower half, another picture of that face, and a moment of sound make new lips.

After K R Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In The Wild" (2020). Layer
names and shapes are those of the weights published for it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dubkit.lipsync.blocks import ConvBlock, TransposeBlock, audio_encoder, residuals, scaled

__all__ = ["Generator"]

_FACE_INPUTS = 6
_OUTPUTS = 3


class Generator(nn.Module):
    """The U-Net of the paper; 36,298,035 parameters at width 1.

    Args:
        width: Factor on every inner channel count; the compact models have 0.25.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.width = width
        encoded = [scaled(channels, width) for channels in (16, 32, 64, 128, 256, 512, 512)]
        decoded = [scaled(channels, width) for channels in (512, 512, 512, 384, 256, 128, 64)]
        last = scaled(32, width)
        self.face_encoder_blocks = _face_encoder(encoded)
        self.audio_encoder = audio_encoder(width, last_residuals=1)
        self.face_decoder_blocks = _face_decoder(encoded, decoded)
        self.output_block = nn.Sequential(
            ConvBlock(decoded[-1] + encoded[0], last, 3, 1, 1), nn.Conv2d(last, _OUTPUTS, 1), nn.Sigmoid()
        )

    def forward(self, windows: Tensor, faces: Tensor) -> Tensor:
        """New faces.

        Args:
            windows: (B, 1, 80, 16) mel windows, or (B, T, 1, 80, 16).
            faces: (B, 6, 96, 96) BGR 0..1, or (B, 6, T, 96, 96): channels 0..2 are the target face with rows 48..95
                zero, channels 3..5 the reference face.

        Returns:
            (B, 3, 96, 96) BGR 0..1, or (B, 3, T, 96, 96).
        """
        if faces.dim() == 5:
            clips, steps = windows.shape[:2]
            flat = self.draw(self.listen(windows.flatten(0, 1)), faces.transpose(1, 2).flatten(0, 1))
            return flat.reshape(clips, steps, *flat.shape[1:]).transpose(1, 2)
        return self.draw(self.listen(windows), faces)

    def listen(self, windows: Tensor) -> Tensor:
        """What is heard in (B, 1, 80, 16) mel windows, as :meth:`draw` wants it: (B, 512 scaled, 1, 1)."""
        heard: Tensor = self.audio_encoder(windows)
        return heard

    def draw(self, heard: Tensor, faces: Tensor) -> Tensor:
        """(B, 3, 96, 96) new faces for (B, 6, 96, 96) old ones, by what :meth:`listen` made of the sound of each."""
        _, large = self._decoded(heard, faces)
        return self._painted(large)

    @property
    def exact_layers(self) -> list[nn.Module]:
        """Layers that may be of more exact numbers than the others: they make the picture's own."""
        return [self.output_block[1]]

    @property
    def hearing_layers(self) -> list[nn.Conv2d]:
        """Layers, of 1x1, that what :meth:`listen` gives goes into."""
        [first] = (module for module in self.face_decoder_blocks[0].modules() if isinstance(module, nn.Conv2d))
        return [first]

    def _decoded(self, heard: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's last two levels, 48 and 96 pixels wide, each joined with the encoder's of that size."""
        features = []
        x = faces
        for block in self.face_encoder_blocks:
            x = block(x)
            features.append(x)
        small = large = heard
        for block in self.face_decoder_blocks:
            small, large = large, torch.cat((block(large), features.pop()), dim=1)
        return small, large

    def _painted(self, decoded: Tensor) -> Tensor:
        body, last, squash = self.output_block
        painted: Tensor = squash(last(body(decoded).float()))
        return painted


def _face_encoder(channels: list[int]) -> nn.ModuleList:
    """Seven levels: 96, 48, 24, 12, 6, 3 and 1 pixel wide."""
    levels = [nn.Sequential(ConvBlock(_FACE_INPUTS, channels[0], 7, 1, 3))]
    for before, after, count in zip(channels[:5], channels[1:6], (2, 3, 2, 2, 1), strict=True):
        levels.append(nn.Sequential(ConvBlock(before, after, 3, 2, 1), *residuals(after, count)))
    levels.append(nn.Sequential(ConvBlock(channels[5], channels[6], 3), ConvBlock(channels[6], channels[6], 1)))
    return nn.ModuleList(levels)


def _face_decoder(encoded: list[int], decoded: list[int]) -> nn.ModuleList:
    """Seven levels: 1, 3, 6, 12, 24, 48 and 96 pixels wide, each joined with the encoder's level of that size."""
    joined = [before + skipped for before, skipped in zip(decoded, reversed(encoded), strict=True)]
    levels = [
        nn.Sequential(ConvBlock(encoded[-1], decoded[0], 1)),
        nn.Sequential(TransposeBlock(joined[0], decoded[1]), *residuals(decoded[1], 1)),
    ]
    for before, after in zip(joined[1:6], decoded[2:], strict=True):
        levels.append(nn.Sequential(TransposeBlock(before, after, 2, 1, 1), *residuals(after, 2)))
    return nn.ModuleList(levels)
