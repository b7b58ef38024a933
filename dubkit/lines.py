"""Cues and voices of a job to lines: what is heard when, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from dubkit.dialogue import (
    FitSettings,
    FollowSettings,
    Voice,
    VoiceFiles,
    find_voices,
    fit_voices,
    follow_voice,
    is_voice_list,
    read_voice_list,
)
from dubkit.errors import SubtitleError, VoiceError
from dubkit.media import quick_sound
from dubkit.schema import Cue, DubJob, Line, SoundClip
from dubkit.store import Store
from dubkit.subtitles import CheckedCues, CueSettings, check_cues, judge_language, read_cues
from dubkit.timing import FrameRate, Seconds, TimeRange
from dubkit.voicing import (
    FilmVoice,
    Voices,
    engine_of,
    fitted_lines,
    measure_film_voice,
    recorded_voices,
    spoken_voices,
)

__all__ = ["LineGiver", "LineSettings", "LineSource", "Lines", "open_lines"]

_LONGEST_PIECE = Fraction(30)  # seconds of a full-length voice in memory at once
_MANY = 0.5  # share of overrunning lines from which on cues and voices look as if they did not belong together


@dataclass(frozen=True)
class LineSettings:
    """How cues and voices become lines.

    Attributes:
        cues: How cues are brought into the film.
        fit: How voices are made to fit.
        follow: How a full-length voice is compared with the cues, and what counts as silence in any voice.
    """

    cues: CueSettings = field(default_factory=CueSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    follow: FollowSettings = field(default_factory=FollowSettings)


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


class LineGiver(Protocol):
    """What gives a film its lines."""

    @property
    def end(self) -> Seconds:
        """When the last of them ends, in seconds: how long a still image is shown."""
        ...

    def lines(self, duration: Seconds, folder: Path, progress: Callable[[int, int], None]) -> Lines:
        """The lines of a picture of ``duration`` seconds; files made for them are kept in ``folder``."""
        ...


class LineSource:
    """A job's cues and voice, opened and found usable before any long work starts.

    Attributes:
        whole: Length of the voice in seconds where it is one file as long as the film; 0 otherwise.
        numbers: Numbers of the cues, also of those that lie outside the film.
        end: When the last cue, or a full-length voice, ends: how long a still image is shown.
    """

    def __init__(
        self,
        job: DubJob,
        cues: Sequence[Cue],
        settings: LineSettings,
        engine: Voice | None = None,
        store: Store | None = None,
    ) -> None:
        self._store = store
        self._job, self._cues, self._settings = job, tuple(cues), settings
        self._engine = engine or engine_of(job)
        self._film: FilmVoice | None = None
        if job.voice is not None and not job.voice.is_dir() and not is_voice_list(job.voice):
            self._film = measure_film_voice(job.voice, settings.follow.activity)
            loudest = float(self._film.levels.max())
            if job.subtitles is not None and loudest < settings.follow.activity.silent_db:
                raise VoiceError("holds only silence", path=job.voice, remedy="give the track with the voice")
        self.whole: Seconds = self._film.length if self._film else Fraction(0)
        self.numbers = frozenset(cue.index for cue in self._cues)
        self.end: Seconds = max([self.whole, *(cue.span.stop + job.shift for cue in self._cues)])

    def lines(self, duration: Seconds, folder: Path, progress: Callable[[int, int], None]) -> Lines:
        """The lines of a picture of ``duration`` seconds; what is spoken or stretched is kept in ``folder``.

        Raises:
            SubtitleError: if not one cue lies in the film.
        """
        checked, notes = self._cues_in(duration)
        if self._film is not None:
            found = self._followed(self._film, checked.cues, duration, folder)
            progress(len(checked.cues), len(checked.cues))
        else:
            found = self._fitted(checked.cues, duration, folder, progress)
        failed = sorted((*checked.refused, *found.failed), key=lambda item: item[0].index)
        return replace(found, failed=tuple(failed), notes=(*notes, *found.notes))

    def _cues_in(self, duration: Seconds) -> tuple[CheckedCues, tuple[str, ...]]:
        if self._job.subtitles is None:
            # One cue as long as the picture: where the sound has ended the mouth is closed, not left talking.
            name = self._job.voice.name if self._job.voice else ""
            return CheckedCues((Cue(1, TimeRange(Fraction(0), duration), name),)), ()
        settings = replace(self._settings.cues, shift=self._settings.cues.shift + self._job.shift)
        checked = check_cues(self._cues, duration, settings)
        if not checked.cues:
            raise SubtitleError(
                f"has no cue inside the film: its first one {checked.refused[0][1]}",
                path=self._job.subtitles,
                remedy="give the subtitles of this film, or move them with --shift SECONDS",
            )
        odd = judge_language(checked.cues, self._job.language)
        cues = tuple(
            replace(cue, notes=(*cue.notes, odd.cues[cue.index])) if cue.index in odd.cues else cue
            for cue in checked.cues
        )
        return replace(checked, cues=cues), odd.film

    def _followed(self, film: FilmVoice, cues: Sequence[Cue], duration: Seconds, folder: Path) -> Lines:
        """The lines of a voice as long as the film, where it has them."""
        path = quick_sound(film.path, folder)
        found = follow_voice(film.levels, film.length, cues, self._settings.follow)
        lines, failed = [], []
        for cue in cues:
            span = found.spans.get(cue.index, cue.span)
            if self._job.subtitles is None:
                span = cue.span
            span = TimeRange(min(span.start, film.length), min(span.stop, film.length, duration))
            if not span.duration:
                failed.append((cue, f"the voice ends at {float(film.length):.3f} s, before it"))
                continue
            notes = () if self._job.subtitles is None else found.notes.get(cue.index, ())
            lines.append(Line(cue, SoundClip(path, span), span.start, notes))
        said = film.notes if self._job.subtitles is None else (*film.notes, *found.film)
        if film.length > duration:
            late = float(film.length - duration)
            said = (*said, f"the voice is {late:.3f} s longer than the picture; what comes after its end is cut")
        heard = _from_end_to_end(lines, film.length, duration)
        return Lines(tuple(lines), tuple(failed), heard, said, one_voice=True)

    def _fitted(
        self, cues: Sequence[Cue], duration: Seconds, folder: Path, progress: Callable[[int, int], None]
    ) -> Lines:
        """The lines of voices of their own, each in its slot."""
        voices = self._voices(cues, folder, progress)
        plan = fit_voices(cues, voices.taken, duration, self._settings.fit, reasons=voices.reasons)
        lines, failed = fitted_lines(plan, folder)
        notes = voices.notes
        tight = sum(place.fit.excess > 0 for place in plan.places)
        if self._engine is None and tight > max(2, _MANY * len(plan.places)):
            some = f"{tight} of {len(plan.places)} voices overrun"
            notes = (*notes, f"{some}: check that they are the voices of these cues")
        return Lines(lines, failed, lines, notes)

    def _voices(self, cues: Sequence[Cue], folder: Path, progress: Callable[[int, int], None]) -> Voices:
        activity = self._settings.follow.activity
        if self._engine is not None:
            return spoken_voices(self._engine, cues, self._job.language, folder, activity, progress, self._store)
        found, wanted = _voice_files(self._job, self._cues), {cue.index for cue in cues}
        within = {number: path for number, path in found.files.items() if number in wanted}
        return recorded_voices(replace(found, files=within), activity, progress)


def open_lines(
    job: DubJob,
    rate: FrameRate,
    settings: LineSettings | None = None,
    engine: Voice | None = None,
    store: Store | None = None,
) -> LineSource:
    """Open the cues and the voice of ``job`` and make sure that they can be used.

    Args:
        job: The job.
        rate: Frames per second of the picture, for cues that count frames.
        settings: How cues and voices become lines.
        engine: What speaks, where the caller has made it; otherwise what the job names.
        store: Where what an engine speaks is kept for the next run; None for nowhere.

    Raises:
        SubtitleError: if the cues cannot be read.
        VoiceError: if the voice is missing, holds no sound, or its engine is not known.
        MissingDependencyError: if the engine's package is not installed.
    """
    cues: Sequence[Cue] = ()
    if job.subtitles is not None:
        cues = read_cues(job.subtitles, encoding=job.encoding, rate=rate, language=job.language)
    if engine is not None:
        engine.check_language(job.language)
    if job.voice is not None and not job.voice.exists():
        raise VoiceError("does not exist", path=job.voice, remedy="give a sound file or a folder of sound files")
    if job.voice is not None and (job.voice.is_dir() or is_voice_list(job.voice)):
        if job.subtitles is None:
            what = "a folder" if job.voice.is_dir() else "a list"
            raise VoiceError(f"is {what}", path=job.voice, remedy="give one sound file")
        if not _voice_files(job, cues).files:  # complains also of an empty folder
            raise VoiceError(
                "holds no file named after a cue", path=job.voice, remedy="name them by cue number, such as 001.wav"
            )
    return LineSource(job, cues, settings or LineSettings(), engine, store)


def _voice_files(job: DubJob, cues: Sequence[Cue]) -> VoiceFiles:
    assert job.voice is not None, "a job has a voice or an engine"
    return read_voice_list(job.voice, cues) if is_voice_list(job.voice) else find_voices(job.voice, cues)


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
