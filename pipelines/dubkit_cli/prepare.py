"""``dubkit prepare``: a folder of talking videos to clips that networks are trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dubkit.errors import OutputError
from dubkit.places import model_folders
from dubkit.schema import to_json
from dubkit_cli.choices import detector_options, json_option
from dubkit_cli.reporter import EXIT_ERROR, EXIT_OK, Reporter

if TYPE_CHECKING:
    from dubkit.training import Amount, Tally

__all__ = ["prepare_command"]

_PATH = click.Path(path_type=Path)


@click.command("prepare")
@click.argument("folder", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, help="The folder to write to; a stopped run goes on there.")
@click.option(
    "--splits",
    type=_PATH,
    default=None,
    help="CSV with the columns video, split (train or held-out) and, if wanted, identity; video is a path in FOLDER "
    "or a pattern such as 'news/0*.mp4'.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Share held out where no list decides.",
)
@click.option("--expert", default="", help="Name or checkpoint of a lip-sync expert, which measures and sorts out.")
@click.option(
    "--least-confidence",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Clips the expert is less sure of are dropped.",
)
@click.option(
    "--left-alone",
    type=click.FloatRange(0),
    default=0.04,
    show_default=True,
    help="Seconds of offset that are not corrected; less for videos that are often a frame out of sync.",
)
@detector_options
@click.option("--device", default="auto", help="Where the expert runs: auto, cpu, cuda, cuda:1, mps.")
@click.option("--workers", type=click.IntRange(0), default=0, help="Processes; 0 for one per core.")
@json_option
def prepare_command(
    folder: Path,
    output: Path,
    splits: Path | None,
    held_out: float,
    expert: str,
    least_confidence: float,
    left_alone: float,
    detector: str,
    detector_model: str,
    device: str,
    workers: int,
    as_json: bool,
) -> int:
    """Cut the talking videos in FOLDER into clips to train on, and say what was kept and what was not, and why."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.lipsync import find_expert
        from dubkit.training import DetectorChoice, PrepareSettings, prepare, tally

        _check_output(folder, output)
        places = model_folders()
        index = prepare(
            folder,
            output,
            PrepareSettings(held_out_share=held_out, least_confidence=least_confidence, left_alone=left_alone),
            splits=splits,
            expert=find_expert(expert, folders=places) if expert else None,
            detector=DetectorChoice(detector, detector_model, places),
            device=device,
            workers=workers,
            progress=reporter.progress,
        )
        found = tally(index)
        facts = {"output": str(output), **to_json(dataclasses.asdict(found))}
        return reporter.facts(facts, _table(found), EXIT_OK if index.clips else EXIT_ERROR)

    return reporter.guard(work)


def _check_output(folder: Path, output: Path) -> None:
    if output.resolve() == folder.resolve():
        raise OutputError("is the folder with the videos", path=output, remedy="give the clips a folder of their own")


def _table(found: Tally) -> list[str]:
    """One row per split and reason: a Markdown table that is aligned, too."""
    rows = [("kept: " + split, amount) for split, amount in found.kept.items()]
    if found.corrected.clips:
        rows.append(("of these, sound moved", found.corrected))
    rows += [("dropped: " + reason, amount) for reason, amount in found.dropped.items()]
    width = max(len(words) for words, _ in rows)
    head = [f"| {'':{width}} | clips | minutes |", f"|-{'-' * width}-|------:|--------:|"]
    return head + [_row(words, amount, width) for words, amount in rows]


def _row(words: str, amount: Amount, width: int) -> str:
    return f"| {words:{width}} | {amount.clips:5} | {amount.minutes:7.1f} |"
