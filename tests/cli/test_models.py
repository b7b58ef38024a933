"""``dubkit models``, as scripts see it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dubkit.lipsync import BUILTIN, PUBLISHED, load_checkpoint
from dubkit.lipsync.architecture import DISCRIMINATOR, expected_shapes
from dubkit_cli.main import run
from tests.lipsync.serving import CONTENT, serving


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "models"


def publish(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    """Let ``wav2lip`` be a file that fits into a test."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    entry = dataclasses.replace(PUBLISHED["wav2lip"], sha256=digest, size=len(CONTENT), urls=urls)
    monkeypatch.setitem(PUBLISHED, "wav2lip", entry)


def result(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The last line that ``dubkit ... --json`` says; its exit code is checked."""
    code = run([*arguments, "--json"])
    said = capsys.readouterr()
    assert said.err == ""
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert all(line["event"] == "progress" for line in lines[:-1])
    assert lines[-1]["event"] == "result"
    assert lines[-1]["exit_code"] == code
    assert lines[-1]["ok"] == (code == 0)
    found: dict[str, Any] = lines[-1]
    return found


def test_list_names_each_with_its_licence(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own_folder.mkdir()
    (own_folder / "yunet_n.onnx").touch()
    assert run(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, entry in PUBLISHED.items():
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert entry.licence in line
        assert ("not here" not in line) == (name == "yunet_n")
    found = result(["models", "list"], capsys)
    assert found["folder"] == str(own_folder)
    assert found["builtin"] == sorted(BUILTIN)
    assert [model["name"] for model in found["models"]] == list(PUBLISHED)
    assert found["models"][0]["sha256"] == PUBLISHED["wav2lip"].sha256


def test_fetch_wants_consent_fetches_and_verifies(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        publish(monkeypatch, *server.urls("gone", "good"))
        refused = result(["models", "fetch", "wav2lip"], capsys)
        assert refused["exit_code"] == 1
        assert "--accept-licence" in refused["error"]["remedy"]
        assert server.asked == []
        found = result(["models", "fetch", "wav2lip", "--accept-licence"], capsys)
    assert (own_folder / "wav2lip.pth").read_bytes() == CONTENT
    assert found["models"][0]["path"] == str(own_folder / "wav2lip.pth")
    assert run(["models", "verify"]) == 0
    assert capsys.readouterr().out.split() == ["wav2lip", "as", "published:", str(own_folder / "wav2lip.pth")]


def test_fetch_says_in_one_sentence_what_went_wrong(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        publish(monkeypatch, *server.urls("wrong"))
        assert run(["models", "fetch", "wav2lip", "--accept-licence"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert "SHA-256 differs" in said.err
    assert not list(own_folder.iterdir())


def test_fetch_from_a_folder(
    own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(monkeypatch)
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "wav2lip.pth").write_bytes(CONTENT)
    assert run(["models", "fetch", "wav2lip", "--from", str(stick), "--accept-licence"]) == 0
    assert capsys.readouterr().out.strip() == str(own_folder / "wav2lip.pth")
    assert (own_folder / "wav2lip.pth").read_bytes() == CONTENT


def test_verify_tells_present_absent_and_different(
    own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(monkeypatch)
    assert result(["models", "verify"], capsys)["models"] == []
    absent = result(["models", "verify", "wav2lip"], capsys)
    assert (absent["exit_code"], absent["models"][0]["state"]) == (1, "absent")
    own_folder.mkdir()
    (own_folder / "wav2lip.pth").write_bytes(CONTENT[1:])
    different = result(["models", "verify"], capsys)
    assert (different["exit_code"], different["models"][0]["state"]) == (1, "different")
    (tmp_path / "renamed").write_bytes(CONTENT)
    named = result(["models", "verify", str(tmp_path / "renamed")], capsys)
    assert (named["exit_code"], named["models"][0]["name"]) == (0, "wav2lip")
    stranger = result(["models", "verify", str(own_folder / "wav2lip.pth")], capsys)
    assert stranger["exit_code"] == 1
    assert "none of the published files" in stranger["error"]["problem"]
    assert result(["models", "verify", str(tmp_path / "nowhere" / "a.pth")], capsys)["exit_code"] == 1
    assert result(["models", "verify", "wav2lip_hd"], capsys)["error"]["remedy"].startswith("use one of: wav2lip")


def test_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shapes = expected_shapes(DISCRIMINATOR, 1.0)
    source, target = tmp_path / "disc.pth", tmp_path / "disc.safetensors"
    torch.save({"state_dict": {name: torch.full(shape, 0.5) for name, shape in shapes.items()}}, source)
    found = result(["models", "convert", str(source), "-o", str(target), "--half"], capsys)
    assert (found["output"], found["parameters"]) == (str(target), 14_113_793)
    assert found["config"]["architecture"] == DISCRIMINATOR
    assert np.all(load_checkpoint(target).state["binary_pred.0.bias"] == 0.5)
    assert target.stat().st_size < 0.51 * source.stat().st_size
    refused = result(["models", "convert", str(tmp_path / "gone.pth"), "-o", str(target)], capsys)
    assert (refused["exit_code"], refused["error"]["kind"]) == (1, "ModelError")


@pytest.mark.parametrize("arguments", [["fetch"], ["convert", "a.pth"], ["burn"]])
def test_wrong_usage_is_another_code(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", *arguments]) == 2
    assert "Usage" in capsys.readouterr().err
