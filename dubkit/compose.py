"""The composer: one job from its files to its report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Unpack

from dubkit.analysis import Analysis
from dubkit.cast_sheet import write_cast_sheet
from dubkit.casting import CastSpans
from dubkit.deliverables import Delivery, deliver
from dubkit.dialogue import TimelinePicture, Voice, draw_timeline
from dubkit.errors import DubkitError
from dubkit.given import VoiceLike, given_voice
from dubkit.kept import Kept
from dubkit.levelling import check_sound, level_soundtrack
from dubkit.lines import LineGiver, Lines
from dubkit.options import DubOptions, job_from
from dubkit.outcome import Outcome, line_reports
from dubkit.picture_out import write_picture, write_timeline
from dubkit.planning import plan_job
from dubkit.readiness import DubSettings, Ready, prepare
from dubkit.schema import DubJob, DubReport, Line, LineReport, VideoInfo
from dubkit.scratch import scratch_folder
from dubkit.soundtrack import Soundtrack, plan_soundtrack

__all__ = ["DubSettings", "Progress", "dub", "run_job", "run_ready", "sync_lips"]

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all); may raise :class:`dubkit.errors.Cancelled` to stop the run."""


_MISSED = 3
"""Frames; what a container says of its length may be wrong by less."""


def dub(
    video: str | os.PathLike[str],
    output: str | os.PathLike[str] | None,
    *,
    subtitles: str | os.PathLike[str],
    voice: VoiceLike | None = None,
    settings: DubSettings | None = None,
    progress: Progress | None = None,
    **options: Unpack[DubOptions],
) -> DubReport:
    """Dub ``video`` into a language: new lips and new sound, line by line, written to ``output``.

    Args:
        video: The picture, or a still image.
        output: The file to write; None where only ``patches`` are wanted.
        subtitles: Cue file in the new language.
        voice: The voice, in any form that :data:`dubkit.given.VoiceLike` names; None where ``tts`` speaks.
        settings: Settings of every stage.
        progress: Told how far the work is.
        **options: ``language``, ``tts`` and all else that may be asked for; see :class:`dubkit.DubJob`.

    Raises:
        InputError: if something given cannot be used; said before the work starts wherever that is possible.
        OutputError: if the result cannot be written. Nothing half-written is left.
    """
    with given_voice(voice) as given:
        if given.engine is not None:
            options["tts"] = given.engine.name
        job = job_from(video, output, {"subtitles": subtitles, "voice": given.path, **options})
        return run_job(job, settings, progress, engine=given.engine)


def sync_lips(
    video: str | os.PathLike[str],
    audio: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    settings: DubSettings | None = None,
    progress: Progress | None = None,
    **options: Unpack[DubOptions],
) -> DubReport:
    """Sync the lips in ``video`` (or a still image) to ``audio``, which replaces its sound.

    A video keeps its length: sound that is longer is cut there, and the report says so. A still image becomes a
    talking picture as long as the sound, at 25 frames a second. The other arguments are those of :func:`dub`.

    Raises:
        InputError, OutputError: as :func:`dub`.
    """
    return run_job(job_from(video, output, {"voice": audio, **options}), settings, progress)


def run_job(
    job: DubJob,
    settings: DubSettings | None = None,
    progress: Progress | None = None,
    *,
    engine: Voice | None = None,
    source: LineGiver | None = None,
) -> DubReport:
    """Do what ``job`` says; ``engine`` speaks, or ``source`` gives the lines, in place of what the job names.

    Raises:
        InputError, OutputError: as :func:`dub`.
    """
    return run_ready(prepare(job, settings or DubSettings(), engine, source), progress)


