"""The fit alone: how voices and cues go together, without looking at the picture."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dubkit.amounts import given_seconds
from dubkit.analysis import picture_of
from dubkit.dialogue import draw_timeline
from dubkit.errors import InputError
from dubkit.given import VoiceLike, given_voice
from dubkit.lines import Lines, LineSettings, open_lines
from dubkit.media import measure_times, probe
from dubkit.schema import DubJob, FitReport, FittedLine
from dubkit.scratch import scratch_folder
from dubkit.store import open_store
from dubkit.timing import FrameRate, Seconds

__all__ = ["fit"]

_RATE = FrameRate(Fraction(25))


@dataclass(frozen=True)
class _Film:
    """What of a film matters to its lines."""

    duration: Seconds
    rate: FrameRate


def fit(
    subtitles: str | os.PathLike[str],
    *,
    video: str | os.PathLike[str] | None = None,
    duration: Seconds | float | None = None,
    voice: VoiceLike | None = None,
    tts: str = "",
    cast: str | os.PathLike[str] | None = None,
    language: str = "und",
    encoding: str = "",
    shift: Fraction | float = 0,
    settings: LineSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    picture: str | os.PathLike[str] | None = None,
) -> FitReport:
    """Fit the voices to the cues of ``subtitles``, as :func:`dubkit.dub` would, and say how they fit.

    Args:
        subtitles: The cue file.
        video: The film, of which only the length is asked; or else
        duration: its length in seconds.
        voice: As for :func:`dubkit.dub`.
        tts: Text-to-speech engine where there is no voice.
        cast: TOML file that names an engine for each speaker.
        language: Language of the dub.
        encoding: Text encoding of the cue file; empty finds it out.
        shift: Seconds added to every cue's time.
        settings: How cues and voices become lines.
        progress: Called with (stage, steps done, steps in all).
        picture: PNG file to draw the lines to.

    Raises:
        InputError: if something given cannot be used.
        OutputError: if the picture cannot be written.
    """
    started = time.perf_counter()
    film = _film(video, duration)
    with given_voice(voice) as given, scratch_folder("fit") as folder:
        job = DubJob(
            video=Path(video or "film"),
            output=Path(),
            language=language,
            subtitles=Path(subtitles),
            voice=given.path,
            tts=given.engine.name if given.engine else tts,
            cast=None if cast is None else Path(cast),
            encoding=encoding,
            shift=given_seconds(shift, "shift"),
        )
        source = open_lines(job, film.rate, settings, given.engine, open_store())
        lines = source.lines(film.duration, folder, _told(progress))
    if picture is not None:
        draw_timeline(Path(picture), lines.lines, film.duration, failed=[cue for cue, _ in lines.failed])
    return FitReport(
        language=language,
        duration=film.duration,
        lines=_fitted_lines(lines),
        notes=lines.notes,
        seconds=round(time.perf_counter() - started, 3),
    )


def _told(progress: Callable[[str, int, int], None] | None) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if progress is not None:
            progress("voices", done, total)

    return told


def _film(video: str | os.PathLike[str] | None, duration: Seconds | float | None) -> _Film:
    if (video is None) == (duration is None):
        raise InputError("the fit needs either a video or a duration", remedy="give one of the two")
    if duration is not None:
        length = given_seconds(duration, "duration", 1_000_000)
        if length <= 0:
            raise InputError(f"a film of {float(length):g} s does not exist", remedy="give its length in seconds")
        return _Film(length, _RATE)
    path = Path(video or "")
    picture = picture_of(probe(path))
    # What the container promises is enough to fit by; where it promises nothing, the frames are counted.
    length = picture.duration or measure_times(path).duration
    return _Film(length, picture.rate)


def _fitted_lines(lines: Lines) -> tuple[FittedLine, ...]:
    found = [
        FittedLine(
            line.cue.index,
            line.cue.span,
            line.cue.text,
            line.cue.speaker,
            notes=(*line.cue.notes, *line.notes),
            sound=line.sound,
            fit=line.fit,
        )
        for line in lines.lines
    ]
    found += [FittedLine(cue.index, cue.span, cue.text, cue.speaker, reason, cue.notes) for cue, reason in lines.failed]
    return tuple(sorted(found, key=lambda line: line.cue))
