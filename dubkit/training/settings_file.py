"""Training settings out of a TOML file, with changes on top; and whether two trainings are the same."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dubkit.errors import InputError, RecordError
from dubkit.schema import from_json, to_json
from dubkit.training.settings import KINDS, RunSettings, TrainSettings

__all__ = ["difference", "read_settings"]

_TABLES = f"use the tables common, {', '.join(KINDS)}"


def read_settings(path: Path | None, kind: str, changes: Mapping[str, str] | None = None) -> TrainSettings:
    """The settings in a TOML file: those for one ``kind`` stand under its name, those for all under ``common``.

    Args:
        path: The file; None for the paper's. A checkpoint that it starts from is named relative to it.
        kind: ``expert``, ``tutor`` or ``generator``.
        changes: Dotted name -> TOML value, for instance ``run.steps`` -> ``2000``; they win over the file.

    Raises:
        InputError: if it cannot be read, or a setting does not exist or has a value it cannot have.
    """
    data = to_json(TrainSettings(kind=kind))
    if path is not None:
        tree = _read_tree(path)
        if kind not in tree:
            raise InputError(f"has no table [{kind}]", path=path, remedy=_TABLES)
        data = _merged(_merged(data, tree.get("common", {})), tree[kind])
        model = data["model"]
        start = model.get("start") if isinstance(model, dict) else None
        if isinstance(start, str) and start:
            data["model"] = {**model, "start": str(path.parent / start)}
    for name, text in (changes or {}).items():
        data = _merged(data, _nested(name, text))
    try:
        return from_json(TrainSettings, data)
    except RecordError as error:
        problem = f"the settings cannot be used: {error.problem}"
        raise InputError(problem, path=path, remedy=error.remedy) from error


def difference(before: TrainSettings, now: TrainSettings) -> str:
    """The dotted name of the first setting that may not change within one training, and did; empty where none did."""
    first, second = (_flat(to_json(dataclasses.replace(each, run=RunSettings()))) for each in (before, now))
    return next((f"{name} ({first[name]}, now {second[name]})" for name in first if first[name] != second[name]), "")


def _read_tree(path: Path) -> dict[str, Any]:
    try:
        tree = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError("there is no such settings file", path=path) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot be read as TOML ({error})", path=path) from error
    for name, table in tree.items():
        if name not in ("common", *KINDS) or not isinstance(table, dict):
            raise InputError(f"has {name!r}, which nobody reads", path=path, remedy=_TABLES)
    return tree


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _nested(name: str, text: str) -> dict[str, Any]:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text  # a bare word is a string
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
