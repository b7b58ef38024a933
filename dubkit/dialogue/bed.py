"""The original sound under the voices, cut into the mix's blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dubkit.audio.levels import Samples
from dubkit.errors import MediaError
from dubkit.schema import Waveform

__all__ = ["Bed"]


class Bed:
    """Gives the original sound in pieces of any length.

    Args:
        blocks: The sound, in blocks of any size.
        channels: Channels that each block must have.
        sample_rate: Hz that each block must have.
    """

    def __init__(self, blocks: Iterator[Waveform], channels: int, sample_rate: int) -> None:
        self._blocks, self._channels, self._rate = blocks, channels, sample_rate
        self._held = np.zeros((channels, 0), np.float32)

    def take(self, count: int) -> Samples:
        """The next ``count`` samples; the very array that came in where the sizes agree.

        Raises:
            MediaError: if the sound ends before, or comes in another form.
        """
        parts, missing = [self._held], count - self._held.shape[1]
        while missing > 0:
            block = next(self._blocks, None)
            if block is None:
                raise MediaError(
                    f"the original sound ends {missing / self._rate:.3f} s or more before the picture",
                    remedy="pad it to the length of the picture",
                )
            if block.channels != self._channels or block.sample_rate != self._rate:
                raise MediaError(
                    f"the original sound comes as {block.channels} channels at {block.sample_rate} Hz, "
                    f"not {self._channels} at {self._rate} Hz",
                    remedy="convert it when reading",
                )
            parts.append(block.samples)
            missing -= block.length
        parts = [part for part in parts if part.shape[1]]
        joined = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        self._held = joined[:, count:]
        return joined if joined.shape[1] == count else joined[:, :count]

    def finish(self) -> None:
        """Make sure that the sound ends here.

        Raises:
            MediaError: if it goes on.
        """
        if self._held.shape[1] or any(block.length for block in self._blocks):
            raise MediaError("the original sound is longer than the picture", remedy="cut it to the picture's length")
