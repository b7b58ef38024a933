"""Languages on their way through a cluster.

A language is planned here: its film's analysis, its lines, its spans. Pieces of spans whose lips are not kept yet are
tasks, which keep what they draw where everybody finds it; then the language is finished as on a single machine, which
finds all lips there. What is lost on the way is drawn by that run, so that no worker's death costs more than time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from dubkit.compose import run_job, run_ready
from dubkit.dialogue import Voice, engine_from_anywhere
from dubkit.errors import Cancelled, DubkitError, OutputError
from dubkit.language_report import LanguageProgress, LanguageResult, attempt, failed_language
from dubkit.lip_tasks import LipFilm, LipPiece, draw_pieces, grouped, lip_film, lip_pieces
from dubkit.planning import plan_job
from dubkit.readiness import DubSettings, Ready
from dubkit.schema import DubJob, DubReport
from dubkit.scratch import scratch_folder
from dubkit.store import Recipe, open_store

__all__ = ["ClusterRun", "ClusterSettings", "Wanted"]

_MODELS = "DUBKIT_MODELS"
_MAYBE_FILES = ("model", "expert", "detector_model", "recognition_model")
_LOOK = 0.5  # seconds after which it is asked whether to stop


@dataclass(frozen=True)
class ClusterSettings:
    """How work is shared out.

    Attributes:
        fewest: Frames in a task at least: less is not worth asking a machine for.
        most: Frames in a task at most: what is lost with a worker that dies.
        turns: Tasks for each core that a language is cut into, if its frames are enough.
        waiting: Tasks for each core that are handed out at once.
        retries: How often a task is begun again whose worker died.
    """

    fewest: int = 128
    most: int = 1024
    turns: int = 4
    waiting: int = 4
    retries: int = 3


@dataclass(frozen=True, eq=False)
class Wanted:
    """A language that is wanted.

    Attributes:
        ready: Its job.
        engine: Speaks in place of what the job names; None for that.
    """

    ready: Ready
    engine: Voice | None = None


@dataclass(eq=False)
class _Language:
    """A language on its way."""

    wanted: Wanted
    began: float = field(default_factory=time.perf_counter)
    planned: bool = False
    tasks: dict[Any, int] = field(default_factory=dict)  # those that draw -> frames of each
    total: int = 0
    drawn: int = 0
    lost: int = 0
    defects: list[str] = field(default_factory=list)
    result: LanguageResult | None = None

    @property
    def tag(self) -> str:
        return self.wanted.ready.job.language


class ClusterRun:
    """All languages on their way.

    Args:
        ray: Ray, connected.
        wanted: The languages.
        settings: Settings of every stage.
        tell: Told how far the work is.
        finished: Told of each language.
        sharing: How work is shared out.
    """

    def __init__(
        self,
        ray: Any,
        wanted: Sequence[Wanted],
        settings: DubSettings,
        tell: LanguageProgress,
        finished: Callable[[LanguageResult], None] | None,
        sharing: ClusterSettings,
    ) -> None:
        self._ray, self._settings, self._tell, self._finished = ray, settings, tell, finished
        self._sharing, self._languages = sharing, [_Language(one) for one in wanted]
        self._cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._finishing: dict[Any, _Language] = {}
        self._shared = False  # whether it was seen that what others keep is found here
        self._draw = ray.remote(_draw)
        self._dub = ray.remote(_dub)

    def results(self) -> tuple[LanguageResult, ...]:
        """What became of each language, in order."""
        for language in self._languages:
            self._guarded(language, partial(self._plan, language))
            language.planned = True
            self._advance(language)
        while any(language.tasks for language in self._languages) or self._finishing:
            self._wait()
        return tuple(language.result for language in self._languages if language.result is not None)

    def stop(self) -> None:
        """Take back what is still to be done."""
        for task in [*self._finishing, *(task for language in self._languages for task in language.tasks)]:
            self._ray.cancel(task, force=True)

    def _plan(self, language: _Language) -> None:
        """Plan a language and hand out what is to be drawn for it."""
        ready, tag = _absolute(language.wanted.ready), language.tag
        with scratch_folder("cluster") as folder:
            plan = plan_job(ready, folder, lambda *at: self._tell(tag, *at), lambda _: None)
            film = lip_film(ready, plan)
            shared = self._ray.put(film)
            total = sum(len(span.frames) for span in plan.cast.spans)
            size = total // (self._sharing.turns * self._cores)
            size = min(max(size, self._sharing.fewest), self._sharing.most)
            for group in grouped(lip_pieces(ready, plan), size):
                while len(language.tasks) + len(self._finishing) >= self._sharing.waiting * self._cores:
                    self._wait()
                if language.result is not None:  # it failed meanwhile
                    return
                frames = sum(len(piece.span.frames) for piece in group)
                options = self._options(film.job, draws=True)
                task = self._draw.options(**options).remote(shared, group, _environment())
                language.tasks[task] = frames
                language.total += frames
                self._wait(0)

    def _options(self, job: DubJob, *, draws: bool) -> dict[str, Any]:
        """What a task takes of a machine."""
        gpu = job.device.startswith("cuda") or (
            job.device == "auto" and self._ray.cluster_resources().get("GPU", 0) >= 1
        )
        wants = gpu and (draws or job.enhancer is not None)
        return {"num_cpus": 1, "num_gpus": int(wants), "max_retries": self._sharing.retries}

    def _wait(self, seconds: float = _LOOK) -> None:
        """Take in what was done meanwhile, or is within some seconds."""
        drawing = {task: language for language in self._languages for task in language.tasks}
        done, _ = self._ray.wait([*drawing, *self._finishing], timeout=seconds)
        for task in done:
            if task in drawing:
                self._guarded(drawing[task], partial(self._take, drawing[task], task))
            else:
                language = self._finishing.pop(task)
                self._finish(language, partial(self._got, task))
        for language in dict.fromkeys(drawing.values()):
            if language.result is None:
                self._tell(language.tag, "lips", language.drawn, language.total)
            self._advance(language)

    def _take(self, language: _Language, task: Any) -> None:
        """Note that a task is done, that its worker died too often, or that it has a defect."""
        frames = language.tasks.pop(task)
        try:
            kept: tuple[Recipe, ...] = self._got(task)
        except self._ray.exceptions.RayTaskError as error:
            language.defects.append(f"{type(error.cause).__name__}: {error.cause}")
            return
        except self._ray.exceptions.RayError:
            language.lost += 1
            return
        language.drawn += frames
        if kept and not self._shared:
            store = open_store(language.wanted.ready.job.work_dir)
            if store is None or not store.look_up(kept[0]).found:
                raise OutputError(
                    "what the machines of the cluster keep there is not found here",
                    path=None if store is None else store.folder,
                    remedy="name a folder that all of them share, or a URL such as s3://..., with --work-dir",
                )
            self._shared = True

    def _got(self, task: Any) -> Any:
        """What a task gave.

        Raises:
            DubkitError: if that is what it raised.
            ray.exceptions.RayError: if its worker died, or it has a defect.
        """
        try:
            return self._ray.get(task)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, DubkitError):
                raise error.cause from None
            raise

    def _advance(self, language: _Language) -> None:
        """Finish a language whose lips are drawn: here, where it is the only one."""
        if not language.planned or language.tasks or language.result is not None:
            return
        if language in self._finishing.values():
            return
        ready = language.wanted.ready
        if len(self._languages) == 1:
            tag = language.tag
            self._finish(language, lambda: run_ready(ready, lambda *at: self._tell(tag, *at)))
            return
        job = _absolute(ready).job
        options = self._options(job, draws=False)
        if not options["num_gpus"]:
            job = replace(job, device="cpu")  # all that a GPU was wanted for has been drawn
        task = self._dub.options(**options).remote(job, self._settings, language.wanted.engine, _environment())
        self._finishing[task] = language

    def _finish(self, language: _Language, work: Callable[[], DubReport]) -> None:
        result = attempt(language.tag, work, language.began)
        if result.report is not None:
            result = replace(result, report=replace(result.report, output=language.wanted.ready.job.output))
        self._end(language, replace(result, notes=(*result.notes, *_notes(language))))

    def _guarded(self, language: _Language, work: Callable[[], None]) -> None:
        """Do ``work`` for a language; what goes wrong is its result, and the others go on."""
        if language.result is not None:
            return
        try:
            work()
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - as said above
            self._end(language, failed_language(language.tag, error, language.began))

    def _end(self, language: _Language, result: LanguageResult) -> None:
        language.result = result
        for task in language.tasks:
            self._ray.cancel(task, force=True)
        language.tasks.clear()
        if self._finished is not None:
            self._finished(result)


def _notes(language: _Language) -> Iterator[str]:
    """What went wrong in the drawing of a language, although it was made good."""
    made_good = "what they had to draw was drawn at the end"
    if language.lost:
        yield f"tasks lost with their workers: {language.lost}; {made_good}"
    if language.defects:
        yield f"tasks that failed: {len(language.defects)}, the first with {language.defects[0]}; {made_good}"


def _draw(film: LipFilm, group: tuple[LipPiece, ...], environment: dict[str, str]) -> tuple[Recipe, ...]:
    """Draw some pieces; on any machine."""
    os.environ.update(environment)
    return draw_pieces(film, group)


def _dub(job: DubJob, settings: DubSettings, engine: Voice | None, environment: dict[str, str]) -> DubReport:
    """Finish a language; on any machine."""
    os.environ.update(environment)
    return run_job(job, settings, engine=engine)


def _environment() -> dict[str, str]:
    """Where model files are, for machines that were not told."""
    listed = os.environ.get(_MODELS, "")
    return {_MODELS: os.pathsep.join(str(Path(one).absolute()) for one in listed.split(os.pathsep))} if listed else {}


def _absolute(ready: Ready) -> Ready:
    """``ready`` with files named as they are from any folder."""
    job = ready.job
    paths = {each.name: getattr(job, each.name) for each in fields(job)}
    found: dict[str, Any] = {name: path.absolute() for name, path in paths.items() if isinstance(path, Path)}
    found |= {name: str(Path(paths[name]).absolute()) for name in _MAYBE_FILES if Path(paths[name]).is_file()}
    found["tts"] = engine_from_anywhere(job.tts)
    store = open_store(job.work_dir)
    if store is not None:
        found["work_dir"] = Path(store.url) if store.url else store.folder.absolute()
    return replace(ready, job=replace(job, **found))
