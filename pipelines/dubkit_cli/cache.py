"""``dubkit cache``: what is kept for the next run, and removing it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dubkit.amounts import parse_age, parse_size, size_words
from dubkit.errors import InputError
from dubkit.schema import to_json
from dubkit.store import Store, open_store
from dubkit_cli.choices import json_option, work_dir_option
from dubkit_cli.reporter import Reporter

if TYPE_CHECKING:
    from dubkit.store_care import StoreGroup

__all__ = ["cache"]

_LONGEST = 50  # letters of what an entry is of


@click.group("cache", invoke_without_command=True)
@work_dir_option
@json_option
@click.pass_context
def cache(context: click.Context, work_dir: Path | None, as_json: bool) -> int:
    """List what is kept for the next run: analyses, lips, spoken lines."""
    if context.invoked_subcommand is not None:
        context.obj = (work_dir, as_json)
        return 0
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.store_care import describe_store

        found = describe_store(_store(work_dir))
        words = [
            f"{found.folder}: {size_words(found.size)} in {found.entries} entries",
            *_table(found.groups),
            *(["", "In all:", *_table(found.kinds)] if found.kinds else []),
        ]
        return reporter.facts({"cache": to_json(found)}, words)

    return reporter.guard(work)


@cache.command("prune")
@click.option("--older-than", metavar="AGE", default="", help="What was not used for so long, such as 12h, 30d, 2w.")
@click.option(
    "--down-to", metavar="SIZE", default="", help="What was used longest ago, until so much is left, such as 5GiB."
)
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only this kind, such as lips; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Everything.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@work_dir_option
@json_option
@click.pass_context
def prune_command(
    context: click.Context,
    older_than: str,
    down_to: str,
    kinds: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    work_dir: Path | None,
    as_json: bool,
) -> int:
    """Remove what is kept, by age, by size or all of it; what is needed again is made again."""
    outer_dir, outer_json = context.obj
    reporter = Reporter(as_json or outer_json)

    def work() -> int:
        from dubkit.store_care import PruneSettings, prune_store

        if not (older_than or down_to or everything):
            raise InputError("nothing says what to remove", remedy="give --older-than, --down-to or --all")
        settings = PruneSettings(
            parse_age(older_than) if older_than else -1.0, parse_size(down_to) if down_to else -1, kinds, everything
        )
        found = prune_store(_store(work_dir or outer_dir), settings, dry_run=dry_run)
        said = "would be removed" if dry_run else "removed"
        words = [f"{size_words(found.size)} in {found.entries} entries {said}, {size_words(found.left)} left"]
        return reporter.facts({"pruned": to_json(found), "dry_run": dry_run}, [*words, *_table(found.groups)])

    return reporter.guard(work)


def _store(work_dir: Path | None) -> Store:
    store = open_store(work_dir)
    if store is None:
        raise InputError("nothing is kept: DUBKIT_CACHE is off", remedy="name a folder with --work-dir")
    return store


def _table(groups: Sequence[StoreGroup]) -> list[str]:
    now = time.time()
    return [
        f"{group.kind:<11} {group.entries:>6} {size_words(group.size):>10}  {_ago(now - group.used):<15} "
        f"{_short(group.about)}".rstrip()
        for group in groups
    ]


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _short(about: str) -> str:
    return about if len(about) <= _LONGEST else about[: _LONGEST - 1] + "…"
