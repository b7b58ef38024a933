"""What the README tells people to type works as it stands."""

from __future__ import annotations

import gc
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pysubs2
import pytest
import soundfile

from dubkit.media import MasterWriter, SoundTrack, probe, read_frames
from dubkit.timing import FrameRange
from dubkit_cli.main import cli, run
from samples.make import SampleFiles

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
COMMANDS = [line.strip() for line in README.splitlines() if line.strip().startswith("dubkit ") and "…" not in line]
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def desk(sample: SampleFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files the README speaks of; the film is the sample's first second."""
    folder = tmp_path_factory.mktemp("desk")
    video = probe(sample.video).video
    assert video is not None
    for name in ("film.mp4", "film.mov", "interview.mp4"):
        with MasterWriter(folder / name, video, sounds=[SoundTrack(language="eng")]) as writer:
            for frame in read_frames(sample.video, FrameRange(0, 25)):
                writer.write_frame(frame)
    cues = "1\n00:00:00,100 --> 00:00:00,800\nHola.\n"
    for name in ("film.es.srt", "film.de.srt"):
        (folder / name).write_text(cues, encoding="utf-8")
    (folder / "reel.de.srt").write_text(cues.replace("00:00:00", "01:00:00"), encoding="utf-8")
    script = pysubs2.SSAFile()
    script.append(pysubs2.SSAEvent(100, 800, "Salut.", name="Eva"))
    script.save(str(folder / "film.fr.ass"))
    (folder / "takes").mkdir()
    (folder / "portrait.png").write_bytes(sample.portrait.read_bytes())
    noise = 0.1 * np.random.default_rng(0).standard_normal(12_000)
    for name in ("es.wav", "de.wav", "answer.wav", "poem.wav", "takes/1.wav"):
        soundfile.write(folder / name, noise, 16_000)
    return folder


def test_there_are_commands_and_snippets() -> None:
    assert len(COMMANDS) >= 6
    assert SNIPPETS


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    arguments = shlex.split(command)[1:]
    if "--help" in arguments:
        assert run(arguments) == 0
        return
    assert run(arguments) == 0
    assert (desk / arguments[arguments.index("-o") + 1]).stat().st_size > 1000


# moviepy forgets to close pipes of its own readers and writers.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippets(
    snippet: str, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(desk)
    exec(compile(snippet, "README.md", "exec"), {})
    gc.collect()
    assert "1 synced" in capsys.readouterr().out


def option_names(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from parameter.opts
    if isinstance(command, click.Group):
        for part in command.commands.values():
            yield from option_names(part)


def test_every_option_named_in_the_readme_exists() -> None:
    known = set(option_names(cli))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert named - known <= {"--help"}
