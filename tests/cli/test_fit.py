from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit.schema import FitReport, from_json
from dubkit_cli.main import run
from samples.make import SampleFiles
from tests.dialogue.stand_ins import write_program

CUES = "1\n00:00:01,000 --> 00:00:02,000\nUno y dos.\n\n2\n00:00:02,100 --> 00:00:04,000\nTres.\n\n"
CUES += "3\n00:00:05,000 --> 00:00:06,000\nCuatro.\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "es.srt").write_text(CUES, encoding="utf-8")
    takes = tmp_path / "takes"
    takes.mkdir()
    for number, seconds in ((1, 1.6), (2, 1.0)):
        time = np.arange(round(seconds * 16_000)) / 16_000
        soundfile.write(takes / f"{number}.wav", 0.3 * np.sin(2 * np.pi * 220 * time), 16_000)
    return tmp_path


def test_a_table_for_people(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["fit", "--duration", "8", "--subtitles", str(film / "es.srt"), "--voice", str(film / "takes")]
    assert run(arguments) == 3  # one line has no voice
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["cue", "start", "slot", "voice", "speed", "late", "over", "cut", "text"]
    first, second, third = (line.split() for line in said[1:4])
    assert first[:5] == ["1", "0:00:01.000", "1.017", "1.600", "1.25×"]
    assert "cut about 3 of 10 characters" in said[1]
    assert second[0] == "2"
    assert "late, when line 1 has ended" in said[2]
    assert third[0] == "3"
    assert "no sound file is named after it" in said[3]
    assert said[-1].startswith("3 lines: 1 sped up or slowed, 1 overrun, 1 cannot be heard.")


def test_json_for_machines(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "fit",
        "--duration",
        "8",
        "--subtitles",
        str(film / "es.srt"),
        "--voice",
        str(film / "takes"),
        "--json",
    ]
    assert run(arguments) == 3
    *_, result = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (result["event"], result["ok"], result["exit_code"]) == ("result", False, 3)
    report = from_json(FitReport, result["report"])
    assert [line.cue for line in report.lines] == [1, 2, 3]
    assert report.lines[0].fit is not None
    assert report.lines[0].fit.excess == 3


def test_a_film_its_own_length_and_a_picture(
    sample: SampleFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fit", str(sample.video), "--subtitles", str(sample.subtitles["es"]), "--tts", "espeak:+f2"]
    assert run([*arguments, "--language", "es", "--json", "--picture", str(tmp_path / "fit.png")]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert from_json(FitReport, result["report"]).duration == 14
    assert (tmp_path / "fit.png").read_bytes().startswith(b"\x89PNG")


def test_a_program_that_speaks(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = write_program(film)
    command = f"{shlex.join([sys.executable, str(program)])} {{text}} {{output}} {{language}} {{speaker}}"
    arguments = ["fit", "--duration", "8", "--subtitles", str(film / "es.srt"), "--voice-command", command]
    assert run(arguments) == 0
    assert "3 lines: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tts", "espeak"],
        ["film.mp4", "--duration", "8", "--tts", "espeak"],
        ["--duration", "8"],
        ["--duration", "8", "--tts", "espeak", "--voice", "v.wav"],
        ["--duration", "8", "--tts", "espeak", "--voice-command", "prog {output}"],
    ],
)
def test_wrong_usage(arguments: list[str], film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "--subtitles", str(film / "es.srt"), *arguments]) == 2
    assert "Usage" in capsys.readouterr().err


def test_bad_input_is_one_sentence(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (
        ["--tts", "siri"],
        ["--voice", "gone.wav"],
        ["--cast", "gone.toml"],
        ["--voice-command", "nobody {output}"],
    ):
        assert run(["fit", "--duration", "8", "--subtitles", str(film / "es.srt"), *wrong]) == 1
        (sentence,) = capsys.readouterr().err.splitlines()
        assert sentence.startswith("dubkit: ")
        assert "; " in sentence
