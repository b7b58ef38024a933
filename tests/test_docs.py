"""What docs/training.md and docs/languages.md tell people to type works as it stands, on small films and networks."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit.media import MasterWriter, SoundTrack, probe, read_frames
from dubkit.timing import FrameRange
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
    few = TINY | {"run.steps": "3", "run.evaluate_every": "3", "tutor.hearing": "1", "tutor.batch": "4"}
    lines = [f"{name} = {value}" for name, value in few.items()]
    tables = "\n".join(f"[{kind}]\n" + "\n".join(lines) for kind in ("expert", "tutor", "generator"))
    (tmp_path / "compact.toml").write_text(tables, "utf-8")
    assert read_settings(tmp_path / "compact.toml", "expert").run.steps == 3

    assert [command.split()[1] for command in COMMANDS] == ["prepare", "train", "train", "train", "evaluate"]
    for command in COMMANDS:
        assert run(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    for name in ("tutor", "generator"):
        assert (tmp_path / "runs" / name / "generator.safetensors").is_file()
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_settings_named_in_the_docs_exist() -> None:
    text = (DOCS / "training.md").read_text("utf-8")
    changes = dict(re.findall(r"([a-z_]+\.[a-z_.]+)=(\S+?)[`\s]", text))
    assert {"generator.sync", "optimizer.betas"} <= set(changes)
    read_settings(None, "generator", changes)


def test_one_film_in_many_languages(
    sample: SampleFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBKIT_CACHE", str(tmp_path / "kept"))
    text = (DOCS / "languages.md").read_text("utf-8")
    video = probe(sample.video).video
    assert video is not None
    with MasterWriter(tmp_path / "film.mp4", video, sounds=[SoundTrack(language="eng")]) as writer:
        for frame in read_frames(sample.video, FrameRange(0, 12)):
            writer.write_frame(frame)
    for name in ("subs", "voices", "out"):
        (tmp_path / name).mkdir()
    for tag, words in (("es", "Hola."), ("de", "Grüße."), ("hi", "नमस्ते।")):
        cue = f"1\n00:00:00,040 --> 00:00:00,440\n{words}\n"
        for path in (tmp_path / "subs" / f"film.{tag}.srt", tmp_path / f"film.{tag}.srt"):
            path.write_bytes(cue.encode("cp1252" if tag == "de" else "utf-8"))
        noise = 0.1 * np.random.default_rng(0).standard_normal(8_000)
        soundfile.write(tmp_path / "voices" / f"{tag}.wav", noise, 16_000)
    (recipe,) = re.findall(r"```toml\n# film.toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "film.toml").write_text(recipe, "utf-8")

    commands = [line.strip() for line in text.splitlines() if line.startswith("    dubkit ")]
    commands[0] += " --encoding cp1252"
    assert ["--recipe" in command for command in commands] == [False, True, True]
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0, capsys.readouterr().err
    made = ["film.preview.es.mp4", "film.preview.hi.mp4", "out/film.de.mp4", "out/film.es.mp4", "out/film.hi.mp4"]
    assert all((tmp_path / name).stat().st_size > 1000 for name in made)

    (snippet,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    capsys.readouterr()
    exec(compile(snippet, "languages.md", "exec"), {})
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [["es", "done"], ["hi", "done"]]
