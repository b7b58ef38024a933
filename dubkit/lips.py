"""New lips kept for the next run: what the generator drew for a piece of a span, by everything it depends on.

Lips are kept as they come from the generator, before they are blended in: another way of blending uses them again. They
are rounded to 8 bits whether they are kept or not, so that the film is the same in either case.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dubkit.errors import OutputError, RecordError
from dubkit.render_settings import RenderSettings
from dubkit.schema import FaceTrack, Span, dumps
from dubkit.store import Recipe, Store
from dubkit.timing import FrameRange

__all__ = ["LIPS_VERSION", "LipRecords", "Lips", "pack_lips", "pieces", "unpack_lips"]

LIPS_VERSION = 1
"""Of what is drawn by the same settings; to be raised with every change that draws something else."""

Lips: TypeAlias = npt.NDArray[np.uint8]
"""(n, size, size, 3) uint8 BGR: faces with new lips, one for each frame."""

_PIECE = 128
"""Frames that are kept together. Pieces begin at multiples of it, so that a span that grows keeps what it had."""


def pieces(frames: FrameRange) -> Iterator[FrameRange]:
    """``frames`` in the pieces in which their lips are drawn and kept."""
    start = frames.start
    while start < frames.stop:
        stop = min(frames.stop, (start // _PIECE + 1) * _PIECE)
        yield FrameRange(start, stop)
        start = stop


class LipRecords:
    """The lips of one film and one generator that are kept.

    Args:
        store: Where; None keeps nothing.
        video: Hash of the film's bytes.
        model: What the generator's results depend on: its weights, and the precision it is run with.
        settings: How crops are cut and the generator is run.
        about: The film's name, for people.
        still_true: Asked before something is kept: whether the film is still what ``video`` says.
    """

    def __init__(
        self,
        store: Store | None = None,
        video: str = "",
        model: str = "",
        settings: RenderSettings = RenderSettings(),  # noqa: B008 - frozen, so it can be shared
        about: str = "",
        still_true: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store, self._about, self._still_true = store, about, still_true
        self._facts = {
            "video": video,
            "model": model,
            "crop": dumps(settings.crop, indent=None),
            # Batches have one shape, and a face does not depend on the others in its batch.
            "synthesis": dumps(replace(settings.synthesis, batch_size=1), indent=None),
        }
        self._notes: dict[str, None] = {}
        self._spans: dict[tuple[int, int, FrameRange], Counter[bool]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about what is kept, each thing once."""
        return tuple(self._notes)

    @property
    def spans(self) -> int:
        """How many spans have new lips."""
        return len(self._spans)

    @property
    def reused(self) -> int:
        """Of how many of them all lips were there."""
        return sum(not counts[False] for counts in self._spans.values())

    def count(self, span: Span, frames: int, *, reused: bool) -> None:
        """Note that the lips of ``frames`` frames of ``span`` were drawn, or were there."""
        key = span.line, span.track, span.frames
        self._spans.setdefault(key, Counter())[reused] += frames

    def recipe(
        self,
        track: FaceTrack,
        frames: FrameRange,
        windows: npt.NDArray[np.float32],
        reference: npt.NDArray[np.float32],
    ) -> Recipe:
        """What the lips of one piece of a face track depend on.

        Args:
            track: The face track.
            frames: The piece.
            windows: (frames, bands, steps) what is heard.
            reference: (size, size, 3) whom to draw; empty where each frame is its own reference.
        """
        boxes = track.part(frames).boxes
        facts = {"frames": f"{frames.start}-{frames.stop}"}
        for name, values in (("boxes", boxes), ("windows", windows), ("reference", reference)):
            facts[name] = hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=16).hexdigest()
        return Recipe("lips", LIPS_VERSION, {**self._facts, **facts})

    def find(self, recipe: Recipe, shape: tuple[int, int, int, int]) -> Lips:
        """The lips that are kept for ``recipe``, of this shape; none (0 frames) where there are none to be used."""
        if self._store is not None:
            found = self._store.look_up(recipe)
            trouble = found.trouble
            if found.found:
                try:
                    return unpack_lips(found.data, shape)
                except RecordError as error:
                    trouble = f"cannot be used ({error})"
            if trouble:
                self._notes[f"lips that were kept before were drawn again: their file {trouble}"] = None
        return np.zeros((0, *shape[1:]), np.uint8)

    def keep(self, recipe: Recipe, lips: Lips) -> None:
        """Keep ``lips``; where that cannot be, the notes say so."""
        if self._store is None:
            return
        if not self._still_true():
            self._notes[f"{self._about} was changed meanwhile, so its lips were not kept"] = None
            return
        try:
            self._store.keep(recipe, pack_lips(lips), f"{self._about}, frames {recipe.facts['frames']}")
        except OutputError as error:
            self._notes[f"the lips could not be kept for the next run: {error}"] = None


def pack_lips(lips: Lips) -> bytes:
    """Lips as bytes, without a loss: 7.6 kB a face of 96 pixels, in 0.4 ms (PNG: 13 kB; lossless WebP: 9 kB in 11 ms).

    What differs from the frame before, blue and red less green, one colour after the other, in codes as long as they
    are rare: repeats of bytes are not worth looking for.
    """
    apart = lips.copy()
    apart[..., 0] -= lips[..., 1]
    apart[..., 2] -= lips[..., 1]
    changes = apart.copy()
    changes[1:] -= apart[:-1]
    packer = zlib.compressobj(1, strategy=zlib.Z_HUFFMAN_ONLY)
    return packer.compress(np.ascontiguousarray(changes.transpose(3, 0, 1, 2)).tobytes()) + packer.flush()


def unpack_lips(data: bytes, shape: tuple[int, int, int, int]) -> Lips:
    """The lips in ``data``.

    Raises:
        RecordError: if there are none of this shape in it.
    """
    try:
        values = np.frombuffer(zlib.decompress(data), np.uint8)
    except zlib.error as error:
        raise RecordError(f"not packed lips ({error})") from error
    if values.size != int(np.prod(shape)):
        raise RecordError(f"lips of another size than {shape}")
    changes = values.reshape(shape[3], *shape[:3]).transpose(1, 2, 3, 0)
    lips = np.cumsum(changes, axis=0, dtype=np.uint8)  # beyond 255 they begin at 0 again, as the differences did
    lips[..., 0] += lips[..., 1]
    lips[..., 2] += lips[..., 1]
    return np.ascontiguousarray(lips)
