"""The composer: one job from its files to its report."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from dubkit.analysis import Analysis, AnalysisSettings, analyze, analyze_still, picture_of
from dubkit.casting import CastSettings, CastSpans, cast_lines
from dubkit.conform import conform_master
from dubkit.dialogue import MixSettings
from dubkit.errors import DubkitError, InputError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.lines import Lines, LineSettings, LineSource, open_lines
from dubkit.lipsync import LipModel, load_model
from dubkit.media import MasterWriter, WriteSettings, probe, read_frames, turned_frame
from dubkit.outcome import Outcome, line_reports
from dubkit.places import model_folders
from dubkit.render import RenderSettings, render_spans
from dubkit.schema import DubJob, DubReport, Frame, Line, MediaInfo, Span, VideoInfo
from dubkit.soundtrack import SpanListener, plan_soundtrack
from dubkit.timing import FrameTimes

__all__ = ["DubSettings", "Progress", "dub", "run_job", "sync_lips"]

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all); may raise :class:`dubkit.errors.Cancelled` to stop the run."""


@dataclass(frozen=True)
class DubSettings:
    """Settings of every stage; the defaults are our best.

    Attributes:
        analysis: How the video is looked through; None takes :func:`dubkit.analysis.settings_for` it.
        lines: How cues and voices become lines.
        cast: What counts as a face that can speak.
        render: How new mouths are made and blended in.
        mix: How lines and original sound are mixed.
        write: How the picture is encoded.
    """

    analysis: AnalysisSettings | None = None
    lines: LineSettings = field(default_factory=LineSettings)
    cast: CastSettings = field(default_factory=CastSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    mix: MixSettings = field(default_factory=MixSettings)
    write: WriteSettings = field(default_factory=WriteSettings)


@dataclass(frozen=True, eq=False)
class _Ready:
    """A job whose files were all opened and found usable."""

    job: DubJob
    settings: DubSettings
    media: MediaInfo
    picture: VideoInfo
    source: LineSource
    model: LipModel
    detector: FaceDetector
    detector_note: str


def dub(
    video: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    subtitles: str | os.PathLike[str],
    voice: str | os.PathLike[str] | None = None,
    tts: str = "",
    language: str = "und",
    encoding: str = "",
    model: str = "",
    detector: str = "auto",
    detector_model: str = "",
    device: str = "auto",
    codec: str = "auto",
    keep_original: bool = False,
    original: str = "duck",
    shift: Fraction | float = 0,
    settings: DubSettings | None = None,
    progress: Progress | None = None,
) -> DubReport:
    """Dub ``video`` into ``language``: new lips and new sound, line by line, written to ``output``.

    What the arguments mean is said at :class:`dubkit.DubJob`.

    Raises:
        InputError: if something given cannot be used; said before the work starts wherever that is possible.
        OutputError: if the result cannot be written. Nothing half-written is left.
    """
    job = DubJob(
        video=Path(video),
        output=Path(output),
        language=language,
        subtitles=Path(subtitles),
        voice=None if voice is None else Path(voice),
        tts=tts,
        encoding=encoding,
        model=model,
        detector=detector,
        detector_model=detector_model,
        device=device,
        codec=codec,
        keep_original=keep_original,
        original=original,
        shift=Fraction(shift).limit_denominator(1000),
    )
    return run_job(job, settings, progress)


def sync_lips(
    video: str | os.PathLike[str],
    audio: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    language: str = "und",
    model: str = "",
    detector: str = "auto",
    detector_model: str = "",
    device: str = "auto",
    codec: str = "auto",
    keep_original: bool = False,
    settings: DubSettings | None = None,
    progress: Progress | None = None,
) -> DubReport:
    """Sync the lips in ``video`` (or a still image) to ``audio``, which replaces its sound.

    A video keeps its length: sound that is longer is cut there, and the report says so. A still image becomes a
    talking picture as long as the sound, at 25 frames a second.

    Raises:
        InputError, OutputError: as :func:`dub`.
    """
    job = DubJob(
        video=Path(video),
        output=Path(output),
        language=language,
        voice=Path(audio),
        model=model,
        detector=detector,
        detector_model=detector_model,
        device=device,
        codec=codec,
        keep_original=keep_original,
    )
    return run_job(job, settings, progress)


def run_job(job: DubJob, settings: DubSettings | None = None, progress: Progress | None = None) -> DubReport:
    """Do what ``job`` says.

    Raises:
        InputError, OutputError: as :func:`dub`.
    """
    tell = progress or _say_nothing
    ready = _prepare(job, settings or DubSettings())
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="dubkit-") as folder:
        if ready.picture.is_still:
            analysis = analyze_still(job.video, ready.detector, ready.source.end, ready.settings.analysis)
        else:
            analysis = analyze(job.video, ready.detector, ready.settings.analysis, tell)
        clock.lap("analysis")
        lines = ready.source.lines(analysis.times.duration, Path(folder), lambda *at: tell("voices", *at))
        clock.lap("voices")
        cast = cast_lines(lines.lines, analysis.shots, analysis.tracks, analysis.times, ready.settings.cast)
        outcome, notes = _write_master(ready, analysis, lines, cast, tell)
        clock.lap("dub")
    return DubReport(
        output=job.output,
        language=job.language,
        frames=len(analysis.times),
        rate=str(ready.picture.rate),
        detector=ready.detector_note,
        model=ready.model.name,
        device=ready.model.device,
        shots=len(analysis.shots),
        lines=line_reports(lines, cast, outcome, analysis.times),
        notes=(*_lost_frames(ready.picture, analysis), *lines.notes, *notes),
        seconds=clock.laps,
    )


