"""Everything that decides what of a video is kept to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dubkit.analysis import AnalysisSettings
from dubkit.errors import InputError
from dubkit.faces import CropSettings, FaceDetector, choose_detector
from dubkit.lipsync import SyncSettings
from dubkit.schema import MelSettings

__all__ = ["CutSettings", "DetectorChoice", "PrepareSettings"]


@dataclass(frozen=True)
class CutSettings:
    """How videos are cut into clips; with another value all videos are cut again.

    Attributes:
        image_size: Pixels on each side of a crop.
        least_seconds: Shorter clips are dropped.
        most_seconds: Longer face tracks are divided, so that what is held does not grow with the film.
        least_seen: Share of a track's frames in which its face must be seen, 0..1.
        least_height: Pixels of the picture that a face must be high.
        rival_height: Another face at least this high, as a share of the clip's own, could be the one that speaks.
        reach: Seconds that a frame may lie from the moment of the 25 fps clock it stands for.
        margin: Seconds of sound kept before and after the crops, where there is sound.
        quietest: Full scale is 1; sound that never rises above this is silent.
        crop: How a crop lies around its face.
        mel: How sound becomes a mel spectrogram.
        analysis: How faces are looked for; by default :func:`dubkit.analysis.settings_for` detector and rate.
    """

    image_size: int = 96
    least_seconds: float = 0.6
    most_seconds: float = 60.0
    least_seen: float = 0.75
    least_height: float = 48.0
    rival_height: float = 0.5
    reach: float = 0.035
    margin: float = 1.0
    quietest: float = 0.001
    crop: CropSettings = field(default_factory=CropSettings)
    mel: MelSettings = field(default_factory=MelSettings)
    analysis: AnalysisSettings | None = None

    def __post_init__(self) -> None:
        """Refuse clips without an end, and crops without pixels."""
        if self.image_size < 2 or not 0 < self.least_seconds <= self.most_seconds:
            raise InputError("crops need at least 2 pixels, and clips a least length above 0 s and below the most")


@dataclass(frozen=True)
class PrepareSettings:
    """How a folder of videos is prepared.

    Attributes:
        cut: How videos are cut into clips.
        sync: How an expert measures the offset of a clip.
        least_judged: 0..1: share of a clip's groups of five frames that must have sound under them for a shift to be
            judged. In a clip of a second, far shifts are judged by few groups, and by chance win over the true one.
        least_confidence: 0..1, of the expert in the offset; clips below are dropped. Experts differ: the default asks
            only for more than a flat curve.
        left_alone: Seconds of offset, either way, that are not corrected: one frame, as the paper has it. Less where
            many clips are a frame off; an expert's own noise is about half a frame in clips of three seconds.
        most_offset: Seconds of offset, either way, that are corrected; clips beyond are dropped. Stays well within the
            shifts of ``sync``: at their end the true offset may lie beyond.
        held_out_share: 0..1: share of the people (where they are not known, of the videos) that is held out.
    """

    cut: CutSettings = field(default_factory=CutSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    least_judged: float = 2 / 3
    least_confidence: float = 0.1
    left_alone: float = 0.04
    most_offset: float = 0.4
    held_out_share: float = 0.1

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for name in ("held_out_share", "least_judged", "least_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name} cannot be {getattr(self, name)}", remedy="give 0 to 1")


@dataclass(frozen=True)
class DetectorChoice:
    """Which face detector is to be built, in every worker process anew.

    Attributes:
        name: ``auto``, ``insightface``, ``yunet`` or ``cascade``.
        model: Its file, or the name of an insightface package; empty looks in ``folders``.
        folders: Where model files are looked for.
    """

    name: str = "auto"
    model: str = ""
    folders: Sequence[Path] = ()

    def build(self) -> FaceDetector:
        """The detector.

        Raises:
            InputError: as :func:`dubkit.faces.choose_detector`, and so are all others.
        """
        return choose_detector(self.name, self.model, folders=self.folders)[0]
