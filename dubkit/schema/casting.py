"""Who speaks: what the user says of it, what the original shows of it, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.timing import FrameRange

__all__ = ["OFF_SCREEN", "Cast", "CastDecision", "MouthTrack", "OriginalSpeech"]

OFF_SCREEN = "off-screen"
"""Stands where an identity is meant for: nobody who is seen."""


@dataclass(frozen=True)
class Cast:
    """Which identity is which speaker, as the user says.

    Attributes:
        identities: Speaker's name in the subtitles -> names of the people they are, more than one where one person was
            not known again; or :data:`OFF_SCREEN` alone.
        cues: Number of a cue -> the identity that speaks it, or :data:`OFF_SCREEN`; goes before ``identities``.
    """

    identities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cues: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class MouthTrack:
    """What the mouth of one face track does; n is the number of frames.

    Attributes:
        face_track: Number of the face track.
        frames: Its frames.
        motion: (n,) float32: how much the mouth changes from the frame before, over how much the rest of the face does
            (:func:`dubkit.faces.mouth_motion`): 1 for a mouth that moves as the face around it, 1.3 and more while
            somebody speaks. NaN where it cannot be seen.
        sync: (n, 2 k + 1) float16: distance, 0..1, that a lip-sync expert sees between the five frames around a frame
            and the sound, with the picture taken to be -k..k twenty-fifths of a second after the sound; NaN where it
            was not asked; (n, 0) where there was none.
    """

    face_track: int
    frames: FrameRange
    motion: npt.NDArray[np.float32]
    sync: npt.NDArray[np.float16]

    def __post_init__(self) -> None:
        """Refuse arrays of other lengths."""
        n = len(self.frames)
        if self.motion.shape != (n,) or self.sync.ndim != 2 or self.sync.shape[0] != n:
            shapes = f"{self.motion.shape} and {self.sync.shape}"
            raise RecordError(f"mouth of face track {self.face_track} needs ({n},) and ({n}, shifts), not {shapes}")
        if self.sync.shape[1] and self.sync.shape[1] % 2 == 0:
            raise RecordError(f"mouth of face track {self.face_track} is compared at as many shifts before as after")


@dataclass(frozen=True, eq=False)
class OriginalSpeech:
    """What is heard and seen of who speaks in the original; does not depend on the language of the dub.

    Attributes:
        levels: (m,) float32: level of its sound in dB below full scale, chunk by chunk from the first frame of the
            picture on; none where it has no sound.
        chunks_per_second: Chunks a second.
        mouths: One for each face track whose mouth was looked at, in the order of their numbers.
        expert: The lip-sync expert that was asked; empty where there was none.
    """

    levels: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    chunks_per_second: int = 100
    mouths: tuple[MouthTrack, ...] = ()
    expert: str = ""


@dataclass(frozen=True)
class CastDecision:
    """Who was taken to speak some frames of a line, and why.

    Attributes:
        frames: The frames, all of one shot.
        shot: Number of the shot.
        identity: Name of the person; :data:`OFF_SCREEN` where nobody who is seen.
        confidence: 0..1: how likely that is, all that is known considered; 1 where the user says so.
        reason: Why, in words.
        face_tracks: Numbers of the face tracks of that person in these frames.
        odds: Person, or :data:`OFF_SCREEN` -> how likely it is that they speak, 0..1; empty where the user says who.
    """

    frames: FrameRange
    shot: int
    identity: str
    confidence: float
    reason: str
    face_tracks: tuple[int, ...] = ()
    odds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse decisions about nothing, and confidences that are none."""
        if not self.frames:
            raise RecordError(f"a decision on {self.identity} needs frames")
        if not 0 <= self.confidence <= 1:
            raise RecordError(f"a confidence of {self.confidence} does not lie in 0..1")
