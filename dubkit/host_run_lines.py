"""The lines of a timeline, and of each clip its share of them.

A voice is fitted once, on the timeline (or on the source, where the cues count in its time), and each clip gets the
stretch that is heard during it: a sentence that goes on over a cut goes on in the next clip where it left off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from dubkit.amounts import given_seconds
from dubkit.errors import SubtitleError, VoiceError
from dubkit.host_run_job import HostClip, HostJob, HostTimeline
from dubkit.lines import Lines, LineSettings, LineSource
from dubkit.media import sound_blocks, written_sound
from dubkit.options import job_from
from dubkit.schema import Cue, DubJob, Line, SoundClip
from dubkit.store import open_store
from dubkit.subtitles import read_cues
from dubkit.timing import Seconds, TimeRange, sample_count

__all__ = ["ClipLines", "clip_lines", "cues_of", "dub_job", "heard_time", "timeline_lines"]

_SOUND_RATE = 48_000
_NEAR = Fraction(1)
"""Seconds that a cue may come before the start timecode that it counts from."""


def heard_time(job: HostJob, clip: HostClip) -> TimeRange:
    """When ``clip`` is heard, in the time in which the job's cues count."""
    length = job.timeline.frame_rate.seconds(clip.end - clip.start)
    if job.cue_time == "source":
        return TimeRange(clip.source_start, clip.source_start + length)
    return clip.time(job.timeline.frame_rate)


def cues_of(job: HostJob, clips: Sequence[HostClip]) -> tuple[tuple[Cue, ...], tuple[str, ...]]:
    """The job's cues in the time of the timeline's first frame (or of the source), and what is to be said of that.

    Cues of a timeline count from its first frame or from its start timecode; the one is taken in which they, and the
    clips they lie in, fit.

    Args:
        job: The job.
        clips: The clips that are done.

    Raises:
        SubtitleError: if the cues cannot be read, or not one lies in a clip.
    """
    assert job.subtitles is not None, "a dub has subtitles"
    cues = read_cues(job.subtitles, encoding=str(job.options.get("encoding", "")), rate=job.timeline.frame_rate)
    spans = [heard_time(job, clip) for clip in clips]
    shift = given_seconds(job.options.get("shift", 0), "shift")
    notes: tuple[str, ...] = ()
    if not shift and job.cue_time == "timeline":
        shift = _from_start(cues, spans, job.timeline)
        if shift:
            notes = (f"the subtitles count from the timeline's start timecode: {float(-shift):g} s were taken off",)
    moved = tuple(replace(cue, span=cue.span.shifted(shift)) for cue in cues)
    if not _within(moved, spans):
        raise SubtitleError(
            f"has no cue inside the selected clips: its cues lie between {float(moved[0].span.start):g} and "
            f"{float(max(cue.span.stop for cue in moved)):g} s of the {job.cue_time}",
            path=job.subtitles,
            remedy="give the subtitles of this timeline, or those of the source and say so",
        )
    return moved, notes


def _from_start(cues: Sequence[Cue], spans: Sequence[TimeRange], timeline: HostTimeline) -> Seconds:
    start = timeline.start
    if not start or min(cue.span.start for cue in cues) < start - _NEAR:
        return Fraction(0)
    moved = [replace(cue, span=cue.span.shifted(-start)) for cue in cues]
    return -start if len(_within(moved, spans)) >= len(_within(cues, spans)) else Fraction(0)


def _within(cues: Sequence[Cue], spans: Sequence[TimeRange]) -> tuple[Cue, ...]:
    return tuple(cue for cue in cues if any(_touches(cue.span, span) for span in spans))


def _touches(cue: TimeRange, span: TimeRange) -> bool:
    return cue.overlaps(span) or (not cue.duration and span.start <= cue.start < span.stop)


def dub_job(job: HostJob, film: Path, output: Path) -> DubJob:
    """``job`` for one film: what :class:`dubkit.DubJob` knows of it.

    Raises:
        RecordError: if its options contradict one another.
    """
    options = {name: value for name, value in job.options.items() if name != "shift"}
    given = {"subtitles": job.subtitles, "voice": job.voice, "tts": job.tts, "language": job.language}
    return job_from(film, output, {**options, **given})


