from __future__ import annotations

import json
from pathlib import Path

import pytest

from dubkit_cli.main import run
from tests.training.talking import made_clips
from tests.training.test_resume import TINY


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_clips(tmp_path_factory.mktemp("talking") / "clips", clips=6, frames=20)


def arguments(**changes: str) -> list[str]:
    every = TINY | {name.replace("__", "."): value for name, value in changes.items()}
    return ["--device", "cpu", *(part for name, value in every.items() for part in ("--set", f"{name}={value}"))]


def test_expert_then_generator(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expert = tmp_path / "expert"
    few = arguments(run__steps="4", run__evaluate_every="4")
    assert run(["train", "expert", str(clips), "-o", str(expert), *few]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(expert / "expert.safetensors")]
    assert "step 4: held-out loss" in said.err

    generator = tmp_path / "generator"
    judge = ["--expert", str(expert / "expert.safetensors")]
    assert run(["train", "generator", str(clips), "-o", str(generator), *judge, "--json", *few]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["done"] for event in events if "l1" in event.get("numbers", {})] == [3, 4]
    assert events[-1] == {
        "event": "result",
        "ok": True,
        "exit_code": 0,
        "steps": 4,
        "of": 4,
        "output": str(generator / "generator.safetensors"),
    }


def test_a_run_that_ends_early_says_so(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "run")
    assert run(["train", "expert", str(clips), "-o", output, *arguments(run__minutes="1e-9")]) == 0
    assert capsys.readouterr().out.splitlines() == ["1 of 10 steps done; run it again"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (["prepared"], "holds no prepared clips; run `dubkit prepare` first"),
        (["--set", "run.stepz=3"], "has no field 'stepz'"),
        (["--settings", "missing.toml"], "there is no such settings file"),
        (["--device", "cuda:7"], "'cuda:7' is not available here"),
    ],
)
def test_bad_input_is_said_in_one_sentence(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: list[str], sentence: str
) -> None:
    where = str(tmp_path) if changes == ["prepared"] else str(clips)
    more = [] if changes == ["prepared"] else changes
    assert run(["train", "expert", where, "-o", str(tmp_path / "run"), *more]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert len(said.strip().splitlines()) == 1


def test_a_generator_is_no_expert(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dubkit.lipsync.registry import BUILTIN

    weights = next(path for path in BUILTIN.values() if "expert" not in path.name)
    command = ["train", "generator", str(clips), "-o", str(tmp_path / "run"), "--expert", str(weights)]
    assert run(command) == 1
    assert "holds a lip generator, and a lip-sync expert (colour SyncNet) is needed here" in capsys.readouterr().err
    assert run([*command[:-2]]) == 2


def test_a_setting_without_a_value_is_wrong_usage(clips: Path, tmp_path: Path) -> None:
    assert run(["train", "expert", str(clips), "-o", str(tmp_path / "run"), "--set", "run.steps"]) == 2
