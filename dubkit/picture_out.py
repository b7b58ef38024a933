"""The picture of a dub on its way out: into the master, into patches, or into both at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.ahead import ahead
from dubkit.analysis import Analysis
from dubkit.casting import CastSpans
from dubkit.clip_records import ClipRecords, clip_keys
from dubkit.conform import Writer, conform_master
from dubkit.drawing import OnFailure
from dubkit.kept import Kept
from dubkit.lines import Lines
from dubkit.listening import SpanListener
from dubkit.media import KeptFrame, MasterWriter, SourcePicture, read_picked, turned_frame
from dubkit.outcome import Outcome
from dubkit.patch_timeline import Grid, PatchClip, patch_timeline, write_timelines
from dubkit.patches import PatchClips
from dubkit.picture_in import chosen_frames, upright_frames
from dubkit.readiness import Ready
from dubkit.render import Rendered, frame_bytes, render_spans
from dubkit.render_settings import RenderSettings
from dubkit.schema import Frame, Span, VideoInfo, Waveform
from dubkit.soundtrack import Soundtrack
from dubkit.store import file_content
from dubkit.timing import FrameTimes

__all__ = ["PictureOut", "frames_in", "write_picture", "write_timeline"]

_WORD = 64  # bytes for what stands for a frame that is taken over


@dataclass(frozen=True)
class PictureOut:
    """What became of the picture.

    Attributes:
        clips: The patches that are whole; none where none were wanted.
        reused: How many of them were there already.
        notes: What is to be said about master and patches.
    """

    clips: tuple[PatchClip, ...]
    reused: int
    notes: tuple[str, ...]


def write_picture(
    ready: Ready,
    analysis: Analysis,
    lines: Lines,
    cast: CastSpans,
    sound: Soundtrack,
    outcome: Outcome,
    kept: Kept,
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
        kept: Lips and references that are there already, and where new ones are kept.
        progress: Called with (frames written, frames in all).

    Raises:
        OutputError: if something cannot be written; nothing half-written is left.
    """
    job, picture, times = ready.job, ready.picture, analysis.times
    listen = SpanListener(lines, times, ready.model, cast.held)
    kept.gather(ready, analysis, cast.spans)
    with ExitStack() as stack:
        master: Writer[Frame | KeptFrame] = _Nowhere()
        if job.output is not None:
            master = stack.enter_context(_master(ready, analysis, cast, job.output, sound))
        patches = []
        if job.patches is not None:
            patches.append(stack.enter_context(_clips(ready, analysis, cast, listen, kept)))
        spans = patches[0].missing if job.output is None else cast.spans
        rendering = render_spans(
            _frames(ready, analysis, spans, master),
            spans,
            analysis.tracks,
            ready.model,
            listen,
            kept.shelf.reference,
            ready.settings.render,
            _span_failed(cast, outcome, patches),
            ready.enhancer,
            kept.lips,
        )
        taken = _taken(stack.enter_context(closing(rendering)), patches, picture)
        if job.output is None:
            _write_patches(taken, spans, len(times), progress)
        else:
            _write_master(_written(taken, master, len(times)), ready.settings.render, sound, times, master, progress)
    notes = master.notes if isinstance(master, MasterWriter) else ()
    if not patches:
        return PictureOut((), 0, (*notes, *kept.lips.notes))
    return PictureOut(patches[0].clips, patches[0].reused, (*notes, *patches[0].notes, *kept.lips.notes))


def _span_failed(cast: CastSpans, outcome: Outcome, patches: Sequence[PatchClips]) -> OnFailure:
    """What is done about a span, or the rest of one, that fails."""
    starts = {(span.track, span.frames.stop): span.frames.start for span in cast.spans}

    def failed(span: Span, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        if span.frames.start > starts[span.track, span.frames.stop]:
            reason = f"{reason}; from frame {span.frames.start} on its lips are as they were"
        outcome.fail(span.line, reason, frames=span.frames)
        for clips in patches:
            clips.fail(span)

    return failed


def _taken(rendered: Iterator[Rendered], patches: Sequence[PatchClips], picture: VideoInfo) -> Iterator[Rendered]:
    """What was rendered, its changes written to the patches, its frame as it is stored."""
    for item in rendered:
        for clips in patches:
            clips.take(item)
        yield replace(item, frame=turned_frame(item.frame, -picture.rotation))


def _write_patches(
    rendered: Iterator[Rendered], spans: Sequence[Span], count: int, progress: Callable[[int, int], None]
) -> None:
    """Let everything pass that patches are made of, where there is no master."""
    total = int(frames_in(count, spans).sum())
    for done, _ in enumerate(rendered, 1):
        progress(done, total)


def _write_master(
    frames: Iterator[Frame | KeptFrame],
    settings: RenderSettings,
    sound: Soundtrack,
    times: FrameTimes,
    master: Writer[Frame | KeptFrame],
    progress: Callable[[int, int], None],
) -> None:
    """Write the master here, while the frames that come next are blended by a thread of its own."""
    with closing(ahead(frames, settings.ahead_mib << 20, _bytes, "dubkit blending")) as written:
        conform_master(written, [sound.blocks()], times, master, progress)


def _clips(ready: Ready, analysis: Analysis, cast: CastSpans, listen: SpanListener, kept: Kept) -> PatchClips:
    job, picture, times = ready.job, ready.picture, analysis.times
    keys = dict[Span, str]()
    if kept.store is not None:
        further = [job.patch_format]
        if job.enhancer is not None:
            further.append(file_content(job.enhancer, kept.store).digest)
        tracks = {track.index: track for track in analysis.tracks}
        references = kept.shelf.reference if kept.wanted else None
        keys = clip_keys(cast.spans, tracks, listen, references, kept.lips, ready.settings.render, *further)
    records = ClipRecords(kept.store, keys)
    return PatchClips(job, picture, times, cast.spans, Grid(picture, times), records)


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


def frames_in(count: int, spans: Sequence[Span]) -> npt.NDArray[np.bool_]:
    """(count,) which frames of a picture lie in a span."""
    inside = np.zeros(count, bool)
    for span in spans:
        inside[span.frames.start : span.frames.stop] = True
    return inside


def _frames(
    ready: Ready, analysis: Analysis, spans: Sequence[Span], master: Writer[Frame | KeptFrame]
) -> Iterator[Frame]:
    """The frames that have to be seen, as they are looked at; all of them where a master is encoded as a whole."""
    job, times = ready.job, analysis.times
    if job.output is None:
        return chosen_frames(job.video, ready.picture, times, frames_in(len(times), spans))
    kept = master.kept if isinstance(master, MasterWriter) else None
    if kept is None:
        return upright_frames(job.video, ready.picture, times)
    return read_picked(job.video, kept.needed | frames_in(len(times), spans), times, kept.packets, upright=True)


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


def _bytes(item: Frame | KeptFrame) -> int:
    return frame_bytes(item) if isinstance(item, Frame) else _WORD


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
