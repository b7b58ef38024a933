"""What a run says while it works and when it ends: words for people, or one JSON object a line for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from dubkit.errors import Cancelled, DubkitError
from dubkit.schema import DubReport, LineReport, LineStatus, LoudnessReport, to_json
from dubkit.timing import Seconds

if TYPE_CHECKING:
    from dubkit.language_report import LanguageResult, LanguagesReport

__all__ = ["EXIT_CANCELLED", "EXIT_ERROR", "EXIT_LINE_FAILED", "EXIT_OK", "Reporter", "clock"]

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_LINE_FAILED = 3
EXIT_CANCELLED = 130

_STAGES = {
    "shots": "Finding shots",
    "faces": "Following faces",
    "mouths": "Watching mouths",
    "voices": "Preparing voices",
    "levels": "Measuring levels",
    "deliver": "Writing stems",
    "lips": "Drawing lips on the cluster",
    "dub": "Dubbing",
    "crops": "Looking at faces",
    "judge": "Judging",
    "fetch": "Fetching",
    "prepare": "Preparing videos",
    "measure": "Measuring offsets",
    "train": "Training",
}
_UNITS = {"fetch": "B", "judge": "clip", "prepare": "video", "measure": "video", "train": "step"}
_JSON_STEPS = 100  # progress events per stage, at most


class Reporter:
    """Progress, result and error of one command.

    Args:
        as_json: JSON lines on standard output instead of words on standard error.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._stage = ""
        self._bar: tqdm[Any] | None = None
        self._told = -1
        self._language = ""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of ``stage`` are behind us."""
        if self.as_json:
            step = done * _JSON_STEPS // max(1, total)
            if (stage, step) != (self._stage, self._told):
                self._stage, self._told = stage, step
                language = {"language": self._language} if self._language else {}
                self._emit({"event": "progress", **language, "stage": stage, "done": done, "total": total})
            return
        if stage != self._stage:
            self.close()
            self._stage = stage
            # disable=None: no bar where standard error is no terminal.
            unit = _UNITS.get(stage, "f")
            self._bar = tqdm(
                total=total,
                desc=_STAGES.get(stage, stage),
                unit=unit,
                unit_scale=unit == "B",
                disable=None,
                leave=False,
            )
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._bar.n)

    def learned(self, done: int, total: int, numbers: Mapping[str, float]) -> None:
        """Show how a training gets on: every look at held-out clips to people, everything to machines."""
        rounded = {name: float(f"{value:.5g}") for name, value in numbers.items()}
        if self.as_json:
            self._emit({"event": "progress", "stage": "train", "done": done, "total": total, "numbers": rounded})
            return
        self.progress("train", done, total)
        if any(name.startswith("held_out") for name in numbers):
            words = ", ".join(f"{name.removeprefix('held_out_')} {value:g}" for name, value in rounded.items())
            tqdm.write(f"step {done}: held-out {words}", file=sys.stderr)

    def in_language(self, language: str, stage: str, done: int, total: int) -> None:
        """Show how far one of several languages is."""
        if language != self._language:
            self.close()
            self._language, self._stage, self._told = language, "", -1
            if not self.as_json:
                click.echo(f"{language}:", err=True)
        self.progress(stage, done, total)

    def language_done(self, result: LanguageResult) -> None:
        """Say what became of one of several languages."""
        self.close()
        if self.as_json:
            self._emit({"event": "language", "ok": result.report is not None, **to_json(result)})
        elif result.report is None:
            click.echo(f"dubkit: {result.language}: {result.error}", err=True)
            for note in result.notes:
                click.echo(note, err=True)
        else:
            self._say(result.report)

    def languages(self, report: LanguagesReport) -> int:
        """Say what became of all languages; returns the exit code."""
        done = [result.language for result in report.languages if result.report is not None]
        code = EXIT_LINE_FAILED if report.failed or report.flawed else EXIT_OK
        code = code if done else EXIT_ERROR
        said = [
            f"done: {', '.join(done) or 'none'}",
            *(f"{result.language} lacks a line" for result in report.flawed),
            *(f"{result.language} failed" for result in report.failed),
        ]
        count = len(report.languages)
        words = f"{count} language{'' if count == 1 else 's'} in {report.seconds:.1f} s; {'; '.join(said)}"
        if not self.as_json:
            click.echo(words, err=True)
        return self.facts(to_json(report), (), code)

    def close(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def result(self, report: DubReport) -> int:
        """Say what was done; returns the exit code."""
        self.close()
        code = EXIT_LINE_FAILED if report.failed else EXIT_OK
        if self.as_json:
            self._emit({"event": "result", "ok": code == EXIT_OK, "exit_code": code, "report": to_json(report)})
        else:
            self._say(report)
        return code

    @staticmethod
    def _say(report: DubReport) -> None:
        """Say to people what was done."""
        for line in report.lines:
            click.echo(_line_summary(line), err=True)
        for note in report.notes:
            click.echo(f"note: {note}", err=True)
        if report.loudness is not None:
            click.echo(_loudness_summary(report.loudness), err=True)
        for path in report.delivered:
            click.echo(f"delivered: {path}", err=True)
        click.echo(_total_summary(report), err=True)
        click.echo(str(report.output or report.timeline))

    def facts(self, facts: Mapping[str, Any], words: Sequence[str], code: int = EXIT_OK) -> int:
        """Say what was found out: ``facts`` to machines, a line of ``words`` each to people; returns the exit code."""
        self.close()
        if self.as_json:
            self._emit({"event": "result", "ok": code == EXIT_OK, "exit_code": code, **facts})
        else:
            for line in words:
                click.echo(line)
        return code

    def guard(self, work: Callable[[], int]) -> int:
        """The exit code of ``work``, whatever comes: mishaps are said in one sentence."""
        try:
            return work()
        except (KeyboardInterrupt, Cancelled):
            return self.cancelled()
        except DubkitError as error:
            return self.error(error)
        except OSError as error:
            return self.error(_from_system(error))

    def error(self, error: DubkitError) -> int:
        """Say in one sentence why nothing was done; returns the exit code."""
        self.close()
        if self.as_json:
            details = {
                "kind": type(error).__name__,
                "message": str(error),
                "path": None if error.path is None else str(error.path),
                "problem": error.problem,
                "remedy": error.remedy,
            }
            self._emit({"event": "result", "ok": False, "exit_code": EXIT_ERROR, "error": details})
        else:
            click.echo(f"dubkit: {error}", err=True)
        return EXIT_ERROR

    def cancelled(self) -> int:
        """Say that the user stopped the run; returns the exit code."""
        self.close()
        if self.as_json:
            self._emit({"event": "result", "ok": False, "exit_code": EXIT_CANCELLED, "error": {"kind": "Cancelled"}})
        else:
            click.echo("dubkit: stopped; nothing half-written was left", err=True)
        return EXIT_CANCELLED

    def usage(self, error: click.ClickException) -> None:
        """Tell a machine that the command was not understood; people were told by click."""
        details = {"kind": "UsageError", "message": error.format_message()}
        self._emit({"event": "result", "ok": False, "exit_code": error.exit_code, "error": details})

    @staticmethod
    def _emit(event: dict[str, Any]) -> None:
        # ASCII, with escapes: a pipe on Windows takes no other letters.
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def _from_system(error: OSError) -> DubkitError:
    """What the operating system refused, as one of our sentences."""
    return DubkitError(
        f"the system says: {error.strerror or error}",
        path=error.filename if isinstance(error.filename, str) else None,
        remedy="check that the place exists, can be written to and has room",
    )


def clock(time: Seconds) -> str:
    """Minutes and seconds, such as ``01:02.345``."""
    minutes, seconds = divmod(float(time), 60)
    return f"{int(minutes):02}:{seconds:06.3f}"


def _line_summary(line: LineReport) -> str:
    words = line.text if len(line.text) <= 40 else line.text[:39] + "…"
    head = f"{line.cue:4}  {clock(line.span.start)}–{clock(line.span.stop)}  {line.status.value:<15}"
    why = "; ".join(part for part in (line.reason, *line.notes) if part)
    return f"{head} {line.changed:5} frames  {words}" + (f"  [{why}]" if why else "")


def _loudness_summary(loudness: LoudnessReport) -> str:
    of_what = "while someone speaks" if loudness.dialogue else "throughout"
    return (
        f"loudness: {loudness.counted:.1f} LUFS {of_what} (asked: {loudness.target_lufs:g}), "
        f"true peak {loudness.true_peak_db:.1f} dBTP (limit: {loudness.limit_db:g}), measured after encoding"
    )


def _total_summary(report: DubReport) -> str:
    counts = [
        f"{sum(line.status is status for line in report.lines)} {status.value}"
        for status in LineStatus
        if any(line.status is status for line in report.lines)
    ]
    changed = len({frame for line in report.lines for run in line.frames for frame in run.indices})
    return (
        f"{len(report.lines)} lines: {', '.join(counts) or 'nothing to do'}. "
        f"{changed} of {report.frames} frames changed, {report.shots} shots, "
        f"detector {report.detector}, model {report.model} on {report.device}."
    )
