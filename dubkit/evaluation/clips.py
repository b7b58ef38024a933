"""Real clips of one face each, as the crop-level protocols take them, and what is measured of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.schema import MelSpectrogram
from dubkit.timing import Seconds, mel_step

__all__ = ["ClipScores", "ProtocolClip", "mean_scores", "stretch_faces", "unit_faces", "wrong_sound"]

_ALONE = Fraction(1)  # second by which a clip's own sound must be away to be a wrong one
_AROUND = Fraction(1)  # second of wrong sound before and after the clip, for the judge to shift in


@dataclass(frozen=True, eq=False)
class ProtocolClip:
    """One real clip of a face; n is the number of frames.

    Attributes:
        name: What to call it.
        faces: (n, size, size, 3) uint8 BGR, cut as for the generator.
        times: When each is shown, in seconds, rising; any rate.
        mel: The sound that goes with it, on the same clock; may reach beyond the faces.
        aspect: Height of the face's box over its width, before it was cut to a square: crops are stretched back by it
            where landmarks are looked for. The default is the median of faces that look at the camera.
    """

    name: str
    faces: npt.NDArray[np.uint8]
    times: tuple[Seconds, ...]
    mel: MelSpectrogram
    aspect: float = 1.4

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together."""
        size = self.faces.shape[1] if self.faces.ndim == 4 else 0
        if self.faces.dtype != np.uint8 or self.faces.shape != (len(self.times), size, size, 3):
            raise InputError(
                f"{self.name} has {len(self.times)} times: its faces should be uint8 (n, size, size, 3), "
                f"not {self.faces.dtype} {self.faces.shape}"
            )
        if any(after <= before for before, after in pairwise(self.times)) or not 0.1 < self.aspect < 10:
            raise InputError(f"the times of {self.name} should rise, and its aspect be near 1.4")

    def __len__(self) -> int:
        return len(self.times)

    @property
    def duration(self) -> Seconds:
        """Seconds from the first frame's start to the last one's end, were that shown as long as the mean."""
        if len(self) < 2:
            return Fraction(0)
        return (self.times[-1] - self.times[0]) * len(self) / (len(self) - 1)


@dataclass(frozen=True)
class ClipScores:
    """What was measured of one clip.

    Attributes:
        clip: What it is called.
        frames: How many frames were judged.
        scores: Name -> value; a score whose judge was not asked, or could not tell, is left out.
    """

    clip: str
    frames: int
    scores: Mapping[str, float]


def mean_scores(clips: Sequence[ClipScores]) -> dict[str, float]:
    """Name -> mean over the clips that have the score, in the order in which names first come."""
    names = {name: None for clip in clips for name in clip.scores}
    return {name: float(np.mean([clip.scores[name] for clip in clips if name in clip.scores])) for name in names}


def unit_faces(faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(n, h, w, 3) uint8 as the networks take them: float32, 0..1."""
    return faces.astype(np.float32) / np.float32(255)


def stretch_faces(faces: npt.NDArray[np.uint8], aspect: float) -> npt.NDArray[np.uint8]:
    """Square crops given back their height, (n, size x aspect, size, 3): what looks for landmarks needs to see it."""
    size = faces.shape[2]
    height = round(size * aspect)
    return np.stack([cv2.resize(face, (size, height), interpolation=cv2.INTER_CUBIC) for face in faces])


def wrong_sound(clip: ProtocolClip, other: ProtocolClip) -> MelSpectrogram:
    """A sound that does not belong to ``clip``: what lies under the faces of ``other``, over and over.

    Args:
        clip: What it is heard with. The sound begins a second before it and ends a second after.
        other: Where it comes from. If it is ``clip`` itself, its own sound is heard at another place.

    Raises:
        InputError: if there is no sound under ``other``, or ``clip`` alone is under two seconds.
    """
    mel, rate = other.mel, other.mel.settings.steps_per_second
    first = max(0, mel_step(other.times[0] - mel.start, rate))
    last = min(mel.values.shape[1], mel_step(other.times[0] + other.duration - mel.start, rate))
    if last <= first:
        raise InputError(f"there is no sound under the faces of {other.name}", remedy="give clips with sound")
    away = Fraction(0)
    if other is clip:
        away = max(_ALONE, clip.duration / 2)
        if clip.duration < away + _ALONE:
            raise InputError(
                f"{clip.name} is alone, and too short to be heard a second away from itself",
                remedy="give a second clip, or one of at least two seconds",
            )
    before = mel_step(_AROUND, rate)
    steps = np.arange(-before, mel_step(clip.duration, rate) + before) + mel_step(away, rate)
    return MelSpectrogram(
        np.ascontiguousarray(mel.values[:, first + steps % (last - first)]), mel.settings, clip.times[0] - _AROUND
    )
