"""Scores of generated clips, each beside that of the real clip through the same code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.evaluation.image import MouthRegion, flicker, mouth_l1, psnr, ssim
from dubkit.evaluation.landmarks import LandmarkFinder, mouth_distance, mouth_opening, opening_correlation
from dubkit.evaluation.syncnet import SyncNetJudge
from dubkit.evaluation.tables import markdown
from dubkit.schema import Waveform

__all__ = ["METRICS", "ClipView", "Evaluation", "Judges", "Metric", "Score", "evaluate_clip", "markdown_table"]


@dataclass(frozen=True)
class Metric:
    """How a metric is to be read.

    Attributes:
        title: Its usual name.
        unit: What it is measured in; empty where it is a pure number.
        better: Where better scores lie: ``higher``, ``lower``, or ``near real``, where the real clip's is best.
        digits: Digits after the point in tables.
    """

    title: str
    unit: str
    better: str
    digits: int


METRICS: Mapping[str, Metric] = {
    "lse_d": Metric("LSE-D", "", "lower", 3),
    "lse_c": Metric("LSE-C", "", "higher", 3),
    "sync_offset": Metric("sync offset", "frames", "near real", 0),
    "psnr": Metric("PSNR", "dB", "higher", 2),
    "ssim": Metric("SSIM", "", "higher", 4),
    "mouth_l1": Metric("mouth L1", "", "lower", 4),
    "flicker": Metric("flicker", "", "near real", 4),
    "opening_correlation": Metric("mouth opening correlation", "", "higher", 3),
    "mouth_distance": Metric("mouth LMD", "", "lower", 4),
}
"""What :func:`evaluate_clip` measures itself, in the order of tables; any other name is the caller's own."""

_ARROWS = {"higher": "↑", "lower": "↓", "near real": "≈"}


@dataclass(frozen=True)
class Score:
    """One metric of both clips.

    Attributes:
        real: Of the real clip. Metrics that compare with the real clip compare it with itself here.
        generated: Of the generated clip.
    """

    real: float
    generated: float

    def __post_init__(self) -> None:
        """Refuse what is not a number."""
        if not (math.isfinite(self.real) and math.isfinite(self.generated)):
            raise InputError(f"a score should be two finite numbers, not {self.real} and {self.generated}")


@dataclass(frozen=True)
class Evaluation:
    """The scores of one generated clip.

    Attributes:
        clip: What the clip is called.
        frames: How many frames were compared.
        scores: Metric -> scores; those named in :data:`METRICS` first, then the caller's own.
        notes: What else is to be known of them, in words.
    """

    clip: str
    frames: int
    scores: Mapping[str, Score]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ClipView:
    """One speaker's clip as the judges see it; n is the number of frames.

    Attributes:
        crops: (n, h, w, 3) uint8 BGR: the face, cut alike in the real and the generated clip.
        sync_crops: (m, 224, 224, 3) uint8 BGR at 25 frames a second, as
            :func:`dubkit.evaluation.sync_crop.cut_sync_crop` cuts them; m may be 0 where no sync judge is asked.
    """

    crops: npt.NDArray[np.uint8]
    sync_crops: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 224, 224, 3), np.uint8))


@dataclass(frozen=True, eq=False)
class Judges:
    """Who is asked, and where the mouth lies; those that are None are left out of the result.

    Attributes:
        sync: Scores sync.
        landmarks: Finds the mouth.
        mouth: Where the mouth lies in the crops.
    """

    sync: SyncNetJudge | None = None
    landmarks: LandmarkFinder | None = None
    mouth: MouthRegion = MouthRegion()  # noqa: RUF009 - frozen, so it can be shared


