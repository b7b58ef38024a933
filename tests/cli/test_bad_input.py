"""Bad input: one sentence naming the thing and the remedy, nothing half-written, exit code 1."""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit_cli.main import run
from samples.make import SampleFiles

CUE = "1\n00:00:00,600 --> 00:00:03,200\nBuenas noches.\n"


def write_voice(path: Path, seconds: float = 2.0) -> Path:
    time = np.arange(int(16_000 * seconds)) / 16_000
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 220 * time), 16_000)
    return path


def refused(arguments: list[str], output: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run ``dubkit`` with ``arguments``; the one sentence it says."""
    before = sorted(output.parent.iterdir()) if output.parent.is_dir() else []
    code = run([*arguments, "-o", str(output)])
    said = capsys.readouterr()
    assert code == 1, said.err
    assert "Traceback" not in said.err
    assert not output.exists()
    assert (sorted(output.parent.iterdir()) if output.parent.is_dir() else []) == before
    sentences = [line for line in said.err.splitlines() if line.strip()]
    assert len(sentences) == 1, said.err
    assert "; " in sentences[0], f"no remedy: {sentences[0]}"
    return sentences[0]


@pytest.fixture
def spanish(tmp_path: Path) -> Path:
    path = tmp_path / "es.srt"
    path.write_text(CUE, encoding="utf-8")
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return write_voice(tmp_path / "es.wav")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "film.es.mp4"


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "sound", "truncated"])
def test_video(
    kind: str, tmp_path: Path, sample: SampleFiles, spanish: Path, voice: Path, output: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    video = tmp_path / "film.mp4"
    if kind == "folder":
        video.mkdir()
    elif kind == "empty":
        video.touch()
    elif kind == "text":
        video.write_text("this is no film\n" * 99)
    elif kind == "sound":
        video = write_voice(tmp_path / "film.wav")
    elif kind == "truncated":
        video.write_bytes(sample.video.read_bytes()[:20_000])
    said = refused(["dub", str(video), "--subtitles", str(spanish), "--voice", str(voice)], output, capsys)
    assert video.name in said


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "no cues", "binary", "video", "unknown encoding"])
def test_subtitles(
    kind: str, tmp_path: Path, sample: SampleFiles, voice: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cues, more = tmp_path / "cues.srt", []
    if kind == "folder":
        cues.mkdir()
    elif kind == "empty":
        cues.touch()
    elif kind == "no cues":
        cues.write_text("nothing here is a cue\n")
    elif kind == "binary":
        cues.write_bytes(bytes(range(256)) * 50)
    elif kind == "video":
        shutil.copy(sample.video, cues)
    elif kind == "unknown encoding":
        cues.write_text(CUE)
        more = ["--encoding", "klingon-8"]
    said = refused(["dub", str(sample.video), "--subtitles", str(cues), "--voice", str(voice), *more], output, capsys)
    assert "cues.srt" in said or "klingon-8" in said


@pytest.mark.parametrize("kind", ["missing", "empty folder", "text", "NaN"])
def test_voice(
    kind: str, tmp_path: Path, sample: SampleFiles, spanish: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = tmp_path / "voice.wav"
    if kind == "empty folder":
        voice.mkdir()
    elif kind == "text":
        voice.write_text("la la la")
    elif kind == "NaN":
        samples = np.full(16_000 * 3, 0.1, np.float32)
        samples[16_000] = np.nan
        soundfile.write(voice, samples, 16_000, subtype="FLOAT")
    arguments = ["lipsync", str(sample.video), str(voice)]
    if kind == "empty folder":
        arguments = ["dub", str(sample.video), "--subtitles", str(spanish), "--voice", str(voice)]
    said = refused(arguments, output, capsys)
    assert "voice.wav" in said
    assert kind != "NaN" or "1.000 s" in said


@pytest.mark.parametrize("kind", ["missing", "text", "truncated", "pickle", "unknown name"])
def test_checkpoint(
    kind: str, tmp_path: Path, sample: SampleFiles, voice: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dubkit.lipsync import find_model

    model = tmp_path / ("model.pth" if kind == "pickle" else "model.safetensors")
    if kind == "text":
        model.write_text("no weights")
    elif kind == "truncated":
        model.write_bytes(find_model().read_bytes()[:100_000])
    elif kind == "pickle":
        import pickle

        model.write_bytes(pickle.dumps({"state_dict": print}))
    name = "wonderful" if kind == "unknown name" else str(model)
    said = refused(["lipsync", str(sample.video), str(voice), "--model", name], output, capsys)
    assert Path(name).name in said


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--detector", "yunet", "--detector-model", "no.onnx"], "no.onnx"),
        (["--device", "cuda:7"], "cuda:7"),
        (["--codec", "libnothing"], "libnothing"),
    ],
)
def test_settings(
    arguments: list[str], named: str, sample: SampleFiles, voice: Path, output: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert named in refused(["lipsync", str(sample.video), str(voice), *arguments], output, capsys)


@pytest.mark.parametrize("name", ["film.es.xyz", "film", "nowhere/film.mp4"])
def test_output(
    name: str, sample: SampleFiles, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Path(name).name in refused(["lipsync", str(sample.video), str(voice)], tmp_path / name, capsys)


@pytest.mark.parametrize("name", ["", "film.mp4", "voice.wav", "out.mp4", "gone/report.json"])
def test_a_report_takes_no_other_place(
    name: str, sample: SampleFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "film.mp4"
    shutil.copy(sample.video, film)
    voice = write_voice(tmp_path / "voice.wav")
    before = {path: path.read_bytes() for path in (film, voice)}
    arguments = ["lipsync", str(film), str(voice), "-o", str(tmp_path / "out.mp4")]
    assert run([*arguments, "--report", str(tmp_path / name)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert {path: path.read_bytes() for path in (film, voice)} == before
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_report_in_a_closed_folder(
    sample: SampleFiles, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    voice = write_voice(tmp_path / "voice.wav")
    arguments = ["lipsync", str(sample.video), str(voice), "-o", str(output), "--report", str(closed / "r.json")]
    assert run(arguments) == 1
    assert "the folder for the report cannot be written to" in capsys.readouterr().err


def test_a_voice_is_never_overwritten(sample: SampleFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    voice = tmp_path / "voice.mp4"
    shutil.copy(sample.video, voice)
    before = voice.read_bytes()
    assert run(["lipsync", str(sample.video), str(voice), "-o", str(voice)]) == 1
    assert "a source and the result at once" in capsys.readouterr().err
    assert voice.read_bytes() == before


def test_a_folder_of_voices_that_fits_no_cue(
    sample: SampleFiles, spanish: Path, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    write_voice(takes / "99.wav")
    arguments = ["dub", str(sample.video), "--subtitles", str(spanish), "--voice", str(takes)]
    assert "no file named after a cue" in refused(arguments, output, capsys)
    assert "is a folder" in refused(["lipsync", str(sample.video), str(takes)], output, capsys)


def test_subtitles_of_another_film(
    sample: SampleFiles, tmp_path: Path, voice: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cues = tmp_path / "late.srt"
    cues.write_text("1\n01:00:00,600 --> 01:00:03,200\nBuenas noches.\n", encoding="utf-8")
    arguments = ["dub", str(sample.portrait), "--subtitles", str(cues), "--voice", str(voice), "--shift", "-7200"]
    said = refused(arguments, output, capsys)
    assert "has no cue inside the film" in said
    assert "--shift" in said


def test_the_source_is_never_overwritten(
    sample: SampleFiles, voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "film.mp4"
    shutil.copy(sample.video, film)
    before = film.read_bytes()
    assert run(["lipsync", str(film), str(voice), "-o", str(film)]) == 1
    assert "a source and the result at once" in capsys.readouterr().err
    assert film.read_bytes() == before


def test_machines_get_the_same_sentence_as_json(
    spanish: Path, voice: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["dub", "gone.mp4", "--subtitles", str(spanish), "--voice", str(voice), "-o", str(output), "--json"])
    said = capsys.readouterr()
    (result,) = [json.loads(line) for line in said.out.splitlines()]
    assert code == result["exit_code"] == 1
    assert result["event"] == "result"
    assert result["error"]["path"] == "gone.mp4"
    assert result["error"]["remedy"]
    assert said.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["dub"],
        ["nonsense"],
        ["dub", "a.mp4", "--subtitles", "a.srt", "-o", "b.mp4"],
        ["dub", "a.mp4", "--subtitles", "a.srt", "-o", "b.mp4", "--voice", "v.wav", "--tts", "espeak"],
        ["dub", "a.mp4", "--detector", "nose"],
    ],
)
def test_wrong_usage_is_another_code(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_wrong_usage_is_said_to_machines_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dub", "a.mp4", "--detector", "nose", "--json"]) == 2
    result = json.loads(capsys.readouterr().out)
    assert (result["event"], result["exit_code"], result["error"]["kind"]) == ("result", 2, "UsageError")


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "3 done but a line failed" in " ".join(capsys.readouterr().out.split())


def write_wav_header_only(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(struct.pack("<h", 0) * 0)


def test_a_voice_without_samples(
    sample: SampleFiles, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = tmp_path / "voice.wav"
    write_wav_header_only(voice)
    assert "voice.wav" in refused(["lipsync", str(sample.video), str(voice)], output, capsys)


@pytest.mark.parametrize("kind", ["missing", "text"])
def test_an_enhancer_that_is_none(
    kind: str, sample: SampleFiles, voice: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enhancer = voice.with_name("restore.onnx")
    if kind == "text":
        enhancer.write_text("no network")
    said = refused(["lipsync", str(sample.video), str(voice), "--enhancer", str(enhancer)], output, capsys)
    assert "restore.onnx" in said
