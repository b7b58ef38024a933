"""A whole dub: the clips that can be done, dubkit as another process, and what comes back onto the timeline.

The menu script of Studio does it here, in Resolve's own Python. For the Lua of the free edition :func:`answer_order`
does all but the reading and the writing of the timeline, in the Python in which dubkit is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..bridge.host import HostError
from ..bridge.job import CANCEL_FILE, Job, JobError, new_job_id, read_result
from ..bridge.placing import plan_placement
from ..bridge.planning import choose
from ..bridge.records import Clip, Placed, PlacementPlan, Timeline
from ..bridge.runner import Runner, RunnerError, run_job
from ..bridge.tags import parse_tag
from .adapter import ResolveHost
from .order import clip_of, placed_of, plan_document, timeline_of
from .settings import Settings, read_settings

__all__ = ["JOBS", "Dub", "answer_order", "cancel_dubs", "dub_clips", "dub_selection", "remove_dubs"]

JOBS = "jobs"
_PAUSE = 0.2
"""Seconds between looks at what dubkit does."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Dub:
    """What became of the clips.

    Attributes:
        job: What was asked for.
        plan: What comes onto the timeline; nothing where no clip was done.
        notes: What was refused or odd, a sentence each.
    """

    job: Job
    plan: PlacementPlan
    notes: tuple[str, ...] = field(default=())


def dub_clips(
    settings: Settings,
    folder: Path,
    host: str,
    timeline: Timeline,
    clips: Sequence[Clip],
    placed: Sequence[Placed],
    say: Say,
) -> Dub:
    """Dub those of ``clips`` that can be done; returns when dubkit is through.

    Args:
        settings: What the user wants.
        folder: Where our jobs are.
        host: Program and version.
        timeline: The timeline.
        clips: What the user means.
        placed: What lies there from earlier dubs.
        say: Told how far it is.

    Raises:
        HostError: if nothing could be done, and why.
    """
    choice = choose(clips, timeline)
    refused = tuple(refusal.reason for refusal in choice.refused)
    if not choice.tasks:
        raise HostError(
            "; ".join(refused) or "no clip is selected, none lies in the marked range, none at the playhead"
        )
    identity = new_job_id()
    job = Job(
        timeline,
        choice.tasks,
        output=str(folder / JOBS / identity),
        language=settings.language,
        subtitles=settings.subtitles,
        cue_time=settings.cue_time,
        voice=settings.voice,
        tts="" if settings.voice else settings.tts,
        picture=settings.picture,
        sound=settings.sound,
        options=settings.options,
        host=host,
        identity=identity,
    )
    try:
        runner = run_job(settings.program, job, environment=settings.environment)
        message = _wait(runner, say)
        if message:
            raise HostError(message)
        result = read_result(job)
    except (JobError, RunnerError) as error:
        raise HostError(str(error)) from error
    said = [*refused, *result.notes, *(note for clip in result.clips for note in (clip.reason, *clip.notes) if note)]
    return Dub(job, plan_placement(job, result, timeline, placed), tuple(said))


def _wait(runner: Runner, say: Say) -> str:
    """Wait for dubkit, and end it if the script is stopped; what went wrong, or nothing."""
    last = ""
    try:
        finished = False
        while not finished:
            finished = runner.finished  # looked at first: what it said last is then in the poll
            for words in filter(None, map(_words, runner.poll())):
                if words != last:
                    last = words
                    say(words)
            time.sleep(0 if finished else _PAUSE)
    finally:
        if not runner.finished:
            runner.close()
    outcome = runner.outcome()
    if outcome.cancelled:
        return "the dub was cancelled; the timeline is as it was"
    return "" if outcome.has_result else outcome.message or "dubkit ended without a result"


def _words(event: dict[str, Any]) -> str:
    if event.get("event") != "progress":
        return ""
    fraction = event.get("fraction")
    share = f" {round(100 * fraction)} %" if isinstance(fraction, (int, float)) else ""
    return f"{event.get('stage', '')}{share}"


def dub_selection(resolve: Any, folder: Path, host: ResolveHost | None = None) -> tuple[str, ...]:
    """Dub what is selected in Resolve and put it on the timeline; what the user should know.

    Args:
        resolve: Resolve's own object of that name.
        folder: Our folder.
        host: Another host, for tests.

    Raises:
        HostError: naming what failed; the timeline is then as it was, if it does not say otherwise.
    """
    host = host or ResolveHost(resolve, str(folder / JOBS))
    settings = read_settings(folder)
    notes = [*host.clean_up(), *host.cautions()]
    timeline, clips = host.timeline(), host.selection()
    dub = dub_clips(settings, folder, host.name, timeline, clips, host.placed(), host.notify)
    notes += dub.notes
    if not dub.plan.placements:
        raise HostError("; ".join(["nothing came out of it", *notes]))
    plan = plan_placement(dub.job, read_result(dub.job), host.timeline(), host.placed())
    host.place(plan)
    return tuple(notes)


def remove_dubs(resolve: Any, folder: Path) -> int:
    """Remove every dub in the language of the settings from the open timeline; how many clips that were."""
    host = ResolveHost(resolve, str(folder / JOBS))
    host.clean_up()
    language = read_settings(folder).language
    return host.remove([one.tag for one in host.placed() if parse_tag(one.tag).language == language])


def cancel_dubs(folder: Path) -> int:
    """Ask every dub that may be under way to stop; how many were asked."""
    jobs = [job for job in (folder / JOBS).glob("*/job.json") if not job.with_name("result.json").exists()]
    for job in jobs:
        job.with_name(CANCEL_FILE).touch()
    return len(jobs)


def answer_order(path: Path, say: Say) -> None:
    """Do what the Lua's order in the file ``path`` asks for; what comes of it is written beside it, as ``plan.json``.

    The answer holds ``notes`` and ``plan``, or ``error``.
    """
    answer: dict[str, Any]
    folder = path.parent
    try:
        order = json.loads(path.read_text("utf-8"))
        settings = read_settings(folder)
        clips = [clip_of(one) for one in order["clips"]]
        placed = [placed_of(one) for one in order["placed"]]
        timeline = timeline_of(order["timeline"])
        dub = dub_clips(settings, folder, order["host"], timeline, clips, placed, say)
        answer = {"plan": plan_document(dub.plan), "notes": list(dub.notes)}
        if not dub.plan.placements:
            answer = {"error": "; ".join(["nothing came out of it", *dub.notes])}
    except (HostError, OSError, ValueError, KeyError, TypeError) as error:
        answer = {"error": str(error)}
    part = folder / "plan.json.part"
    part.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    part.replace(folder / "plan.json")
