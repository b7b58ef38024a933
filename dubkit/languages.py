"""The composer of many languages: one job after the other, and what does not depend on them done once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from dubkit.compose import run_ready
from dubkit.errors import DubkitError, InputError
from dubkit.given import VoiceLike
from dubkit.language_jobs import Asked, LanguageOptions, ask_languages
from dubkit.language_report import LanguageProgress, LanguageResult, LanguagesReport, attempt
from dubkit.options import DubOptions
from dubkit.readiness import DubSettings, Ready, prepare
from dubkit.scratch import scratch_folder
from dubkit.store import Store, open_store

__all__ = ["LanguageProgress", "LanguageResult", "LanguagesReport", "dub_languages"]

_FOR_ONE = ("clip", "lips", "spoken")
"""Kinds of what is kept that another language has no use for."""


def dub_languages(
    video: str | os.PathLike[str],
    output: str | os.PathLike[str] | None,
    *,
    languages: Sequence[str] | Mapping[str, LanguageOptions],
    subtitles: str | os.PathLike[str] | None = None,
    voice: VoiceLike | None = None,
    settings: DubSettings | None = None,
    progress: LanguageProgress | None = None,
    finished: Callable[[LanguageResult], None] | None = None,
    cluster: str = "",
    **options: Unpack[DubOptions],
) -> LanguagesReport:
    """Dub ``video`` into several languages, one after the other.

    Shots, faces, who speaks and the crops that show whom to draw are found once, and networks are loaded once. Every
    file is opened before work on the first language begins. A language that fails costs no other.

    In every text and path ``{language}`` stands for the language, and ``{film}`` for the film's path without its
    ending: ``subtitles="subs/film.{language}.srt"``.

    Args:
        video: The picture.
        output: The files to write; None where only ``patches`` are wanted.
        languages: Their tags; or tag -> what that language has of its own, such as ``{"es": {}, "hi": {"tts":
            "espeak:hi"}}``.
        subtitles: Cue files in the new languages.
        voice: The voices, as :func:`dubkit.dub` takes them.
        settings: Settings of every stage.
        progress: Told how far the work is.
        finished: Told of each language as it is done or has failed.
        cluster: Work on a Ray cluster: ``auto`` for the one this machine belongs to, or else one of this machine alone;
            or where one answers, such as ``ray://head:10001``. Empty works here, without Ray.
        **options: As for :func:`dubkit.dub`.

    Raises:
        InputError, OutputError: if something given cannot be used for some language; said before any work.
        MissingDependencyError: if a cluster is wanted, and Ray is not installed.
    """
    began, settings = time.perf_counter(), settings or DubSettings()
    shared = {**options, "output": output, "subtitles": subtitles, "voice": voice}
    with ExitStack() as stack:
        asked = ask_languages(Path(video), languages, shared, stack)
        place = stack.enter_context(_place(asked))
        asked = tuple(replace(one, job=replace(one.job, work_dir=one.job.work_dir or place)) for one in asked)
        ready = _prepared(asked, settings)
        if cluster:
            from dubkit.cluster import Wanted, dub_on_cluster

            wanted = [Wanted(one, given.engine) for one, given in zip(ready, asked, strict=True)]
            done = dub_on_cluster(wanted, settings, cluster, progress, finished)
            return LanguagesReport(done, round(time.perf_counter() - began, 3))
        results = []
        for one in ready:
            results.append(_attempt(one, progress))
            if place is not None:
                _forget(Store(place))
            if finished is not None:
                finished(results[-1])
    return LanguagesReport(tuple(results), round(time.perf_counter() - began, 3))


@contextmanager
def _place(asked: Sequence[Asked]) -> Iterator[Path | None]:
    """A folder for what is kept as long as this run lasts, where a user wants nothing kept for longer; else None."""
    if all(open_store(one.job.work_dir) is not None for one in asked):
        yield None
        return
    with scratch_folder("languages") as folder:
        yield folder


def _forget(store: Store) -> None:
    for entry in list(store.entries()):
        if entry.kind in _FOR_ONE:
            store.remove(entry)


def _prepared(asked: Sequence[Asked], settings: DubSettings) -> list[Ready]:
    """All jobs made ready; what is wrong with any of them is said at once."""
    ready: list[Ready] = []
    wrong: dict[str, DubkitError] = {}
    for one in asked:
        try:
            ready.append(prepare(one.job, settings, one.engine, like=ready[0] if ready else None))
        except DubkitError as error:
            wrong[one.job.language] = error
    if len(wrong) == 1 and len(asked) == 1:
        raise next(iter(wrong.values()))
    if wrong:
        reasons = "; and for ".join(f"{language}: {error}" for language, error in wrong.items())
        raise InputError(f"no language was begun, because for {reasons}")
    return ready


def _attempt(ready: Ready, progress: LanguageProgress | None) -> LanguageResult:
    language, began = ready.job.language, time.perf_counter()

    def tell(stage: str, done: int, total: int) -> None:
        if progress is not None:
            progress(language, stage, done, total)

    return attempt(language, lambda: run_ready(ready, tell), began)
