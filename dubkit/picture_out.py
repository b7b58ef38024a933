"""The picture of a dub on its way out: into the master, into patches, or into both at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dubkit.analysis import Analysis
from dubkit.casting import CastSpans
from dubkit.conform import Writer, conform_master
from dubkit.lines import Lines
from dubkit.listening import SpanListener
from dubkit.media import MasterWriter, read_frames, turned_frame
from dubkit.outcome import Outcome
from dubkit.patch_timeline import Grid, PatchClip, patch_timeline, write_timelines
from dubkit.patches import PatchClips
from dubkit.readiness import Ready
from dubkit.render import Rendered, render_spans
from dubkit.schema import Frame, Span, VideoInfo, Waveform
from dubkit.soundtrack import Soundtrack
from dubkit.timing import FrameTimes

__all__ = ["PictureOut", "upright_frames", "write_picture", "write_timeline"]


@dataclass(frozen=True)
class PictureOut:
    """What became of the picture.

    Attributes:
        clips: The patches that are whole; none where none were wanted.
        notes: What is to be said about master and patches.
    """

    clips: tuple[PatchClip, ...]
    notes: tuple[str, ...]


def write_picture(
    ready: Ready,
    analysis: Analysis,
    lines: Lines,
    cast: CastSpans,
    sound: Soundtrack,
    outcome: Outcome,
    progress: Callable[[int, int], None],
) -> PictureOut:
    """Render every span and write what the job wants of it: the master with its sound, and the patches.

    Args:
        ready: The job.
        analysis: What was found in its video.
        lines: What is heard.
        cast: The spans to change.
        sound: The sound of the master.
        outcome: Told of spans that fail.
        progress: Called with (frames written, frames in all).

    Raises:
        OutputError: if something cannot be written; nothing half-written is left.
    """
    job, picture, times = ready.job, ready.picture, analysis.times
    patches: list[PatchClips] = []

    def span_failed(span: Span, error: Exception) -> None:
        outcome.fail(span.line, str(error) or type(error).__name__, frames=span.frames)
        for clips in patches:
            clips.fail(span)

    def passing(rendered: Iterator[Rendered]) -> Iterator[Frame]:
        for item in rendered:
            for clips in patches:
                clips.take(item)
            yield turned_frame(item.frame, -picture.rotation)

    with ExitStack() as stack:
        master: Writer = _Nowhere()
        if job.output is not None:
            master = stack.enter_context(_master(ready, job.output, sound))
        if job.patches is not None:
            patches.append(stack.enter_context(PatchClips(job, picture, times, cast.spans, Grid(picture, times))))
        rendered = render_spans(
            upright_frames(job.video, picture, times),
            cast.spans,
            analysis.tracks,
            ready.model,
            SpanListener(lines, times, ready.model),
            ready.settings.render,
            span_failed,
            ready.enhancer,
        )
        sounds = [] if job.output is None else [sound.blocks()]
        conform_master(passing(rendered), sounds, times, master, progress)
    notes = master.notes if isinstance(master, MasterWriter) else ()
    if not patches:
        return PictureOut((), notes)
    return PictureOut(patches[0].clips, (*notes, *patches[0].notes))


def write_timeline(
    ready: Ready, analysis: Analysis, lines: Lines, clips: tuple[PatchClip, ...], delivered: tuple[Path, ...]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write the timelines of a job that wants patches: the files, and what is to be said of them; else nothing.

    Args:
        ready: The job.
        analysis: What was found in its video.
        lines: What is said.
        clips: The patches.
        delivered: The files of sound and subtitles that were written.

    Raises:
        OutputError: if a file cannot be written.
    """
    if ready.job.patches is None:
        return (), ()
    grid = Grid(ready.picture, analysis.times)
    cues = {line.cue.index: line.cue for line in lines.lines}
    timeline = patch_timeline(ready.job, ready.media, ready.picture, grid, clips, cues, delivered)
    return write_timelines(timeline, ready.job.patches, exact=not grid.varies)


def upright_frames(path: Path, picture: VideoInfo, times: FrameTimes) -> Iterator[Frame]:
    """The frames of a picture as they are looked at; a still image is repeated as long as ``times`` says."""
    frames = read_frames(path, upright=True)
    if not picture.is_still:
        yield from frames
        return
    photograph = next(frames)
    for index in range(len(times)):
        yield replace(photograph, index=index, pts=int(times.pts[index]))


def _master(ready: Ready, output: Path, sound: Soundtrack) -> MasterWriter:
    keep = ready.job.keep_original and bool(ready.media.audio)
    return MasterWriter(
        output,
        ready.picture,
        sounds=[sound.track],
        copies=ready.media.audio if keep else (),
        source=ready.job.video,
        settings=ready.settings.write,
    )


class _Nowhere:
    """The master of a job that wants none."""

    def write_frame(self, frame: Frame) -> None:
        """Forget it."""

    def write_sound(self, track: int, block: Waveform) -> None:
        """Forget it."""