def timeline_lines(
    job: HostJob,
    cues: Sequence[Cue],
    clips: Sequence[HostClip],
    folder: Path,
    settings: LineSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Lines:
    """The lines that are heard during ``clips``, fitted, in the time in which the cues count.

    Only they are spoken or measured; a voice in one file is compared with all cues, because it tells more so.

    Args:
        job: The job.
        cues: Its cues, as :func:`cues_of` gives them.
        clips: Clips of one time: the timeline's, or one source's.
        folder: Where files made for the lines are kept.
        settings: How cues and voices become lines.
        progress: Called with (lines spoken, lines in all).

    Raises:
        SubtitleError, VoiceError: if they cannot be used.
        MissingDependencyError: if the engine's package is not installed.
    """
    spans = [heard_time(job, clip) for clip in clips]
    asked = dub_job(job, clips[0].source, folder / "lines.mkv")
    settings = settings or LineSettings()
    if job.voice is not None and not job.voice.exists():
        raise VoiceError("does not exist", path=job.voice, remedy="give a sound file or a folder of sound files")
    if job.voice is None or job.voice.is_dir():
        cues = _within(cues, spans)
    source = LineSource(asked, cues, settings, store=open_store(asked.work_dir))
    ends = [span.stop for span in spans] + [cue.span.stop for cue in _within(cues, spans)]
    return source.lines(max(ends), folder, progress or _say_nothing)


def _say_nothing(done: int, total: int) -> None:
    """Progress for a caller who wants none."""


@dataclass(frozen=True)
class ClipLines:
    """Gives a clip its share of a timeline's lines; see :class:`dubkit.lines.LineGiver`.

    Attributes:
        share: The lines, in seconds of the clip.
        end: Length of the clip in seconds.
        severed: Whether a voice that is heard at an edge of the clip goes on beyond it.
    """

    share: Lines
    end: Seconds
    severed: bool = False

    def lines(self, duration: Seconds, folder: Path, progress: Callable[[int, int], None]) -> Lines:
        """The lines; they are there already, files and all."""
        del duration, folder
        progress(len(self.share.lines), len(self.share.lines))
        return self.share


def clip_lines(lines: Lines, span: TimeRange, folder: Path) -> ClipLines:
    """Of ``lines`` what is heard during ``span``, with ``span``'s start as time 0.

    Args:
        lines: The lines of a timeline.
        span: When the clip is heard, in their time.
        folder: Where a stretch of a voice in one file is written to.
    """
    heard, path = lines.heard, Path()
    if lines.one_voice and heard:
        # Lips follow such a voice also between its lines, so it is laid under the clip whole.
        path = _voice_during(heard[0].voice.path, span, folder / "voice.wav")
    own = _share(lines.lines, span, path)
    share = Lines(
        own,
        tuple((_moved(cue, span), why) for cue, why in lines.failed if _touches(cue.span, span)),
        _share(heard, span, path) if lines.one_voice else own,
        one_voice=lines.one_voice,
    )
    severed = any(_touches_edge(line.sound, span) for line in (*lines.lines, *heard))
    return ClipLines(share, span.duration, severed)


def _touches_edge(sound: TimeRange, span: TimeRange) -> bool:
    return sound.start < span.start < sound.stop or sound.start < span.stop < sound.stop


def _share(lines: Sequence[Line], span: TimeRange, path: Path) -> tuple[Line, ...]:
    """Of ``lines`` what sounds during ``span``; with a ``path`` it is read there, where time 0 is the span's start."""
    found = []
    for line in lines:
        start, stop = max(line.sound.start, span.start), min(line.sound.stop, span.stop)
        if start >= stop:
            continue
        into = line.voice.span.start - line.start
        stretch = TimeRange(start + into, stop + into)
        voice = replace(line.voice, span=stretch)
        if path != Path():
            voice = SoundClip(path, TimeRange(start - span.start, stop - span.start))
        notes = list(line.notes)
        if line.sound.start < span.start:
            notes.append("began before the clip")
        if line.sound.stop > span.stop:
            notes.append("goes on after the clip")
        fit = line.fit and replace(line.fit, slot=line.fit.slot.shifted(-span.start))
        found.append(Line(_moved(line.cue, span), voice, start - span.start, tuple(notes), fit))
    return tuple(found)


def _moved(cue: Cue, span: TimeRange) -> Cue:
    """``cue`` in the time of a clip, cut to it; where it lies beside it, of no length at its edge."""
    start = min(max(cue.span.start, span.start), span.stop)
    stop = max(start, min(cue.span.stop, span.stop))
    return replace(cue, span=TimeRange(start - span.start, stop - span.start))


def _voice_during(voice: Path, span: TimeRange, path: Path) -> Path:
    blocks = sound_blocks(voice, sample_rate=_SOUND_RATE, start=span.start, duration=span.duration)
    first = next(blocks, None)
    length = sample_count(span.duration, _SOUND_RATE)
    channels = 1 if first is None else first.channels
    with written_sound(path, channels=channels, sample_rate=_SOUND_RATE, length=length) as write:
        if first is not None:
            write(first)
        for block in blocks:
            write(block)
    return path
