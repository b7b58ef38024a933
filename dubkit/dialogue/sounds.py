"""Sound as Python programs hold it: a pydub ``AudioSegment``, a numpy array with its rate, or ours."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError, VoiceError
from dubkit.schema import Waveform

__all__ = ["Segment", "SoundLike", "to_waveform"]


@runtime_checkable
class Segment(Protocol):
    """What is used of pydub's ``AudioSegment``; the package itself is never imported, and need not be installed."""

    frame_rate: int
    channels: int
    sample_width: int

    def get_array_of_samples(self) -> Any:
        """All samples as whole numbers, the channels one after another within each moment."""


SoundLike: TypeAlias = "Waveform | Segment | tuple[npt.ArrayLike, int]"
"""Sound in memory: ours, pydub's, or ``(samples, sample_rate)``."""


def to_waveform(given: SoundLike) -> Waveform:
    """``given`` as a :class:`dubkit.Waveform`.

    An array is (n,), (channels, n) or (n, channels), of whole numbers or of floats whose full scale is 1; the shorter
    side is taken for the channels.

    Raises:
        VoiceError: if it is nothing of the kind.
    """
    remedy = "give a path, a pydub AudioSegment, a Waveform, or (samples, sample_rate)"
    sound: object = given  # whatever its type says, it comes from outside
    if isinstance(sound, Waveform):
        return sound
    try:
        if isinstance(sound, Segment):
            whole = np.array(sound.get_array_of_samples())
            samples = whole.reshape(-1, sound.channels).T / float(1 << (8 * sound.sample_width - 1))
            return Waveform(np.ascontiguousarray(samples, np.float32), int(sound.frame_rate))
        if isinstance(sound, tuple) and len(sound) == 2:
            return Waveform(_channels_first(np.asarray(sound[0])), int(sound[1]))
    except RecordError as error:
        raise VoiceError(f"the voice is not usable: {error.problem}", remedy=error.remedy or remedy) from error
    except (TypeError, ValueError) as error:
        raise VoiceError(f"the voice is no sound ({error})", remedy=remedy) from error
    if isinstance(sound, np.ndarray):
        raise VoiceError("an array does not tell its sample rate", remedy="give (samples, sample_rate)")
    raise VoiceError(f"a voice cannot be a {type(sound).__name__}", remedy=remedy)


def _channels_first(samples: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if samples.ndim == 1:
        samples = samples[None, :]
    if samples.ndim != 2 or not samples.size:
        raise ValueError(f"an array of shape {samples.shape}")
    if samples.shape[0] > samples.shape[1]:
        samples = samples.T
    if samples.dtype.kind == "u":
        samples = (samples.astype(np.float64) - (np.iinfo(samples.dtype).max + 1) // 2) / (
            (np.iinfo(samples.dtype).max + 1) // 2
        )
    elif samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)
    elif samples.dtype.kind != "f":
        raise ValueError(f"an array of {samples.dtype}")
    return np.ascontiguousarray(samples, np.float32)
