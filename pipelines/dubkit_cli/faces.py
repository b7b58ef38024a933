"""``dubkit faces``: who is seen in a film, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dubkit.schema import to_json
from dubkit_cli.choices import cuts_option, detector_options, json_option, recognition_option, work_dir_option
from dubkit_cli.reporter import Reporter, clock

if TYPE_CHECKING:
    from dubkit.people import PeopleReport, Person

__all__ = ["faces_command"]

_PATH = click.Path(path_type=Path)


@click.command("faces")
@click.argument("video", type=_PATH)
@click.option(
    "-o",
    "--output",
    type=_PATH,
    default=None,
    help="PNG file for the contact sheet; the JSON lies beside it. By default named like VIDEO, in this folder.",
)
@detector_options
@recognition_option
@cuts_option
@work_dir_option
@json_option
def faces_command(video: Path, output: Path | None, as_json: bool, **options: Any) -> int:
    """Write a contact sheet of the people in VIDEO, with their times, and the same as JSON.

    Their names, A, B, ... in the order in which they first appear, are what a cast file may call them by.
    """
    reporter = Reporter(as_json)
    sheet = output or Path(f"{video.stem}.faces.png")
    listing = sheet.with_suffix(".json")

    def work() -> int:
        from dubkit.people import find_people

        report = find_people(video, sheet=sheet, listing=listing, progress=reporter.progress, **options)
        facts = {**to_json(report), "sheet": str(sheet), "listing": str(listing)}
        return reporter.facts(facts, [*_words(report), f"Written: {sheet}, {listing}"])

    return reporter.guard(work)


def _words(report: PeopleReport) -> list[str]:
    people = [_line(person) for person in report.people] or ["no faces found"]
    return [*people, f"Faces found by {report.detector}.", f"Told apart by {report.told_apart}."]


def _line(person: Person) -> str:
    times = ", ".join(f"{clock(span.start)}–{clock(span.stop)}" for span in person.spans)
    tracks = len(person.face_tracks)
    return f"{person.identity:<3} {tracks} face {'track' if tracks == 1 else 'tracks'}: {times}"
