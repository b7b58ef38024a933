"""One film into several languages: what does not depend on them is done once, and none of them costs another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import dubkit
from dubkit import readiness
from dubkit.compose import run_ready
from dubkit.errors import Cancelled, InputError
from dubkit.language_report import LanguageResult, LanguagesReport
from dubkit.languages import dub_languages
from dubkit.readiness import prepare
from dubkit.schema import DubReport, Waveform, loads
from dubkit.store import Store
from dubkit_cli.main import run
from tests.films import write_talk
from tests.killed import SlowPainter
from tests.test_analysis import Counting

TAGS = ("es", "de", "hi")
OPTIONS: dict[str, Any] = {"expert": "none", "silence": "keep", "codec": "ffv1"}


class Loaded:
    """Counts what is loaded."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.models = self.detectors = 0
        self.detector = Counting()
        patch.setattr(readiness, "load_model", self._model)
        patch.setattr(readiness, "choose_detector", self._detector)

    def _model(self, *_: object, **__: object) -> SlowPainter:
        self.models += 1
        return SlowPainter()

    def _detector(self, *_: object, **__: object) -> tuple[Counting, str]:
        self.detectors += 1
        return self.detector, "made up: for the test"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    return Loaded(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_talk(tmp_path / "film.mkv", seconds=2)
    for name in ("subs", "voices", "out"):
        (tmp_path / name).mkdir()
    for seed, tag in enumerate(TAGS):
        hiss = np.random.default_rng(seed).uniform(-0.2, 0.2, 16_000 * 2)
        soundfile.write(tmp_path / "voices" / f"{tag}.wav", hiss.astype(np.float32), 16_000)
        cue = f"1\n00:00:00,{seed + 1}00 --> 00:00:01,600\nHola {tag}\n"
        (tmp_path / "subs" / f"film.{tag}.srt").write_text(cue)
    (tmp_path / "cast.toml").write_text('[cues]\n1 = "A"\n')
    return tmp_path


def dub(*tags: str, **more: Any) -> LanguagesReport:
    given: dict[str, Any] = {
        "languages": tags or TAGS,
        "subtitles": "subs/film.{language}.srt",
        "voice": "voices/{language}.wav",
        "cast": "cast.toml",
        **OPTIONS,
    }
    return dub_languages("film.mkv", "out/film.{language}.mkv", **{**given, **more})


def alone(tag: str, output: str) -> DubReport:
    return dubkit.dub(
        "film.mkv",
        output,
        subtitles=f"subs/film.{tag}.srt",
        voice=f"voices/{tag}.wav",
        cast="cast.toml",
        language=tag,
        **OPTIONS,
    )


@pytest.mark.parametrize("kept", ["", "kept"])
def test_the_film_is_looked_at_once_and_every_result_is_as_if_alone(loaded: Loaded, folder: Path, kept: str) -> None:
    """Also where the user wants nothing kept."""
    single = [alone(tag, f"out/alone.{tag}.mkv") for tag in TAGS]
    looks, loaded.models, loaded.detectors = loaded.detector.looks, 0, 0
    told: list[str] = []
    report = dub(work_dir=kept or None, finished=lambda result: told.append(result.language))
    assert loaded.detector.looks - looks == looks // len(TAGS)
    assert (loaded.models, loaded.detectors) == (1, 1)
    assert told == [result.language for result in report.languages] == list(TAGS)
    assert not report.failed + report.flawed
    for tag, result, one in zip(TAGS, report.languages, single, strict=True):
        assert result.report is not None
        assert result.report.lines == one.lines
        assert result.report.lines[0].changed
        assert (folder / f"out/film.{tag}.mkv").read_bytes() == (folder / f"out/alone.{tag}.mkv").read_bytes()
    assert (folder / "kept").exists() == bool(kept)


def test_what_another_language_cannot_use_is_not_kept_where_nothing_is_to_be(
    loaded: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def prepared(*given: Any, **more: Any) -> Any:
        ready = prepare(*given, **more)
        places.append(ready.job.work_dir)
        return ready

    def look(result: LanguageResult) -> None:
        seen.append({entry.kind for entry in Store(places[0]).entries()})

    places: list[Any] = []
    monkeypatch.setattr("dubkit.languages.prepare", prepared)
    dub(finished=look)
    assert all("analysis" in kinds and "lips" not in kinds for kinds in seen)
    assert not places[0].exists()


def test_a_language_that_fails_costs_no_other(loaded: Loaded, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "subs" / "film.de.srt").write_text("1\n00:10:00,000 --> 00:10:01,000\nSpät\n")
    command = ["dub", "film.mkv", "--languages", "es, de,hi", "--subs", "subs/film.{language}.srt", "--codec", "ffv1"]
    command += ["--voice", "voices/{language}.wav", "--expert", "none", "--silence", "keep", "--cast", "cast.toml"]
    command += ["-o", "{film}.{language}.mkv", "--report", "out/{language}.json"]
    assert run(command) == 3
    said = capsys.readouterr()
    assert "dubkit: de: subs/film.de.srt: has no cue inside the film" in said.err
    summary = said.err.splitlines()[-1]
    assert summary.startswith("3 languages in ")
    assert summary.endswith("s; done: es, hi; de failed")
    assert said.out.split() == ["film.es.mkv", "film.hi.mkv"]
    assert {path.name for path in folder.glob("film.*")} == {"film.mkv", "film.es.mkv", "film.hi.mkv"}
    for tag in ("es", "hi"):
        assert loads(DubReport, (folder / f"out/{tag}.json").read_text()).language == tag
    assert not (folder / "out/de.json").exists()

    assert run([*command, "--json"]) == 3
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["language"], event["ok"]) for event in events if event["event"] == "language"] == [
        ("es", True),
        ("de", False),
        ("hi", True),
    ]
    assert {event["language"] for event in events if event["event"] == "progress"} == {"es", "hi"}
    assert events[-1]["event"] == "result"
    assert events[-1]["exit_code"] == 3
    assert [result["language"] for result in events[-1]["languages"]] == list(TAGS)


