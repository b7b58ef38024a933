"""The composer that editors call: the clips of a timeline, each dubbed or synced, as files to be laid over it."""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dubkit
from dubkit.errors import Cancelled, DubkitError, OutputError
from dubkit.host_run_clip import clip_result, run_clip
from dubkit.host_run_cut import check_clip
from dubkit.host_run_job import HostClipResult, HostJob, HostResult
from dubkit.host_run_lines import ClipLines, clip_lines, cues_of, heard_time, timeline_lines
from dubkit.lines import Lines
from dubkit.readiness import DubSettings, Ready, prepare
from dubkit.schema import DubJob

__all__ = ["HostStep", "run_host_job"]

_OK, _NOTHING_DONE, _SOME_FAILED = 0, 1, 3
_SHARES = {"cut": 12, "shots": 7, "faces": 22, "mouths": 8, "voices": 1, "levels": 3, "dub": 42, "check": 5}
"""Hundredths of a clip's time that its stages take, about, in their order."""
_VOICES = 0.1
"""Part of a job that preparing the voices is taken to be."""


@dataclass(frozen=True)
class HostStep:
    """How far a job is.

    Attributes:
        stage: What is being done.
        done: Steps of it that are behind us.
        total: Its steps.
        clip: Number of the clip; 0 for what concerns all of them.
        clips: How many there are.
        fraction: Part of the whole job that is done, 0 to 1; never falls.
    """

    stage: str
    done: int
    total: int
    clip: int
    clips: int
    fraction: float


def run_host_job(
    job: HostJob,
    settings: DubSettings | None = None,
    progress: Callable[[HostStep], None] | None = None,
    finished: Callable[[HostClipResult], None] | None = None,
) -> HostResult:
    """Do what an editor asks for: a picture file and a sound file for each clip, in the job's folder.

    A clip that fails costs no other. Of a run that is stopped nothing is left.

    Args:
        job: What is asked for.
        settings: Settings of every stage.
        progress: Told how far the work is; may raise :class:`dubkit.errors.Cancelled` to stop it.
        finished: Told of each clip as it is finished or has failed.

    Raises:
        InputError: if cues or voice cannot be used, so that no clip can be done.
        OutputError: if the job's folder cannot be written to.
    """
    started = time.perf_counter()
    run = _Run(job, settings or DubSettings(), progress, finished)
    _fresh(job.work)
    try:
        results = run.clips()
    except BaseException:
        run.forget()
        raise
    finally:
        shutil.rmtree(job.work, ignore_errors=True)
    failed = [result for result in results if result.status == "failed"]
    code = _SOME_FAILED if failed or any(result.failed_lines for result in results) else _OK
    if len(failed) == len(results):
        code = _NOTHING_DONE
    seconds = round(time.perf_counter() - started, 3)
    return HostResult(job.id, code, tuple(results), run.notes, dubkit.__version__, seconds)


