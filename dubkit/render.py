"""Spans onto the picture: frames go through in order, those inside a span come out with a new mouth."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dubkit.ahead import ahead
from dubkit.blending import Enhancer, Match, Patch, fade, paste_mouth
from dubkit.drawing import DrawnFrame, Listen, OnFailure, References, draw_lips
from dubkit.faces import crop_region, from_crop
from dubkit.lips import LipRecords
from dubkit.lipsync import LipModel
from dubkit.render_settings import RenderSettings
from dubkit.schema import FaceTrack, Frame, Span
from dubkit.timing import FrameRange

__all__ = ["RenderSettings", "Rendered", "frame_bytes", "merged_runs", "render_spans"]

_Failure = tuple[Span, Exception]


@dataclass(frozen=True, eq=False)
class Rendered:
    """A frame of the result.

    Attributes:
        frame: The frame, changed or as it was.
        changed: What each span changed in it, in the order in which they did; empty where nothing was.
    """

    frame: Frame
    changed: Mapping[Span, Patch] = field(default_factory=dict)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What was changed, whoever did it."""
        return tuple(self.changed.values())


def render_spans(
    frames: Iterable[Frame],
    spans: Sequence[Span],
    tracks: Sequence[FaceTrack],
    model: LipModel,
    mel_windows: Listen,
    references: References,
    settings: RenderSettings,
    on_failure: OnFailure,
    enhancer: Enhancer | None = None,
    records: LipRecords | None = None,
) -> Generator[Rendered, None, None]:
    """Every frame that is given, in order, with the new mouths in.

    ``frames`` are read, and lips drawn, by threads of their own, as far ahead as the settings allow; they end when this
    generator is closed. ``on_failure`` and ``enhancer`` are called by the thread that asks for the results.

    A span that fails stays as it is. What can be known beforehand is: then all of it does. If the generator breaks in
    the middle of it, frames before have gone out already, and it stays as it is from there on.

    Args:
        frames: The frames as they are looked at, in order; those that are in no span may be missing.
        spans: What must change, sorted by their first frames.
        tracks: The face tracks the spans speak of.
        model: The generator.
        mel_windows: Gives the (frames of the span, bands, steps) mel windows of a piece of a span when its turn comes.
        references: Gives the reference of a face track for a span, where the generator wants another frame.
        settings: How.
        on_failure: Told of a span that could not be rendered, with those of its frames that stay as they were: all of
            them, or the rest where earlier ones are done.
        enhancer: Restores each face before it is blended in; None for none.
        records: Lips that are kept, and where new ones are; None for nowhere.
    """
    by_index = {track.index: track for track in tracks}
    blender = _Blender(spans, by_index, settings, on_failure, enhancer)

    def draw(read: Iterable[Frame], fail: OnFailure) -> Iterator[DrawnFrame]:
        return draw_lips(read, spans, by_index, model, mel_windows, references, records or LipRecords(), settings, fail)

    limit = settings.ahead_mib << 20
    with closing(ahead(_drawn(frames, draw, limit), limit, _drawn_bytes, "dubkit drawing")) as coming:
        for drawn, failures in coming:
            for failure in failures:
                on_failure(*failure)
            yield blender.blended(drawn)


def frame_bytes(frame: Frame) -> int:
    """Bytes of memory a frame takes."""
    return sum(plane.nbytes for plane in frame.planes)


def _drawn(
    frames: Iterable[Frame], draw: Callable[[Iterable[Frame], OnFailure], Iterator[DrawnFrame]], limit: int
) -> Iterator[tuple[DrawnFrame, list[_Failure]]]:
    """Drawn frames, each with the failures that came before it, of which the one who takes it may tell."""
    failures = list[_Failure]()
    with closing(ahead(frames, limit, frame_bytes, "dubkit reading")) as read:
        for drawn in draw(read, lambda span, error: failures.append((span, error))):
            told = failures.copy()
            failures.clear()
            yield drawn, told
    assert not failures, "a span fails with a frame that is still to come"


def _drawn_bytes(item: tuple[DrawnFrame, list[_Failure]]) -> int:
    drawn, _ = item
    return frame_bytes(drawn.frame) + sum(lips.nbytes for lips in drawn.lips.values())


class _Blender:
    """Blends lips into frames, one after the other."""

    def __init__(
        self,
        spans: Sequence[Span],
        tracks: Mapping[int, FaceTrack],
        settings: RenderSettings,
        on_failure: OnFailure,
        enhancer: Enhancer | None,
    ) -> None:
        self._tracks, self._settings = tracks, settings
        self._on_failure, self._enhancer = on_failure, enhancer
        self._runs = merged_runs(spans)
        self._matches: dict[int, Match] = {}
        self._failed: set[Span] = set()

    def blended(self, drawn: DrawnFrame) -> Rendered:
        """The frame with its lips in."""
        frame, changed = drawn.frame, dict[Span, Patch]()
        for span, lips in drawn.lips.items():
            if span in self._failed:
                continue
            try:
                patch = self._patch(frame, span, lips)
            except Exception as error:  # noqa: BLE001 - one failed line never costs the film
                self._failed.add(span)
                self._on_failure(replace(span, frames=FrameRange(frame.index, span.frames.stop)), error)
                continue
            frame, changed[span] = patch.frame, patch
        # What was measured is of use to the next frame alone.
        self._matches = {span.track: patch.match for span, patch in changed.items()}
        return Rendered(frame, changed)

    def _patch(self, frame: Frame, span: Span, lips: npt.NDArray[np.uint8]) -> Patch:
        track = self._tracks[span.track]
        row = frame.index - track.frames.start
        region = crop_region(track.boxes[row], self._settings.crop)
        return paste_mouth(
            frame,
            region,
            from_crop(lips.astype(np.float32) / np.float32(255), region),
            track.landmarks[row],
            self._settings.blend,
            self._opacity(span, frame.index),
            before=self._matches.get(track.index),
            seed=track.index,
            enhancer=self._enhancer,
        )

    def _opacity(self, span: Span, frame: int) -> float:
        run = next(run for run in self._runs[span.track] if frame in run)
        seen = self._tracks[span.track].frames
        return fade(
            frame - run.start,
            len(run),
            self._settings.blend.fade_frames,
            rises=run.start > seen.start,
            falls=run.stop < seen.stop,
        )


def merged_runs(spans: Sequence[Span]) -> dict[int, list[FrameRange]]:
    """Per face track the unbroken runs of changed frames: where one span follows another nothing fades."""
    runs: dict[int, list[FrameRange]] = {}
    for span in sorted(spans, key=lambda span: span.frames.start):
        known = runs.setdefault(span.track, [])
        if known and known[-1].stop >= span.frames.start:
            known[-1] = FrameRange(known[-1].start, max(known[-1].stop, span.frames.stop))
        else:
            known.append(span.frames)
    return runs