def run_ready(ready: Ready, progress: Progress | None = None) -> DubReport:
    """Do what a job that was made ready says.

    Raises:
        InputError, OutputError: as :func:`dub`.
    """
    tell, job = progress or _say_nothing, ready.job
    clock = _Clock()
    with scratch_folder("run") as folder:
        plan = plan_job(ready, folder, tell, clock.lap)
        analysis, kept, lines, cast = plan.analysis, plan.kept, plan.lines, plan.cast
        outcome = Outcome()
        sound = _soundtrack(ready, analysis, lines, outcome, tell)
        delivered, said = deliver(job, sound, ready.picture.rate, lambda *at: tell("deliver", *at))
        clock.lap("sound")
        made = write_picture(ready, analysis, lines, cast, sound, outcome, kept, lambda *at: tell("dub", *at))
        timelines, untold = write_timeline(ready, analysis, lines, made.clips, delivered)
        delivered = (*delivered, *(clip.path for clip in made.clips), *timelines)
        clock.lap("dub")
        loudness, checked = check_sound(sound, _heard_in(job))
        delivered = (*delivered, *_pictures(job, analysis, lines, cast, sound))
    return replace(
        _report(ready, analysis, line_reports(lines, cast, outcome, analysis.times), kept),
        notes=(
            *_lost_frames(ready.picture, analysis),
            *analysis.notes,
            *lines.notes,
            *plan.notes,
            *sound.notes,
            *said,
            *made.notes,
            *untold,
            *checked,
        ),
        seconds=clock.laps,
        loudness=loudness,
        delivered=delivered,
        timeline=timelines[0] if timelines else None,
        patches_reused=made.reused,
    )


def _report(ready: Ready, analysis: Analysis, lines: tuple[LineReport, ...], kept: Kept) -> DubReport:
    """The report, as far as sound and picture have no part in it."""
    return DubReport(
        output=ready.job.output,
        language=ready.job.language,
        frames=len(analysis.times),
        rate=str(ready.picture.rate),
        detector=ready.detector_note,
        model=ready.model.name,
        device=ready.model.device,
        shots=len(analysis.shots),
        lines=lines,
        told_apart=ready.cast.told_apart,
        cast_by=ready.cast.cast_by,
        enhancer=str(ready.job.enhancer or ""),
        spans=kept.lips.spans,
        spans_reused=kept.lips.reused,
    )


def _pictures(job: DubJob, analysis: Analysis, lines: Lines, cast: CastSpans, sound: Soundtrack) -> tuple[Path, ...]:
    """Draw what the job wants drawn: the files."""
    drawn: tuple[Path, ...] = ()
    if job.picture is not None:
        draw_timeline(
            job.picture,
            lines.lines,
            sound.duration,
            failed=[cue for cue, _ in lines.failed],
            loudness=sound.curve(),
            settings=TimelinePicture(target=sound.target.lufs if sound.target else 0.0),
        )
        drawn = (job.picture,)
    if job.cast_sheet is not None:
        drawn = (*drawn, *write_cast_sheet(job.cast_sheet, job.video, analysis, lines, cast))
    return drawn


def _heard_in(job: DubJob) -> Path:
    """The file in which the finished mix can be heard."""
    if job.output is not None:
        return job.output
    assert job.deliver is not None, "patches come with their sound"
    return Delivery.of(job.deliver, job).mix


def _say_nothing(stage: str, done: int, total: int) -> None:
    """Progress for a caller who wants none."""


def _lost_frames(picture: VideoInfo, analysis: Analysis) -> tuple[str, ...]:
    promised, decoded = picture.frame_count, len(analysis.times)
    missing = picture.duration - max(Fraction(0), picture.start) - analysis.times.duration
    if not promised and not picture.is_still and missing > _MISSED / picture.rate.fps:
        return (f"the container speaks of {float(missing):.2f} s more than could be decoded",)
    if picture.is_still or not promised or promised == decoded:
        return ()
    return (f"the container speaks of {promised} frames, {decoded} could be decoded",)


class _Clock:
    """Wall time per stage."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = round(now - self._last, 3)
        self._last = now


def _soundtrack(ready: Ready, analysis: Analysis, lines: Lines, outcome: Outcome, tell: Progress) -> Soundtrack:
    def voice_failed(line: Line, error: DubkitError) -> None:
        outcome.fail(line.cue.index, str(error))

    sound = plan_soundtrack(
        ready.job,
        lines,
        ready.media,
        analysis.times.duration,
        settings=ready.settings.mix,
        on_error=voice_failed,
    )
    return level_soundtrack(
        sound, ready.job, ready.media, settings=ready.settings.levels, progress=lambda *at: tell("levels", *at)
    )
