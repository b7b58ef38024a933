"""``dubkit faces``, as scripts and people see it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dubkit import people
from dubkit_cli.main import run
from tests.films import OneFace, write_talk


@pytest.fixture(autouse=True)
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces are where they were made, no models are at hand, and what is written by default is written here."""
    monkeypatch.setattr(people, "choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_words_sheet_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_talk(tmp_path / "talk.mkv", seconds=1)
    assert run(["faces", "talk.mkv"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "A   1 face track: 00:00.000–00:01.000"
    assert "made up" in said[1]
    assert "within a scene only" in said[2]
    assert said[-1] == "Written: talk.faces.png, talk.faces.json"
    assert (tmp_path / "talk.faces.png").read_bytes()[:4] == b"\x89PNG"
    listed = json.loads((tmp_path / "talk.faces.json").read_text("utf-8"))
    assert [person["identity"] for person in listed["people"]] == ["A"]


def test_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = write_talk(tmp_path / "talk.mkv", seconds=0.4)
    (tmp_path / "out").mkdir()
    assert run(["faces", str(video), "-o", "out/who.png", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["event"], result["ok"], result["listing"]) == ("result", True, "out/who.json")
    assert result["people"][0]["face_tracks"] == [0]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["who.json", "who.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.mkv"], "gone.mkv"),
        (["talk.mkv", "-o", "sheet.jpg"], "let it end in .png"),
        (["talk.mkv", "--recognition-model", "none.onnx"], "none.onnx: there is no such recognition file"),
    ],
)
def test_bad_input(arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_talk(tmp_path / "talk.mkv", seconds=0.2)
    assert run(["faces", *arguments]) == 1
    assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mkv"]
