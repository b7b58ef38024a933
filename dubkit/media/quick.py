"""A sound whose middle can be read without reading all that comes before it."""

from __future__ import annotations

from pathlib import Path

import soundfile

from dubkit.errors import MediaError
from dubkit.media.opening import opened
from dubkit.media.sound import stored_blocks

__all__ = ["quick_sound"]

_SEEKABLE = frozenset({".wav", ".w64", ".flac", ".aif", ".aiff"})


def quick_sound(path: Path, folder: Path) -> Path:
    """``path`` itself where its samples can be counted to; else a copy of its sound as FLAC in ``folder``.

    The copy of a video's sound begins with its picture, as :func:`sound_blocks` does.

    An MP3 or Opus file does not tell where its samples lie, so each look into it begins at its start: over the lines of
    a film that is a quadratic amount of work.

    Raises:
        MediaError: if it cannot be read.
    """
    if path.suffix.lower() in _SEEKABLE:
        return path
    target = folder / f"{path.stem}.flac"
    with opened(path) as container:
        run, blocks = stored_blocks(path, container)
        try:
            with soundfile.SoundFile(target, "w", run.sample_rate, run.channels, "PCM_24") as copy:
                for samples in blocks:
                    copy.write(samples.T)
        except soundfile.SoundFileError as error:
            raise MediaError(f"its sound cannot be kept for quick reading ({error})", path=path) from error
    return target