def evaluate_clip(
    clip: str,
    *,
    real: ClipView,
    generated: ClipView,
    face_boxes: npt.NDArray[np.float32],
    sound: Waveform,
    generated_sound: Waveform | None = None,
    judges: Judges = Judges(),
    further: Mapping[str, tuple[float, float]] | None = None,
) -> Evaluation:
    """Score a generated clip and the real one it was made from, both by the same code.

    Args:
        clip: What to call it.
        real: The real clip.
        generated: The same frames with generated lips.
        face_boxes: (n, 4) the face in each crop, in pixels of the crop: those of the real clip, used for both, so that
            no detector's mood comes between them. Landmarks alone are found by them.
        sound: What is heard with both, one channel at 16 kHz, from the first frame.
        generated_sound: What is heard with the generated clip, where that is another sound: a dub's own voice.
        judges: Who is asked.
        further: Scores measured elsewhere, name -> (real, generated): the confidence of one's own expert, FID of a set.
            They stand under their own names, never under that of a metric here.

    Raises:
        InputError: if the clips do not belong together, are too short, or a further score takes a metric's name.
    """
    further = further or {}
    for name in further:
        if name in METRICS or name.lower().startswith("lse"):
            raise InputError(f"a further score cannot be called {name!r}", remedy="give it a name of its own")
    if len(real.sync_crops) != len(generated.sync_crops):
        raise InputError(
            f"the clips have {len(real.sync_crops)} and {len(generated.sync_crops)} crops for the sync judge"
        )
    both = (real, generated)
    scores: dict[str, Score] = {}
    if judges.sync is not None:
        first = judges.sync.judge(real.sync_crops, sound)
        second = judges.sync.judge(generated.sync_crops, sound if generated_sound is None else generated_sound)
        scores["lse_d"] = Score(first.distance, second.distance)
        scores["lse_c"] = Score(first.confidence, second.confidence)
        scores["sync_offset"] = Score(first.offset, second.offset)
    scores |= _pictures(real.crops, generated.crops, judges.mouth)
    if judges.landmarks is not None:
        points = [judges.landmarks.find_all(list(view.crops), face_boxes) for view in both]
        openings = [mouth_opening(each) for each in points]
        scores["opening_correlation"] = Score(*(opening_correlation(opening, openings[0]) for opening in openings))
        scores["mouth_distance"] = Score(*(mouth_distance(each, points[0]) for each in points))
    scores |= {name: Score(*pair) for name, pair in further.items()}
    return Evaluation(clip, len(real.crops), scores)


def _pictures(real: npt.NDArray[np.uint8], generated: npt.NDArray[np.uint8], mouth: MouthRegion) -> dict[str, Score]:
    both = (real, generated)
    return {
        "psnr": Score(*(psnr(clip, real) for clip in both)),
        "ssim": Score(*(ssim(clip, real) for clip in both)),
        "mouth_l1": Score(*(mouth_l1(clip, real, mouth) for clip in both)),
        "flicker": Score(*(flicker(clip, mouth) for clip in both)),
    }


def markdown_table(evaluations: Sequence[Evaluation]) -> str:
    """The scores as a Markdown table: a row per clip, generated first and the real clip's in brackets.

    Several clips have a last row with their means, over the clips that have the metric. ↑ stands for higher is better,
    ↓ for lower, ≈ for the nearer to the real clip's; names that are not in :data:`METRICS` have no mark.
    """
    given = {name: None for evaluation in evaluations for name in evaluation.scores}
    names = [*(name for name in METRICS if name in given), *(name for name in given if name not in METRICS)]
    rows = [[evaluation.clip, *(_cell(evaluation.scores, name) for name in names)] for evaluation in evaluations]
    if len(evaluations) > 1:
        means = {name: _mean([each.scores[name] for each in evaluations if name in each.scores]) for name in names}
        rows.append(["mean", *(_cell(means, name) for name in names)])
    return markdown(["clip: generated (real)", *map(_heading, names)], rows)


def _mean(scores: Sequence[Score]) -> Score:
    return Score(
        float(np.mean([score.real for score in scores])), float(np.mean([score.generated for score in scores]))
    )


def _heading(name: str) -> str:
    if name not in METRICS:
        return name
    metric = METRICS[name]
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{metric.title}{unit} {_ARROWS[metric.better]}"


def _cell(scores: Mapping[str, Score], name: str) -> str:
    if name not in scores:
        return "–"
    digits = METRICS[name].digits if name in METRICS else 3
    return f"{scores[name].generated:.{digits}f} ({scores[name].real:.{digits}f})"
