"""dubkit: the same picture, lips matching the new voice, nothing else touched.

::

    import dubkit

    report = dubkit.dub("film.mp4", "film.es.mp4", subtitles="film.es.srt", voice="es.wav", language="es")

Importing it does no work and loads no heavy library; each name below is loaded when it is first used. The stages are
packages of their own: ``dubkit.media``, ``dubkit.shots``, ``dubkit.faces``, ``dubkit.subtitles``, ``dubkit.dialogue``,
``dubkit.casting``, ``dubkit.lipsync``, ``dubkit.blending``, ``dubkit.conform``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Cancelled",
    "Cue",
    "DubJob",
    "DubReport",
    "DubSettings",
    "DubkitError",
    "FaceTrack",
    "FitReport",
    "FrameRange",
    "FrameRate",
    "InputError",
    "LanguagesReport",
    "Line",
    "LineReport",
    "LineStatus",
    "OutputError",
    "PeopleReport",
    "Shot",
    "Span",
    "SyncReport",
    "SyncedFrames",
    "TimeRange",
    "Waveform",
    "analyze",
    "dub",
    "dub_languages",
    "find_people",
    "fit",
    "measure_sync",
    "run_job",
    "sync_frames",
    "sync_lips",
]

if TYPE_CHECKING:
    from dubkit.analysis import Analysis, analyze
    from dubkit.compose import DubSettings, dub, run_job, sync_lips
    from dubkit.errors import Cancelled, DubkitError, InputError, OutputError
    from dubkit.fitting import fit
    from dubkit.in_memory import SyncedFrames, sync_frames
    from dubkit.language_report import LanguagesReport
    from dubkit.languages import dub_languages
    from dubkit.people import PeopleReport, find_people
    from dubkit.schema import (
        Cue,
        DubJob,
        DubReport,
        FaceTrack,
        FitReport,
        Line,
        LineReport,
        LineStatus,
        Shot,
        Span,
        Waveform,
    )
    from dubkit.sync import measure_sync
    from dubkit.sync_report import SyncReport
    from dubkit.timing import FrameRange, FrameRate, TimeRange

_HOMES = {
    "dubkit.analysis": ("Analysis", "analyze"),
    "dubkit.compose": ("DubSettings", "dub", "run_job", "sync_lips"),
    "dubkit.errors": ("Cancelled", "DubkitError", "InputError", "OutputError"),
    "dubkit.fitting": ("fit",),
    "dubkit.in_memory": ("SyncedFrames", "sync_frames"),
    "dubkit.language_report": ("LanguagesReport",),
    "dubkit.languages": ("dub_languages",),
    "dubkit.people": ("PeopleReport", "find_people"),
    "dubkit.schema": (
        "Cue", "DubJob", "DubReport", "FaceTrack", "FitReport", "Line", "LineReport", "LineStatus", "Shot", "Span",
        "Waveform",
    ),
    "dubkit.sync": ("measure_sync",),
    "dubkit.sync_report": ("SyncReport",),
    "dubkit.timing": ("FrameRange", "FrameRate", "TimeRange"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name from its home when it is first asked for."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'dubkit' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
