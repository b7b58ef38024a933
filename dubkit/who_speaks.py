"""The composer of casting: what a job says of who speaks, what the original shows of it, and what comes of the two."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from dubkit.analysis import Analysis
from dubkit.cast_tables import read_cast_tables
from dubkit.casting import (
    CastSettings,
    CastSpans,
    cast_faces,
    cast_lines,
    cast_notes,
    check_cues_named,
    check_people_named,
)
from dubkit.errors import ModelError, OutputError
from dubkit.faces import FaceEmbedder, choose_embedder
from dubkit.faces.fingerprint import file_fingerprint
from dubkit.lines import Lines
from dubkit.lipsync import SyncModel, find_expert, load_expert
from dubkit.media.aside import check_target
from dubkit.original_speech import SPEECH_VERSION, Onlooker, SpeechSettings, watch_speech
from dubkit.places import model_folders
from dubkit.schema import Cast, DubJob, OriginalSpeech, dumps
from dubkit.sounding import sounding_times
from dubkit.store import Recipe, Store, file_content
from dubkit.stored import stored_record

__all__ = ["CastTools", "cast_film", "check_cues", "check_people", "open_cast", "watch_original"]

_NONE = "none"


@dataclass(frozen=True, eq=False)
class CastTools:
    """What tells who speaks, opened and found usable.

    Attributes:
        cast: What the cast file says of faces.
        embedder: What knows people again; None where there is nothing but colours and light.
        told_apart: What tells people apart, for people.
        expert: The lip-sync expert; None where there is none.
        cast_by: What tells who speaks, for people.
        expert_print: What the expert's answers depend on; empty where there is none.
    """

    cast: Cast
    embedder: FaceEmbedder | None
    told_apart: str
    expert: SyncModel | None
    cast_by: str
    expert_print: str = ""


def open_cast(job: DubJob, networks: CastTools | None = None) -> CastTools:
    """Open the cast file and the networks of ``job``.

    Args:
        job: The job.
        networks: Those of a job that asks for the same ones, to be used again; None loads them.

    Raises:
        InputError: if the cast file cannot be used.
        ModelError: if a network that was asked for cannot.
        OutputError: if the sheet cannot be written.
        MissingDependencyError: naming the package.
    """
    if job.cast_sheet is not None:
        if job.cast_sheet.suffix.lower() != ".png":
            raise OutputError("is no name for a picture", path=job.cast_sheet, remedy="let it end in .png")
        check_target(job.cast_sheet)
    cast = Cast() if job.cast is None else cast_faces(read_cast_tables(job.cast), job.cast)
    if networks is not None:
        return replace(networks, cast=cast)
    embedder, told_apart = choose_embedder(job.recognition_model, folders=model_folders())
    tools = CastTools(cast, embedder, told_apart, None, "how mouths move")
    if job.expert == _NONE:
        return tools
    try:
        path = find_expert(job.expert, folders=model_folders())
    except ModelError as error:
        if job.expert:
            raise
        return replace(tools, cast_by=f"{tools.cast_by}: {error.problem}")
    expert = load_expert(path, job.device)
    words = f"{tools.cast_by}, and what the lip-sync expert {expert.name} says"
    return replace(tools, expert=expert, cast_by=words, expert_print=file_fingerprint(path))


def check_cues(tools: CastTools, job: DubJob, numbers: Collection[int]) -> None:
    """Make sure that the cast file speaks of cues that there are.

    Raises:
        InputError: naming one that is not there.
    """
    if job.cast is not None:
        check_cues_named(tools.cast, numbers, job.cast)


def check_people(tools: CastTools, job: DubJob, analysis: Analysis) -> None:
    """Make sure that the cast file speaks of people who are in the film.

    Raises:
        InputError: naming one who is not, and who is.
    """
    if job.cast is not None:
        check_people_named(tools.cast, {track.identity for track in analysis.tracks}, job.cast)


def watch_original(
    job: DubJob,
    analysis: Analysis,
    tools: CastTools,
    settings: SpeechSettings,
    progress: Callable[[str, int, int], None],
    store: Store | None = None,
    onlooker: Onlooker | None = None,
) -> OriginalSpeech:
    """What the original of ``job`` shows of who speaks; nothing where it is a still image or shows no face.

    ``onlooker`` looks on if the film has to be decoded for it.
    """
    still = analysis.media.video is not None and analysis.media.video.is_still
    if still or not analysis.tracks:
        return OriginalSpeech()

    def watch() -> OriginalSpeech:
        return watch_speech(job.video, analysis, tools.expert, settings, progress, onlooker)

    if store is None:
        return watch()
    content = file_content(job.video, store)
    facts = {
        "video": content.digest,
        "tracks": hashlib.blake2b(dumps(analysis.tracks, indent=None).encode(), digest_size=16).hexdigest(),
        "settings": dumps(settings, indent=None),
        "expert": tools.expert_print,
    }
    recipe = Recipe("speech", SPEECH_VERSION, facts)
    return stored_record(store, recipe, OriginalSpeech, watch, job.video.name, content.unchanged).record


def cast_film(
    job: DubJob, tools: CastTools, analysis: Analysis, speech: OriginalSpeech, lines: Lines, settings: CastSettings
) -> tuple[CastSpans, tuple[str, ...]]:
    """Who speaks each line of ``job``, what of it must change, and what there is to say of the whole.

    Args:
        job: The job.
        tools: What tells who speaks.
        analysis: What was found in its video.
        speech: What its original shows of who speaks.
        lines: What is heard.
        settings: How lines are cast.
    """
    still = analysis.media.video is not None and analysis.media.video.is_still
    if job.subtitles is None or still:
        # Somebody asked for this very face to speak.
        settings = replace(settings, decide=replace(settings.decide, off_screen=0.0))
    if job.silence:
        settings = replace(settings, need=replace(settings.need, silence=job.silence))
    cast = cast_lines(
        lines.lines,
        analysis.shots,
        analysis.tracks,
        analysis.times,
        settings,
        speech=speech,
        cast=tools.cast,
        sounding=sounding_times(lines),
    )
    notes = cast_notes(tools.cast, [line.cue for line in lines.lines]) if job.cast is not None else ()
    return cast, notes