def _fresh(folder: Path) -> None:
    """An empty ``folder``, whatever a run that was killed has left there."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror})", path=folder, remedy="give another folder for the job"
        ) from error


class _Run:
    """One job on its way.

    Attributes:
        notes: What is to be said of the whole job.
    """

    def __init__(
        self,
        job: HostJob,
        settings: DubSettings,
        progress: Callable[[HostStep], None] | None,
        finished: Callable[[HostClipResult], None] | None,
    ) -> None:
        self._job, self._settings = job, settings
        self._progress, self._finished = progress, finished
        self._fraction = 0.0
        self._results: dict[int, HostClipResult] = {}
        self._ready: Ready | None = None
        self.notes: tuple[str, ...] = ()

    def clips(self) -> list[HostClipResult]:
        """What became of each clip, in the job's order."""
        numbers = [number for number in range(1, len(self._job.clips) + 1) if self._can_be_done(number)]
        shares = self._lines(numbers) if self._job.operation == "dub" and numbers else {}
        for number in numbers:
            self._attempt(number, partial(self._made, number, shares.get(number)))
        return [self._results[number] for number in sorted(self._results)]

    def forget(self) -> None:
        """Leave nothing of what was finished: a run that is stopped has no result."""
        for result in self._results.values():
            for path in (result.picture, result.sound):
                if path:
                    Path(path).unlink(missing_ok=True)

    def _can_be_done(self, number: int) -> bool:
        def checked() -> None:
            check_clip(self._job.clips[number - 1], self._job.timeline.frame_rate)

        return self._attempt(number, checked)

    def _made(self, number: int, lines: ClipLines | None) -> None:
        def tell(stage: str, done: int, total: int) -> None:
            self._tell(stage, done, total, number)

        self._keep(number, run_clip(self._job, number, lines, self._settings, tell, self._prepared))

    def _prepared(self, job: DubJob, settings: DubSettings, lines: ClipLines | None) -> Ready:
        """The job made ready with the networks of the clip before: they are loaded once."""
        self._ready = prepare(job, settings, None, lines, self._ready)
        return self._ready

    def _attempt(self, number: int, work: Callable[[], None]) -> bool:
        """Whether ``work`` on a clip went well; if not, why is kept as its result."""
        try:
            work()
        except Cancelled:
            raise
        except DubkitError as error:
            self._keep(number, clip_result(self._job, number, "failed", str(error)))
        except Exception as error:  # noqa: BLE001 - one clip's defect must not cost the others
            reason = f"dubkit has a defect ({type(error).__name__}: {error}); please report it"
            notes = tuple(traceback.format_exc().splitlines()[-12:])
            self._keep(number, clip_result(self._job, number, "failed", reason, notes))
        else:
            return True
        return False

    def _keep(self, number: int, result: HostClipResult) -> None:
        self._results[number] = result
        if self._finished is not None:
            self._finished(result)

    def _lines(self, numbers: Sequence[int]) -> dict[int, ClipLines]:
        """What is heard in each clip."""
        job = self._job
        clips = {number: job.clips[number - 1] for number in numbers}
        cues, notes = cues_of(job, list(clips.values()))
        groups: dict[Path, list[int]] = {}
        for number, clip in clips.items():
            groups.setdefault(clip.source if job.cue_time == "source" else Path(), []).append(number)
        shares: dict[int, ClipLines] = {}
        for group, members in enumerate(groups.values(), 1):
            folder = job.work / f"voices{group}"
            folder.mkdir()
            lines = timeline_lines(
                job,
                cues,
                [clips[number] for number in members],
                folder,
                self._settings.lines,
                lambda done, total: self._tell("voices", done, total, 0),
            )
            notes = (*notes, *(note for note in lines.notes if note not in notes))
            shares.update(self._shares(lines, members, folder))
        self.notes = notes
        return shares

    def _shares(self, lines: Lines, numbers: Sequence[int], folder: Path) -> dict[int, ClipLines]:
        shares = {}
        for number in numbers:
            own = folder / f"{number:03}"
            own.mkdir()
            shares[number] = clip_lines(lines, heard_time(self._job, self._job.clips[number - 1]), own)
        return shares

    def _tell(self, stage: str, done: int, total: int, clip: int) -> None:
        if self._progress is None:
            return
        clips, part = len(self._job.clips), done / max(1, total)
        before = _VOICES if self._job.operation == "dub" else 0.0
        if clip:
            names = list(_SHARES)
            passed = sum(_SHARES[name] for name in names[: names.index(stage)]) if stage in _SHARES else 0
            within = (passed + part * _SHARES.get(stage, 0)) / 100
            reached = before + (1 - before) * (clip - 1 + within) / clips
        else:
            reached = before * part
        self._fraction = max(self._fraction, min(1.0, reached))
        self._progress(HostStep(stage, done, total, clip, clips, round(self._fraction, 4)))
