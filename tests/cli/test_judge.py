"""``dubkit sync`` and ``dubkit evaluate``, as scripts and people see them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubkit import comparing, judging, sync
from dubkit.judging import cut_clip
from dubkit.lipsync import registry
from dubkit.lipsync.architecture import EXPERT
from dubkit.training import HELD_OUT, TRAIN, TrainingClip, TrainingIndex, write_index
from dubkit_cli.main import run
from tests.evaluation.test_landmarks import write_network
from tests.films import Listener, OneFace, write_talk
from tests.test_judging import write_model
from tests.test_sync import Watcher


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("talks")
    return [str(write_talk(folder / f"talk{n}.mkv", seconds=3, late=n * 3 / 25, start=31.0 * n)) for n in range(2)]


@pytest.fixture(autouse=True)
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Faces are where they were made; models are in a folder of the test's own."""
    folder = tmp_path / "models"
    folder.mkdir()
    for module in (sync, judging, comparing):
        monkeypatch.setattr(module, "choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setenv("DUBKIT_MODELS", str(folder))
    monkeypatch.setattr(registry, "BUILTIN", {"compact": registry.BUILTIN["compact"]})
    return folder


def result(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == code
    said = capsys.readouterr()
    assert said.err == ""
    found: dict[str, Any] = json.loads(said.out.splitlines()[-1])
    assert (found["event"], found["exit_code"], found["ok"]) == ("result", code, code == 0)
    return found


def words(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert run(arguments) == 0
    return capsys.readouterr().out.splitlines()


def test_sync_says_which_way_and_how_far(
    talks: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sync, "load_expert", lambda *_, **__: _named(Listener()))
    (late,) = result(["sync", talks[1]], capsys)["tracks"]
    assert late["offset_frames"] == 3
    assert isinstance(late["offset_ms"], float)
    assert late["offset_ms"] == pytest.approx(120, abs=20)
    assert late["confidence"] == late["scores"]["expert_confidence"] > 0.2
    assert (late["in_sync"], late["verdict"], late["face_track"], late["shot"]) == (False, "out of sync", 0, 0)
    assert late["span"] == {"start": "0/1", "stop": "3/1"}
    heading, row, judge = words(["sync", talks[1]], capsys)
    assert heading.split() == ["face", "shot", "time", "height", "offset", "confidence"]
    assert "00:00.000–00:03.000" in row
    assert "+3 frames (+1" in row
    assert row.endswith("out of sync")
    assert judge.startswith("Judged by the expert listener; a positive offset means that the picture comes after")
    assert words(["sync", talks[0]], capsys)[1].endswith("  in sync")


def _named(expert: Any) -> Any:
    expert.name = "listener"
    return expert


def test_sync_by_syncnet_never_speaks_of_the_expert(
    talks: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sync, "open_sync_judge", lambda judge, **_: (Watcher(offset=-2), "syncnet_v2"))
    found = result(["sync", talks[0], "--judge", "syncnet"], capsys)
    assert found["judge"] == "syncnet"
    assert found["tracks"][0]["scores"] == {"lse_c": 5.0, "lse_d": 7.0}
    assert found["tracks"][0]["offset_frames"] == -2
    said = words(["sync", talks[0], "--judge", "syncnet"], capsys)
    assert "-2 frames (-80 ms)" in said[1]
    assert "SyncNet (confidence is LSE-C) syncnet_v2" in said[2]


def test_sync_says_what_it_lacks(talks: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No expert comes with dubkit here, and none lies in the folder."""
    for more, remedy in (([], "models fetch lipsync_expert"), (["--judge", "syncnet"], "models fetch syncnet_v2")):
        error = result(["sync", talks[0], *more], capsys, code=1)["error"]
        assert error["kind"] == "ModelError"
        assert remedy in error["remedy"]


def test_what_cannot_be_judged_has_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sync, "load_expert", lambda *_, **__: _named(Listener()))
    mute = write_talk(tmp_path / "mute.mkv", seconds=0.5, sound=False)
    said = words(["sync", str(mute)], capsys)
    assert said[1].split()[-4:] == ["–", "–", "no", "sound"]
    assert said[-1] == "note: there is no sound"


def test_evaluate_compares(talks: list[str], made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_network(made_up / "pfld_68.onnx")
    found = result(["evaluate", talks[0], talks[1], "--fid"], capsys)
    (clip,) = found["clips"]
    assert clip["scores"]["psnr"]["real"] == 100
    assert clip["scores"]["psnr"]["generated"] < 30
    assert "mouth_distance" in clip["scores"]
    assert len([note for note in found["notes"] if note.startswith("left out")]) == 3
    said = words(["evaluate", talks[0], talks[1]], capsys)
    assert said[0].startswith("| clip: generated (real) | PSNR dB ↑ |")
    assert said[2].startswith("| face 0, frames 0..74 | ")
    assert sum(line.startswith("note: left out") for line in said) == 2


def test_evaluate_judges_a_generator_and_draws_it(
    talks: list[str], made_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(made_up / "tiny.safetensors")
    sheet = tmp_path / "sheet.png"
    found = result(["evaluate", "--model", "tiny", *talks, "--sheet", str(sheet)], capsys)
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert [clip["clip"] for clip in found["scores"]["clips"]] == ["talk0", "talk1"]
    assert found["scores"]["mean"]["mouth_l1_right"] > 0
    assert found["model"] == "tiny"
    said = words(["evaluate", "--model", "tiny", *talks], capsys)
    assert said[0].startswith("| clip | mouth L1: right / wrong / reference |")
    assert said[4].startswith("| mean | ")
    assert any(line.startswith("tiny on ") and line.endswith("judged by its pictures alone.") for line in said)


def test_evaluate_judges_an_expert(talks: list[str], made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(made_up / "own.safetensors", EXPERT)
    said = words(["evaluate", "--model", "own", talks[0]], capsys)
    assert said[0] == "| clip | pair accuracy | expert confidence | offset found |"
    assert any(line.startswith("own finds the own sound nearer in ") for line in said)


def write_prepared(folder: Path, video: str, split: str) -> Path:
    """A prepared folder with one clip."""
    clip = cut_clip(Path(video), OneFace())
    for kind in ("faces", "sounds"):
        (folder / kind).mkdir(parents=True)
    np.save(folder / "faces" / "one.npy", clip.faces)
    np.save(folder / "sounds" / "one.npy", clip.mel.values)
    entry = TrainingClip("one", "talk.mkv", 0, "", split, Fraction(0), len(clip), clip.mel.start)
    write_index(folder, TrainingIndex((entry,)))
    return folder


def test_evaluate_reads_the_held_out_clips_of_a_prepared_folder(
    talks: list[str], made_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(made_up / "tiny.safetensors")
    prepared = write_prepared(tmp_path / "prepared", talks[0], HELD_OUT)
    found = result(["evaluate", "--model", "tiny", "--prepared", str(prepared)], capsys)
    direct = result(["evaluate", "--model", "tiny", talks[0]], capsys)
    (first,), (second,) = (each["scores"]["clips"] for each in (found, direct))
    assert first["clip"] == "one"
    assert first["scores"] == pytest.approx(second["scores"], abs=1e-6)
    none = write_prepared(tmp_path / "none", talks[0], TRAIN)
    error = result(["evaluate", "--model", "tiny", "--prepared", str(none)], capsys, code=1)["error"]
    assert "no held-out clips" in error["problem"]
    error = result(["evaluate", "--model", "tiny", "--prepared", str(tmp_path)], capsys, code=1)["error"]
    assert "holds no prepared clips" in error["problem"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["sync"],
        ["sync", "a.mp4", "--judge", "syncnet", "--expert", "b"],
        ["sync", "a.mp4", "--judge", "me"],
        ["evaluate", "a.mp4"],
        ["evaluate", "a.mp4", "b.mp4", "c.mp4"],
        ["evaluate", "a.mp4", "b.mp4", "--prepared", "c"],
        ["evaluate", "a.mp4", "b.mp4", "--sheet", "c.png"],
        ["evaluate", "--model", "tiny"],
        ["evaluate", "--model", "tiny", "a.mp4", "--fid"],
        ["evaluate", "--model", "tiny", "a.mp4", "--syncnet", "b"],
    ],
)
def test_wrong_usage_is_another_code(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage" in capsys.readouterr().err
