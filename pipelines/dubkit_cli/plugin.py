"""``dubkit plugin``: dubkit inside editors."""

from __future__ import annotations

from pathlib import Path

import click

from dubkit.plugin_places import EDITORS
from dubkit.schema import to_json
from dubkit_cli.choices import json_option
from dubkit_cli.reporter import Reporter

__all__ = ["plugin"]

_PATH = click.Path(path_type=Path)
_editor = click.argument("editor", type=click.Choice(EDITORS))


@click.group("plugin")
def plugin() -> None:
    """Dubkit inside Blender and DaVinci Resolve."""


@plugin.command("install")
@_editor
@click.option("--dry-run", is_flag=True, help="Only say where it would go.")
@click.option("--to", type=_PATH, default=None, help="Folder to put it into, in place of the editor's own.")
@click.option("--everyone", is_flag=True, help="For all users of this machine (resolve).")
@json_option
def install_command(editor: str, dry_run: bool, to: Path | None, everyone: bool, as_json: bool) -> int:
    """Put the plugin for EDITOR where the editor looks for plugins."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.plugin_install import install_plugin

        found = install_plugin(editor, to=to, everyone=everyone, dry_run=dry_run)
        did = "installed" if found.done else "would be installed"
        words = [*(f"{did}: {place}" for place in found.places), *found.notes]
        return reporter.facts(to_json(found), words)

    return reporter.guard(work)


@plugin.command("build")
@_editor
@click.option("--to", type=_PATH, required=True, help="Folder to build into.")
@json_option
def build_command(editor: str, to: Path, as_json: bool) -> int:
    """Build the plugin for EDITOR as files to be handed on."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.plugin_install import build_plugin

        built = [str(path) for path in build_plugin(editor, to)]
        return reporter.facts({"editor": editor, "built": built}, built)

    return reporter.guard(work)
