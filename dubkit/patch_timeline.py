"""The timeline of a dub: its patches over the original, its sound beside the original's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from dubkit.conform import write_edl, write_fcp7, write_fcpxml, write_otio, write_resolve_otio, writes_edl
from dubkit.deliverables import Delivery
from dubkit.errors import RecordError
from dubkit.media import turned_video
from dubkit.schema import Clip, Cue, DubJob, MediaInfo, Span, Timeline, TimelineTrack, TrackKind, VideoInfo
from dubkit.timing import FrameRange, FrameTimes, Timecode, TimeRange

__all__ = ["Grid", "PatchClip", "patch_timeline", "write_timelines"]

_ORIGINAL, _LIPS = "Original", "Lips"


@dataclass(frozen=True)
class PatchClip:
    """A span as a clip.

    Attributes:
        span: The span.
        path: The clip; its first frame is the span's.
    """

    span: Span
    path: Path


class Grid:
    """Where the frames of a picture lie on a timeline, which counts at the nominal rate and knows no other times.

    Args:
        picture: The picture.
        times: When each of its frames is shown.

    Attributes:
        rate: Frames a second.
        length: Frames of the timeline.
        start_timecode: Timecode of the first frame; empty where the file names none that exists at this rate.
        varies: Whether some frame lies beside its number, as where the rate varies.
    """

    def __init__(self, picture: VideoInfo, times: FrameTimes) -> None:
        self.rate = picture.rate
        per_tick, first = times.time_base * self.rate.fps, int(times.pts[0])
        ticks: list[int] = [*times.pts.tolist(), int(times.pts[-1]) + times.last_duration]
        twice, half = 2 * per_tick.numerator, per_tick.denominator
        self._frames: list[int] = [((tick - first) * twice + half) // (2 * half) for tick in ticks]  # to the nearest
        self.varies = self._frames[:-1] != list(range(len(times)))
        if not self.varies:
            self._frames[-1] = len(times)
        self.length = self._frames[-1]
        try:
            self._start = Timecode.parse(picture.start_timecode or "00:00:00:00", self.rate)
            self.start_timecode = picture.start_timecode
        except RecordError:
            self._start, self.start_timecode = Timecode(0, self.rate), ""

    def frame(self, index: int) -> int:
        """The frame of the timeline on which frame ``index`` of the picture lies."""
        return self._frames[index]

    def frames(self, run: FrameRange) -> FrameRange:
        """The frames of the timeline over which ``run`` lies; at least one."""
        start = self._frames[run.start]
        return FrameRange(start, max(start + 1, self._frames[run.stop]))

    def timecode(self, frame: int) -> str:
        """Timecode of a frame of the timeline; after 24 hours it begins anew."""
        last = f"23:59:59{';' if self._start.drop else ':'}{self.rate.nominal - 1:02}"
        day = Timecode.parse(last, self.rate).frame + 1
        return str(replace(self._start, frame=(self._start.frame + frame) % day))


def patch_timeline(
    job: DubJob,
    media: MediaInfo,
    picture: VideoInfo,
    grid: Grid,
    clips: Sequence[PatchClip],
    cues: Mapping[int, Cue],
    delivered: Sequence[Path],
) -> Timeline:
    """The timeline that lays what was made over the original.

    Pictures: the original, above it the patches, on a further track where two lie at one time. Sound: the original and
    the finished mix, both switched off, and what the mix is made of: dialogue, and music and effects. Subtitles, where
    there are some.

    Args:
        job: What was wanted.
        media: The original.
        picture: Its picture.
        grid: Where its frames lie.
        clips: The patches, in film order.
        cues: What is said, by number.
        delivered: The files of sound and subtitles that were written.
    """
    whole, length = FrameRange(0, grid.length), grid.rate.seconds(grid.length)

    def full(path: Path) -> tuple[Clip, ...]:
        timecode = grid.start_timecode if path == job.video else ""
        return (Clip(path.name, path, TimeRange(Fraction(0), length), whole, length, timecode),)

    language = job.language
    tracks = [TimelineTrack(_ORIGINAL, TrackKind.VIDEO, full(job.video))]
    for number, layer in enumerate(_layers([_patch(clip, grid, cues, language) for clip in clips]), 1):
        name = f"{_LIPS} {language}" + (f" {number}" if number > 1 else "")
        tracks.append(TimelineTrack(name, TrackKind.VIDEO, tuple(layer), language))
    if media.audio:
        original = media.audio[0].language
        tracks.append(TimelineTrack(_ORIGINAL, TrackKind.AUDIO, full(job.video), original, enabled=False))
    if job.deliver is not None:
        files = Delivery.of(job.deliver, job)
        stems = [(f"Dialogue {language}", files.dialogue, language), ("M&E", files.music_and_effects, "")]
        for name, path, spoken in stems:
            if path in delivered:
                tracks.append(TimelineTrack(name, TrackKind.AUDIO, full(path), spoken))
        if files.mix in delivered:
            tracks.append(TimelineTrack(f"Mix {language}", TrackKind.AUDIO, full(files.mix), language, enabled=False))
        if files.subtitles in delivered:
            tracks.append(TimelineTrack(f"Subtitles {language}", TrackKind.SUBTITLE, full(files.subtitles), language))
    upright = turned_video(picture, picture.rotation)
    return Timeline(
        f"{job.video.stem}.{language}", grid.rate, tuple(tracks), grid.start_timecode, upright.width, upright.height
    )


def write_timelines(timeline: Timeline, folder: Path, *, exact: bool) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``timeline`` in every form that editors read: the files, ``.otio`` first, and what is to be said of them.

    An edit decision list holds the patches alone, one list for each of their tracks.

    Args:
        timeline: What to write.
        folder: Where to.
        exact: Whether each frame of the picture has its number on the timeline; without, no edit decision list.

    Raises:
        MissingDependencyError: if OpenTimelineIO is not installed.
        OutputError: if a file cannot be written.
    """
    notes = []
    written = [folder / f"{timeline.name}.otio", folder / f"{timeline.name}.resolve.otio"]
    write_otio(written[0], timeline)
    write_resolve_otio(written[1], timeline)
    if exact:
        video = tuple(track for track in timeline.tracks if track.kind is TrackKind.VIDEO)
        patches = replace(timeline, tracks=video[1:])
        if not writes_edl():
            notes.append("no edit decision list was written: the package otio-cmx3600-adapter is not installed")
        else:
            try:
                written += write_edl(folder / f"{timeline.name}.edl", patches)
            except RecordError as error:
                notes.append(f"no edit decision list was written: {error.problem}")
    else:
        notes.append(
            f"the frame rate varies: the timeline counts {timeline.rate} frames a second, patches lie on its nearest "
            "frames, and no edit decision list was written; conform the picture to a constant rate to be frame-exact"
        )
    written.append(folder / f"{timeline.name}.fcpxml")
    write_fcpxml(written[-1], timeline)
    try:
        write_fcp7(folder / f"{timeline.name}.xml", timeline)
        written.append(folder / f"{timeline.name}.xml")
    except RecordError as error:
        notes.append(f"no timeline for Premiere was written: {error.problem}")
    return tuple(written), tuple(notes)


def _patch(clip: PatchClip, grid: Grid, cues: Mapping[int, Cue], language: str) -> Clip:
    span = clip.span
    frames = grid.frames(span.frames)
    length = grid.rate.seconds(len(frames))
    details = {"line": str(span.line), "face": str(span.track), "shot": str(span.shot), "language": language}
    if span.line in cues:
        details |= {"text": cues[span.line].text, "speaker": cues[span.line].speaker}
    return Clip(
        name=clip.path.name,
        source=clip.path,
        source_range=TimeRange(Fraction(0), length),
        frames=frames,
        source_duration=length,
        source_timecode=grid.timecode(frames.start),
        reel=f"{span.line:04}F{span.track}"[-8:],
        details=details,
    )


def _layers(clips: Sequence[Clip]) -> list[list[Clip]]:
    """``clips``, given by their starts, on as few tracks as hold them without overlap."""
    layers: list[list[Clip]] = []
    for clip in clips:
        free = next((layer for layer in layers if layer[-1].frames.stop <= clip.frames.start), None)
        if free is None:
            layers.append([clip])
        else:
            free.append(clip)
    return layers