def test_a_defect_in_one_language_costs_no_other(
    loaded: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sometimes(ready: Any, tell: Any) -> DubReport:
        if ready.job.language == "es":
            raise ZeroDivisionError("never")
        return run_ready(ready, tell)

    monkeypatch.setattr("dubkit.languages.run_ready", sometimes)
    report = dub()
    assert [result.language for result in report.failed] == ["es"]
    assert "dubkit has a defect (ZeroDivisionError: never)" in report.failed[0].error
    assert any("sometimes" in note for note in report.failed[0].notes)
    assert all(result.report is not None for result in report.languages[1:])


def test_everything_is_checked_before_the_first_begins(loaded: Loaded, folder: Path) -> None:
    (folder / "voices" / "de.wav").unlink()
    (folder / "subs" / "film.hi.srt").write_text("nothing")
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError) as caught:
        dub()
    said = str(caught.value)
    assert said.startswith("no language was begun, because for de: voices/de.wav: does not exist; ")
    assert "; and for hi: subs/film.hi.srt: " in said
    assert loaded.detector.looks == 0
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"output": "out/film.mkv"}, r"out/film.mkv: would be written by es and by de \(output\); put {language} into"),
        ({"picture": "out/lines.png"}, r"out/lines.png: would be written by es and by de \(picture\)"),
        ({"cast_sheet": "out/who.png"}, r"out/who.png: would be written by es and by de \(cast_sheet\)"),
        ({"output": "out/film.mkv", "languages": {"es": {}, "de": {"output": "out/de.mkv"}}}, ""),
        ({"deliver": "out"}, ""),
        ({"languages": ("es", "es")}, "a language is named twice"),
        ({"languages": ()}, "no language is named; name each language once, such as es,de,hi"),
        ({"languages": ("../es",)}, "'../es' is not the tag of a language; use tags such as es or pt-BR"),
        ({"subtitles": None}, "there are no subtitles for es; say where they are"),
        ({"output": "voices/{language}.wav", "languages": {"es": {"voice": "voices/de.wav"}, "de": {}}}, "voices/de"),
        ({"voice": None}, "needs either a voice or a text-to-speech engine"),
    ],
)
def test_languages_that_would_get_in_each_others_way(
    more: dict[str, Any], words: str, loaded: Loaded, folder: Path
) -> None:
    more = {"cast": None, **more}
    output = more.pop("output", "out/film.{language}.mkv")
    given = {"languages": ("es", "de"), "subtitles": "subs/film.{language}.srt", "voice": "voices/{language}.wav"}
    if words:
        with pytest.raises(InputError, match=words):
            dub_languages("film.mkv", output, **{**given, **more})
    else:
        dub_languages("film.mkv", output, **{**given, **OPTIONS, **more})


class Hum:
    """Speaks without a word."""

    name = "hum"
    languages = ("hi",)

    def check_language(self, language: str) -> None:
        pass

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        return Waveform(np.full((1, 16_000), 0.1, np.float32), 16_000)


def test_a_language_may_have_its_own_voice_and_all_else(loaded: Loaded, folder: Path) -> None:
    (folder / "other.srt").write_bytes("1\n00:00:00,100 --> 00:00:01,600\nSchöne Grüße\n".encode("cp1252"))
    sound = Waveform(np.random.default_rng(0).uniform(-0.2, 0.2, (1, 32_000)).astype(np.float32), 16_000)
    report = dub(
        languages={
            "es": {"voice": sound},
            "de": {"subtitles": "other.srt", "encoding": "cp1252", "output": "out/deutsch.mkv"},
            "hi": {"voice": Hum(), "cast": None},
        }
    )
    assert not report.failed
    assert (folder / "out/deutsch.mkv").is_file()
    done = [result.report for result in report.languages if result.report is not None]
    assert done[1].lines[0].text == "Schöne Grüße"
    assert done[2].lines[0].sound is not None
    assert done[2].lines[0].sound.duration == 1


def test_whoever_stops_it_stops_all(loaded: Loaded, folder: Path) -> None:
    def stop(language: str, stage: str, done: int, total: int) -> None:
        if language == "de" and stage == "dub":
            raise Cancelled

    with pytest.raises(Cancelled):
        dub(progress=stop)
    assert [path.name for path in (folder / "out").iterdir()] == ["film.es.mkv"]
