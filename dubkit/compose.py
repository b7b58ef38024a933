"""The composer: one job from its files to its report."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dubkit.analysis import Analysis, AnalysisSettings, analyze, analyze_still, picture_of
from dubkit.casting import CastSettings, CastSpans, cast_lines
from dubkit.conform import conform_master
from dubkit.deliverables import check_delivery, deliver
from dubkit.dialogue import LevelSettings, MixSettings, TimelinePicture, Voice, draw_timeline
from dubkit.errors import DubkitError, InputError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.given import VoiceLike, given_voice
from dubkit.levelling import check_sound, level_soundtrack
from dubkit.lines import Lines, LineSettings, LineSource, open_lines
from dubkit.lipsync import LipModel, load_model
from dubkit.listening import SpanListener
from dubkit.media import MasterWriter, WriteSettings, probe, read_frames, turned_frame
from dubkit.options import DubOptions, job_from
from dubkit.outcome import Outcome, line_reports
from dubkit.places import model_folders
from dubkit.render import RenderSettings, render_spans
from dubkit.schema import DubJob, DubReport, Frame, Line, MediaInfo, Span, VideoInfo
from dubkit.soundtrack import Soundtrack, check_sound_wanted, plan_soundtrack
from dubkit.timing import FrameTimes

if TYPE_CHECKING:  # typing has it from Python 3.11 on
    from typing_extensions import Unpack

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
        levels: How far the mix's levels may be moved.
        write: How the picture is encoded.
    """

    analysis: AnalysisSettings | None = None
    lines: LineSettings = field(default_factory=LineSettings)
    cast: CastSettings = field(default_factory=CastSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    mix: MixSettings = field(default_factory=MixSettings)
    levels: LevelSettings = field(default_factory=LevelSettings)
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
    voice: VoiceLike | None = None,
    settings: DubSettings | None = None,
    progress: Progress | None = None,
    **options: Unpack[DubOptions],
) -> DubReport:
    """Dub ``video`` into a language: new lips and new sound, line by line, written to ``output``.

    Args:
        video: The picture, or a still image.
        output: The file to write.
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
    job: DubJob, settings: DubSettings | None = None, progress: Progress | None = None, *, engine: Voice | None = None
) -> DubReport:
    """Do what ``job`` says; with ``engine`` that one speaks, whatever engine the job names.

    Raises:
        InputError, OutputError: as :func:`dub`.
    """
    tell = progress or _say_nothing
    ready = _prepare(job, settings or DubSettings(), engine)
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
        outcome = Outcome()
        sound = _soundtrack(ready, analysis, lines, outcome, tell)
        delivered, said = deliver(job, sound, ready.picture.rate, lambda *at: tell("deliver", *at))
        clock.lap("sound")
        notes = _write_master(ready, analysis, lines, cast, sound, outcome, tell)
        clock.lap("dub")
        loudness, checked = check_sound(sound, job.output)
        if job.picture is not None:
            draw_timeline(
                job.picture,
                lines.lines,
                sound.duration,
                failed=[cue for cue, _ in lines.failed],
                loudness=sound.curve(),
                settings=TimelinePicture(target=sound.target.lufs if sound.target else 0.0),
            )
            delivered = (*delivered, job.picture)
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
        notes=(*_lost_frames(ready.picture, analysis), *lines.notes, *sound.notes, *said, *notes, *checked),
        seconds=clock.laps,
        loudness=loudness,
        delivered=delivered,
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


def _prepare(job: DubJob, settings: DubSettings, engine: Voice | None) -> _Ready:
    """Open everything; whatever is wrong with what was given is said here, before any work."""
    media = probe(job.video)
    picture = picture_of(media)
    for given in (job.video, job.subtitles, job.voice, job.stems, Path(job.model) if job.model else None):
        if given is not None and job.output.exists() and given.exists() and job.output.samefile(given):
            raise InputError("is a source and the result at once", path=job.output, remedy="give another output file")
    write = replace(settings.write, codec=job.codec) if job.codec != "auto" else settings.write
    MasterWriter(job.output, picture, settings=write)  # complains now of a folder, an ending or a codec it cannot use
    check_delivery(job)
    check_sound_wanted(job)
    detector, note = choose_detector(job.detector, job.detector_model, folders=model_folders())
    model = load_model(job.model, job.device, folders=model_folders())
    source = open_lines(job, picture.rate, settings.lines, engine)  # last: it reads a whole voice
    return _Ready(job, replace(settings, write=write), media, picture, source, model, detector, note)


def _soundtrack(ready: _Ready, analysis: Analysis, lines: Lines, outcome: Outcome, tell: Progress) -> Soundtrack:
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


def _write_master(
    ready: _Ready,
    analysis: Analysis,
    lines: Lines,
    cast: CastSpans,
    sound: Soundtrack,
    outcome: Outcome,
    tell: Progress,
) -> tuple[str, ...]:
    job, settings = ready.job, ready.settings

    def span_failed(span: Span, error: Exception) -> None:
        outcome.fail(span.line, str(error) or type(error).__name__, frames=span.frames)

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
            [sound.blocks()],
            analysis.times,
            writer,
            lambda done, total: tell("dub", done, total),
        )
    return writer.notes


def upright_frames(path: Path, picture: VideoInfo, times: FrameTimes) -> Iterator[Frame]:
    """The frames of a picture as they are looked at; a still image is repeated as long as ``times`` says."""
    frames = read_frames(path, upright=True)
    if not picture.is_still:
        yield from frames
        return
    photograph = next(frames)
    for index in range(len(times)):
        yield replace(photograph, index=index, pts=int(times.pts[index]))
