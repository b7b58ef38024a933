"""What docs/training.md tells people to type works as it stands, with few steps and a small network."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from dubkit.training import read_settings
from dubkit_cli.main import run
from samples.make import SampleFiles
from tests.training.test_resume import TINY

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = [line.strip() for line in (DOCS / "training.md").read_text("utf-8").splitlines() if "    dubkit " in line]


def test_the_way_from_videos_to_weights(
    sample: SampleFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talking").mkdir()
    for name in ("first.mp4", "second.mp4"):
        shutil.copy(sample.video, tmp_path / "talking" / name)
    (tmp_path / "splits.csv").write_text("video,split\nfirst.mp4,train\nsecond.mp4,held-out\n", "utf-8")
    few = TINY | {"run.steps": "3", "run.evaluate_every": "3"}
    lines = [f"{name} = {value}" for name, value in few.items()]
    both = "\n".join(f"[{kind}]\n" + "\n".join(lines) for kind in ("expert", "generator"))
    (tmp_path / "compact.toml").write_text(both, "utf-8")
    assert read_settings(tmp_path / "compact.toml", "expert").run.steps == 3

    assert [command.split()[1] for command in COMMANDS] == ["prepare", "train", "train", "evaluate"]
    for command in COMMANDS:
        assert run(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    assert (tmp_path / "runs" / "generator" / "generator.safetensors").is_file()
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_settings_named_in_the_docs_exist() -> None:
    text = (DOCS / "training.md").read_text("utf-8")
    changes = dict(re.findall(r"([a-z_]+\.[a-z_.]+)=(\S+?)[`\s]", text))
    assert {"generator.sync", "optimizer.betas"} <= set(changes)
    read_settings(None, "generator", changes)
