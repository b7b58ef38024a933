"""What an editor asks for and what it is answered: two versioned documents; ``host_run_files`` reads and writes them.

The editor's side is written where neither dubkit nor its libraries are at hand (``plugins/bridge/job.py``, or a script
in another language); what is read here is therefore checked here, all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from dubkit.errors import RecordError
from dubkit.schema import DubReport
from dubkit.timing import FrameRange, FrameRate, Seconds, TimeRange

__all__ = [
    "HOST_VERSION",
    "PICTURES",
    "HostClip",
    "HostClipResult",
    "HostJob",
    "HostResult",
    "HostSound",
    "HostTimeline",
]

HOST_VERSION = 1

PICTURES = {
    "prores": ("prores_ks", ".mov"),
    "dnxhr": ("dnxhd", ".mov"),
    "h264": ("libx264", ".mov"),
    "ffv1": ("auto", ".mkv"),  # what the clip was cut out as: frames that nobody changed are copied as they lie there
}
"""Encoder and container of each form a picture may be asked for in."""

_OPTIONS = frozenset({
    "cast", "detector", "detector_model", "device", "encoding", "enhancer", "loudness", "model", "original", "shift",
    "voice_level",
})  # fmt: skip


@dataclass(frozen=True)
class HostTimeline:
    """The editor's timeline.

    Attributes:
        name: What the editor calls it.
        rate: Frames a second.
        start_frame: What the editor counts at its first frame.
        drop: Whether its timecode is drop-frame.
    """

    name: str
    rate: Fraction
    start_frame: int = 0
    drop: bool = False

    @property
    def frame_rate(self) -> FrameRate:
        """Frames a second, as a record."""
        return FrameRate(self.rate)

    @property
    def start(self) -> Seconds:
        """Second that its timecode shows at the first frame: 3600 for 01:00:00:00, whatever the rate."""
        return Fraction(self.start_frame) / (self.rate if self.drop else self.frame_rate.nominal)


@dataclass(frozen=True)
class HostSound:
    """A sound clip of the timeline, as a clip's new voice.

    Attributes:
        source: The file.
        source_start: Second of the file that is heard at ``start``.
        source_end: Second of the file at which it ends.
        start: First frame on the timeline.
        end: First frame after it.
    """

    source: Path
    source_start: Fraction
    source_end: Fraction
    start: int
    end: int


@dataclass(frozen=True)
class HostClip:
    """A picture clip of the timeline.

    Attributes:
        key: The editor's own name for it, handed back as it is.
        name: What the editor shows.
        start: First frame on the timeline.
        end: First frame after it.
        source: The file.
        source_start: Second of the file's picture that is shown at ``start``.
        source_end: Second of the file's picture at which ``end`` would be shown.
        sound: What it is synced to; None in a dub.
    """

    key: str
    name: str
    start: int
    end: int
    source: Path
    source_start: Fraction
    source_end: Fraction
    sound: HostSound | None = None

    @property
    def frames(self) -> FrameRange:
        """Where it lies on the timeline."""
        return FrameRange(self.start, self.end)

    def time(self, rate: FrameRate) -> TimeRange:
        """Where it lies, in seconds from the timeline's first frame."""
        return TimeRange(rate.seconds(self.start), rate.seconds(self.end))

    @property
    def source_length(self) -> Seconds:
        """Seconds of the source; negative where it plays backwards."""
        return self.source_end - self.source_start


