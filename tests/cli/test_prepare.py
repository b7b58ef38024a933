"""``dubkit prepare``, as people and scripts see it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dubkit.training
from dubkit.training import PreparedClips, PrepareSettings, TrainingIndex
from dubkit_cli.main import run
from tests.cli.test_stop import command
from tests.training.films import face, grey, speech, write


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("skimage", reason="the portrait comes with scikit-image")
    folder = tmp_path_factory.mktemp("videos")
    write(folder / "face.mkv", face(40), speech(1.6))
    write(folder / "nobody.mkv", grey(30), speech(1.2))
    return folder


def prepare(videos: Path, output: Path, *more: str) -> list[str]:
    return ["prepare", str(videos), "-o", str(output), "--detector", "cascade", "--workers", "1", *more]


def test_people_get_a_table(videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(prepare(videos, tmp_path / "out", "--held-out", "0")) == 0
    said = capsys.readouterr()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.out.splitlines()]
    assert rows[0] == ["", "clips", "minutes"]
    assert rows[2:] == [
        ["kept: train", "1", "0.0"],
        ["kept: held-out", "0", "0.0"],
        ["dropped: no face seen", "1", "0.0"],
    ]
    assert len({len(line) for line in said.out.splitlines()}) == 1
    assert [clip.source for clip in PreparedClips(tmp_path / "out").index.clips] == ["face.mkv"]


def test_scripts_get_the_same_facts(videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    splits = tmp_path / "splits.csv"
    splits.write_text("video,split\nface.mkv,held-out\n", encoding="utf-8")
    assert run(prepare(videos, tmp_path / "out", "--splits", str(splits), "--json")) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["done"] for event in events[:-1]] == [0, 1]
    assert {event["stage"] for event in events[:-1]} == {"prepare"}
    result = events[-1]
    assert (result["event"], result["ok"], result["output"]) == ("result", True, str(tmp_path / "out"))
    assert result["kept"]["held-out"] == {"clips": 1, "minutes": pytest.approx(1.6 / 60)}
    assert result["kept"]["train"] == {"clips": 0, "minutes": 0}
    assert result["dropped"] == {"not in the list of splits": {"clips": 1, "minutes": 0}}
    assert result["corrected"] == {"clips": 0, "minutes": 0}


def test_nothing_kept_is_no_success(videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    splits = tmp_path / "splits.csv"
    splits.write_text("video,split\nnobody.mkv,train\n", encoding="utf-8")
    assert run(prepare(videos, tmp_path / "out", "--splits", str(splits))) == 1
    assert "no face seen" in capsys.readouterr().out


def test_how_much_is_left_alone_can_be_said(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def prepared(_folder: Path, _output: Path, settings: PrepareSettings, **_rest: object) -> TrainingIndex:
        asked.append((settings.least_confidence, settings.left_alone, settings.held_out_share))
        return TrainingIndex(())

    monkeypatch.setattr(dubkit.training, "prepare", prepared)
    run(prepare(videos, tmp_path / "out"))
    run(prepare(videos, tmp_path / "out", "--left-alone", "0.02", "--least-confidence", "0.2", "--held-out", "0.3"))
    assert asked == [(0.1, 0.04, 0.1), (0.2, 0.02, 0.3)]
    assert "kept: train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--expert", "wonderful"], "wonderful"),
        (["--splits", "none.csv"], "no such list of splits"),
        (["--detector-model", "face.onnx"], "takes no other"),
    ],
)
def test_bad_input_is_one_sentence(
    more: list[str], words: str, videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(prepare(videos, tmp_path / "out", *more)) == 1
    said = capsys.readouterr()
    assert len(said.err.strip().splitlines()) == 1
    assert words in said.err
    assert not (tmp_path / "out").exists()


def test_the_clips_have_a_folder_of_their_own(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(prepare(videos, videos)) == 1
    assert "give the clips a folder of their own" in capsys.readouterr().err


def test_wrong_usage(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prepare", str(videos)]) == 2
    assert run(prepare(videos, videos / "out", "--held-out", "2")) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_stopped_by_the_terminal(workers: str, tmp_path: Path) -> None:
    """Ctrl-C reaches all processes of the terminal; all end, and no half array is left."""
    videos, output = tmp_path / "in", tmp_path / "out"
    for number in range(3):
        write(videos / f"{number}.mkv", face(120), speech(4.8))
    arguments, environment = command(*prepare(videos, output, "--json", "--workers", workers))
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        until = time.monotonic() + 60
        while not list(output.glob("done/*")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        said, complaints = process.communicate(timeout=60)
    assert process.returncode == 130, complaints
    assert json.loads(said.splitlines()[-1])["exit_code"] == 130
    assert "Traceback" not in complaints
    assert not list(output.rglob(".*.part*"))
    assert not (output / "index.json").exists()
