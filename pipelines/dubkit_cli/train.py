"""``dubkit train expert|tutor|generator``: networks out of prepared clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dubkit_cli.choices import device_option, json_option, with_options
from dubkit_cli.reporter import Reporter

__all__ = ["train"]

_PATH = click.Path(path_type=Path)


@click.group("train")
def train() -> None:
    """Train a network on prepared clips; the same command again goes on where it stopped.

    On several GPUs: torchrun --nproc-per-node=N -m dubkit_cli train ...
    """


_shared_options = with_options(
    click.argument("prepared", type=_PATH),
    click.option("-o", "--output", type=_PATH, required=True, help="Folder of this training."),
    click.option("--settings", type=_PATH, default=None, help="TOML file; without one, as in the paper."),
    click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="One setting, such as run.steps=2000."),
    device_option,
    json_option,
)
"""What all kinds of training take."""


@train.command("expert")
@_shared_options
def expert_command(**options: Any) -> int:
    """Train a lip-sync expert on what `dubkit prepare` wrote to PREPARED."""
    return _train("expert", expert=None, **options)


@train.command("tutor")
@_shared_options
def tutor_command(**options: Any) -> int:
    """Begin a generator under a tutor, who sees the mouth: it learns to draw what it is told, then to hear it."""
    return _train("tutor", expert=None, **options)


@train.command("generator")
@_shared_options
@click.option("--expert", type=_PATH, required=True, help="Checkpoint of the expert that judges; it does not learn.")
def generator_command(**options: Any) -> int:
    """Train a generator on what `dubkit prepare` wrote to PREPARED."""
    return _train("generator", **options)


def _train(
    kind: str,
    *,
    prepared: Path,
    output: Path,
    settings: Path | None,
    changes: tuple[str, ...],
    device: str,
    expert: Path | None,
    as_json: bool,
) -> int:
    changed = {}
    for change in changes:
        name, mark, value = change.partition("=")
        if not (name and mark):
            raise click.UsageError(f"--set takes NAME=VALUE, not {change!r}")
        changed[name] = value
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.lipsync import load_checkpoint
        from dubkit.training import PreparedClips, joined, read_settings, train

        how = read_settings(settings, kind, changed)
        judge = None if expert is None else load_checkpoint(expert)
        clips = PreparedClips(prepared)
        with joined(device) as place:
            steps = train(how, clips, output, place, judge, reporter.learned if place.leads else None)
            if not place.leads:
                return 0
        made = output / f"{'expert' if kind == 'expert' else 'generator'}.safetensors"
        words = [str(made)] if steps == how.run.steps else [f"{steps} of {how.run.steps} steps done; run it again"]
        return reporter.facts({"steps": steps, "of": how.run.steps, "output": str(made)}, words)

    return reporter.guard(work)
