"""Recipes: a film and its languages as a TOML file, such as those in ``recipes/`` that come with dubkit."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dubkit.errors import InputError

__all__ = ["RECIPES", "Recipe", "read_recipe"]

RECIPES: Mapping[str, Path] = {path.stem: path for path in sorted(Path(__file__).parent.glob("recipes/*.toml"))}
"""Name -> recipe that comes with dubkit."""

_PATHS = {
    *("film", "output", "report", "subtitles", "voice", "cast", "cuts", "enhancer"),
    *("stems", "deliver", "patches", "picture", "cast_sheet", "work_dir"),
}
_MAYBE_PATHS = {"model", "expert", "detector_model", "recognition_model"}
_FLAGS = {"keep_original"}
_NUMBERS = {"shift", "loudness"}


@dataclass(frozen=True)
class Recipe:
    """What a recipe says.

    Attributes:
        film: The film; empty where it names none.
        report: Where reports are written; empty for nowhere.
        shared: Option -> what holds for all languages.
        languages: Tag -> option -> what that language has of its own.
    """

    film: str = ""
    report: str = ""
    shared: Mapping[str, Any] = field(default_factory=dict)
    languages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_recipe(name: str) -> Recipe:
    """The recipe in a file, or one that comes with dubkit by its name.

    Paths in it are taken from the folder it lies in, but for those that begin with ``{film}``.

    Raises:
        InputError: if there is none, or it says something that is not known.
    """
    path = RECIPES.get(name) or Path(name)
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            "there is no such recipe", path=path, remedy=f"give a TOML file, or one of: {', '.join(RECIPES)}"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot be read as TOML ({error})", path=path, remedy="mend it") from error
    tables = said.pop("languages", {})
    if isinstance(tables, list):
        if not all(isinstance(tag, str) for tag in tables) or len(set(tables)) < len(tables):
            raise InputError(
                "languages is no list of tags, each of them once", path=path, remedy='write languages = ["es", "de"]'
            )
        tables = {tag: {} for tag in tables}
    if not isinstance(tables, dict):
        raise InputError("languages is neither a list nor a table", path=path, remedy='write languages = ["es", "de"]')
    options = _options()
    shared: dict[str, Any] = {
        key: _value(path, key, value, {*options, "film", "languages", "report"}) for key, value in said.items()
    }
    languages = {}
    for tag, own in tables.items():
        if not isinstance(own, dict):
            raise InputError(f"languages.{tag} is no table", path=path, remedy=f"write [languages.{tag}]")
        languages[tag] = {key: _value(path, key, value, options, f"languages.{tag}.") for key, value in own.items()}
    return Recipe(shared.pop("film", ""), shared.pop("report", ""), shared, languages)


def _options() -> frozenset[str]:
    from dubkit.language_jobs import LanguageOptions

    return LanguageOptions.__optional_keys__ - {"language"}


def _value(path: Path, key: str, value: object, known: Collection[str], where: str = "") -> object:
    """The value of an option as the library takes it."""
    if key not in known:
        near = difflib.get_close_matches(key, sorted(known), 1)
        remedy = f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(known))}"
        raise InputError(f"says {where}{key}, which is not known", path=path, remedy=remedy)
    if key in _FLAGS:
        wanted, fits = "true or false", isinstance(value, bool)
    elif key in _NUMBERS and not isinstance(value, str):
        wanted, fits = "a number", isinstance(value, int | float) and not isinstance(value, bool)
    else:
        wanted, fits = "a text", isinstance(value, str) and key != "shift"
    if not fits:
        raise InputError(f"{where}{key} is {value!r}", path=path, remedy=f"it must be {wanted}")
    if isinstance(value, str):
        return _placed(path, key, value)
    return str(value) if key == "loudness" else value


def _placed(path: Path, key: str, value: str) -> str:
    """``value``, from the recipe's folder where it is a path."""
    beside = os.path.join(path.parent, value)  # noqa: PTH118 - a Path would make one slash of a URL's two
    if key in _PATHS and not value.startswith("{film}") and "://" not in value:
        return beside
    if key in _MAYBE_PATHS and Path(beside).is_file():
        return beside
    return value
