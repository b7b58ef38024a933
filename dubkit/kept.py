"""What is kept of a film's picture from one run to the next: the references of its faces, and its new lips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dubkit.analysis import Analysis
from dubkit.lips import LipRecords
from dubkit.lipsync import Reference, find_model
from dubkit.places import model_folders
from dubkit.readiness import Ready
from dubkit.references import ReferenceLooker, ReferenceShelf, gather_references
from dubkit.schema import DubJob, Span
from dubkit.store import Store, file_content

__all__ = ["Kept", "model_digest", "open_kept"]


@dataclass(frozen=True, eq=False)
class Kept:
    """What is kept of one film for one generator.

    Attributes:
        store: Where; None where the user wants nothing kept.
        lips: The lips.
        shelf: The references; for this run alone where nothing is kept.
        wanted: Whether the generator wants references.
    """

    store: Store | None
    lips: LipRecords
    shelf: ReferenceShelf
    wanted: bool

    def looker(self, analysis: Analysis) -> ReferenceLooker | None:
        """What chooses the references of all face tracks while the film passes by; None where they are known."""
        missing = [track for track in analysis.tracks if not self.shelf.knows(track)] if self.wanted else []
        return ReferenceLooker(missing, self.shelf) if missing else None

    def gather(self, ready: Ready, analysis: Analysis, spans: Sequence[Span]) -> None:
        """Choose the references of the faces of ``spans`` that are not known yet, where they are wanted.

        Raises:
            MediaError: if the film cannot be read.
            OutputError: if they cannot be written.
        """
        if self.wanted:
            spoken = {span.track for span in spans}
            tracks = [track for track in analysis.tracks if track.index in spoken]
            gather_references(ready.job.video, ready.picture, analysis.times, tracks, self.shelf)


def model_digest(job: DubJob, store: Store | None = None) -> str:
    """What the lips that the generator of ``job`` draws depend on: its weights, and the precision it is run with.

    What was asked for, not what it comes to here: "auto" draws alike on every device, and what one of them has drawn
    is good for the others.
    """
    weights = file_content(find_model(job.model, folders=model_folders()), store)
    return f"{weights.digest} {job.precision}"


def open_kept(ready: Ready, store: Store | None, folder: Path) -> Kept:
    """What is kept for ``ready`` in ``store``.

    Args:
        ready: The job.
        store: Where things are kept; None for nowhere.
        folder: Where references lie as long as the run lasts, where nothing is kept or can be.
    """
    settings, config, video = ready.settings.render, ready.model.config, ready.job.video
    digest, lips = "", LipRecords(settings=settings)
    if store is not None:
        content = file_content(video, store)
        digest = content.digest
        lips = LipRecords(store, digest, model_digest(ready.job, store), settings, video.name, content.unchanged)
    shelf = ReferenceShelf(
        store or Store(folder), digest, config.image_size, settings.crop, settings.reference_every, video.name,
        spare=Store(folder),
    )  # fmt: skip
    return Kept(store, lips, shelf, config.reference is not Reference.SAME)