@dataclass(frozen=True)
class HostJob:
    """What an editor asks for.

    Attributes:
        version: Version of this document's form.
        id: The job's own name.
        output: Folder of this job alone.
        timeline: The editor's timeline.
        clips: At least one.
        language: Language of the dub.
        operation: ``dub`` (subtitles and a voice) or ``sync`` (each clip's lips to its own sound).
        host: Program and version that asks.
        host_pid: Process that must stay alive; 0 for none.
        subtitles: Cue file; None in a sync.
        cue_time: Whether cues, and a voice in one file, count from the ``timeline`` or from each clip's ``source``.
        voice: As in :class:`dubkit.DubJob`.
        tts: As in :class:`dubkit.DubJob`.
        picture: One of :data:`PICTURES`.
        sound: ``mix`` or ``voice``: what is delivered.
        options: Further fields of :class:`dubkit.DubJob`, by name.
    """

    version: int
    id: str
    output: Path
    timeline: HostTimeline
    clips: tuple[HostClip, ...]
    language: str = "und"
    operation: str = "dub"
    host: str = ""
    host_pid: int = 0
    subtitles: Path | None = None
    cue_time: str = "timeline"
    voice: Path | None = None
    tts: str = ""
    picture: str = "prores"
    sound: str = "mix"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what needs no look at the files."""
        if self.version != HOST_VERSION:
            raise RecordError(
                f"the job is of version {self.version}, this dubkit reads version {HOST_VERSION}",
                remedy="update dubkit, or its plugin in the editor",
            )
        FrameRate(self.timeline.rate)
        if not self.clips:
            raise RecordError("the job has no clips", remedy="select at least one")
        if not self.id or not all(letter.isalnum() or letter in "-_" for letter in self.id):
            raise RecordError(f"the job cannot be called {self.id!r}", remedy="use letters and digits")
        for name, value, known in (
            ("operation", self.operation, ("dub", "sync")),
            ("cue_time", self.cue_time, ("timeline", "source")),
            ("picture", self.picture, tuple(PICTURES)),
            ("sound", self.sound, ("mix", "voice")),
        ):
            if value not in known:
                raise RecordError(f"the job's {name} cannot be {value!r}", remedy=f"use {' or '.join(known)}")
        unknown = sorted(set(self.options) - _OPTIONS)
        if unknown:
            raise RecordError(f"a job has no option {unknown[0]!r}", remedy=f"use {', '.join(sorted(_OPTIONS))}")
        self._check_voice()

    def _check_voice(self) -> None:
        if self.operation == "sync":
            if any(clip.sound is None for clip in self.clips):
                raise RecordError("a clip has no sound to be synced to", remedy="give each clip its sound")
            return
        if self.subtitles is None:
            raise RecordError("the job has no subtitles", remedy="choose a subtitle file")
        spoken = bool(self.tts or self.options.get("cast"))
        if (self.voice is None) == (not spoken):
            raise RecordError("a job needs either a voice or a text-to-speech engine", remedy="choose one of the two")

    @property
    def work(self) -> Path:
        """Folder for what is only needed while it runs."""
        return self.output / ".work"

    def tag(self, number: int) -> str:
        """What the editor writes beside what was made of clip ``number``."""
        language = self.language if self.operation == "dub" else "sync"
        return f"dubkit/1/{language}/{self.id}/{number}"


@dataclass(frozen=True)
class HostClipResult:
    """What became of a clip.

    Attributes:
        key: As the editor gave it.
        number: Its place in the job, from 1.
        status: ``done``, ``unchanged`` (nothing is said in it) or ``failed``.
        reason: Why it is not done, in one sentence; else empty.
        picture: The picture file; empty where it is not done.
        sound: The sound file; empty where it is not done.
        start: Frame of the timeline at which both begin.
        frames: Their length at the timeline's rate.
        tag: What the editor writes beside them.
        notes: What was odd, a sentence each.
        failed_lines: How many of its lines failed.
        report: What became of each line; None where it was not begun.
    """

    key: str
    number: int
    status: str
    reason: str
    picture: str
    sound: str
    start: int
    frames: int
    tag: str
    notes: tuple[str, ...] = ()
    failed_lines: int = 0
    report: DubReport | None = None


@dataclass(frozen=True)
class HostResult:
    """What became of a job.

    Attributes:
        job: The job's name.
        exit_code: 0 all done, 3 a clip or a line failed, 1 nothing was done.
        clips: One entry for each clip.
        notes: What concerns all of them.
        dubkit: Version of dubkit that did it.
        seconds: Wall time.
        version: Version of this document's form.
    """

    job: str
    exit_code: int
    clips: tuple[HostClipResult, ...]
    notes: tuple[str, ...]
    dubkit: str
    seconds: float
    version: int = HOST_VERSION
