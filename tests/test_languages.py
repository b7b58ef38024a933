"""Ten languages from subtitle files in today's and yesterday's encodings, spoken and mixed into a small film."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysubs2
import pytest

from dubkit.media import probe, read_sound
from dubkit.timing import TimeRange
from dubkit_cli.main import run
from samples.make import FPS, SIZE, write_film
from samples.picture import Camera, film, hubble, portrait

SPANS = ((Fraction(1, 5), Fraction(6, 5)), (Fraction(8, 5), Fraction(13, 5)))
SECONDS, RATE = 3, 48_000

LANGUAGES = [
    # tag, encoding, whether it must be named, tags of ISO 639-2 in Matroska and MP4, two lines
    ("es", "utf-8", False, ("spa", "spa"), "¿Dónde está el niño?", "¡Mañana vendrá!"),
    ("de", "cp1252", True, ("ger", "deu"), "Schöne Grüße!", "Das weiß ich."),
    ("fr", "iso-8859-15", True, ("fre", "fra"), "Où étais-tu ?", "Ma sœur le sait."),
    ("hi", "utf-8-sig", False, ("hin", "hin"), "तुम कहाँ थे?", "मैं घर जा रहा हूँ।"),
    ("ar", "cp1256", True, ("ara", "ara"), "أين كنت الليلة؟", "عدت إلى البيت."),
    ("he", "cp1255", True, ("heb", "heb"), "איפה היית?", "חזרתי הביתה."),
    ("zh", "gb18030", True, ("chi", "zho"), "你去哪里了？", "我回家了。"),
    ("ru", "cp1251", True, ("rus", "rus"), "Где ты был?", "Я иду домой."),
    ("tr", "utf-16-le", False, ("tur", "tur"), "Neredeydin, çocuğum?", "Işığı söndür."),
    ("pl", "utf-16-be", False, ("pol", "pol"), "Gdzie byłaś?", "Źle się czuję."),
]
"""Of each family that needs care: accents, right to left, without spaces, joined letters, dotless i."""


def pictures() -> Iterator[npt.NDArray[np.uint8]]:
    """A face to speak the first line; stars under the second."""
    face, half = Camera((225, 120, 260), (225, 120, 260)), SECONDS * FPS // 2
    stars = Camera((400, 400, 600), (400, 400, 600))
    return chain(film(portrait(), face, half, SIZE), film(hubble(), stars, SECONDS * FPS - half, SIZE))


@pytest.fixture(scope="module")
def film_of_one_face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("skimage", reason="the portrait comes with scikit-image")
    pytest.importorskip("espeakng_loader", reason="espeak-ng speaks")
    folder = tmp_path_factory.mktemp("languages")
    (folder / "work").mkdir()
    write_film(folder / "film.mp4", pictures(), np.zeros(SECONDS * RATE, np.float32))
    return folder / "film.mp4"


def write_cues(path: Path, lines: tuple[str, str], encoding: str) -> Path:
    script = pysubs2.SSAFile()
    for (start, stop), text in zip(SPANS, lines, strict=True):
        script.append(pysubs2.SSAEvent(int(start * 1000), int(stop * 1000), text))
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    path.write_bytes((mark + script.to_string("srt")).encode(encoding))
    return path


def level(path: Path, span: TimeRange) -> float:
    """RMS in dB below full scale."""
    samples = read_sound(path, sample_rate=RATE, span=span).samples
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


@pytest.mark.parametrize(
    ("language", "encoding", "named", "tags", "first", "second"),
    LANGUAGES,
    ids=[language for language, *_ in LANGUAGES],
)
def test_from_subtitles_to_a_spoken_film(
    film_of_one_face: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    language: str,
    encoding: str,
    named: bool,
    tags: tuple[str, str],
    first: str,
    second: str,
) -> None:
    cues = write_cues(tmp_path / "cues.srt", (first, second), encoding)
    endings = ("mkv", "mp4")
    ending = endings[LANGUAGES.index((language, encoding, named, tags, first, second)) % 2]
    output = tmp_path / f"out.{ending}"
    command = ["dub", str(film_of_one_face), "--subtitles", str(cues), "--tts", "espeak", "--language", language]
    command += ["--work-dir", str(film_of_one_face.parent / "work"), "--deliver", str(tmp_path / "delivered")]
    command += ["--deliver-subtitles", "vtt", "-o", str(output), "--json"]
    if named:
        assert run(command) == 1
        said = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
        assert "unknown text encoding" in said
        named_first = "cp1252" if encoding == "iso-8859-15" else encoding  # but for eight letters they are the same
        assert f"--encoding: {named_first} (" in said
        assert not output.exists()
        command += ["--encoding", encoding]
    assert run(command) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])["report"]
    assert [line["status"] for line in report["lines"]] == ["synced", "no face to sync"]

    sound = probe(output).audio
    assert [track.language for track in sound] == [tags[endings.index(ending)]]
    for start, _ in SPANS:
        assert level(output, TimeRange(start, start + Fraction(1, 2))) > -40
    assert level(output, TimeRange(Fraction(0), Fraction(1, 10))) < -60

    written = pysubs2.load(str(tmp_path / "delivered" / f"film.{language}.vtt"), encoding="utf-8")
    assert [event.text for event in written] == [first, second]
