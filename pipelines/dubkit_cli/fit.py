"""``dubkit fit``: how voices and cues go together, without touching the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import dubkit
from dubkit.schema import FitReport, FittedLine, to_json
from dubkit.timing import Seconds
from dubkit_cli.choices import json_option, with_options
from dubkit_cli.reporter import EXIT_LINE_FAILED, EXIT_OK, Reporter

__all__ = ["fit_command", "voice_options", "voice_values"]

_PATH = click.Path(path_type=Path)


voice_options = with_options(
    click.option(
        "--voice",
        type=_PATH,
        default=None,
        help="The new voice: one full-length file, a folder of files named by cue, or a CSV or JSON list.",
    ),
    click.option(
        "--tts",
        default="",
        metavar="ENGINE",
        help="Text to speech instead: espeak, espeak:es+f3, piper:VOICE.onnx.",
    ),
    click.option(
        "--voice-command",
        default="",
        metavar="COMMAND",
        help="A program that speaks: 'prog --text {text} --out {output} --lang {language}'.",
    ),
    click.option("--cast", type=_PATH, default=None, help="TOML file that names each speaker's voice and face."),
)
"""Options that say where the new voice comes from."""


def voice_values(voice: Path | None, tts: str, voice_command: str, cast: Path | None) -> dict[str, Any]:
    """The voice's options as the library takes them.

    Raises:
        click.UsageError: if they contradict one another, or none is given.
    """
    if voice_command and tts:
        raise click.UsageError("give either --tts or --voice-command")
    engine = f"command:{voice_command}" if voice_command else tts
    if (voice is None and not engine and cast is None) or (voice is not None and engine):
        raise click.UsageError("give either --voice, or --tts, --voice-command or --cast")
    return {"voice": voice, "tts": engine, "cast": cast}


@click.command("fit")
@click.argument("video", type=_PATH, required=False)
@click.option("--duration", type=float, default=None, help="Length of the film in seconds, where there is no VIDEO.")
@click.option("--subtitles", type=_PATH, required=True, help="Cues in the new language: SRT, VTT, ASS, TTML ...")
@voice_options
@click.option("--language", default="und", help="Language of the new voice, such as es or pt-BR.")
@click.option("--shift", type=float, default=0, help="Seconds added to every cue's time, such as -3600.")
@click.option("--encoding", default="", help="Text encoding of the subtitles, where it is not found out.")
@click.option("--picture", type=_PATH, default=None, help="Draw cues and voices to this PNG file.")
@json_option
def fit_command(
    video: Path | None,
    duration: float | None,
    voice: Path | None,
    tts: str,
    voice_command: str,
    cast: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """See how the new voice fits the cues of VIDEO: slot, speed, overrun, characters to cut."""
    if (video is None) == (duration is None):
        raise click.UsageError("give either VIDEO or --duration")
    values = voice_values(voice, tts, voice_command, cast)
    reporter = Reporter(as_json)

    def work() -> int:
        report = dubkit.fit(video=video, duration=duration, progress=reporter.progress, **values, **options)
        code = EXIT_LINE_FAILED if report.failed else EXIT_OK
        return reporter.facts({"report": to_json(report)}, _table(report), code)

    return reporter.guard(work)


_HEAD = (
    f"{'cue':>5}  {'start':>11}  {'slot':>7}  {'voice':>7}  {'speed':>6}  {'late':>7}  {'over':>7}  {'cut':>4}  text"
)


def _table(report: FitReport) -> list[str]:
    rows = [_HEAD, *(_row(line) for line in report.lines)]
    rows += [f"note: {note}" for note in report.notes]
    fitted = [line for line in report.lines if line.fit is not None]
    changed = sum(line.fit is not None and line.fit.speed != 1.0 for line in fitted)
    rows.append(
        f"{len(report.lines)} lines: {changed} sped up or slowed, {len(report.tight)} overrun, "
        f"{len(report.failed)} cannot be heard. {report.seconds:.2f} s."
    )
    return rows


def _row(line: FittedLine) -> str:
    start = _clock(line.span.start if line.sound is None else line.sound.start)
    fit = line.fit
    if fit is not None:
        cells = [
            f"{float(fit.slot.duration):7.3f}",
            f"{float(fit.recorded):7.3f}",
            f"{fit.speed:5.2f}×",
            f"{_ms(fit.late):>7}",
            f"{_ms(fit.overrun):>7}",
            f"{fit.excess or '':>4}",
        ]
    else:
        length = "" if line.sound is None else f"{float(line.sound.duration):.3f}"
        cells = [f"{float(line.span.duration):7.3f}", f"{length:>7}", " " * 6, " " * 7, " " * 7, " " * 4]
    words = line.text if len(line.text) <= 32 else line.text[:31] + "…"
    why = "; ".join(part for part in (line.reason, *line.notes) if part)
    return "  ".join([f"{line.cue:5}", start, *cells, words]) + (f"  [{why}]" if why else "")


def _ms(time: Seconds) -> str:
    return f"{float(time) * 1000:.0f} ms" if time else ""


def _clock(time: Seconds) -> str:
    minutes, seconds = divmod(float(time), 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02}:{seconds:06.3f}"
