"""Recipes: what they may say, what is refused, and that those which come with dubkit are good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dubkit
from dubkit.errors import InputError
from dubkit.language_jobs import ask_languages
from dubkit.language_report import LanguageResult, LanguagesReport
from dubkit.schema import DubReport
from dubkit_cli.main import run
from dubkit_cli.recipe import RECIPES, read_recipe

REPORT = DubReport(Path("o"), "es", 10, "25", "d", "m", "cpu", 1, ())

GOOD = """
film = "film.mov"
output = "out/film.{language}.mov"
subtitles = "{film}.{language}.srt"
voice = "/voices/{language}.wav"
loudness = -24
shift = -3600
keep_original = true
model = "mine.pth"
work_dir = "s3://shelf/kept"

[languages.es]
[languages.de]
encoding = "cp1252"
[languages.hi]
tts = "espeak:hi"
model = "compact"
"""


def written(folder: Path, text: str = GOOD) -> Path:
    (folder / "film.toml").write_text(text, encoding="utf-8")
    (folder / "mine.pth").write_bytes(b"")
    return folder / "film.toml"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the library was asked for."""
    asked: list[dict[str, Any]] = []

    def remember(video: object, **given: Any) -> LanguagesReport:
        asked.append({"video": str(video), **given})
        return LanguagesReport(())

    monkeypatch.setattr(dubkit, "dub_languages", remember)
    return asked


def test_paths_lie_where_the_recipe_lies(tmp_path: Path) -> None:
    recipe = read_recipe(str(written(tmp_path)))
    assert recipe.film == str(tmp_path / "film.mov")
    assert recipe.shared == {
        "output": str(tmp_path / "out/film.{language}.mov"),
        "subtitles": "{film}.{language}.srt",
        "voice": "/voices/{language}.wav",
        "loudness": "-24",
        "shift": -3600,
        "keep_original": True,
        "model": str(tmp_path / "mine.pth"),
        "work_dir": "s3://shelf/kept",
    }
    assert recipe.languages == {"es": {}, "de": {"encoding": "cp1252"}, "hi": {"tts": "espeak:hi", "model": "compact"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ('subtitle = "a.srt"', "says subtitle, which is not known; did you mean subtitles?"),
        ("[languages.de]\nencodings = 'x'", "says languages.de.encodings, which is not known; did you mean encoding?"),
        ("[languages.de]\nfilm = 'x'", "says languages.de.film, which is not known; "),
        ("zzzz = 1", "says zzzz, which is not known; known are: cast, cast_sheet, codec"),
        ("language = 'es'", "says language, which is not known; did you mean languages?"),
        ("voice = 7", "voice is 7; it must be a text"),
        ("shift = '1 s'", "shift is '1 s'; it must be a text"),
        ("shift = true", "shift is True; it must be a number"),
        ("keep_original = 'yes'", "keep_original is 'yes'; it must be true or false"),
        ("languages = 'es'", "languages is neither a list nor a table"),
        ("languages = ['es', 'es']", "languages is no list of tags, each of them once"),
        ("languages = [1]", "languages is no list of tags"),
        ("languages = {es = 'x'}", "languages.es is no table; write [languages.es]"),
        ("voice = ", "cannot be read as TOML ("),
    ],
)
def test_what_is_not_known_is_refused_by_name(text: str, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    if not words:
        assert read_recipe(str(path)).shared == {}
        return
    with pytest.raises(InputError) as caught:
        read_recipe(str(path))
    assert str(caught.value).startswith(f"{path}: {words}")
    assert "\n" not in str(caught.value)


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such recipe; give a TOML file, or one of: patches, preview, voices"):
        read_recipe(str(tmp_path / "gone.toml"))
    with pytest.raises(InputError, match="cannot be read as TOML"):
        read_recipe(str(tmp_path))


def test_the_command_line_counts_more_than_what_holds_for_all(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    recipe = str(written(tmp_path))
    assert run(["dub", "--recipe", recipe, "--codec", "ffv1", "--shift", "2"]) == 1
    asked = calls[0]
    assert asked["video"] == str(tmp_path / "film.mov")
    assert (asked["codec"], asked["shift"], asked["loudness"]) == ("ffv1", 2, "-24")
    assert (asked["voice"], asked["tts"]) == ("/voices/{language}.wav", "")
    assert asked["silence"] == "close"
    assert list(asked["languages"]) == ["es", "de", "hi"]

    run(["dub", "other.mov", "--recipe", recipe, "--languages", "hi,pl", "--tts", "espeak"])
    assert calls[1]["video"] == "other.mov"
    assert calls[1]["languages"] == {"hi": {"tts": "espeak:hi", "model": "compact"}, "pl": {}}
    assert (calls[1]["voice"], calls[1]["tts"]) == (None, "espeak")

    run(["dub", "other.mov", "--recipe", recipe, "--voice-command", "say {text}"])
    assert (calls[2]["voice"], calls[2]["tts"]) == (None, "command:say {text}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--languages", "es"], "Missing argument 'VIDEO'"),
        (["f.mov", "--languages", "es"], "Missing option '-o'"),
        (["f.mov", "--languages", "es,es", "-o", "{language}.mov"], "names a language twice"),
        (["f.mov", "--languages", "es", "--language", "de", "-o", "x"], "either --language or --languages"),
        (["f.mov", "--recipe", "voices"], "Missing option '--languages': the recipe names none"),
        (["f.mov", "-o", "x.mov", "--voice", "x.wav"], "Missing option '--subtitles'"),
        (["-o", "x.mov", "--subs", "x.srt", "--voice", "x.wav"], "Missing argument 'VIDEO'"),
        (["f.mov", "--languages", "es", "-o", "x", "--tts", "a", "--voice-command", "b"], "--tts or --voice-command"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dub", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("all.json", "all.json: would be written by es and by de (--report); put {language} into its name"),
        ("no/{language}.json", "no/es.json: the folder for the report does not exist"),
    ],
)
def test_reports_have_names_of_their_own(
    report: str, words: str, calls: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dub", "f.mov", "--languages", "es,de", "-o", "{language}.mov", "--report", report]) == 1
    assert words in capsys.readouterr().err
    assert not calls


def test_a_report_that_cannot_be_written_costs_no_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []

    def dub_languages(_: object, *, languages: dict[str, Any], finished: Any, **__: object) -> LanguagesReport:
        (tmp_path / "es.json").mkdir()  # as soon as the work has begun
        for tag in languages:
            finished(LanguageResult(tag, REPORT))
            told.append(tag)
        return LanguagesReport(tuple(LanguageResult(tag, REPORT) for tag in languages))

    monkeypatch.setattr(dubkit, "dub_languages", dub_languages)
    report = str(tmp_path / "{language}.json")
    assert run(["dub", "f.mov", "--languages", "es,de", "-o", "{language}.mov", "--report", report]) == 1
    assert told == ["es", "de"]
    assert (tmp_path / "de.json").is_file()
    assert "es.json" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_those_that_come_with_dubkit(name: str, tmp_path: Path) -> None:
    recipe = read_recipe(name)
    from contextlib import ExitStack

    with ExitStack() as stack:
        asked = ask_languages(tmp_path / "film.mov", ["es", "de"], recipe.shared, stack)
    assert asked[0].job.subtitles == tmp_path / "film.es.srt"
    assert "{language}" in recipe.report
    assert name in RECIPES[name].read_text()
