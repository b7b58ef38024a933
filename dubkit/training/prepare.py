"""A folder of talking videos to clips to train on, through the product's own shots, faces and sound.

Three steps, each stored on its own and so repeated only where something it depends on has changed:

1. Every video is cut into clips: one face, seen and heard without a break (:mod:`dubkit.training.cut_video`).
2. With an expert, the offset between picture and sound of every clip is measured (:mod:`dubkit.training.measure`).
3. What is certain enough goes into the index, the rest into its list of what was dropped, with the reason
   (:mod:`dubkit.training.assemble`).

A clip in which another face is seen as well is only kept where an expert tells who speaks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from dubkit.errors import InputError
from dubkit.training.assemble import assemble
from dubkit.training.index import DroppedClip, TrainingIndex, write_index
from dubkit.training.measure import ClipSync
from dubkit.training.prepare_settings import DetectorChoice, PrepareSettings
from dubkit.training.prepare_steps import Judge, PrepareRun, VideoToCut
from dubkit.training.reasons import NOT_LISTED
from dubkit.training.splits import read_splits
from dubkit.training.stored import ClipStore, fingerprint

__all__ = ["VIDEO_ENDINGS", "prepare"]

VIDEO_ENDINGS = frozenset(
    f".{name}"
    for name in "3gp asf avi flv m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts webm wmv".split()  # noqa: SIM905 - a table
)
"""What a video is told by, in lower case."""

_VERSION = 1
"""Of the way clips are cut; a new one does all again."""


def prepare(
    folder: Path,
    output: Path,
    settings: PrepareSettings = PrepareSettings(),  # noqa: B008 - frozen, so it can be shared
    *,
    splits: Path | None = None,
    expert: Path | None = None,
    detector: DetectorChoice = DetectorChoice(),  # noqa: B008 - frozen, so it can be shared
    device: str = "auto",
    workers: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> TrainingIndex:
    """Prepare every video in a folder and in the folders within it.

    Nothing depends on the number of workers, nor on how often the run was stopped and begun again. A video that cannot
    be used is in the index's list of what was dropped, and costs nothing else.

    Args:
        folder: The videos.
        output: Where clips and index go; may hold what an earlier run left. One run at a time.
        settings: How.
        splits: A list as :func:`dubkit.training.splits.read_splits` has it; videos it does not name are left out.
            Without one a part is held out by a hash of the video's name.
        expert: The checkpoint of a lip-sync expert.
        detector: What finds faces.
        device: Where the expert runs: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        workers: Processes, each on one core; 0 for one per core, 1 for this process alone. Several need a main module
            that can be imported, as always with ``multiprocessing``.
        progress: Called with ("prepare", videos done, of how many), then ("measure", ...) likewise; may raise to stop.

    Returns:
        The index, as it was written.

    Raises:
        InputError: if there are no videos, or the list, the expert or the detector cannot be used.
        OutputError: if a result cannot be written.
        DubkitError: if no worker can be started.
    """
    found = _find_videos(folder, output)
    entries = {} if splits is None else read_splits(splits, list(found), settings.held_out_share)
    listed = [source for source in found if splits is None or source in entries]
    described = detector.build().describe()
    judge = None if expert is None else Judge(expert, device, settings)
    store = ClipStore(output)
    store.open()
    run = PrepareRun(store, settings, workers or os.cpu_count() or 1, progress or _unheard)
    videos = [VideoToCut(source, found[source], _mark(found[source], source, settings, described)) for source in listed]
    cut, lost = run.cut(videos, detector)
    measured: Mapping[str, ClipSync] | None = None
    if judge is not None:
        measured = run.measure(list(cut.values()), {video.source: video.mark for video in videos}, judge)
    lost += [DroppedClip(source, -1, 0.0, NOT_LISTED) for source in found if source not in set(listed)]
    index = assemble(list(cut.values()), measured, entries, lost, settings)
    write_index(output, index)
    return index


def _find_videos(folder: Path, output: Path) -> dict[str, Path]:
    """Path relative to ``folder`` -> video, sorted; hidden ones are left out."""
    if not folder.is_dir():
        raise InputError("there is no such folder", path=folder, remedy="give a folder of talking videos")
    found = {}
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix.lower() in VIDEO_ENDINGS and not hidden and output not in path.parents and path.is_file():
            found[inside.as_posix()] = path
    if not found:
        endings = " ".join(sorted(VIDEO_ENDINGS))
        raise InputError("holds no videos", path=folder, remedy=f"give a folder with files that end in {endings}")
    return dict(sorted(found.items()))


def _mark(path: Path, source: str, settings: PrepareSettings, detector: str) -> str:
    facts = path.stat()
    return fingerprint(_VERSION, source, facts.st_size, facts.st_mtime_ns, settings.cut, detector)


def _unheard(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody asked for."""
