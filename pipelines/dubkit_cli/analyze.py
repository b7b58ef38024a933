"""``dubkit analyze``: what is in a film, before anybody dubs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dubkit.schema import to_json
from dubkit_cli.choices import cuts_option, detector_options, json_option, recognition_option, work_dir_option
from dubkit_cli.reporter import Reporter, clock

if TYPE_CHECKING:
    from dubkit.analysis_report import AnalysisReport, ShotFacts
    from dubkit.people import Person, TrackFacts

__all__ = ["analyze_command"]

_PATH = click.Path(path_type=Path)


@click.command("analyze")
@click.argument("video", type=_PATH)
@click.option("-o", "--output", type=_PATH, default=None, help="JSON file to write all of it to.")
@detector_options
@recognition_option
@cuts_option
@work_dir_option
@json_option
def analyze_command(video: Path, output: Path | None, as_json: bool, **options: Any) -> int:
    """List the shots, scenes, people and face tracks of VIDEO; the next dub of it starts from there."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.analysis_report import report_analysis

        report = report_analysis(video, output=output, progress=reporter.progress, **options)
        written = [] if output is None else [f"Written: {output}"]
        return reporter.facts({"report": to_json(report)}, [*_words(report), *written])

    return reporter.guard(work)


def _words(report: AnalysisReport) -> list[str]:
    tracks = {track.face_track: track for track in report.tracks}
    counts = [
        _count(report.scenes, "scene"),
        _count(len(report.shots), "shot"),
        _count(len(report.people), "person", "people"),
        _count(len(tracks), "face track"),
    ]
    rate = f"{report.rate} a second" + (", not all shown equally long" if report.variable else "")
    return [
        f"{report.frames} frames, {rate}, {clock(report.duration)}: {', '.join(counts)}",
        *(_shot(shot) for shot in report.shots),
        *(line for person in report.people for line in _person(person, tracks)),
        f"Faces found by {report.detector}.",
        f"Told apart by {report.told_apart}.",
        *(f"note: {note}" for note in report.notes),
    ]


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _shot(shot: ShotFacts) -> str:
    dissolves = [
        f"{frames} frames of dissolve at its {end}"
        for frames, end in ((shot.dissolve_in, "start"), (shot.dissolve_out, "end"))
        if frames
    ]
    who = ", ".join(shot.people) or "nobody"
    words = "; ".join([who, *dissolves])
    span = f"{clock(shot.span.start)}–{clock(shot.span.stop)}"
    return f"scene {shot.scene:<3} shot {shot.shot:<4} {span}  from frame {shot.frames.start:<6}  {words}"


def _person(person: Person, tracks: dict[int, TrackFacts]) -> list[str]:
    return [
        f"{person.identity:<3} face track {index:<4} {_track(tracks[index])}"
        for index in sorted(person.face_tracks, key=lambda index: (tracks[index].frames.start, index))
    ]


def _track(track: TrackFacts) -> str:
    span = f"{clock(track.span.start)}–{clock(track.span.stop)}"
    covered = f", covered in {track.covered}" if track.covered else ""
    seen = f"shot {track.shot}, seen in {_count(track.visible, 'frame')}{covered}"
    turned = f", turned {track.yaw:.0f}°" if track.yaw >= 0 else ""
    return f"{span}  {seen}, {track.face_height:.0f} pixels high{turned}"
