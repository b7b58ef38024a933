"""Sound files written block by block, as post houses want them: 24 bits, WAV at any length, or FLAC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from dubkit.errors import OutputError
from dubkit.media import aside
from dubkit.schema import Waveform

__all__ = ["written_sound"]

_BYTES = 3
_FULL_SCALE = 1 << 23
_STEREO = 2


@contextmanager
def written_sound(
    path: Path, *, channels: int, sample_rate: int, length: int, title: str = ""
) -> Iterator[Callable[[Waveform], None]]:
    """A function that takes the next block of the sound file ``path``, which appears when all of it is written.

    24 bits a sample, rounded to the nearest; what lies beyond full scale is clipped. A WAV file becomes RF64 (EBU Tech
    3306) where it would pass 4 GB, and tells its speakers where it has more than two channels.

    Args:
        path: The file; ``.wav`` or ``.flac``.
        channels: Channels of every block.
        sample_rate: Hz of every block.
        length: Samples there will be, per channel.
        title: What the file says it is.

    Raises:
        OutputError: if it cannot be written.
    """
    container = "FLAC" if path.suffix.lower() == ".flac" else "WAV" if channels <= _STEREO else "WAVEX"
    if container != "FLAC" and length * channels * _BYTES > aside.RIFF_LIMIT:
        container = "RF64"
    with aside.written_aside(path) as part:
        try:
            with soundfile.SoundFile(part, "w", sample_rate, channels, "PCM_24", format=container) as file:
                if title and container != "RF64":
                    file.title = title

                def write(block: Waveform) -> None:
                    steps = np.rint(block.samples.T.astype(np.float64) * _FULL_SCALE)
                    file.write(np.clip(steps, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int32) << 8)

                yield write
        except soundfile.LibsndfileError as error:
            raise OutputError(
                f"could not be written ({error.error_string})", path=path, remedy="check that the disk has room"
            ) from error
