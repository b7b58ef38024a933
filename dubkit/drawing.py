"""New lips for the frames of a film: taken from what is kept, or drawn in batches filled across spans and shots.

What is drawn for a frame depends on nothing but its span: not on other spans, not on where a window or a batch ends,
not on what was kept. Every batch has the same shape, because a network's last bits depend on it, and on nothing else
in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dubkit.blending import read_region
from dubkit.errors import RecordError
from dubkit.faces import crop_region, to_crop
from dubkit.lips import LipRecords, Lips, pieces
from dubkit.lipsync import LipModel, Reference, synthesize
from dubkit.render_settings import RenderSettings
from dubkit.schema import FaceTrack, Frame, Span
from dubkit.store import Recipe
from dubkit.timing import FrameRange

__all__ = ["DrawnFrame", "Listen", "OnFailure", "References", "draw_lips"]

_Crops = npt.NDArray[np.float32]

Listen = Callable[[Span], npt.NDArray[np.float32]]
"""Gives the (frames of the span, bands, steps) mel windows of a span, or of a piece of one."""

References = Callable[[FaceTrack, FrameRange], npt.NDArray[np.float32]]
"""Gives the (size, size, 3) reference of a face track for the frames of a span."""

OnFailure = Callable[[Span, Exception], None]
"""Told of a span that cannot be rendered, with those of its frames that stay as they were."""


@dataclass(eq=False)
class DrawnFrame:
    """A frame and the lips that go into it.

    Attributes:
        frame: The frame as it was.
        lips: Span -> (size, size, 3) uint8 BGR: the face with its new lips; in the order of the spans.
    """

    frame: Frame
    lips: dict[Span, npt.NDArray[np.uint8]] = field(default_factory=dict)
    waiting: set[Span] = field(default_factory=set)


def draw_lips(
    frames: Iterable[Frame],
    spans: Sequence[Span],
    tracks: Mapping[int, FaceTrack],
    model: LipModel,
    listen: Listen,
    references: References,
    records: LipRecords,
    settings: RenderSettings,
    on_failure: OnFailure,
) -> Iterator[DrawnFrame]:
    """Every frame that is given, in order, with the lips that go into it.

    Args:
        frames: The frames as they are looked at, in order; those that are in no span may be missing.
        spans: What must change.
        tracks: Number of each face track the spans speak of -> the track.
        model: The generator.
        listen: What is heard in a span; asked piece by piece.
        references: Whom to draw, where the generator wants another frame than the one it changes.
        records: Lips that are kept, and where new ones are.
        settings: How.
        on_failure: Told of spans that cannot be drawn.
    """
    drawer = _Drawer(spans, tracks, model, listen, references, records, settings, on_failure)
    held: deque[DrawnFrame] = deque()
    for frame in frames:
        held.append(drawer.take(frame))
        size = len(held) * sum(plane.nbytes for plane in frame.planes)
        if held[0].waiting and (len(held) >= settings.window_frames or size >= settings.window_mib << 20):
            drawer.draw()
        while held and not held[0].waiting:
            yield held.popleft()
    drawer.draw()
    yield from held


@dataclass(eq=False)
class _Piece:
    """The lips of a piece of a span, as far as they are drawn."""

    span: Span
    frames: FrameRange
    recipe: Recipe
    windows: npt.NDArray[np.float32]
    reference: _Crops
    lips: Lips
    left: int


@dataclass(eq=False)
class _Row:
    """A face that is to be drawn."""

    target: DrawnFrame
    piece: _Piece
    crop: _Crops

    @property
    def number(self) -> int:
        """Its row in the piece."""
        return self.target.frame.index - self.piece.frames.start


class _Drawer:
    def __init__(
        self,
        spans: Sequence[Span],
        tracks: Mapping[int, FaceTrack],
        model: LipModel,
        listen: Listen,
        references: References,
        records: LipRecords,
        settings: RenderSettings,
        on_failure: OnFailure,
    ) -> None:
        # The next one last, where it is cheap to take.
        self._coming = sorted(spans, key=lambda span: span.frames.start)[::-1]
        self._here: list[Span] = []
        self._pieces: dict[Span, _Piece] = {}
        self._rows: list[_Row] = []
        self._tracks, self._model = tracks, model
        self._same_reference = model.config.reference is Reference.SAME
        self._listen, self._references, self._records = listen, references, records
        self._settings, self._on_failure = settings, on_failure

    def take(self, frame: Frame) -> DrawnFrame:
        """The frame, waiting for the lips that are not there; full batches are drawn."""
        drawn = DrawnFrame(frame)
        while self._coming and self._coming[-1].frames.start <= frame.index:
            self._begin(self._coming.pop(), frame)
        for span in [span for span in self._here if frame.index >= span.frames.stop]:
            self._end(span)
        for span in list(self._here):
            try:
                self._take(drawn, span)
            except Exception as error:  # noqa: BLE001 - one failed line never costs the film
                self._fail(span, frame.index, error)
        while len(self._rows) >= self._settings.synthesis.batch_size:
            self._draw_batch()
        return drawn

    def draw(self) -> None:
        """Draw what waits, also in a batch that is not full."""
        while self._rows:
            self._draw_batch()

    def _begin(self, span: Span, frame: Frame) -> None:
        """Open a span; what can be known to fail in it fails before anything of it is changed."""
        for row, box in enumerate(self._tracks[span.track].part(span.frames).boxes):
            if not crop_region(box, self._settings.crop).meets(frame.width, frame.height):
                where = span.frames.start + row
                self._on_failure(span, RecordError(f"its face lies outside the picture in frame {where}"))
                return
        self._here.append(span)

    def _end(self, span: Span) -> None:
        self._here.remove(span)
        self._pieces.pop(span, None)

    def _take(self, drawn: DrawnFrame, span: Span) -> None:
        frame = drawn.frame
        piece = self._pieces.get(span)
        if piece is None or frame.index not in piece.frames:
            part = next(part for part in pieces(span.frames) if frame.index in part)
            piece = self._pieces[span] = self._opened(span, part)
        if len(piece.lips) and not piece.left:
            drawn.lips[span] = piece.lips[frame.index - piece.frames.start]
            return
        track = self._tracks[span.track]
        region = crop_region(track.boxes[frame.index - track.frames.start], self._settings.crop)
        crop = to_crop(read_region(frame, region), self._model.config.image_size)
        drawn.lips[span] = np.zeros(0, np.uint8)  # its place among the others
        drawn.waiting.add(span)
        self._rows.append(_Row(drawn, piece, crop))

    def _opened(self, span: Span, part: FrameRange) -> _Piece:
        track, size = self._tracks[span.track], self._model.config.image_size
        windows = self._listen(replace(span, frames=part))
        reference = np.zeros(0, np.float32) if self._same_reference else self._references(track, span.frames)
        recipe = self._records.recipe(track, part, windows, reference)
        shape = (len(part), size, size, 3)
        lips = self._records.find(recipe, shape)
        if len(lips):
            self._records.count(span, len(part), reused=True)
            return _Piece(span, part, recipe, windows[:0], reference, lips, 0)
        return _Piece(span, part, recipe, windows, reference, np.zeros(shape, np.uint8), len(part))

    def _draw_batch(self) -> None:
        size = self._settings.synthesis.batch_size
        rows, self._rows = self._rows[:size], self._rows[size:]
        try:
            self._draw(rows)
        except Exception:  # noqa: BLE001 - one failed line never costs the film
            self._draw_apart(rows)

    def _draw_apart(self, rows: Sequence[_Row]) -> None:
        """Draw what failed together once more, span by span: only those fail that do so by themselves."""
        for span in dict.fromkeys(row.piece.span for row in rows):
            mine = [row for row in rows if row.piece.span == span]
            try:
                self._draw(mine)
            except Exception as error:  # noqa: BLE001 - as above
                self._fail(span, mine[0].target.frame.index, error, mine)

    def _draw(self, rows: Sequence[_Row]) -> None:
        given = [*rows, *[rows[-1]] * (self._settings.synthesis.batch_size - len(rows))]
        crops = np.stack([row.crop for row in given])
        references = crops if self._same_reference else np.stack([row.piece.reference for row in given])
        windows = np.stack([row.piece.windows[row.number] for row in given])
        made = synthesize(self._model, crops, references, windows, self._settings.synthesis)[: len(rows)]
        lips = np.asarray(np.rint(np.clip(made, 0, 1) * 255), np.uint8)
        for row, face in zip(rows, lips, strict=True):
            piece = row.piece
            piece.lips[row.number] = row.target.lips[piece.span] = face
            row.target.waiting.discard(piece.span)
            piece.left -= 1
            self._records.count(piece.span, 1, reused=False)
            if not piece.left:
                self._records.keep(piece.recipe, piece.lips)

    def _fail(self, span: Span, frame: int, error: Exception, rows: Sequence[_Row] = ()) -> None:
        """Leave ``span`` alone from ``frame`` on; ``rows`` are those of its faces that could not be drawn."""
        dropped = [row for row in self._rows if row.piece.span == span and row.target.frame.index >= frame]
        self._rows = [row for row in self._rows if row not in dropped]
        for row in (*rows, *dropped):
            row.target.waiting.discard(span)
            row.target.lips.pop(span, None)
        if span in self._here:
            self._end(span)
        self._on_failure(replace(span, frames=FrameRange(frame, span.frames.stop)), error)
