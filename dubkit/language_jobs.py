"""One film into several languages: the job of each, out of what is said once for all of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from dubkit.deliverables import Delivery
from dubkit.dialogue import Voice
from dubkit.errors import InputError
from dubkit.given import VoiceLike, given_voice
from dubkit.options import DubOptions, job_from
from dubkit.schema import DubJob

__all__ = ["Asked", "LanguageOptions", "ask_languages", "check_apart", "filled"]

_TAG = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_COMMAND = "command:"


class _Files(TypedDict, total=False):
    output: str | os.PathLike[str] | None
    subtitles: str | os.PathLike[str]
    voice: VoiceLike | None


class LanguageOptions(DubOptions, _Files):
    """What one language has of its own: any option of :func:`dubkit.dub`, its output, subtitles and voice."""


@dataclass(frozen=True, eq=False)
class Asked:
    """One language that is asked for.

    Attributes:
        job: What is to be done.
        engine: Speaks in place of what the job names; None for that.
    """

    job: DubJob
    engine: Voice | None = None


def filled(value: object, language: str, video: Path) -> Any:
    """``value`` with ``{language}`` replaced, and ``{film}`` by the film's path without its ending.

    What is no text or path stays as it is, and so does a voice command, which has placeholders of its own.
    """
    if not isinstance(value, str | os.PathLike):
        return value
    text = os.fspath(value)
    if isinstance(text, bytes) or text.startswith(_COMMAND):
        return value
    return text.replace("{language}", language).replace("{film}", str(video.with_suffix("")))


def ask_languages(
    video: Path,
    languages: Sequence[str] | Mapping[str, LanguageOptions],
    options: Mapping[str, Any],
    stack: ExitStack,
) -> tuple[Asked, ...]:
    """The job of each language.

    Args:
        video: The film.
        languages: Their tags; or tag -> what that language has of its own.
        options: What holds for all: options of :func:`dubkit.dub`, output, subtitles and voice.
        stack: Voices given as sound in memory are files until it is closed.

    Raises:
        InputError: if a tag is none, or is there twice, or two languages would write one file.
        RecordError: if options contradict one another.
    """
    own: Mapping[str, Mapping[str, Any]] = (
        languages if isinstance(languages, Mapping) else {tag: {} for tag in languages}
    )
    if not own or len(own) < len(languages):
        problem = "a language is named twice" if own else "no language is named"
        raise InputError(problem, remedy="name each language once, such as es,de,hi")
    for tag in own:
        if not _TAG.fullmatch(tag):
            raise InputError(f"{tag!r} is not the tag of a language", remedy="use tags such as es or pt-BR")
    asked = tuple(_asked(video, tag, _merged(options, more), stack) for tag, more in own.items())
    check_apart({one.job.language: dict(_targets(one.job)) for one in asked})
    _check_sources([one.job for one in asked])
    return asked


def check_apart(targets: Mapping[str, Mapping[str, Path]]) -> None:
    """Refuse languages that would write over one another's files.

    Args:
        targets: Language -> what is written -> where.

    Raises:
        InputError: naming the option that lacks ``{language}``.
    """
    taken: dict[Path, str] = {}
    for language, files in targets.items():
        for option, path in files.items():
            other = taken.setdefault(path.resolve(), language)
            if other != language:
                raise InputError(
                    f"would be written by {other} and by {language} ({option})",
                    path=path,
                    remedy="put {language} into its name",
                )


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for a language; its own voice or engine takes the place of the other."""
    values = {**shared, **own}
    if own.get("tts"):
        values["voice"] = own.get("voice")
    elif own.get("voice") is not None:
        values["tts"] = ""
    return values


def _asked(video: Path, language: str, values: dict[str, Any], stack: ExitStack) -> Asked:
    values = {name: filled(value, language, video) for name, value in values.items()}
    output = values.pop("output", None)
    if values.get("subtitles") is None:
        raise InputError(f"there are no subtitles for {language}", remedy="say where they are")
    given = stack.enter_context(given_voice(values.pop("voice", None)))
    values |= {"voice": given.path, "language": language}
    if given.engine is not None:
        values["tts"] = given.engine.name
    return Asked(job_from(video, output, values), given.engine)


def _targets(job: DubJob) -> Iterator[tuple[str, Path]]:
    """What is written, by the option that says where; the names of patches hold the language."""
    for option in ("output", "picture", "cast_sheet"):
        path = getattr(job, option)
        if path is not None:
            yield option, path
    folder = job.deliver or job.patches
    if folder is not None:
        for path in Delivery.of(folder, job).files:
            yield path.name, path


def _check_sources(jobs: Sequence[DubJob]) -> None:
    """Refuse that one language writes what another one reads."""
    written = {path.resolve(): job.language for job in jobs for _, path in _targets(job)}
    for job in jobs:
        for path in (job.subtitles, job.voice, job.cast, job.stems, job.cuts, job.video):
            other = written.get(path.resolve()) if path is not None else None
            if path is not None and other is not None:
                raise InputError(
                    f"is given for {job.language}, and would be written by {other}",
                    path=path,
                    remedy="give another output file",
                )
