"""What may be asked of the sound: refused in one sentence before any work, and told in words when it is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dubkit.schema import DubReport, LoudnessReport
from dubkit_cli.main import run
from dubkit_cli.reporter import Reporter
from tests.media.zoo import make
from tests.sounds import noise, write

CUE = "1\n00:00:00,100 --> 00:00:00,900\nBuenas noches.\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--loudness", "loud"], "there is no loudness 'loud'; use one of ebu-r128, streaming-16"),
        (["--loudness", "-3"], "-3 LUFS is no loudness to deliver"),
        (["--stems", "gone.wav"], "gone.wav: does not exist"),
        (["--stems", "film.mp4"], "film.mp4: has no sound; give a file with music and effects"),
        (["--picture", "lines.jpg"], "lines.jpg: is no name for a picture of the lines"),
        (["--deliver", "es.srt"], "es.srt: cannot be written to"),
    ],
)
def test_what_cannot_be_had_is_said_at_once(
    options: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "film.mp4", frames=25)
    write(tmp_path / "v.wav", noise(1, 1, 0.1))
    (tmp_path / "es.srt").write_text(CUE, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    command = ["dub", "film.mp4", "--subtitles", "es.srt", "--voice", "v.wav", "-o", "out.mp4", *options]
    assert run(command) == 1
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said
    assert sorted(tmp_path.iterdir()) == before


def test_loudness_and_files_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    loudness = LoudnessReport("film-27", -27, -2, True, -31.4, 0.0, 4.4, -25.61, -26.98, -3.04)
    report = DubReport(
        Path("o.mov"),
        "es",
        5,
        "25",
        "d",
        "m",
        "cpu",
        1,
        (),
        loudness=loudness,
        delivered=(Path("out/film.es.mix.wav"),),
    )
    assert Reporter(as_json=False).result(report) == 0
    said = capsys.readouterr().err
    assert "loudness: -27.0 LUFS while someone speaks (asked: -27), true peak -3.0 dBTP (limit: -2)" in said
    assert "delivered: out/film.es.mix.wav" in said
    assert np.isclose(loudness.counted, -26.98)
