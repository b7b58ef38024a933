"""The two long steps of preparation: what is stored already is taken, the rest is worked off in processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from dubkit.errors import DubkitError, InputError
from dubkit.lipsync import SyncModel, choose_device, load_expert
from dubkit.training.cut_video import CutVideo, cut_video
from dubkit.training.index import DroppedClip
from dubkit.training.measure import ClipSync, VideoSync, measure_video
from dubkit.training.prepare_settings import CutSettings, DetectorChoice, PrepareSettings
from dubkit.training.reasons import DEFECT, DIED, UNREADABLE
from dubkit.training.stored import ClipStore, fingerprint
from dubkit.training.workers import Check, Died, Work, in_workers

__all__ = ["Judge", "PrepareRun", "VideoToCut"]

_VERSION = 1
"""Of the way offsets are measured; a new one does all again."""


class _Job(Protocol):
    @property
    def source(self) -> str: ...


J = TypeVar("J", bound=_Job)
R = TypeVar("R")


@dataclass(frozen=True)
class VideoToCut:
    """A video.

    Attributes:
        source: Its path relative to the folder that is prepared.
        path: Where it lies.
        mark: Fingerprint of all that its clips depend on.
    """

    source: str
    path: Path
    mark: str


@dataclass(frozen=True)
class _ClipsToMeasure:
    video: CutVideo
    mark: str

    @property
    def source(self) -> str:
        return self.video.source


class Judge:
    """The expert that was asked for: found usable before any long work, and made again in every process.

    Args:
        path: Its checkpoint.
        device: Where it runs.
        settings: What is prepared, and how it judges.

    Attributes:
        device: The device found.
        mark: Fingerprint of all that decides what it says.

    Raises:
        InputError: if it cannot be used.
    """

    def __init__(self, path: Path, device: str, settings: PrepareSettings) -> None:
        self.device = str(choose_device(device))
        self._path = path
        config = self.load().config
        if (config.image_size, config.mel) != (settings.cut.image_size, settings.cut.mel):
            raise InputError(
                f"judges crops of {config.image_size} pixels and the mel spectrogram of the published networks",
                path=path,
                remedy="prepare such crops and sounds, or leave the expert out",
            )
        self.mark = fingerprint(
            _VERSION, hashlib.sha256(path.read_bytes()).hexdigest(), settings.sync, settings.least_judged
        )

    def load(self) -> SyncModel:
        """The expert, on its device."""
        return load_expert(self._path, self.device)


@dataclass(frozen=True)
class PrepareRun:
    """What both steps need.

    Attributes:
        store: Where results are.
        settings: How.
        workers: Processes.
        progress: Called with (step, videos done, of how many); may raise to stop.
    """

    store: ClipStore
    settings: PrepareSettings
    workers: int
    progress: Callable[[str, int, int], None]

    def cut(
        self, videos: Sequence[VideoToCut], detector: DetectorChoice
    ) -> tuple[dict[str, CutVideo], list[DroppedClip]]:
        """Step 1: source -> what was cut of it; and the videos over which a process died."""
        found = {video.source: cut for video in videos for cut in self.store.find_cut(video.source, video.mark)}
        build = partial(_cutter, self.store, detector, self.settings.cut)
        died = self._finish("prepare", build, videos, found, self.workers)
        lost = [DroppedClip(source, -1, 0.0, DIED, "run again to try again") for source in died]
        return {video.source: found[video.source] for video in videos if video.source in found}, lost

    def measure(self, videos: Sequence[CutVideo], marks: Mapping[str, str], judge: Judge) -> dict[str, ClipSync]:
        """Step 2: name of a clip -> what was measured; those over which a process died are left out."""
        jobs = [_ClipsToMeasure(video, fingerprint(marks[video.source], judge.mark)) for video in videos if video.clips]
        found = {job.source: sync for job in jobs for sync in self.store.find_sync(job.source, job.mark)}
        build = partial(_measurer, self.store, judge, self.settings)
        # One process feeds a graphics card; several would only share it.
        self._finish("measure", build, jobs, found, self.workers if judge.device == "cpu" else 1)
        return {clip.name: clip for video in found.values() for clip in video.clips}

    def _finish(
        self, step: str, build: Callable[[], Work[J, R]], jobs: Sequence[J], found: dict[str, R], workers: int
    ) -> list[str]:
        """Do the jobs that nothing is ``found`` of yet, and add what they give; returns those that died."""
        missing = [job for job in jobs if job.source not in found]
        done, died = len(found), []
        self.progress(step, done, len(jobs))
        for job, result in in_workers(build, missing, workers):
            if isinstance(result, Died):
                died.append(job.source)
            else:
                found[job.source] = result
            done += 1
            self.progress(step, done, len(jobs))
        return died


def _cutter(store: ClipStore, choice: DetectorChoice, settings: CutSettings) -> Work[VideoToCut, CutVideo]:
    detector = choice.build()

    def cut(video: VideoToCut, check: Check) -> CutVideo:
        store.forget_cut(video.source)
        try:
            found = cut_video(
                video.path, video.source, store.folder, detector, settings, lambda _stage, _done, _total: check()
            )
        except InputError as error:
            found = _nothing(video, UNREADABLE, error.problem)
        except DubkitError:
            raise
        except Exception as error:  # noqa: BLE001 - one bad file never costs the others
            # Not stored: it is tried again, perhaps with the defect mended.
            return _nothing(video, DEFECT, f"{type(error).__name__}: {error}")
        store.keep_cut(video.mark, found)
        return found

    return cut


def _nothing(video: VideoToCut, reason: str, detail: str) -> CutVideo:
    return CutVideo(video.source, dropped=(DroppedClip(video.source, -1, 0.0, reason, detail),))


def _measurer(store: ClipStore, judge: Judge, settings: PrepareSettings) -> Work[_ClipsToMeasure, VideoSync]:
    expert = judge.load()

    def measure(job: _ClipsToMeasure, check: Check) -> VideoSync:
        found = measure_video(job.video, store.folder, expert, settings, check)
        store.keep_sync(job.mark, found)
        return found

    return measure
