"""Casting through the whole of a dub: what is said of it, when, and what becomes of the picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

import dubkit
from dubkit.errors import InputError, ModelError, OutputError
from dubkit.schema import OFF_SCREEN, DubReport, LineReport, dumps, loads
from dubkit_cli.main import run
from tests.films import OneFace, write_talk

SUBTITLES = "3\n00:00:00,200 --> 00:00:01,000\nEVE: Uno.\n\n5\n00:00:01,200 --> 00:00:01,800\nBOB: Dos.\n"


@pytest.fixture(autouse=True)
def one_face(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Faces are where they were made; no models are at hand, and nothing is kept."""
    monkeypatch.setattr("dubkit.readiness.choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DUBKIT_CACHE", "off")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of one face, which moves as a whole: its lips do not move of their own."""
    folder = tmp_path_factory.mktemp("talk")
    (folder / "es.srt").write_text(SUBTITLES, "utf-8")
    return write_talk(folder / "talk.mkv", seconds=2, start=2)


def dubbed(talk: Path, folder: Path, cast: str = "", **options: object) -> DubReport:
    sounds = {number: (0.2 * np.random.default_rng(number).standard_normal(9_600), 16_000) for number in (3, 5)}
    if cast:
        (folder / "cast.toml").write_text(cast, "utf-8")
        options["cast"] = folder / "cast.toml"
    return dubkit.dub(
        talk,
        folder / "out.mkv",
        subtitles=talk.with_name("es.srt"),
        voice=sounds,
        language="es",
        codec="ffv1",
        **options,  # type: ignore[arg-type]
    )


def lines_of(report: DubReport) -> tuple[LineReport, LineReport]:
    first, second = report.lines
    return first, second


def test_who_is_heard_while_the_only_face_is_still_is_off_screen(talk: Path, tmp_path: Path) -> None:
    report = dubbed(talk, tmp_path)
    for line in report.lines:
        (decision,) = line.cast
        assert (decision.identity, line.changed) == (OFF_SCREEN, 0)
        assert decision.reason in line.reason
        assert 0.5 < decision.confidence < 1
    assert report.cast_by == "how mouths move, and what the lip-sync expert compact_expert says"
    assert report.told_apart.startswith("colours and light")


def test_the_cast_file_serves_faces_beside_a_recorded_voice(talk: Path, tmp_path: Path) -> None:
    report = dubbed(talk, tmp_path, '[faces]\nEVE = "A"\nZOE = "A"\n[cues]\n5 = "off-screen"\n')
    first, second = lines_of(report)
    assert (first.cast[0].identity, first.cast[0].confidence, first.face_tracks) == ("A", 1.0, (0,))
    assert first.changed > 10
    assert (second.cast[0].identity, second.changed) == (OFF_SCREEN, 0)
    assert "the cast file has cue 5 off-screen" in second.reason
    assert "the cast file gives a face to ZOE, who speak in no cue" in report.notes
    assert loads(DubReport, dumps(report)) == report


def test_a_cue_that_is_not_there_is_said_before_any_work(talk: Path, tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(InputError, match=r"speaks of cue 4, and the subtitles have no such cue \(they have 3 to 5\)"):
        dubbed(talk, tmp_path, '[cues]\n4 = "A"\n', progress=lambda stage, *_: told.append(stage))
    assert told == []
    assert not (tmp_path / "out.mkv").exists()


def test_a_person_who_is_not_there_is_said_before_voices_are_made(talk: Path, tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(InputError, match=r"names 'B' for EVE, but the people of this film are A; use one of them"):
        dubbed(talk, tmp_path, '[faces]\nEVE = "B"\n', progress=lambda stage, *_: told.append(stage))
    assert set(told) <= {"shots", "faces"}


def test_one_clear_sentence_on_the_command_line(talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cast = tmp_path / "cast.toml"
    cast.write_text('[faces]\nEVE = "B"\n')
    arguments = ["dub", str(talk), "--subtitles", str(talk.with_name("es.srt")), "--voice", str(tmp_path)]
    arguments += ["--cast", str(cast), "-o", str(tmp_path / "out.mkv")]
    (tmp_path / "3.wav").write_bytes(b"")
    assert run(arguments) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(said) == 1
    assert "cast.toml: names 'B' for EVE" in said[0]


def test_what_cannot_be_used_is_said_before_any_work(talk: Path, tmp_path: Path) -> None:
    told: list[str] = []
    for options, error, words in (
        ({"expert": "gone.safetensors"}, ModelError, "gone.safetensors"),
        ({"recognition_model": "none.onnx"}, ModelError, "there is no such recognition file"),
        ({"cast_sheet": tmp_path / "sheet.jpg"}, OutputError, "let it end in .png"),
        ({"cast_sheet": tmp_path / "no" / "sheet.png"}, OutputError, "does not exist"),
        ({"silence": "open"}, InputError, "silent lips cannot be 'open'"),
    ):
        with pytest.raises(error, match=words):
            dubbed(talk, tmp_path, progress=lambda stage, *_: told.append(stage), **options)
    assert told == []


def test_the_sheet_shows_every_decision(talk: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "who.png"
    report = dubbed(talk, tmp_path, '[faces]\nEVE = "A"\n', cast_sheet=sheet, expert="none")
    assert sheet in report.delivered
    assert report.cast_by == "how mouths move"
    drawn = cv2.imread(str(sheet))
    assert drawn is not None
    assert drawn.shape[1] == 2 * 336
    green = (np.abs(drawn.astype(int) - (80, 200, 60)).max(axis=2) < 30).sum(axis=0)
    assert green[:336].any(), "EVE is marked"
    assert not green[336:].any(), "BOB is not seen"


def test_somebody_asked_for_this_face_to_speak(talk: Path, tmp_path: Path) -> None:
    """`lipsync` has no off-screen: its one line is of the face that is there."""
    voice = tmp_path / "voice.wav"
    soundfile.write(voice, 0.2 * np.random.default_rng(0).standard_normal(32_000), 16_000)
    (line,) = dubkit.sync_lips(talk, voice, tmp_path / "out.mkv", codec="ffv1").lines
    assert line.cast[0].identity == "A"
    assert line.changed == 50


@pytest.mark.parametrize("silence", ["close", "keep", "freeze"])
def test_silent_lips_by_policy(talk: Path, tmp_path: Path, silence: str) -> None:
    """Voices are of 0.6 s; cue 3 is shown for 0.8 s, in which this face's lips rest."""
    first, _ = lines_of(dubbed(talk, tmp_path, '[faces]\nEVE = "A"\nBOB = "A"\n', silence=silence))
    (run_,) = first.frames
    assert run_.start == 2
    assert run_.stop == pytest.approx(23, abs=1)
