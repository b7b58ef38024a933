from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.errors import InputError
from dubkit.evaluation import (
    METRICS,
    ClipView,
    Evaluation,
    Judges,
    LandmarkFinder,
    Score,
    SyncNetJudge,
    evaluate_clip,
    markdown_table,
)
from dubkit.schema import Waveform, dumps, loads
from tests.evaluation.test_landmarks import write_network

SOUND = Waveform(np.random.default_rng(1).uniform(-0.3, 0.3, (1, 6400)).astype(np.float32), 16_000)
BOXES = np.tile(np.array([2, 2, 30, 30], np.float32), (8, 1))
COMPARED = {"psnr": 100.0, "ssim": 1.0, "mouth_l1": 0.0, "mouth_distance": 0.0}


def view(seed: int) -> ClipView:
    random = np.random.default_rng(seed)

    def noise(size: int) -> npt.NDArray[np.uint8]:
        return random.integers(0, 256, (8, size, size, 3)).astype(np.uint8)

    return ClipView(noise(32), noise(224))


def evaluate(generated: ClipView, judges: Judges, **further: tuple[float, float]) -> Evaluation:
    return evaluate_clip(
        "one", real=view(0), generated=generated, face_boxes=BOXES, sound=SOUND, judges=judges, further=further
    )


class Points(LandmarkFinder):
    """Says where a mouth of the picture's own brightness is."""

    def __init__(self) -> None:
        pass

    def find(self, image: npt.NDArray[np.uint8], box: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        found = np.zeros((68, 2), np.float32)
        found[45], found[66] = (box[2], 0), (0, image.mean())
        return found


def test_every_metric_is_measured_on_both_clips(judge: SyncNetJudge) -> None:
    judges = Judges(judge, Points())
    found = evaluate(view(1), judges, expert_confidence=(0.9, 0.7))
    assert list(found.scores) == [*METRICS, "expert_confidence"]
    assert (found.clip, found.frames) == ("one", 8)
    assert found.scores["expert_confidence"] == Score(0.9, 0.7)
    assert found.scores["lse_d"].generated != found.scores["lse_d"].real
    assert found.scores["psnr"].generated < 12
    assert found.scores["opening_correlation"].generated < 0.9
    for name, perfect in (COMPARED | {"opening_correlation": 1.0}).items():
        assert found.scores[name].real == pytest.approx(perfect, abs=1e-9), name


def test_the_real_clip_scores_as_itself(judge: SyncNetJudge) -> None:
    for name, score in evaluate(view(0), Judges(judge, Points())).scores.items():
        assert score.generated == score.real, name


def test_each_clip_is_judged_with_its_own_sound(judge: SyncNetJudge) -> None:
    """Faces alike, so that any difference is the sound's."""
    other = Waveform(SOUND.samples[:, ::-1].copy(), 16_000)

    def scored(sound: Waveform, own: Waveform | None = None) -> Score:
        return evaluate_clip(
            "one",
            real=view(0),
            generated=view(0),
            face_boxes=BOXES,
            sound=sound,
            generated_sound=own,
            judges=Judges(judge),
        ).scores["lse_d"]

    found = scored(SOUND, other)
    assert found.real != found.generated
    assert found.generated == scored(other).real


def test_judges_that_are_not_asked_leave_no_score() -> None:
    found = evaluate(view(1), Judges())
    assert list(found.scores) == ["psnr", "ssim", "mouth_l1", "flicker"]


def test_an_evaluation_survives_json(tmp_path: Path) -> None:
    finder = LandmarkFinder(write_network(tmp_path / "a.onnx"))
    found = evaluate(view(1), Judges(landmarks=finder), fid=(0, 12.5))
    text = dumps(found)
    assert loads(Evaluation, text) == found
    assert json.loads(text)["scores"]["fid"] == {"real": 0, "generated": 12.5}


@pytest.mark.parametrize("name", ["lse_d", "LSE-C", "ssim", "lse_own"])
def test_further_scores_never_take_a_metrics_name(name: str) -> None:
    with pytest.raises(InputError, match=f"cannot be called '{name}'; give it a name of its own"):
        evaluate(view(1), Judges(), **{name: (0.0, 0.0)})


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_scores_are_numbers(value: float) -> None:
    with pytest.raises(InputError, match="two finite numbers"):
        evaluate(view(1), Judges(), fid=(0.0, value))


def test_clips_that_do_not_belong_together_are_refused(judge: SyncNetJudge) -> None:
    short = view(1)
    with pytest.raises(InputError, match="one shape"):
        evaluate(ClipView(short.crops[:5], short.sync_crops), Judges())
    with pytest.raises(InputError, match="8 and 7 crops for the sync judge"):
        evaluate(ClipView(short.crops, short.sync_crops[:7]), Judges(judge))


def test_table_of_one_clip() -> None:
    evaluation = Evaluation(
        "a|b", 8, {"lse_d": Score(6.1, 6.386), "sync_offset": Score(0, -1), "own": Score(0.5, 0.25)}
    )
    assert markdown_table([evaluation]) == (
        "| clip: generated (real) | LSE-D ↓ | sync offset frames ≈ | own |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| a\\|b | 6.386 (6.100) | -1 (0) | 0.250 (0.500) |\n"
    )


def test_table_of_several_clips_has_means_and_gaps() -> None:
    first = Evaluation("a", 8, {"fid": Score(0, 4), "ssim": Score(1, 0.5)})
    second = Evaluation("b", 8, {"ssim": Score(1, 0.7)})
    assert markdown_table([first, second]).splitlines() == [
        "| clip: generated (real) | SSIM ↑ | fid |",
        "| --- | ---: | ---: |",
        "| a | 0.5000 (1.0000) | 4.000 (0.000) |",
        "| b | 0.7000 (1.0000) | – |",
        "| mean | 0.6000 (1.0000) | 4.000 (0.000) |",
    ]
