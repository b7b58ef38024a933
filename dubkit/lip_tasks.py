"""Lips drawn ahead of the run that needs them, by whoever can reach the film: a piece of a span each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dubkit.drawing import draw_lips
from dubkit.errors import DubkitError, InputError, ModelError
from dubkit.kept import model_digest
from dubkit.lips import LipRecords, pieces
from dubkit.lipsync import LipModel, load_model
from dubkit.listening import SpanListener
from dubkit.picture_in import chosen_frames
from dubkit.places import model_folders
from dubkit.planning import Plan
from dubkit.readiness import Ready
from dubkit.render_settings import RenderSettings
from dubkit.schema import DubJob, FaceTrack, Span, VideoInfo
from dubkit.store import Recipe, Store, file_content
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["LipFilm", "LipPiece", "draw_pieces", "grouped", "lip_film", "lip_pieces"]


@dataclass(frozen=True, eq=False)
class LipFilm:
    """What all pieces of a job have in common.

    Attributes:
        job: The job.
        size: Bytes of its film.
        digest: Hash of them.
        model: What the generator's results depend on.
        settings: How crops are cut and the generator is run.
        picture: The film's picture.
        times: When its frames are shown.
        store: Folder or URL of what is kept.
    """

    job: DubJob
    size: int
    digest: str
    model: str
    settings: RenderSettings
    picture: VideoInfo
    times: FrameTimes
    store: str

    def seen(self) -> bool:
        """Whether the film lies here too, as far as its size tells."""
        try:
            return self.job.video.stat().st_size == self.size
        except OSError:
            return False


@dataclass(frozen=True, eq=False)
class LipPiece:
    """A piece of a span.

    Attributes:
        span: The span, in the frames of the piece.
        track: Its face track, in the same frames.
        windows: (frames, bands, steps) what is heard.
        reference: (size, size, 3) whom to draw; empty where each frame is its own reference.
    """

    span: Span
    track: FaceTrack
    windows: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32]


def lip_film(ready: Ready, plan: Plan) -> LipFilm:
    """What all pieces of a job have in common.

    Raises:
        InputError: if nothing is kept, so that nobody could find what was drawn.
    """
    store = plan.kept.store
    if store is None:
        raise InputError("nothing is kept, so nothing can be drawn ahead", remedy="name a folder with --work-dir")
    video = ready.job.video.absolute()
    return LipFilm(
        replace(ready.job, video=video),
        video.stat().st_size,
        file_content(video, store).digest,
        model_digest(ready.job, store),
        ready.settings.render,
        ready.picture,
        plan.analysis.times,
        store.url or str(store.folder.absolute()),
    )


def lip_pieces(ready: Ready, plan: Plan) -> Iterator[LipPiece]:
    """The pieces whose lips are not kept yet, in film order; none of spans that cannot be drawn.

    Raises:
        MediaError: if the film cannot be read.
    """
    store, kept = plan.kept.store, plan.kept
    kept.gather(ready, plan.analysis, plan.cast.spans)
    tracks = {track.index: track for track in plan.analysis.tracks}
    listen = SpanListener(plan.lines, plan.analysis.times, ready.model, plan.cast.held)
    for span in plan.cast.spans:
        track = tracks[span.track]
        for part in pieces(span.frames):
            piece = replace(span, frames=part)
            try:
                reference = kept.shelf.reference(track, span.frames) if kept.wanted else np.zeros(0, np.float32)
                windows = listen(piece)
            except DubkitError:  # the run that needs it will say so
                break
            recipe = kept.lips.recipe(track, part, windows, reference)
            if store is None or not store.look_up(recipe).found:
                yield LipPiece(piece, track.part(part), windows, reference)


def grouped(found: Iterable[LipPiece], frames: int) -> Iterator[tuple[LipPiece, ...]]:
    """Pieces put together until they hold so many frames."""
    held: list[LipPiece] = []
    for piece in found:
        held.append(piece)
        if sum(len(one.span.frames) for one in held) >= frames:
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)


def draw_pieces(film: LipFilm, given: Sequence[LipPiece]) -> tuple[Recipe, ...]:
    """Draw the lips of some pieces and keep them: what is kept now.

    A piece that cannot be drawn is left out; the run that needs it will say why.

    Args:
        film: The film.
        given: The pieces.

    Raises:
        InputError: if the film or the model is not here.
        MediaError: if the film cannot be read.
    """
    _check_film(film)
    model = _loaded(film.job.model, film.job.device.partition(":")[0], film.job.precision)
    if model_digest(film.job) != film.model:
        raise ModelError(f"{model.name} is another model here", remedy="give all machines the same model file")
    store = Store(film.store)
    records = LipRecords(store, film.digest, film.model, film.settings, film.job.video.name, film.seen)
    # Each piece is a span with a face of its own, so that two pieces of one face may lie far apart.
    spans = [replace(piece.span, track=number) for number, piece in enumerate(given)]
    tracks = {number: replace(piece.track, index=number) for number, piece in enumerate(given)}
    inside = np.zeros(len(film.times), bool)
    for span in spans:
        inside[span.frames.start : span.frames.stop] = True

    def reference(track: FaceTrack, _: FrameRange) -> npt.NDArray[np.float32]:
        return given[track.index].reference

    failed: list[int] = []
    drawn = draw_lips(
        chosen_frames(film.job.video, film.picture, film.times, inside),
        spans,
        tracks,
        model,
        lambda span: given[span.track].windows,
        reference,
        records,
        film.settings,
        lambda span, _: failed.append(span.track),
    )
    for _ in drawn:
        pass
    return tuple(
        records.recipe(tracks[number], span.frames, given[number].windows, given[number].reference)
        for number, span in enumerate(spans)
        if number not in failed
    )


def _check_film(film: LipFilm) -> None:
    if not film.seen():
        raise InputError(
            "is not there on every machine of the cluster, or is another file on one",
            path=film.job.video,
            remedy="put it where all of them find it under this name",
        )


@lru_cache(maxsize=1)
def _loaded(name: str, device: str, precision: str) -> LipModel:
    """The generator; a worker draws many pieces with one."""
    return load_model(name, device, folders=model_folders(), precision=precision)
