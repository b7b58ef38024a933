"""Samples as PyAV has them, and back.

FFmpeg lists the planes of a frame, one per channel, in an array of eight that ends with an empty entry. With eight
channels there is none, and whoever looks for it, as PyAV 18 does, reads beyond the array. So eight and more channels
go packed, and planes are counted by the layout.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

__all__ = ["STORED", "Samples", "frame_of", "sample_format", "sound_layout", "stored_samples"]

Samples = npt.NDArray[np.float32]
"""(channels, n) float32."""

STORED = {"flt": (np.float32, 1.0), "s16": (np.int16, 2.0**-15), "s32": (np.int32, 2.0**-31)}
"""How FFmpeg's sample formats are stored, packed or, with a ``p``, in planes; and what makes their full scale one."""

_PLANES = 7
"""Channels of which PyAV finds all planes and no more."""


def sound_layout(channels: int | None) -> str:
    """FFmpeg's name of the usual layout of so many channels."""
    names = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
    return names.get(channels or 0, f"{channels}c")


def sample_format(channels: int) -> str:
    """FFmpeg's format of floats in which PyAV can be given so many channels."""
    return "fltp" if channels <= _PLANES else "flt"


def frame_of(samples: Samples, sample_rate: int) -> AudioFrame:
    """(channels, n) samples as a frame."""
    kind = sample_format(len(samples))
    given = samples if kind == "fltp" else samples.T.reshape(1, -1)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(given), kind, sound_layout(len(samples)))
    frame.sample_rate = sample_rate
    return frame


def stored_samples(frame: AudioFrame) -> Samples:
    """The samples of a frame in one of the formats of ``STORED``, to the bit as FFmpeg converts them."""
    kind, scale = STORED[frame.format.name.removesuffix("p")]
    channels = frame.layout.nb_channels
    if frame.format.is_planar:
        planes = frame.planes[:channels]
        samples = np.array([np.frombuffer(memoryview(plane), kind, frame.samples) for plane in planes])
    else:
        packed = np.frombuffer(memoryview(frame.planes[0]), kind, frame.samples * channels)
        samples = packed.reshape(-1, channels).T
    floats: Samples = samples.astype(np.float32, copy=False)
    return floats if scale == 1.0 else floats * np.float32(scale)