def _say_nothing(stage: str, done: int, total: int) -> None:
    """Progress for a caller who wants none."""


def _lost_frames(picture: VideoInfo, analysis: Analysis) -> tuple[str, ...]:
    promised, decoded = picture.frame_count, len(analysis.times)
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


def _prepare(job: DubJob, settings: DubSettings) -> _Ready:
    """Open everything; whatever is wrong with what was given is said here, before any work."""
    media = probe(job.video)
    picture = picture_of(media)
    for given in (job.video, job.subtitles, job.voice, Path(job.model) if job.model else None):
        if given is not None and job.output.exists() and given.exists() and job.output.samefile(given):
            raise InputError("is a source and the result at once", path=job.output, remedy="give another output file")
    write = replace(settings.write, codec=job.codec) if job.codec != "auto" else settings.write
    MasterWriter(job.output, picture, settings=write)  # complains now of a folder, an ending or a codec it cannot use
    detector, note = choose_detector(job.detector, job.detector_model, folders=model_folders())
    model = load_model(job.model, job.device)
    source = open_lines(job, picture, settings.lines)  # last: it reads a whole voice
    return _Ready(job, replace(settings, write=write), media, picture, source, model, detector, note)


def _write_master(
    ready: _Ready, analysis: Analysis, lines: Lines, cast: CastSpans, tell: Progress
) -> tuple[Outcome, tuple[str, ...]]:
    job, settings, outcome = ready.job, ready.settings, Outcome()

    def voice_failed(line: Line, error: DubkitError) -> None:
        outcome.fail(line.cue.index, str(error))

    def span_failed(span: Span, error: Exception) -> None:
        outcome.fail(span.line, str(error) or type(error).__name__, frames=span.frames)

    sound = plan_soundtrack(
        lines,
        ready.media,
        analysis.times.duration,
        job.language,
        over_original=job.subtitles is not None and job.original == "duck",
        settings=settings.mix,
        on_error=voice_failed,
    )
    keep = job.keep_original and bool(ready.media.audio)
    with MasterWriter(
        job.output,
        ready.picture,
        sounds=[sound.track],
        copies=ready.media.audio if keep else (),
        source=job.video,
        settings=settings.write,
    ) as writer:
        rendered = render_spans(
            upright_frames(job.video, ready.picture, analysis.times),
            cast.spans,
            analysis.tracks,
            ready.model,
            SpanListener(lines, analysis.times, ready.model),
            settings.render,
            span_failed,
        )
        conform_master(
            (turned_frame(item.frame, -ready.picture.rotation) for item in rendered),
            [sound.blocks],
            analysis.times,
            writer,
            lambda done, total: tell("dub", done, total),
        )
    return outcome, (*sound.notes, *writer.notes)


def upright_frames(path: Path, picture: VideoInfo, times: FrameTimes) -> Iterator[Frame]:
    """The frames of a picture as they are looked at; a still image is repeated as long as ``times`` says."""
    frames = read_frames(path, upright=True)
    if not picture.is_still:
        yield from frames
        return
    photograph = next(frames)
    for index in range(len(times)):
        yield replace(photograph, index=index, pts=int(times.pts[index]))
