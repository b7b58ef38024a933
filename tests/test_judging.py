"""How a model does on real clips: here, films made by code."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from dubkit import judging
from dubkit.errors import InputError, MediaError, ModelError, OutputError
from dubkit.evaluation import ExpertScores, GeneratorScores, ProtocolClip
from dubkit.judges import find_judges
from dubkit.judging import ClipSettings, ModelReport, cut_clip, evaluate_model
from dubkit.lipsync import Checkpoint, ModelConfig, registry, save_checkpoint
from dubkit.lipsync.architecture import DISCRIMINATOR, EXPERT, GENERATOR, expected_shapes
from dubkit.schema import dumps, loads
from tests.evaluation.test_landmarks import write_network
from tests.films import BOX, OneFace, write_talk
from tests.lipsync.golden_rule import EXPERT_GAIN, GENERATOR_GAIN, golden_state


def write_model(path: Path, architecture: str = GENERATOR, width: float = 0.05) -> Path:
    gain = GENERATOR_GAIN if architecture == GENERATOR else EXPERT_GAIN
    state = golden_state(list(expected_shapes(architecture, width).items()), gain)
    save_checkpoint(path, Checkpoint(ModelConfig(architecture, width=width), state))
    return path


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("talks")
    return [write_talk(folder / f"talk{n}.mkv", seconds=1.2, start=31.0 * n) for n in range(2)]


@pytest.fixture(autouse=True)
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Faces are where they were made; models are in a folder of the test's own."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(judging, "choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setenv("DUBKIT_MODELS", str(folder))
    monkeypatch.setattr(registry, "BUILTIN", {"compact": registry.BUILTIN["compact"]})
    return folder


def test_a_clip_is_the_largest_face_and_its_sound(talks: list[Path]) -> None:
    clip = cut_clip(talks[0], OneFace())
    assert (clip.name, len(clip), clip.faces.shape) == ("talk0", 30, (30, 96, 96, 3))
    assert clip.aspect == pytest.approx((BOX[3] - BOX[1]) / (BOX[2] - BOX[0]))
    assert clip.mel.start == 0
    assert clip.mel.values.shape[1] == 97
    level = np.interp([float(time) * 80 for time in clip.times], np.arange(97), clip.mel.values.mean(axis=0))
    assert np.corrcoef(clip.faces.mean(axis=(1, 2, 3)), level)[0, 1] > 0.9
    assert len(cut_clip(talks[0], OneFace(), ClipSettings(longest=0.7))) == 15


def test_clips_that_show_or_say_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mute\.mkv: has no sound to judge lips by; give"):
        cut_clip(write_talk(tmp_path / "mute.mkv", seconds=1, sound=False), OneFace())
    with pytest.raises(InputError, match=r"blink\.mkv: shows no face in 15 frames or more"):
        cut_clip(write_talk(tmp_path / "blink.mkv", seconds=0.4), OneFace())


def test_a_generator_is_judged(talks: list[Path], tmp_path: Path, made_up: Path) -> None:
    sheet = tmp_path / "sheet.png"
    expert = write_model(made_up / "own.safetensors", EXPERT)
    told: list[str] = []
    report = evaluate_model(
        write_model(tmp_path / "tiny.safetensors"),
        talks,
        expert="own",
        landmarks=write_network(tmp_path / "points.onnx"),
        sheet=sheet,
        progress=lambda stage, *_: told.append(stage),
    )
    assert isinstance(report.scores, GeneratorScores)
    assert (report.model, report.architecture, report.judges) == ("tiny", GENERATOR, (expert.stem, "points"))
    assert [clip.clip for clip in report.scores.clips] == ["talk0", "talk1"]
    assert {"mouth_l1_right", "opening_silent", "expert_confidence_wrong"} <= set(report.scores.mean)
    assert report.notes == ("faces were found by made up: for the test",)
    picture = cv2.imread(str(sheet))
    assert picture is not None
    assert picture.shape == (2 * (5 * 96 + 20), 96 + 8 * 96, 3)
    assert loads(ModelReport, dumps(report)) == report
    assert told[-1] == "judge"


def test_an_expert_is_judged(talks: list[Path], tmp_path: Path) -> None:
    report = evaluate_model(write_model(tmp_path / "own.safetensors", EXPERT), talks)
    assert isinstance(report.scores, ExpertScores)
    assert report.architecture == EXPERT
    assert report.scores.pairs > 0
    assert loads(ModelReport, dumps(report)) == report
    with pytest.raises(InputError, match="makes no pictures; leave out the picture sheet"):
        evaluate_model(tmp_path / "own.safetensors", talks, sheet=tmp_path / "sheet.png")


def test_clips_cut_before_are_judged_too(talks: list[Path], tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny.safetensors")
    cut = [dataclasses.replace(cut_clip(talk, OneFace()), name=f"before {talk.stem}") for talk in talks]
    alone = evaluate_model(model, clips=cut)
    assert isinstance(alone.scores, GeneratorScores)
    assert [clip.clip for clip in alone.scores.clips] == ["before talk0", "before talk1"]
    assert not any("faces were found" in note for note in alone.notes)
    both = evaluate_model(model, talks, clips=cut)
    assert isinstance(both.scores, GeneratorScores)
    assert len(both.scores.clips) == 4
    assert both.scores.clips[2].scores["mouth_l1_right"] == alone.scores.clips[0].scores["mouth_l1_right"]


def test_a_clip_that_cannot_be_judged_costs_no_other(talks: list[Path], tmp_path: Path) -> None:
    mute = write_talk(tmp_path / "mute.mkv", seconds=1, sound=False)
    model = write_model(tmp_path / "tiny.safetensors")
    report = evaluate_model(model, [mute, *talks])
    assert isinstance(report.scores, GeneratorScores)
    assert len(report.scores.clips) == 2
    assert any(note.startswith("left out:") and "mute.mkv: has no sound" in note for note in report.notes)
    with pytest.raises(InputError, match=r"none of 1 clips can be judged by: .*mute\.mkv"):
        evaluate_model(model, [mute])
    with pytest.raises(MediaError, match=r"gone\.mkv"):
        evaluate_model(model, [*talks, tmp_path / "gone.mkv"])


def test_what_cannot_be_used_is_refused_before_any_work(
    talks: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(*_: object, **__: object) -> ProtocolClip:
        pytest.fail("work was begun")

    monkeypatch.setattr(judging, "cut_clip", begun)
    model = write_model(tmp_path / "tiny.safetensors")
    with pytest.raises(ModelError, match="holds a visual quality discriminator, and a lip generator is needed"):
        evaluate_model(write_model(tmp_path / "disc.safetensors", DISCRIMINATOR), talks)
    with pytest.raises(ModelError, match="holds a lip generator, and a lip-sync expert"):
        evaluate_model(model, talks, expert=model)
    with pytest.raises(ModelError, match=r"gone\.onnx: there is no such landmark file"):
        evaluate_model(model, talks, landmarks="gone.onnx")
    with pytest.raises(OutputError, match=r"sheet\.jpg: .*; let it end in \.png"):
        evaluate_model(model, talks, sheet=tmp_path / "sheet.jpg")
    with pytest.raises(OutputError, match="does not exist"):
        evaluate_model(model, talks, sheet=tmp_path / "gone" / "sheet.png")


def test_judges_are_those_at_hand_and_the_others_are_named(made_up: Path) -> None:
    none = find_judges()
    assert (none.expert, none.landmarks, none.syncnet, none.names) == (None, None, None, ())
    assert [note.split(" (")[0] for note in none.notes] == [
        "left out: the expert's confidence",
        "left out: mouth opening",
        "left out: LSE-D and LSE-C",
    ]
    assert len(find_judges(with_syncnet=False).notes) == 2
    write_network(made_up / "pfld_68.onnx")
    write_model(made_up / "own.safetensors", EXPERT)
    some = find_judges(expert="own", with_syncnet=False)
    assert some.names == ("own", "pfld_68")
    assert some.notes == ()
    (made_up / "syncnet_v2.model").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"syncnet_v2\.model: "):
        find_judges()
