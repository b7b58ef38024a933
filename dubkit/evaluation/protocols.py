"""How a generator is judged on real clips, crop by crop: with their own sound, with a wrong one, and in silence.

No video is encoded and no detector asked: faces, times and sound come as arrays, so the same code serves a run in
training, the command line and anybody's script. What is asked of a generator is

- right sound: does it give back what was hidden (mouth L1, mouth opening against the true one), and better than the
  reference it was shown, which it could simply have copied?
- wrong sound: does it follow *that* sound? Then it is further from the real clip, and the expert finds it in sync with
  the wrong sound and no longer with the real one. A generator that scores the same as with the right sound does not
  listen.
- silence: does the mouth close as far as the real one does?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.evaluation.clips import ClipScores, ProtocolClip, mean_scores, stretch_faces, unit_faces, wrong_sound
from dubkit.evaluation.image import MouthRegion, flicker, mouth_l1
from dubkit.evaluation.landmarks import LandmarkFinder, mouth_opening, opening_correlation
from dubkit.lipsync import (
    Generates,
    Reference,
    ReferenceChooser,
    SyncExpert,
    SyncSettings,
    SynthesisSettings,
    mel_windows,
    score_track,
    synthesize,
)
from dubkit.schema import MelSpectrogram

__all__ = ["GeneratorScores", "ProtocolSettings", "Takes", "judge_generator", "make_takes"]

Crops = npt.NDArray[np.uint8]

_CLOSED = 10  # the percentile of a real clip's openings that stands for its closed mouth
_LEAST_FRAMES = 3  # flicker is seen over three


@dataclass(frozen=True)
class ProtocolSettings:
    """How a generator is run and judged.

    Attributes:
        reference_frames: First frames of a clip among which its reference is chosen, as dubbing does it.
        synthesis: How the generator is run.
        sync: How the expert is asked.
        mouth: Where the mouth lies in a crop.
        face_share: Side of the face's box over that of the crop, both around one centre.
    """

    reference_frames: int = 8
    synthesis: SynthesisSettings = SynthesisSettings()  # noqa: RUF009 - frozen, so it can be shared
    sync: SyncSettings = SyncSettings()  # noqa: RUF009 - frozen, so it can be shared
    mouth: MouthRegion = MouthRegion()  # noqa: RUF009 - frozen, so it can be shared
    face_share: float = 1 / 1.05

    def __post_init__(self) -> None:
        """Refuse what is no choice and no face."""
        if self.reference_frames < 1 or not 0.2 <= self.face_share <= 1:
            raise InputError("a reference is chosen among at least 1 frame, and a face fills 0.2 to 1 of its crop")


@dataclass(frozen=True, eq=False)
class Takes:
    """What a generator makes of a clip.

    Attributes:
        clip: The clip.
        references: (n, size, size, 3) what it was shown beside the upper half of each face; the faces themselves, for a
            generator that wants those.
        right: The same, made with the clip's own sound.
        wrong: Made with the wrong sound.
        silent: Made with silence.
        wrong_mel: The wrong sound, on the clip's clock.
    """

    clip: ProtocolClip
    references: Crops
    right: Crops
    wrong: Crops
    silent: Crops
    wrong_mel: MelSpectrogram


@dataclass(frozen=True)
class GeneratorScores:
    """What was measured of a generator.

    Attributes:
        clips: Clip by clip.
        mean: Name -> mean over the clips that have the score.
    """

    clips: tuple[ClipScores, ...]
    mean: Mapping[str, float]


def judge_generator(
    model: Generates,
    clips: Sequence[ProtocolClip],
    *,
    expert: SyncExpert | None = None,
    landmarks: LandmarkFinder | None = None,
    settings: ProtocolSettings = ProtocolSettings(),
    on_takes: Callable[[Takes], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> GeneratorScores:
    """Run a generator over real clips with right sound, wrong sound and silence, and score what it makes.

    Args:
        model: The generator.
        clips: Real clips of at least three frames. The wrong sound of each is that of the next; of a single clip it is
            its own, at least a second away.
        expert: Measures sync confidence; None leaves it out.
        landmarks: Finds how far mouths open; None leaves that out.
        settings: How.
        on_takes: Given what was made of each clip, to look at.
        progress: Told how many clips are done, and of how many.

    Raises:
        InputError: if there is no clip, one is too short or of another size, or a single one is under two seconds.
    """
    if not clips:
        raise InputError("there is no clip to judge a generator by", remedy="give at least one with a face in it")
    found = []
    for index, clip in enumerate(clips):
        takes = make_takes(model, clip, clips[(index + 1) % len(clips)], settings)
        if on_takes is not None:
            on_takes(takes)
        found.append(ClipScores(clip.name, len(clip), _scores(takes, expert, landmarks, settings)))
        if progress is not None:
            progress(index + 1, len(clips))
    return GeneratorScores(tuple(found), mean_scores(found))


def make_takes(
    model: Generates,
    clip: ProtocolClip,
    other: ProtocolClip,
    settings: ProtocolSettings = ProtocolSettings(),
) -> Takes:
    """What ``model`` makes of ``clip`` with its own sound, with that of ``other``, and with silence.

    Args:
        model: The generator.
        clip: A real clip.
        other: Where the wrong sound comes from, as :func:`dubkit.evaluation.wrong_sound` has it.
        settings: How.

    Raises:
        InputError: as :func:`judge_generator`.
    """
    if len(clip) < _LEAST_FRAMES:
        raise InputError(f"{clip.name} has {len(clip)} frames", remedy=f"give clips of at least {_LEAST_FRAMES}")
    faces = unit_faces(clip.faces)
    references = _references(model, faces, settings.reference_frames)
    wrong_mel = wrong_sound(clip, other)

    def made(windows: npt.NDArray[np.float32]) -> Crops:
        found = synthesize(model, faces, references, windows, settings.synthesis)
        return np.asarray(np.rint(np.clip(found, 0, 1) * 255), np.uint8)

    right, wrong = (mel_windows(mel, clip.times, model.config.mel_offset) for mel in (clip.mel, wrong_mel))
    silence = np.full_like(right, -clip.mel.settings.limit)
    shown = np.asarray(np.rint(np.broadcast_to(references, faces.shape) * 255), np.uint8)
    return Takes(clip, shown, made(right), made(wrong), made(silence), wrong_mel)


def _references(model: Generates, faces: npt.NDArray[np.float32], frames: int) -> npt.NDArray[np.float32]:
    if model.config.reference is Reference.SAME:
        return faces
    chooser = ReferenceChooser()
    for face in faces[:frames]:
        chooser.look(0, face)
    return chooser.best(0)[None]


def _scores(
    takes: Takes, expert: SyncExpert | None, landmarks: LandmarkFinder | None, settings: ProtocolSettings
) -> dict[str, float]:
    clip, mouth = takes.clip, settings.mouth
    scores = {
        "mouth_l1_right": mouth_l1(takes.right, clip.faces, mouth),
        "mouth_l1_wrong": mouth_l1(takes.wrong, clip.faces, mouth),
        "mouth_l1_reference": mouth_l1(takes.references, clip.faces, mouth),
        "flicker_real": flicker(clip.faces, mouth),
        "flicker_right": flicker(takes.right, mouth),
    }
    if landmarks is not None:
        real, right, wrong, silent = (
            _openings(landmarks, crops, clip.aspect, settings.face_share)
            for crops in (clip.faces, takes.right, takes.wrong, takes.silent)
        )
        scores |= {
            "opening_correlation_right": opening_correlation(right, real),
            "opening_correlation_wrong": opening_correlation(wrong, real),
            "opening_range_real": float(real.std()),
            "opening_range_right": float(right.std()),
            "opening_closed": float(np.percentile(real, _CLOSED)),
            "opening_silent": float(silent.mean()),
        }
    if expert is not None:
        asked = {
            "expert_confidence_real": (clip.faces, clip.mel),
            "expert_confidence_right": (takes.right, clip.mel),
            "expert_confidence_wrong": (takes.wrong, takes.wrong_mel),
            "expert_confidence_unheard": (takes.wrong, clip.mel),
        }
        for name, (crops, mel) in asked.items():
            found = score_track(expert, unit_faces(crops), clip.times, mel, settings.sync)
            if found.clips:
                scores[name] = found.expert_confidence
    return scores


def _openings(finder: LandmarkFinder, crops: Crops, aspect: float, share: float) -> npt.NDArray[np.float32]:
    """(n,) how far the mouth opens in each crop."""
    tall = stretch_faces(crops, aspect)
    height, width = tall.shape[1:3]
    left, top = (side * (1 - share) / 2 for side in (width, height))
    box = np.array([left, top, width - left, height - top], np.float32)
    return mouth_opening(finder.find_all(list(tall), np.tile(box, (len(tall), 1))))
