"""Where the voices of a job come from, and what they become: read or spoken, trimmed, stretched to their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from dubkit.audio import ActivitySettings, FlawFinder, Levels, chunk_levels, stretch, voiced_span
from dubkit.cast_tables import read_cast_tables
from dubkit.dialogue import CastVoice, FitPlan, Place, TakenVoice, Voice, VoiceFiles, cast_voices, open_voice
from dubkit.errors import DubkitError, InputError, VoiceError
from dubkit.media import probe, read_sound, sound_blocks, sound_duration, sound_end, write_wav
from dubkit.schema import Cue, DubJob, Line, SoundClip, Waveform
from dubkit.spoken import speak
from dubkit.store import Store
from dubkit.timing import Seconds, TimeRange

__all__ = [
    "FilmVoice",
    "Voices",
    "engine_of",
    "fitted_lines",
    "measure_film_voice",
    "recorded_voices",
    "spoken_voices",
]

_LONGEST = 300  # seconds; a longer file is not the voice of one cue
_RATE = 48_000
_THREADS = 2
"""That listen to recordings at once; what each does is half Python, so more would only wait for one another."""


@dataclass(frozen=True)
class Voices:
    """The voices of a film, cue by cue.

    Attributes:
        taken: Number of the cue -> its voice.
        reasons: Number of the cue -> why it has none.
        notes: What concerns the whole film.
    """

    taken: Mapping[int, TakenVoice]
    reasons: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FilmVoice:
    """A voice as long as the film.

    Attributes:
        path: Its file.
        length: Seconds.
        levels: (chunks,) its level, chunk by chunk.
        notes: What is wrong with the recording.
    """

    path: Path
    length: Seconds
    levels: Levels
    notes: tuple[str, ...] = ()


def engine_of(job: DubJob) -> Voice | None:
    """What speaks the lines of ``job``, found to speak its language; None where a recording does.

    Raises:
        InputError: if there is no such engine, the cast file cannot be used, or a voice does not speak the language.
        MissingDependencyError: if an engine's package is not installed.
    """
    if job.voice is not None:
        return None
    engine: Voice | None = open_voice(job.tts) if job.tts else None
    if job.cast is not None:
        cast = cast_voices(read_cast_tables(job.cast), job.cast)
        if not cast.voices and engine is None:
            remedy = "name one for each in a table [voices], or one for all with --tts"
            raise VoiceError("gives no speaker a voice", path=job.cast, remedy=remedy)
        engine = CastVoice(cast, engine) if cast.voices else engine
    if engine is not None:
        engine.check_language(job.language)
    return engine


def measure_film_voice(path: Path, settings: ActivitySettings) -> FilmVoice:
    """Listen to a voice as long as the film once, from end to end, keeping only its levels.

    Raises:
        MediaError: if it cannot be read.
        VoiceError: if it holds no sound.
    """
    length = sound_end(path)
    if length <= 0:
        raise VoiceError("holds no sound", path=path, remedy="give a voice track with sound in it")
    stored = probe(path).audio[0].sample_rate
    rate = _RATE if stored % settings.chunks_per_second else stored  # so that chunks are whole samples long
    flaws, parts = FlawFinder(stored), []
    for block in sound_blocks(path, sample_rate=rate, duration=length, block=10 * rate):
        flaws.hear(block)
        parts.append(chunk_levels(block, settings))
    return FilmVoice(path, length, np.concatenate(parts), tuple(f"{path.name} {note}" for note in flaws.notes))


def recorded_voices(found: VoiceFiles, settings: ActivitySettings, progress: Callable[[int, int], None]) -> Voices:
    """The voices in files of their own, without the silence around them."""
    taken: dict[int, TakenVoice] = {}
    reasons = dict(found.reasons)

    def listen(path: Path) -> TakenVoice | InputError:
        try:
            return _recorded(path, settings)
        except InputError as error:
            return error

    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="dubkit voices")
    try:
        for done, (number, heard) in enumerate(
            zip(found.files, pool.map(listen, found.files.values()), strict=True), 1
        ):
            if isinstance(heard, TakenVoice):
                taken[number] = heard
            else:
                reasons[number] = str(heard)
            progress(done, len(found.files))
    finally:
        pool.shutdown(cancel_futures=True)
    return Voices(taken, reasons, found.notes)


def _recorded(path: Path, settings: ActivitySettings) -> TakenVoice:
    tracks = probe(path).audio
    length = (tracks[0].duration if tracks else 0) or sound_duration(path)  # the latter complains where there is none
    if length > _LONGEST:
        raise VoiceError(f"is {float(length):.0f} s long", path=path, remedy="give the voice of one cue")
    stored = tracks[0].sample_rate
    sound = read_sound(path, sample_rate=stored)
    flaws = FlawFinder(stored)
    flaws.hear(sound)
    return TakenVoice(_trimmed(sound, path, settings), tuple(f"{path.name} {note}" for note in flaws.notes))


def _trimmed(sound: Waveform, path: Path, settings: ActivitySettings) -> SoundClip:
    if not sound.length:
        raise VoiceError("holds no sound", path=path, remedy="record it again")
    span = voiced_span(sound, settings)
    if not span.duration:
        raise VoiceError("holds only silence", path=path, remedy="record it again, or raise its level")
    return SoundClip(path, span)


def spoken_voices(
    engine: Voice,
    cues: Sequence[Cue],
    language: str,
    folder: Path,
    settings: ActivitySettings,
    progress: Callable[[int, int], None],
    store: Store | None = None,
) -> Voices:
    """Each cue spoken by ``engine``, or as ``store`` has it, in ``folder``; a line that fails costs itself alone."""
    taken: dict[int, TakenVoice] = {}
    reasons: dict[int, str] = {}
    for done, cue in enumerate(cues, 1):
        path = folder / f"line_{cue.index}.wav"
        try:
            sound = speak(engine, cue.text, language, cue.speaker, store)
            clip = _trimmed(sound, path, settings)
            write_wav(path, sound)
            taken[cue.index] = TakenVoice(clip)
        except VoiceError as error:
            reasons[cue.index] = str(error)
        progress(done, len(cues))
    return Voices(taken, reasons, engine.notes(cues) if isinstance(engine, CastVoice) else ())


def fitted_lines(plan: FitPlan, folder: Path) -> tuple[tuple[Line, ...], tuple[tuple[Cue, str], ...]]:
    """The lines of ``plan``, those that change their speed made anew in ``folder``; and those that cannot be heard."""
    lines, failed = [], list(plan.failed)
    for place in plan.places:
        try:
            lines.append(_fitted(place, folder))
        except DubkitError as error:
            failed.append((place.cue, str(error)))
    return tuple(lines), tuple(failed)


def _fitted(place: Place, folder: Path) -> Line:
    clip, heard = place.voice, place.sound
    if place.fit.speed != 1.0:
        stored = probe(clip.path).audio[0].sample_rate
        voice = read_sound(clip.path, sample_rate=stored, span=clip.span)
        # Rounded down, so that the voice never reaches into the next line.
        length = int((heard.duration + place.fit.lost) * stored)
        path = folder / f"fitted_{place.cue.index}.wav"
        write_wav(path, stretch(voice, length))
        clip = SoundClip(path, TimeRange(Fraction(0), Fraction(length, stored)))
    if clip.span.duration > heard.duration:
        clip = replace(clip, span=TimeRange(clip.span.start, clip.span.start + heard.duration))
    return Line(place.cue, clip, heard.start, place.notes, place.fit)
