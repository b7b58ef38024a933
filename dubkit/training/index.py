"""What preparation leaves behind and training starts from: a folder of face crops, sounds, and one index of them.

- ``FOLDER/index.json``: a :class:`TrainingIndex`.
- ``FOLDER/faces/NAME.npy``: (n, size, size, 3) uint8 BGR, one crop for each moment of a 25 fps clock.
- ``FOLDER/sounds/NAME.npy``: (bands, m) float32 mel spectrogram; reaches beyond the crops where there is sound.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError, RecordError
from dubkit.schema import MelSettings, MelSpectrogram, dumps, loads
from dubkit.timing import Seconds

__all__ = ["HELD_OUT", "TRAIN", "DroppedClip", "PreparedClips", "TrainingClip", "TrainingIndex", "write_index"]

TRAIN = "train"
HELD_OUT = "held-out"
_VERSION = 1
_INDEX = "index.json"


@dataclass(frozen=True)
class TrainingClip:
    """One face with the sound that goes with it.

    Attributes:
        name: What its arrays are called; unique in the index.
        source: The video it comes from, relative to the folder that was prepared.
        track: Number of the face track in that video.
        identity: Who it is; empty where not known.
        split: ``train`` or ``held-out``.
        start: Seconds of the video at which the first crop is shown.
        frames: Number of crops, 25 a second.
        sound_start: Seconds from the first crop to mel step 0, as the video has it; negative where sound comes before.
        offset: Seconds that the picture comes after the sound in the video; corrected when the clip is opened.
        confidence: The expert's confidence in that offset, 0..1; 0 where no expert was asked.
    """

    name: str
    source: str
    track: int
    identity: str
    split: str
    start: Seconds
    frames: int
    sound_start: Seconds
    offset: Seconds = Fraction(0)
    confidence: float = 0.0

    def __post_init__(self) -> None:
        """Refuse clips without frames and splits nobody knows."""
        if self.frames < 1:
            raise RecordError(f"the training clip {self.name} has no frames")
        if self.split not in (TRAIN, HELD_OUT):
            raise RecordError(f"the split of {self.name} is {self.split!r}", remedy=f"use {TRAIN} or {HELD_OUT}")


@dataclass(frozen=True)
class DroppedClip:
    """What was not kept.

    Attributes:
        source: The video, relative to the folder that was prepared.
        track: Number of the face track; -1 where the whole video is meant.
        seconds: How long it is.
        reason: Why, in a few words that are the same for all of one kind.
        detail: What is to be said of this one alone; empty where nothing is.
    """

    source: str
    track: int
    seconds: float
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class TrainingIndex:
    """All clips of a folder.

    Attributes:
        clips: What was kept, sorted by name.
        dropped: What was not.
        image_size: Pixels on each side of a crop.
        mel: How the sounds were made.
        version: Of this layout.
    """

    clips: tuple[TrainingClip, ...]
    dropped: tuple[DroppedClip, ...] = ()
    image_size: int = 96
    mel: MelSettings = MelSettings()  # noqa: RUF009 - frozen, so it can be shared
    version: int = _VERSION

    def __post_init__(self) -> None:
        """Refuse other versions, and two clips of one name."""
        if self.version != _VERSION:
            raise RecordError(f"the training index has version {self.version}, not {_VERSION}", remedy="prepare again")
        if len({clip.name for clip in self.clips}) != len(self.clips):
            raise RecordError("two clips of the training index have one name", remedy="prepare again")


def write_index(folder: Path, index: TrainingIndex) -> None:
    """Write the index of ``folder``, aside first and then renamed."""
    aside = folder / f".{_INDEX}.{os.getpid()}"
    aside.write_text(dumps(index), "utf-8")
    aside.replace(folder / _INDEX)


class PreparedClips:
    """The clips of a prepared folder, opened when they are asked for.

    Args:
        folder: What ``dubkit prepare`` wrote.

    Raises:
        InputError: if it holds no index that can be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        path = self.folder / _INDEX
        if not path.is_file():
            raise InputError("holds no prepared clips", path=folder, remedy="run `dubkit prepare` first")
        try:
            self.index: TrainingIndex = loads(TrainingIndex, path.read_text("utf-8"))
        except (RecordError, UnicodeDecodeError) as error:
            raise InputError(f"cannot be read ({error})", path=path, remedy="prepare again") from error

    def clips(self, split: str) -> tuple[TrainingClip, ...]:
        """Those of ``train`` or ``held-out``, sorted by name."""
        return tuple(sorted((clip for clip in self.index.clips if clip.split == split), key=lambda clip: clip.name))

    def faces(self, clip: TrainingClip) -> npt.NDArray[np.uint8]:
        """(n, size, size, 3) uint8 BGR, mapped from the file and not read until looked at.

        Raises:
            InputError: if the file is missing, damaged or another than the index says.
        """
        size = self.index.image_size
        found = self._load(clip, "faces")
        if found.dtype != np.uint8 or found.shape != (clip.frames, size, size, 3):
            raise InputError(f"the faces of {clip.name} are {found.dtype} {found.shape}", path=self.folder)
        return found

    def sound(self, clip: TrainingClip) -> MelSpectrogram:
        """The sound, with 0 at the first crop and the offset corrected.

        Raises:
            InputError: as :meth:`faces`.
        """
        found = self._load(clip, "sounds")
        if found.dtype != np.float32 or found.ndim != 2 or found.shape[0] != self.index.mel.bands:
            raise InputError(f"the sound of {clip.name} is {found.dtype} {found.shape}", path=self.folder)
        return MelSpectrogram(found, self.index.mel, clip.sound_start + clip.offset)

    def _load(self, clip: TrainingClip, kind: str) -> npt.NDArray[Any]:
        path = self.folder / kind / f"{clip.name}.npy"
        try:
            found: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"cannot be read ({error})", path=path, remedy="prepare again") from error
        return found
