"""``dubkit models``: published model files, listed, fetched, verified and converted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dubkit.places import model_folders
from dubkit.schema import to_json
from dubkit_cli.choices import json_option
from dubkit_cli.reporter import EXIT_ERROR, EXIT_OK, Reporter

if TYPE_CHECKING:
    from dubkit.lipsync import PublishedFile

__all__ = ["models"]

_PATH = click.Path(path_type=Path)

_folder_option = click.option(
    "--folder",
    type=_PATH,
    default=lambda: model_folders()[0],
    show_default="the first of DUBKIT_MODELS, or a folder of your own",
    help="Where model files are kept.",
)


@click.group("models")
def models() -> None:
    """Published model files: which there are, and how to get them."""


@models.command("list")
@_folder_option
@json_option
def list_command(folder: Path, as_json: bool) -> int:
    """List the published files dubkit knows, and which of them are here."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.lipsync import BUILTIN, PUBLISHED

        found = [{**_facts(file), "present": (folder / file.file).is_file()} for file in PUBLISHED.values()]
        words = [f"{name:20} comes with dubkit" for name in sorted(BUILTIN)]
        for file, facts in zip(PUBLISHED.values(), found, strict=True):
            state = "here" if facts["present"] else "not here"
            words.append(f"{file.name:20} {_size(file.size):>8}  {state:8}  {file.about}; {file.licence}")
        facts = {"folder": str(folder), "builtin": sorted(BUILTIN), "models": found}
        return reporter.facts(facts, words)

    return reporter.guard(work)


@models.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@_folder_option
@click.option(
    "--from", "source", type=_PATH, default=None, help="A folder that holds the files: no network is used then."
)
@click.option("--accept-licence", is_flag=True, help="I use the files as their licences say, also non-commercial ones.")
@json_option
def fetch_command(
    names: tuple[str, ...], folder: Path, source: Path | None, accept_licence: bool, as_json: bool
) -> int:
    """Put the published files NAME... into the folder, verified."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.lipsync import fetch_published, find_published

        wanted = [find_published(name) for name in names]
        paths = [
            fetch_published(
                file,
                folder,
                accept_licence=accept_licence,
                source=source,
                progress=lambda done, total: reporter.progress("fetch", done, total),
            )
            for file in wanted
        ]
        found = [{**_facts(file), "path": str(path)} for file, path in zip(wanted, paths, strict=True)]
        return reporter.facts({"models": found}, [str(path) for path in paths])

    return reporter.guard(work)


@models.command("verify")
@click.argument("names", metavar="[NAME|FILE]...", nargs=-1)
@_folder_option
@json_option
def verify_command(names: tuple[str, ...], folder: Path, as_json: bool) -> int:
    """Compare files with what was published, by SHA-256: those in the folder, or any FILE; without names, all there."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.lipsync import PUBLISHED, FileState, check_published, find_published, identify_published

        found: list[tuple[PublishedFile, Path, FileState]] = []
        for name in names:
            if os.sep in name or Path(name).is_file():
                found.append((identify_published(name), Path(name), FileState.PRESENT))
            else:
                file = find_published(name)
                found.append((file, folder / file.file, check_published(file, folder)))
        if not names:
            every = [(file, folder / file.file, check_published(file, folder)) for file in PUBLISHED.values()]
            found = [entry for entry in every if entry[2] is not FileState.ABSENT]
        good = all(state is FileState.PRESENT for _, _, state in found)
        facts = [{"name": file.name, "path": str(path), "state": state.value} for file, path, state in found]
        words = [f"{file.name:20} {_VERDICTS[state.value]}: {path}" for file, path, state in found]
        words = words or [f"no published file lies in {folder}"]
        return reporter.facts({"models": facts}, words, EXIT_OK if good else EXIT_ERROR)

    return reporter.guard(work)


@models.command("convert")
@click.argument("source", metavar="FILE", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, help="The .safetensors file to write.")
@click.option("--half", is_flag=True, help="Store 16-bit weights, in half the space.")
@json_option
def convert_command(source: Path, output: Path, half: bool, as_json: bool) -> int:
    """Convert the published generator, expert or discriminator FILE to safetensors."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.lipsync import convert_checkpoint

        made = convert_checkpoint(source, output, half=half)
        facts = {"output": str(output), "parameters": made.parameters, "config": to_json(made.config)}
        return reporter.facts(facts, [str(output)])

    return reporter.guard(work)


_VERDICTS = {"present": "as published", "absent": "not there", "different": "NOT as published"}


def _facts(file: PublishedFile) -> dict[str, Any]:
    facts: dict[str, Any] = to_json(file)
    return facts


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size else "?"
