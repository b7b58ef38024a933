"""Pictures in memory: numpy frames in and out, and the lossless file that carries them through the stages."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Unpack

import numpy as np
import numpy.typing as npt

from dubkit.compose import sync_lips
from dubkit.errors import MediaError
from dubkit.given import given_voice
from dubkit.media import MasterWriter, SoundTrack, read_frames
from dubkit.schema import ColourFamily, ColourTags, DubReport, Frame, PixelFormat, VideoInfo, Waveform
from dubkit.scratch import new_scratch
from dubkit.timing import FrameRate

if TYPE_CHECKING:
    from dubkit.dialogue.sounds import SoundLike
    from dubkit.options import DubOptions
    from dubkit.readiness import DubSettings

__all__ = ["Picture", "SyncedFrames", "read_pictures", "sync_frames", "write_pictures"]

Picture: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""

_PLANAR_RGB = PixelFormat("gbrp", ColourFamily.RGB, 8)
_SRGB = ColourTags(primaries=1, transfer=13, matrix=0, full_range=True)  # what arrays of pixels are taken to be
_GBR, _FROM_GBR = (1, 2, 0), (2, 0, 1)


class SyncedFrames:
    """New pictures, as often as they are asked for.

    They lie in a lossless file, which is removed by :meth:`close` or when this object is no longer used.

    Attributes:
        report: What was done.
        path: The file, with the new sound.
    """

    def __init__(self, folder: Path, path: Path, report: DubReport) -> None:
        self.path, self.report = path, report
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def __len__(self) -> int:
        return self.report.frames

    def __iter__(self) -> Iterator[Picture]:
        """Each frame, (height, width, 3) uint8 RGB."""
        return read_pictures(self.path)

    def array(self) -> npt.NDArray[np.uint8]:
        """All of them, (n, height, width, 3) uint8 RGB."""
        return np.stack(list(self))

    def close(self) -> None:
        """Remove the file now."""
        self._remove()


def sync_frames(
    frames: Iterable[Picture],
    rate: float | Fraction,
    voice: str | SoundLike,
    *,
    settings: DubSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    **options: Unpack[DubOptions],
) -> SyncedFrames:
    """Sync the lips in ``frames`` to ``voice``; a frame that is not changed comes back as it was, sample by sample.

    Args:
        frames: Pictures of one size, each (height, width, 3) uint8 RGB, or one array of them; taken one at a time.
        rate: Frames a second.
        voice: A path, a pydub ``AudioSegment``, a :class:`dubkit.Waveform` or ``(samples, sample_rate)``.
        settings: Settings of every stage.
        progress: Told how far the work is.
        **options: As for :func:`dubkit.sync_lips`.

    Raises:
        MediaError: if there are no frames, or they have another form.
        InputError, OutputError: as :func:`dubkit.sync_lips`.
    """
    folder = new_scratch("frames")
    try:
        given, made = folder / "given.mkv", folder / "made.mkv"
        write_pictures(given, frames, rate)
        with given_voice(voice) as sound:
            assert sound.path is not None, "a recording is a file by now"
            report = sync_lips(given, sound.path, made, settings=settings, progress=progress, **options)
        given.unlink()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return SyncedFrames(folder, made, report)


def write_pictures(
    path: Path, frames: Iterable[Picture], rate: float | Fraction, sound: Iterable[Waveform] = ()
) -> int:
    """Write frames, and sound if there is any, losslessly to a Matroska file (FFV1, FLAC); how many they were.

    Args:
        path: The file; its name ends in ``.mkv``.
        frames: As for :func:`sync_frames`.
        rate: Frames a second.
        sound: Blocks of it, all of one form.

    Raises:
        MediaError: if there are no frames, or they have another form.
    """
    pictures, blocks = iter(frames), iter(sound)
    first = next(pictures, None)
    if first is None:
        raise MediaError("there are no frames", remedy="give at least one")
    height, width = _checked(first, np.shape(first), 0).shape[:2]
    fps = FrameRate.of(rate)
    base = 1 / fps.fps
    video = VideoInfo(width, height, _PLANAR_RGB, _SRGB, fps, base, Fraction(0), Fraction(0), 0, "ffv1")
    opening = next(blocks, None)
    tracks = []
    if opening is not None:
        channels = opening.samples.shape[0]
        tracks = [SoundTrack(sample_rate=opening.sample_rate, channels=channels, codec="flac")]
    with MasterWriter(path, video, sounds=tracks) as writer:
        count, heard = 0, Fraction(0)
        for picture in chain((first,), pictures):
            _checked(picture, first.shape, count)
            planes = tuple(np.ascontiguousarray(picture[..., channel]) for channel in _GBR)
            writer.write_frame(Frame(count, count, planes, _PLANAR_RGB, _SRGB))
            count += 1
            while opening is not None and heard < count * base:
                writer.write_sound(0, opening)
                heard += Fraction(opening.samples.shape[1], opening.sample_rate)
                opening = next(blocks, None)
    return count


def read_pictures(path: Path) -> Iterator[Picture]:
    """The frames of what :func:`write_pictures` wrote, or of what was made from it."""
    for frame in read_frames(path):
        yield np.stack([frame.planes[plane] for plane in _FROM_GBR], axis=-1)


def _checked(picture: Picture, shape: tuple[int, ...], index: int) -> Picture:
    given: object = picture  # whatever its type says, it comes from outside
    if not isinstance(given, np.ndarray) or given.dtype != np.uint8 or given.ndim != 3 or given.shape[2] != 3:
        what = f"{given.dtype} {given.shape}" if isinstance(given, np.ndarray) else type(given).__name__
        raise MediaError(f"frame {index} is {what}", remedy="give arrays of (height, width, 3) uint8, RGB")
    if given.shape != shape:
        raise MediaError(f"frame {index} is {given.shape}, the first one {shape}", remedy="give frames of one size")
    return picture
