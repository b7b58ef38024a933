"""What a job comes to before anything is drawn: what is in its film, what is heard, and which frames must change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dubkit.analysis import Analysis, analyze, analyze_still
from dubkit.casting import CastSpans
from dubkit.kept import Kept, open_kept
from dubkit.lines import Lines
from dubkit.readiness import Ready
from dubkit.schema import OriginalSpeech
from dubkit.store import Store, open_store
from dubkit.who_speaks import cast_film, check_people, watch_original

__all__ = ["Plan", "plan_job"]

_Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be done.

    Attributes:
        analysis: What was found in the film.
        kept: What is kept of it, and where.
        lines: What is heard.
        cast: The spans to change.
        notes: What is to be said of who speaks.
    """

    analysis: Analysis
    kept: Kept
    lines: Lines
    cast: CastSpans
    notes: tuple[str, ...]


def plan_job(ready: Ready, folder: Path, tell: _Tell, lap: Callable[[str], None]) -> Plan:
    """Look through the film, prepare the voices, and find out who speaks which line.

    Args:
        ready: The job.
        folder: Where files made for the run lie.
        tell: Called with (stage, steps done, steps in all).
        lap: Told of each part that is done.

    Raises:
        InputError: if the film, a voice or the cast file cannot be used.
    """
    store = open_store(ready.job.work_dir)
    analysis = _analysis(ready, tell, store)
    check_people(ready.cast, ready.job, analysis)
    lap("analysis")
    kept = open_kept(ready, store, folder)
    speech = _speech(ready, analysis, tell, kept)
    lap("speakers")
    lines = ready.source.lines(analysis.times.duration, folder, lambda *at: tell("voices", *at))
    lap("voices")
    cast, notes = cast_film(ready.job, ready.cast, analysis, speech, lines, ready.settings.cast)
    return Plan(analysis, kept, lines, cast, notes)


def _analysis(ready: Ready, tell: _Tell, store: Store | None) -> Analysis:
    job, settings = ready.job, ready.settings.analysis
    if ready.picture.is_still:
        return analyze_still(job.video, ready.detector, ready.source.end, settings)
    return analyze(job.video, ready.detector, settings, tell, ready.cast.embedder, job.cuts, store)


def _speech(ready: Ready, analysis: Analysis, tell: _Tell, kept: Kept) -> OriginalSpeech:
    """What the original shows of who speaks; while it passes by, references are chosen."""
    looker = kept.looker(analysis)
    return watch_original(ready.job, analysis, ready.cast, ready.settings.speech, tell, kept.store, looker)
