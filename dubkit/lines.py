"""Cues and voices of a job to lines: what is heard when, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from dubkit.dialogue import PlaceSettings, Voice, find_voices, open_voice, place_lines, split_voice
from dubkit.errors import DubkitError, SubtitleError, VoiceError
from dubkit.media import quick_sound, sound_duration, write_wav
from dubkit.schema import Cue, DubJob, Line, SoundClip, VideoInfo
from dubkit.subtitles import CheckedCues, CueSettings, check_cues, read_cues
from dubkit.timing import Seconds, TimeRange

__all__ = ["LineSettings", "LineSource", "Lines", "open_lines"]

_LONGEST_PIECE = Fraction(30)  # seconds of a full-length voice in memory at once


@dataclass(frozen=True)
class LineSettings:
    """How cues and voices become lines.

    Attributes:
        cues: How cues are brought into the film.
        place: How voices are placed.
    """

    cues: CueSettings = field(default_factory=CueSettings)
    place: PlaceSettings = field(default_factory=PlaceSettings)


@dataclass(frozen=True)
class Lines:
    """What is to be heard.

    Attributes:
        lines: Cues with their voices, in film order.
        failed: Cues that cannot be spoken, each with the reason.
        heard: What goes into the mix: the lines, or a full-length voice from end to end, so that what is said between
            its cues is heard too.
        notes: What concerns the whole film.
        one_voice: Whether all lines are cut from one voice as long as the film, whose time is the picture's.
    """

    lines: tuple[Line, ...]
    failed: tuple[tuple[Cue, str], ...]
    heard: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    one_voice: bool = False


class LineSource:
    """A job's cues and voice, opened and found usable before any long work starts.

    Attributes:
        whole: Length of the voice in seconds where it is one file as long as the film; 0 otherwise.
        end: When the last cue, or a full-length voice, ends: how long a still image is shown.
    """

    def __init__(self, job: DubJob, cues: Sequence[Cue], settings: LineSettings) -> None:
        self._job, self._cues, self._settings = job, tuple(cues), settings
        self._engine: Voice | None = open_voice(job.tts) if job.tts else None
        if self._engine is not None:
            self._engine.check_language(job.language)
        self.whole: Seconds = Fraction(0)
        if job.voice is not None and not job.voice.is_dir():
            self.whole = _voice_length(job.voice)
        self.end: Seconds = max([self.whole, *(cue.span.stop + job.shift for cue in self._cues)])

    def lines(self, duration: Seconds, folder: Path, progress: Callable[[int, int], None]) -> Lines:
        """The lines of a picture of ``duration`` seconds; what is spoken or decoded is kept in ``folder``.

        Raises:
            SubtitleError: if not one cue lies in the film.
        """
        checked = self._cues_in(duration)
        cues = checked.cues
        voices, reasons, notes = self._voices(cues, folder, progress)
        placed = place_lines(cues, voices, duration, self._settings.place, reasons=reasons)
        failed = sorted((*checked.refused, *placed.failed), key=lambda item: item[0].index)
        heard = _from_end_to_end(placed.lines, self.whole, duration) if self.whole else placed.lines
        if self.whole > duration:
            late = float(self.whole - duration)
            notes = (*notes, f"the voice is {late:.3f} s longer than the picture; what comes after its end is cut")
        return Lines(placed.lines, tuple(failed), heard, notes, one_voice=bool(self.whole))

    def _cues_in(self, duration: Seconds) -> CheckedCues:
        if self._job.subtitles is None:
            # One cue as long as the picture: where the sound has ended the mouth is closed, not left talking.
            name = self._job.voice.name if self._job.voice else ""
            return CheckedCues((Cue(1, TimeRange(Fraction(0), duration), name),))
        settings = replace(self._settings.cues, shift=self._settings.cues.shift + self._job.shift)
        checked = check_cues(self._cues, duration, settings)
        if not checked.cues:
            raise SubtitleError(
                f"has no cue inside the film: its first one {checked.refused[0][1]}",
                path=self._job.subtitles,
                remedy="give the subtitles of this film, or move them with --shift SECONDS",
            )
        return checked

    def _voices(
        self, cues: Sequence[Cue], folder: Path, progress: Callable[[int, int], None]
    ) -> tuple[Mapping[int, SoundClip], Mapping[int, str], tuple[str, ...]]:
        """Per cue its voice, or why it has none; and what concerns the whole film."""
        if self._engine is not None:
            return *self._spoken(self._engine, cues, folder, progress), ()
        voice = self._job.voice
        assert voice is not None, "a job has a voice or an engine"
        if self.whole:
            voice = quick_sound(voice, folder)
            clips = split_voice(voice, self.whole, cues)
            ended = f"the voice ends at {float(self.whole):.3f} s, before it"
            return clips, {cue.index: ended for cue in cues if cue.index not in clips}, ()
        found = find_voices(voice, cues)
        reasons = dict(found.reasons)
        takes: dict[int, SoundClip] = {}
        for number, path in found.files.items():
            try:
                takes[number] = SoundClip(path, TimeRange(Fraction(0), _voice_length(path)))
            except DubkitError as error:
                reasons[number] = str(error)
        notes = tuple(f"{path.name} in the folder of voices belongs to no cue" for path in found.unmatched)
        return takes, reasons, notes

    def _spoken(
        self, engine: Voice, cues: Sequence[Cue], folder: Path, progress: Callable[[int, int], None]
    ) -> tuple[dict[int, SoundClip], dict[int, str]]:
        clips: dict[int, SoundClip] = {}
        reasons: dict[int, str] = {}
        for done, cue in enumerate(cues):
            try:
                sound = engine.speak(cue.text, self._job.language, speaker=cue.speaker)
                path = folder / f"line_{cue.index}.wav"
                write_wav(path, sound)
                clips[cue.index] = SoundClip(path, TimeRange(Fraction(0), sound.duration))
            except VoiceError as error:
                reasons[cue.index] = str(error)
            progress(done + 1, len(cues))
        return clips, reasons


def open_lines(job: DubJob, picture: VideoInfo, settings: LineSettings) -> LineSource:
    """Open the cues and the voice of ``job`` and make sure that they can be used.

    Raises:
        SubtitleError: if the cues cannot be read.
        VoiceError: if the voice is missing, holds no sound, or its engine is not known.
        MissingDependencyError: if the engine's package is not installed.
    """
    cues: Sequence[Cue] = ()
    if job.subtitles is not None:
        cues = read_cues(job.subtitles, encoding=job.encoding, rate=picture.rate)
    if job.voice is not None and not job.voice.exists():
        raise VoiceError("does not exist", path=job.voice, remedy="give a sound file or a folder of sound files")
    if job.voice is not None and job.voice.is_dir():
        if job.subtitles is None:
            raise VoiceError("is a folder", path=job.voice, remedy="give one sound file")
        if not find_voices(job.voice, cues).files:  # complains also of an empty folder
            raise VoiceError(
                "holds no file named after a cue", path=job.voice, remedy="name them by cue number, such as 001.wav"
            )
    return LineSource(job, cues, settings)


def _voice_length(path: Path) -> Seconds:
    length = sound_duration(path)
    if not length:
        raise VoiceError("holds no sound", path=path, remedy="give a voice track with sound in it")
    return length


def _from_end_to_end(lines: Sequence[Line], length: Seconds, duration: Seconds) -> tuple[Line, ...]:
    """A full-length voice in pieces that follow one another without a gap, each with the line it is nearest to.

    In pieces, so that a film's voice is never in memory at once; without a gap, so that nothing of it is lost.
    """
    stop = min(length, duration)
    cuts = [Fraction(0)]
    for before, after in pairwise(lines):
        middle = (before.cue.span.stop + after.cue.span.start) / 2
        cuts.append(min(max(middle, cuts[-1]), stop))
    cuts.append(stop)
    return tuple(
        replace(line, voice=replace(line.voice, span=piece), start=piece.start)
        for line, (start, end) in zip(lines, pairwise(cuts), strict=False)
        for piece in _pieces(start, end)
    )


def _pieces(start: Seconds, stop: Seconds) -> Iterator[TimeRange]:
    while start < stop:
        end = min(start + _LONGEST_PIECE, stop)
        yield TimeRange(start, end)
        start = end
