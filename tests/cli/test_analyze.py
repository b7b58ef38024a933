"""``dubkit analyze``, as scripts and people see it; what is kept is used by all commands that look at the film."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dubkit import analysis_report, people
from dubkit.analysis_report import AnalysisReport
from dubkit.schema import loads
from dubkit_cli.main import run
from tests.films import write_talk
from tests.test_analysis import Counting


@pytest.fixture
def detector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Faces are where they were made, no models are at hand, and what is written by default is written here."""
    made = Counting()
    for module in (people, analysis_report):
        monkeypatch.setattr(module, "choose_detector", lambda *_, **__: (made, "made up: for the test"))
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    write_talk(tmp_path / "talk.mkv", seconds=2)
    (tmp_path / "cuts.csv").write_text("start\n0\n1.2\n")
    return made


def test_words(detector: Counting, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "talk.mkv", "--cuts", "cuts.csv"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "50 frames, 25 a second, 00:02.000: 1 scene, 2 shots, 2 people, 2 face tracks"
    assert said[1].split() == ["scene", "0", "shot", "0", "00:00.000–00:01.200", "from", "frame", "0", "A"]
    assert said[2].split()[-4:] == ["from", "frame", "30", "B"]
    assert said[3] == "A   face track 0    00:00.000–00:01.200  shot 0, seen in 30 frames, 140 pixels high"
    assert said[5:] == [
        "Faces found by made up: for the test.",
        "Told apart by colours and light, within a scene only: no model folder holds w600k_r50.onnx or w600k_mbf.onnx.",
    ]


def test_file_and_json(detector: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for name in ("one.json", "other.json"):
        assert run(["analyze", "talk.mkv", "-o", name, "--work-dir", "kept", "--json"]) == 0
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1]
    report = loads(AnalysisReport, texts[0].decode())
    assert (report.frames, report.rate, report.scenes, report.variable) == (50, "25", 1, False)
    assert [shot.people for shot in report.shots] == [("A",)]
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["event"], result["ok"]) == ("result", True)
    assert result["report"]["notes"] == ["the analysis kept before was used"]
    assert result["report"]["tracks"][0]["visible"] == 50


def test_other_commands_start_from_it(detector: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["analyze", "talk.mkv", "--work-dir", "kept"]) == 0
    looks = detector.looks
    assert run(["faces", "talk.mkv", "--work-dir", "kept"]) == 0
    assert detector.looks == looks
    assert run(["faces", "talk.mkv", "--work-dir", "kept", "--cuts", "cuts.csv"]) == 0
    assert detector.looks > looks
    listed = json.loads((tmp_path / "talk.faces.json").read_text("utf-8"))
    assert listed["shots"] == 2
    looks = detector.looks
    monkeypatch.setenv("DUBKIT_CACHE", str(tmp_path / "kept"))
    assert run(["analyze", "talk.mkv", "--cuts", "cuts.csv"]) == 0
    assert detector.looks == looks


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.mkv"], "gone.mkv"),
        (["talk.mkv", "-o", "list.txt"], "let it end in .json"),
        (["talk.mkv", "-o", "none/list.json"], "does not exist"),
        (["talk.mkv", "--cuts", "gone.csv"], "gone.csv"),
    ],
)
def test_bad_input(
    arguments: list[str], words: str, detector: Counting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyze", *arguments]) == 1
    assert words in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cuts.csv", "talk.mkv"]
    assert detector.looks == 0
