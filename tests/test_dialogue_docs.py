"""What docs/dialogue.md tells people to type works as it stands, on a small film."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit.dialogue import FitSettings, MixSettings, loudness_presets, loudness_target
from dubkit_cli.main import run
from tests.numbered import write_numbered
from tests.test_fitted_lines import tone, write_cues

TEXT = (Path(__file__).parents[1] / "docs" / "dialogue.md").read_text("utf-8")
COMMANDS = [line.strip() for line in TEXT.splitlines() if line.startswith("    dubkit ")]
PROGRAM = f"""#!{sys.executable}
import math, struct, sys, wave
with wave.open(sys.argv[sys.argv.index("--out") + 1], "wb") as sound:
    sound.setparams((1, 2, 16000, 0, "NONE", ""))
    sound.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(i / 12))) for i in range(16000)))
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files the page speaks of."""
    write_numbered(tmp_path / "film.mp4", 100)
    write_cues(tmp_path / "film.es.srt", [(0.2, 1.5, "EVA: Buenas noches."), (2, 3, "NARRATOR: Era de noche.")])
    (tmp_path / "takes").mkdir()
    for number, seconds in ((1, 1.0), (2, 2.4)):
        soundfile.write(tmp_path / "takes" / f"{number}.wav", tone(seconds), 16_000)
    (tmp_path / "takes.csv").write_text("cue,file\n1,takes/1.wav\n2,takes/2.wav\n", "utf-8")
    soundfile.write(tmp_path / "music.wav", 0.05 * np.random.default_rng(0).standard_normal((4 * 48_000, 2)), 48_000)
    (cast,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "cast.toml").write_text(cast, "utf-8")
    program = tmp_path / "my-tts"
    program.write_text(PROGRAM, "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_commands() -> None:
    assert [command.split()[1] for command in COMMANDS] == ["fit", "fit", "fit", "fit", "dub"]


@pytest.mark.parametrize("command", COMMANDS[:4])
def test_fitting(command: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "espeak" in command:
        pytest.importorskip("espeakng_loader")
    assert run(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    assert (desk / "fit.png").is_file() == ("--picture" in command)


def test_mixing(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shlex.split(COMMANDS[4])[1:]) == 0, capsys.readouterr().err
    names = [f"film.es.{what}" for what in ("mix.flac", "dialogue.flac", "me.flac", "vtt")]
    assert sorted(path.name for path in (desk / "delivery").iterdir()) == sorted(names)
    assert (desk / "film.es.mkv").stat().st_size > 1000


def test_from_python(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(snippet, "dialogue.md", "exec"), {})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines] == [["1", "1.00"], ["2", "1.20"]]


def test_figures_of_the_page_are_those_of_the_code() -> None:
    for name in loudness_presets():
        target = loudness_target(name)
        assert f"| `{name}` | {target.lufs:g} | {target.true_peak_db:g} |" in TEXT
    fit, mix = FitSettings(), MixSettings()
    assert f"to {fit.comfortable[1]:.2f} where" in TEXT
    assert f"beyond {fit.limits[1]:.2f}" in TEXT
    assert f"by {-mix.duck_db:g} dB under" in TEXT
    assert f"over {mix.attack:g} s before and {mix.release:g} s after" in TEXT
