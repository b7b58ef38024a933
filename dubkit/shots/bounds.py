"""From cuts, black stretches and dissolves to shots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from dubkit.schema import Image, Shot
from dubkit.shots.dissolve import Dissolve, DissolveKind
from dubkit.timing import FrameRange

__all__ = ["Bounds", "shots_between"]

_FLAT = 8.0  # standard deviation below which a picture is of one colour
_LIT = 24.0  # difference of two such pictures that a fade does not step over
_NEAR = 2  # frames by which the ends of a fade are uncertain


class Bounds:
    """Gathers where shots begin, and settles what was found twice."""

    def __init__(self) -> None:
        self._cuts: set[int] = set()
        self._black: set[int] = set()
        self._out_of_flat: set[int] = set()

    def cut(self, frame: int, *, before: Image, after: Image) -> None:
        """A shot begins at ``frame``, which shows ``after``; the frame before it shows ``before``.

        Where neither shows anything it is the first or last step of a fade, and no shot begins.
        """
        if before.std() >= _FLAT:
            self._cuts.add(frame)
        elif after.std() >= _FLAT or abs(after.mean() - before.mean()) >= _LIT:
            self._cuts.add(frame)
            self._out_of_flat.add(frame)

    def black(self, frame: int) -> None:
        """The picture is black from ``frame`` on."""
        self._black.add(frame)

    def shots(self, count: int, dissolves: Sequence[Dissolve]) -> tuple[Shot, ...]:
        """The shots of a film of ``count`` frames.

        A cut found within a dissolve was a step of it. A picture that fades in has begun with the flat picture before
        it, so that its first step out of that is no cut. A picture that fades out has ended where it is flat.
        """
        cuts = set(self._cuts)
        blends = [dissolve.frames for dissolve in dissolves if dissolve.kind is DissolveKind.DISSOLVE]
        for dissolve in dissolves:
            frames = dissolve.frames
            inside = {cut for cut in cuts if frames.start - _NEAR <= cut < frames.stop + _NEAR}
            if dissolve.kind is DissolveKind.DISSOLVE:
                cuts -= {cut for cut in inside if cut in frames}
                continue
            cuts -= inside & self._out_of_flat
            if dissolve.kind is DissolveKind.FADE_OUT:
                cuts -= {cut for cut in inside if frames.start + _NEAR < cut < frames.stop - _NEAR}
                ends = range(frames.start, frames.stop + _NEAR + 1)
                if not any(frame in ends for frame in cuts | self._black):
                    cuts.add(frames.stop)
        return shots_between(count, cuts | self._black, blends)


def shots_between(count: int, cuts: Iterable[int], dissolves: Iterable[FrameRange] = ()) -> tuple[Shot, ...]:
    """The shots of a film, each beginning at a cut or in the middle of a dissolve.

    Args:
        count: Frames of the film.
        cuts: First frames of shots; those not inside the film are left out.
        dissolves: The frames of each dissolve.
    """
    middles = {(frames.start + frames.stop) // 2: frames for frames in dissolves}
    bounds = sorted({0, count} | {frame for frame in {*cuts, *middles} if 0 < frame < count})
    shots = []
    for index, (start, stop) in enumerate(pairwise(bounds)):
        arriving, leaving = middles.get(start), middles.get(stop)
        shots.append(
            Shot(
                index,
                FrameRange(start, stop),
                dissolve_in=0 if arriving is None else min(arriving.stop, stop) - start,
                dissolve_out=0 if leaving is None else stop - max(leaving.start, start),
            )
        )
    return tuple(shots)
