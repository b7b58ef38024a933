"""How a video is looked through."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

from dubkit.errors import RecordError
from dubkit.faces import FaceDetector, IdentitySettings, TrackSettings
from dubkit.shots import SceneSettings, ShotSettings
from dubkit.timing import FrameRate

__all__ = ["AnalysisSettings", "settings_for"]

_USUAL_RATE = 27  # frames a second, between 24 and 30: the rate that settings in frames are meant for
_PAUSE = Fraction(1, 8)  # seconds between two looks for faces


@dataclass(frozen=True)
class AnalysisSettings:
    """How a video is looked through.

    Attributes:
        shot_side: Longer side in pixels of the images in which cuts are looked for.
        face_side: Longer side in pixels of the images in which faces are looked for.
        shots: How cuts are found.
        scenes: Which shots belong together.
        tracks: How faces are followed.
        people: When two face tracks are of one person; an embedder brings its own ``same``.
        describe_every: What tells people apart is measured in each n-th of the images in which faces are looked for.
        whole_every: The whole of each n-th of these images is searched, of the others what is around the faces known.
    """

    shot_side: int = 256
    face_side: int = 640
    shots: ShotSettings = field(default_factory=ShotSettings)
    scenes: SceneSettings = field(default_factory=SceneSettings)
    tracks: TrackSettings = field(default_factory=TrackSettings)
    people: IdentitySettings = field(default_factory=IdentitySettings)
    describe_every: int = 4
    whole_every: int = 4

    def __post_init__(self) -> None:
        """Refuse values nothing could be found with."""
        if min(self.shot_side, self.face_side, self.describe_every, self.whole_every) < 1:
            raise RecordError("analysis settings need sides and pauses of at least one")


def settings_for(detector: FaceDetector, rate: FrameRate) -> AnalysisSettings:
    """Our best settings for a detector and a frame rate.

    What counts in frames is meant for about 25 a second, so at 50 there are twice as many. Between two looks an eighth
    of a second apart a mouth strays from where it is taken to be by 0.7 % of the face's width (root mean square over
    nine real clips; 0.4 % at a twelfth of a second, 1.3 % at a fifth). The cascade takes more than ten times as long
    per image as YuNet, so it looks half as often; found as many faces, none of them false.
    """
    usual = TrackSettings()
    factor = max(1, round(rate.fps / _USUAL_RATE))
    slow = detector.name == "cascade"
    tracks = replace(
        usual,
        every=max(1, round(rate.fps * _PAUSE)) * (2 if slow else 1),
        gap=usual.gap * factor,
        blink=usual.blink * factor,
        smooth=usual.smooth * factor,
    )
    people = IdentitySettings()
    # The cascade judges a part of a picture otherwise than the whole.
    whole = 1 if slow else AnalysisSettings().whole_every
    return AnalysisSettings(tracks=tracks, people=replace(people, reach=people.reach * factor), whole_every=whole)
