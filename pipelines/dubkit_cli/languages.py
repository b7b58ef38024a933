"""``dubkit dub`` for several languages: by ``--languages``, by a recipe, or by both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

import dubkit
from dubkit_cli.choices import with_options
from dubkit_cli.recipe import RECIPES, Recipe, read_recipe
from dubkit_cli.report_file import check_report, write_report
from dubkit_cli.reporter import Reporter

if TYPE_CHECKING:
    from dubkit.language_report import LanguageResult

__all__ = ["dub_many", "languages_options"]

languages_options = with_options(
    click.option(
        "--languages", default="", metavar="TAG,TAG", help="Several languages, such as es,de,hi; {language} in names."
    ),
    click.option(
        "--recipe",
        default="",
        metavar="FILE|NAME",
        help=f"TOML file of a film's languages, or one that comes with dubkit: {', '.join(RECIPES)}.",
    ),
    click.option(
        "--cluster",
        default="",
        metavar="auto|ADDRESS",
        help="Work on a Ray cluster: the one this machine belongs to, or where one answers.",
    ),
)


def dub_many(tags: str, recipe: str, options: dict[str, Any], report_path: Path | None, as_json: bool) -> int:
    """Dub into several languages.

    What is said on the command line counts more than what a recipe says of all languages, and less than what it says
    of one.

    Args:
        tags: The languages, with commas between; empty takes those of the recipe.
        recipe: Its file or name; empty for none.
        options: The options of the command.
        report_path: Where reports are written; None for nowhere.
        as_json: Whether a program reads what is said.
    """
    reporter = Reporter(as_json)
    typed = _typed(options)
    if "language" in typed and (tags or recipe):
        raise click.UsageError("give either --language or --languages")
    tags = tags or ("" if recipe else options["language"])

    def work() -> int:
        said = read_recipe(recipe) if recipe else Recipe()
        film = options["video"] or said.film
        languages = _chosen(tags, said)
        values = _merged(options, typed, said)
        if not film:
            raise click.UsageError("Missing argument 'VIDEO'.")
        if not languages:
            raise click.UsageError("Missing option '--languages': the recipe names none.")
        for name in ("output", "patches"):
            if values[name] is not None or any(own.get(name) for own in languages.values()):
                break
        else:
            raise click.UsageError("Missing option '-o' / '--output', or '--patches'.")
        reports = _reports(str(report_path or said.report), Path(film), list(languages))

        unwritten: list[OSError] = []

        def finished(result: LanguageResult) -> None:
            if result.report is not None and result.language in reports:
                try:
                    write_report(result.report, reports[result.language])
                except OSError as error:  # a report never costs the other languages
                    unwritten.append(error)
            reporter.language_done(result)

        code = reporter.languages(
            dubkit.dub_languages(film, languages=languages, progress=reporter.in_language, finished=finished, **values)
        )
        if unwritten:
            raise unwritten[0]
        return code

    return reporter.guard(work)


def _typed(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were really given."""
    context = click.get_current_context()
    return {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def _chosen(tags: str, said: Recipe) -> dict[str, Any]:
    named = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if len(set(named)) < len(named):
        raise click.UsageError("--languages names a language twice")
    return {tag: dict(said.languages.get(tag, {})) for tag in named or said.languages}


def _merged(options: Mapping[str, Any], typed: Mapping[str, Any], said: Recipe) -> dict[str, Any]:
    """What holds for all languages, as the library takes it."""
    values = {**options, **said.shared, **typed}
    command = values.pop("voice_command")
    if command and typed.get("tts"):
        raise click.UsageError("give either --tts or --voice-command")
    if command:
        values["tts"] = f"command:{command}"
    if typed.get("voice") is not None and not (command or typed.get("tts")):
        values["tts"] = ""
    elif command or typed.get("tts"):
        values["voice"] = typed.get("voice")
    return {name: value for name, value in values.items() if name not in ("video", "language")}


def _reports(named: str, film: Path, languages: list[str]) -> dict[str, Path]:
    """Where the report of each language is written."""
    from dubkit.language_jobs import check_apart, filled

    if not named:
        return {}
    reports = {language: Path(filled(named, language, film)) for language in languages}
    check_apart({language: {"--report": path} for language, path in reports.items()})
    for path in reports.values():
        check_report(path, [film])
    return reports
