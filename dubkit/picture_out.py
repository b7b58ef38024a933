"""The picture of a dub on its way out: into the master, into patches, or into both at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis
from dubkit.casting import CastSpans
from dubkit.conform import Writer, conform_master
from dubkit.lines import Lines
from dubkit.lipsync import LipModel, Reference
from dubkit.listening import SpanListener
from dubkit.media import KeptFrame, MasterWriter, SourcePicture, read_frames, read_picked, turned_frame
from dubkit.outcome import Outcome
from dubkit.patch_timeline import Grid, PatchClip, patch_timeline, write_timelines
from dubkit.patches import PatchClips
from dubkit.readiness import Ready
from dubkit.render import Rendered, RenderSettings, render_spans
from dubkit.schema import FaceTrack, Frame, Span, VideoInfo, Waveform
from dubkit.soundtrack import Soundtrack
from dubkit.timing import FrameTimes

__all__ = ["PictureOut", "frames_looked_at", "upright_frames", "write_picture", "write_timeline"]


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

    def taken(rendered: Iterator[Rendered]) -> Iterator[Rendered]:
        for item in rendered:
            for clips in patches:
                clips.take(item)
            yield replace(item, frame=turned_frame(item.frame, -picture.rotation))

    with ExitStack() as stack:
        master: Writer[Frame | KeptFrame] = _Nowhere()
        if job.output is not None:
            master = stack.enter_context(_master(ready, analysis, cast, job.output, sound))
        if job.patches is not None:
            patches.append(stack.enter_context(PatchClips(job, picture, times, cast.spans, Grid(picture, times))))
        rendered = render_spans(
            _frames(ready, analysis, cast, master),
            cast.spans,
            analysis.tracks,
            ready.model,
            SpanListener(lines, times, ready.model, cast.held),
            ready.settings.render,
            span_failed,
            ready.enhancer,
        )
        sounds = [] if job.output is None else [sound.blocks()]
        written = _written(taken(rendered), master, len(times))
        conform_master(written, sounds, times, master, progress)
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


def frames_looked_at(
    count: int, spans: Sequence[Span], tracks: Sequence[FaceTrack], model: LipModel, settings: RenderSettings
) -> npt.NDArray[np.bool_]:
    """Which of ``count`` frames :func:`~dubkit.render.render_spans` has to see; it does the same without the others.

    Args:
        count: Frames of the picture.
        spans: What must change.
        tracks: The face tracks the spans speak of.
        model: The generator.
        settings: How.
    """
    seen = np.zeros(count, bool)
    last_use = dict[int, int]()
    for span in spans:
        seen[span.frames.start : span.frames.stop] = True
        last_use[span.track] = max(last_use.get(span.track, 0), span.frames.stop)
    if model.config.reference is not Reference.SAME:
        for track in tracks:
            every = settings.reference_every
            first = -(-track.frames.start // every) * every
            seen[first : min(track.frames.stop, last_use.get(track.index, 0)) : every] = True
    return seen


def _frames(ready: Ready, analysis: Analysis, cast: CastSpans, master: Writer[Frame | KeptFrame]) -> Iterator[Frame]:
    """The frames that have to be seen, as they are looked at; all of them where nothing is taken over as it is."""
    kept = master.kept if isinstance(master, MasterWriter) else None
    if kept is None:
        return upright_frames(ready.job.video, ready.picture, analysis.times)
    count, settings = len(analysis.times), ready.settings.render
    seen = kept.needed | frames_looked_at(count, cast.spans, analysis.tracks, ready.model, settings)
    return read_picked(ready.job.video, seen, analysis.times, kept.packets, upright=True)


def _written(
    rendered: Iterable[Rendered], master: Writer[Frame | KeptFrame], count: int
) -> Iterator[Frame | KeptFrame]:
    """What the master is given: frames that changed or are encoded with one that did, and in place of others a word."""
    kept = master.kept if isinstance(master, MasterWriter) else None
    if kept is None:
        yield from (item.frame for item in rendered)
        return
    following = 0
    for item in rendered:
        index = item.frame.index
        yield from map(KeptFrame, range(following, index))
        yield item.frame if item.changed or kept.needed[index] else KeptFrame(index)
        following = index + 1
    yield from map(KeptFrame, range(following, count))


def _master(ready: Ready, analysis: Analysis, cast: CastSpans, output: Path, sound: Soundtrack) -> MasterWriter:
    keep = ready.job.keep_original and bool(ready.media.audio)
    return MasterWriter(
        output,
        ready.picture,
        sounds=[sound.track],
        copies=ready.media.audio if keep else (),
        source=ready.job.video,
        settings=ready.settings.write,
        picture=None if ready.picture.is_still else SourcePicture(analysis.times, [s.frames for s in cast.spans]),
    )


class _Nowhere:
    """The master of a job that wants none."""

    def write_frame(self, frame: Frame | KeptFrame) -> None:
        """Forget it."""

    def write_sound(self, track: int, block: Waveform) -> None:
        """Forget it."""
