"""``dubkit sync`` and ``dubkit evaluate``: how far picture and sound are apart, and how good generated lips are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dubkit.schema import to_json
from dubkit_cli.choices import cuts_option, detector_options, device_option, json_option, with_options
from dubkit_cli.reporter import Reporter, clock

if TYPE_CHECKING:
    from dubkit.comparing import ComparisonReport
    from dubkit.evaluation import ProtocolClip
    from dubkit.judging import ModelReport
    from dubkit.sync_report import SyncReport, TrackSync

__all__ = ["evaluate_command", "sync_command"]

_PATH = click.Path(path_type=Path)


_looking_options = with_options(
    click.option(
        "--expert",
        default="",
        help="Lip-sync expert to judge by: a checkpoint, or a name in a model folder.",
    ),
    click.option("--syncnet", default="", help="File of SyncNet; else syncnet_v2.model in the model folders."),
    detector_options,
    device_option,
    json_option,
)
"""Options of commands that look for faces and judge them."""


@click.command("sync")
@click.argument("video", type=_PATH)
@click.option(
    "--judge",
    type=click.Choice(["expert", "syncnet"]),
    default="expert",
    help="Who judges: dubkit's kind of expert, or the SyncNet behind LSE-D and LSE-C.",
)
@cuts_option
@_looking_options
def sync_command(video: Path, judge: str, as_json: bool, **options: Any) -> int:
    """Say for every face in VIDEO how far its lips and the sound are apart."""
    if judge == "syncnet" and options["expert"]:
        raise click.UsageError("--expert is not asked when --judge is syncnet")
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.sync import measure_sync

        report = measure_sync(video, judge=judge, progress=reporter.progress, **options)
        return reporter.facts(to_json(report), _sync_words(report))

    return reporter.guard(work)


@click.command("evaluate")
@click.argument("videos", metavar="REAL GENERATED | CLIP...", nargs=-1, type=_PATH)
@click.option("--model", default="", help="Judge this generator, or lip-sync expert, on the real CLIPs instead.")
@click.option("--prepared", type=_PATH, default=None, help="Judge it on the held-out clips of a prepared folder.")
@click.option("--sheet", type=_PATH, default=None, help="PNG file: what the generator makes, to look at.")
@click.option("--landmarks", default="", help="68-landmark ONNX file; else pfld_68.onnx in the model folders.")
@click.option("--fid", is_flag=True, help="Measure FID too, if its weights are in a model folder.")
@_looking_options
def evaluate_command(
    videos: tuple[Path, ...],
    model: str,
    prepared: Path | None,
    sheet: Path | None,
    fid: bool,
    syncnet: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Compare GENERATED with the REAL video it was made from; or judge a model on real CLIPs.

    A generator is run over the faces of each clip with its own sound, with a wrong one and in silence; a lip-sync
    expert is asked where the sound lies.
    """
    if model:
        if fid or syncnet or not (videos or prepared):
            raise click.UsageError("--model takes CLIPs or --prepared, and neither --fid nor --syncnet")
    elif len(videos) != 2 or prepared or sheet:
        raise click.UsageError("give REAL and GENERATED, or --model with CLIPs or --prepared")
    reporter = Reporter(as_json)

    def judge() -> int:
        from dubkit.judging import evaluate_model

        clips = _held_out(prepared) if prepared else []
        report = evaluate_model(model, videos, clips=clips, sheet=sheet, progress=reporter.progress, **options)
        return reporter.facts(to_json(report), _model_words(report))

    def compare() -> int:
        from dubkit.comparing import compare_videos

        found = compare_videos(*videos, fid=fid, syncnet=syncnet, progress=reporter.progress, **options)
        return reporter.facts(to_json(found), _comparison_words(found))

    return reporter.guard(judge if model else compare)


def _held_out(folder: Path) -> list[ProtocolClip]:
    """The held-out clips of a prepared folder."""
    from dubkit.errors import InputError
    from dubkit.evaluation import ProtocolClip
    from dubkit.lipsync import CLOCK_RATE
    from dubkit.training import HELD_OUT, PreparedClips

    prepared = PreparedClips(folder)
    clips = [
        ProtocolClip(
            clip.name,
            prepared.faces(clip),
            tuple(Fraction(frame, CLOCK_RATE) for frame in range(clip.frames)),
            prepared.sound(clip),
        )
        for clip in prepared.clips(HELD_OUT)
    ]
    if not clips:
        raise InputError("holds no held-out clips", path=folder, remedy="prepare it with some held out")
    return clips


def _sync_words(report: SyncReport) -> list[str]:
    rows = [("face", "shot", "time", "height", "offset", "confidence", ""), *map(_sync_row, report.tracks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    words = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    judge = {"expert": "the expert", "syncnet": "SyncNet (confidence is LSE-C)"}[report.judge]
    words.append(f"Judged by {judge} {report.model}; a positive offset means that the picture comes after the sound.")
    return [*(words if report.tracks else words[-1:]), *(f"note: {note}" for note in report.notes)]


def _sync_row(track: TrackSync) -> tuple[str, str, str, str, str, str, str]:
    judged = bool(track.scores)
    unit = "frame" if abs(track.offset_frames) == 1 else "frames"
    return (
        str(track.face_track),
        str(track.shot),
        f"{clock(track.span.start)}–{clock(track.span.stop)}",
        f"{track.face_height:.0f} px",
        f"{track.offset_frames:+d} {unit} ({track.offset_ms:+.0f} ms)" if judged else "–",
        f"{track.confidence:.3f}" if judged else "–",
        track.verdict.value,
    )


def _model_words(report: ModelReport) -> list[str]:
    from dubkit.evaluation import ExpertScores, expert_table, generator_table

    scores = report.scores
    if isinstance(scores, ExpertScores):
        words = _table_lines(expert_table(scores))
        words.append(
            f"{report.model} finds the own sound nearer in {scores.pair_accuracy:.1%} of {scores.pairs} pairs, and the "
            f"offset in {scores.offsets_found:.0%} of {len(scores.clips)} clips "
            f"({scores.long_offsets_found:.0%} of {scores.long_clips} long ones)."
        )
    else:
        words = _table_lines(generator_table(scores))
        words.append(
            f"{report.model} on {report.device}, judged by {', '.join(report.judges) or 'its pictures alone'}."
        )
    return [*words, *(f"note: {note}" for note in report.notes)]


def _comparison_words(report: ComparisonReport) -> list[str]:
    from dubkit.evaluation import markdown_table

    words = _table_lines(markdown_table(report.clips))
    words += [f"{name.upper()} of all faces: {score.generated:.2f}" for name, score in report.sets.items()]
    return [*words, *(f"note: {note}" for note in report.notes)]


def _table_lines(table: str) -> list[str]:
    return [*table.splitlines(), ""]
