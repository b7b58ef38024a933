"""``dubkit``: the command and its subcommands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

import dubkit
from dubkit.schema import DubReport
from dubkit_cli.analyze import analyze_command
from dubkit_cli.cache import cache
from dubkit_cli.choices import (
    cuts_option,
    detector_options,
    device_option,
    json_option,
    recognition_option,
    with_options,
    work_dir_option,
)
from dubkit_cli.doctor import doctor_command
from dubkit_cli.faces import faces_command
from dubkit_cli.fit import fit_command, voice_options, voice_values
from dubkit_cli.host_run import host_run_command
from dubkit_cli.judge import evaluate_command, sync_command
from dubkit_cli.languages import dub_many, languages_options
from dubkit_cli.models import models
from dubkit_cli.plugin import plugin
from dubkit_cli.prepare import prepare_command
from dubkit_cli.report_file import check_report, write_report
from dubkit_cli.reporter import EXIT_CANCELLED, EXIT_OK, Reporter
from dubkit_cli.train import train

__all__ = ["main", "run"]

_PATH = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(dubkit.__version__, prog_name="dubkit")
def cli() -> None:
    """The same picture, lips matching the new voice, nothing else touched.

    Exit codes: 0 all done, 1 bad input or environment, 2 wrong usage, 3 done but a line failed, 130 cancelled.
    """


_shared_options = with_options(
    click.option("--language", default="und", help="Language of the new voice, such as es or pt-BR."),
    click.option(
        "--model",
        default="",
        help="Built-in model's name, or path of a checkpoint (also published Wav2Lip .pth).",
    ),
    click.option(
        "--enhancer",
        type=_PATH,
        default=None,
        help="ONNX file of a network that restores faces, such as GFPGAN, GPEN or CodeFormer.",
    ),
    detector_options,
    device_option,
    click.option(
        "--precision",
        type=click.Choice(["auto", "fp32", "bf16", "fp16"]),
        default="auto",
        help="Numbers the generator runs in; auto takes the fastest in which it draws the same on the device.",
    ),
    click.option(
        "--memory", default="", metavar="SIZE", help="Frames of the film held at a time, in MiB or such as 2GiB."
    ),
    cuts_option,
    recognition_option,
    click.option(
        "--expert",
        default="",
        metavar="NAME|FILE",
        help="Lip-sync expert that helps to find who speaks, by name or checkpoint; none for none.",
    ),
    click.option(
        "--silence",
        type=click.Choice(["close", "keep", "freeze"]),
        default="close",
        help="Lips that move while the new voice is silent: closed, kept as they were, or held as the voice left them.",
    ),
    click.option(
        "--cast-sheet", type=_PATH, default=None, help="Draw who was taken to speak each line to this PNG file."
    ),
    click.option("--codec", default="auto", help="FFmpeg encoder of the picture; auto stays with the source's codec."),
    click.option("--keep-original", is_flag=True, help="Keep the original sound as a further track."),
    work_dir_option,
    click.option("--report", "report_path", type=_PATH, default=None, help="Write the report as JSON here."),
    json_option,
)
"""Options of every command that makes a film."""


@cli.command("dub")
@click.argument("video", type=_PATH, required=False)
@click.option(
    "-o", "--output", type=_PATH, default=None, help="The master to write; not needed where --patches is given."
)
@click.option(
    "--subtitles", "--subs", type=_PATH, default=None, help="Cues in the new language: SRT, VTT, ASS, TTML ..."
)
@voice_options
@languages_options
@click.option("--shift", type=float, default=0, help="Seconds added to every cue's time, such as -3600.")
@click.option(
    "--original",
    type=click.Choice(["duck", "mute"]),
    default="duck",
    help="The original sound beside the lines: lowered under them, or left out.",
)
@click.option("--stems", type=_PATH, default=None, help="Music and effects, to be laid under the lines unaltered.")
@click.option(
    "--loudness",
    default="",
    metavar="PRESET|LUFS",
    help="Loudness of the mix: ebu-r128, streaming-16, streaming-14, film-27, or LUFS such as -24.",
)
@click.option(
    "--voice-level",
    type=click.Choice(["auto", "match", "keep"]),
    default="auto",
    help="match makes the voices as loud as the original ones; auto does so with text to speech.",
)
@click.option("--deliver", type=_PATH, default=None, help="Folder for mix, dialogue, music and effects, subtitles.")
@click.option("--deliver-sound", type=click.Choice(["wav", "flac"]), default="wav", help="How sound is delivered.")
@click.option(
    "--deliver-subtitles",
    type=click.Choice(["ass", "json", "microdvd", "mpl2", "srt", "ssa", "tmp", "ttml", "vtt"]),
    default="srt",
    help="How the retimed subtitles are delivered.",
)
@click.option(
    "--patches", type=_PATH, default=None, help="Folder for a clip of each changed span, and timelines that use them."
)
@click.option(
    "--patch-format",
    type=click.Choice(["prores", "ffv1", "full"]),
    default="prores",
    help="Patches with opacity as ProRes 4444 or FFV1, or full frames as FFV1.",
)
@click.option("--picture", type=_PATH, default=None, help="Draw cues, voices and loudness to this PNG file.")
@click.option("--encoding", default="", help="Text encoding of the subtitles, where it is not found out.")
@_shared_options
def dub_command(
    report_path: Path | None,
    as_json: bool,
    voice: Path | None,
    tts: str,
    voice_command: str,
    cast: Path | None,
    languages: str,
    recipe: str,
    **options: Any,
) -> int:
    """Dub VIDEO: new lips and new sound, line by line.

    With --languages or --recipe it is dubbed into several languages, one after the other; then {language} in a name
    stands for the language, and {film} for VIDEO without its ending.
    """
    if languages or recipe or options["cluster"]:
        voices = {"voice": voice, "tts": tts, "voice_command": voice_command, "cast": cast}
        return dub_many(languages, recipe, {**options, **voices}, report_path, as_json)
    if options["video"] is None:
        raise click.UsageError("Missing argument 'VIDEO'.")
    if options["subtitles"] is None:
        raise click.UsageError("Missing option '--subtitles'.")
    if options["output"] is None and options["patches"] is None:
        raise click.UsageError("Missing option '-o' / '--output', or '--patches'.")
    del options["cluster"]
    values = voice_values(voice, tts, voice_command, cast)
    named = ("video", "subtitles", "output", "stems", "picture", "cast_sheet")
    files = [*(options[name] for name in named), voice, cast]
    return _reported(
        lambda reporter: dubkit.dub(progress=reporter.progress, **values, **options),
        report_path,
        files,
        as_json,
    )


@cli.command("lipsync")
@click.argument("video", metavar="VIDEO|IMAGE", type=_PATH)
@click.argument("audio", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, help="The file to write; its ending chooses the container.")
@_shared_options
def lipsync_command(report_path: Path | None, as_json: bool, **options: Any) -> int:
    """Sync the lips in VIDEO to AUDIO; a still image becomes a talking picture."""
    files = [options[name] for name in ("video", "audio", "output", "cast_sheet")]
    return _reported(
        lambda reporter: dubkit.sync_lips(progress=reporter.progress, **options), report_path, files, as_json
    )


cli.add_command(analyze_command)
cli.add_command(cache)
cli.add_command(doctor_command)
cli.add_command(evaluate_command)
cli.add_command(faces_command)
cli.add_command(fit_command)
cli.add_command(host_run_command)
cli.add_command(models)
cli.add_command(plugin)
cli.add_command(prepare_command)
cli.add_command(train)
cli.add_command(sync_command)


def _reported(
    work: Callable[[Reporter], DubReport], report_path: Path | None, files: Sequence[Path | None], as_json: bool
) -> int:
    reporter = Reporter(as_json)

    def reported() -> int:
        if report_path is not None:
            check_report(report_path, files)
        report = work(reporter)
        if report_path is not None:
            write_report(report, report_path)
        return reporter.result(report)

    return reporter.guard(reported)


def run(arguments: Sequence[str]) -> int:
    """Run the command line with ``arguments`` (without the program's name); returns the exit code."""
    try:
        result = cli.main(list(arguments), prog_name="dubkit", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        if "--json" in arguments:
            Reporter(as_json=True).usage(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_CANCELLED
    return result if isinstance(result, int) else EXIT_OK


def main() -> None:
    """Entry point of the ``dubkit`` command."""
    # An editor or a job queue stops a run with SIGTERM; it is cleaned up after like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))
