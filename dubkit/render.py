"""Spans onto the picture: frames go through in order, those inside a span come out with a new mouth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dubkit.blending import BlendSettings, Enhancer, Match, Patch, fade, paste_mouth, read_region
from dubkit.errors import RecordError
from dubkit.faces import CropSettings, crop_region, from_crop, to_crop
from dubkit.lipsync import LipModel, Reference, ReferenceChooser, SynthesisSettings, synthesize
from dubkit.schema import FaceCrops, FaceTrack, Frame, Span
from dubkit.timing import FrameRange

__all__ = ["RenderSettings", "Rendered", "render_spans"]


@dataclass(frozen=True)
class RenderSettings:
    """How spans are rendered.

    Attributes:
        window_frames: Frames held and synthesized together, at most.
        window_mib: Mebibytes of frames held, at most.
        reference_every: Frames between two looks for a better reference.
        reference_frames: First frames of a span that may still become its reference.
        crop: How a crop lies around its face.
        blend: How the mouth is blended in.
        synthesis: How the generator is run.
    """

    window_frames: int = 32
    window_mib: int = 192
    reference_every: int = 5
    reference_frames: int = 8
    crop: CropSettings = field(default_factory=CropSettings)
    blend: BlendSettings = field(default_factory=BlendSettings)
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)


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
    mel_windows: Callable[[Span], npt.NDArray[np.float32]],
    settings: RenderSettings,
    on_failure: Callable[[Span, Exception], None],
    enhancer: Enhancer | None = None,
) -> Iterator[Rendered]:
    """Every frame that is given, in order, with the new mouths in.

    Args:
        frames: The whole picture as it is looked at, in order; frames that are in no span and that no reference is
            sought in may be missing.
        spans: What must change, sorted by their first frames.
        tracks: The face tracks the spans speak of.
        model: The generator.
        mel_windows: Gives the (frames of the span, bands, steps) mel windows of a span when its turn comes.
        settings: How.
        on_failure: Told of a span that could not be rendered, with those of its frames that stay as they were: all of
            them, or the rest where earlier ones are done.
        enhancer: Restores each face before it is blended in; None for none.
    """
    by_index = {track.index: track for track in tracks}
    renderer = _Renderer(spans, by_index, model, mel_windows, settings, on_failure, enhancer)
    window: list[Frame] = []
    for frame in frames:
        if window and frame.index != window[-1].index + 1:
            yield from renderer.render(window)
            window = []
        if not renderer.admit(frame):
            yield from renderer.render(window)
            window = []
            yield Rendered(frame)
            continue
        window.append(frame)
        held = len(window) * sum(plane.nbytes for plane in frame.planes)
        full = len(window) >= settings.window_frames or held >= settings.window_mib << 20
        if full and renderer.has_references():
            yield from renderer.render(window)
            window = []
    yield from renderer.render(window)


@dataclass(eq=False)
class _Active:
    """A span whose turn it is."""

    span: Span
    windows: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32] | None = None


class _Renderer:
    def __init__(
        self,
        spans: Sequence[Span],
        tracks: Mapping[int, FaceTrack],
        model: LipModel,
        mel_windows: Callable[[Span], npt.NDArray[np.float32]],
        settings: RenderSettings,
        on_failure: Callable[[Span, Exception], None],
        enhancer: Enhancer | None,
    ) -> None:
        in_order = sorted(spans, key=lambda span: span.frames.start)
        self._waiting = in_order[::-1]  # the next one last, where it is cheap to take
        self._active: list[_Active] = []
        self._tracks = tracks
        self._model = model
        self._same_reference = model.config.reference is Reference.SAME
        self._mel_windows = mel_windows
        self._settings = settings
        self._on_failure = on_failure
        self._enhancer = enhancer
        self._matches: dict[int, Match] = {}
        self._references = ReferenceChooser()
        self._runs = _merged_runs(spans)
        # Sorted by start, and spans of one track do not overlap: the last one of a track ends last.
        self._last_use = {span.track: span.frames.stop for span in in_order}
        used = sorted((tracks[index] for index in self._last_use), key=lambda track: track.frames.start)
        self._coming, self._here = used[::-1], list[FaceTrack]()
        self._ended: dict[int, _Active] = {}

    def admit(self, frame: Frame) -> bool:
        """Open the spans that start at ``frame``; whether any span covers it."""
        self._open(frame)
        if not self._same_reference:
            for track in self._followed(frame):
                if frame.index % self._settings.reference_every == 0:
                    self._look(track, frame)
            self._settle_references(frame)
        return any(frame.index in active.span.frames for active in self._active)

    def _open(self, frame: Frame) -> None:
        while self._waiting and self._waiting[-1].frames.start <= frame.index:
            span = self._waiting.pop()
            before = self._ended.get(span.track)
            reference = (
                before.reference if before is not None and before.span.frames.stop == span.frames.start else None
            )
            try:
                active = _Active(span, self._mel_windows(span), reference)
            except Exception as error:  # noqa: BLE001 - one failed line never costs the film
                self._on_failure(span, error)
                continue
            self._active.append(active)
            if not self._same_reference:  # nothing is handed on, and so nothing kept, where each frame is its own
                self._ended[span.track] = active

    def _followed(self, frame: Frame) -> Iterator[FaceTrack]:
        """The face tracks that are seen in ``frame`` and have spans now or later."""
        while self._coming and self._coming[-1].frames.start <= frame.index:
            self._here.append(self._coming.pop())
        for track in list(self._here):
            if frame.index >= self._last_use[track.index] + self._settings.window_frames:
                self._references.forget(track.index)
                self._ended.pop(track.index, None)
                self._here.remove(track)
            elif frame.index in track.frames and track.visible[frame.index - track.frames.start]:
                yield track

    def has_references(self) -> bool:
        """Whether every active span knows its reference; only then may a window end."""
        return self._same_reference or all(active.reference is not None for active in self._active)

    def render(self, window: Sequence[Frame]) -> Iterator[Rendered]:
        """The frames of ``window`` with every active span's mouths in."""
        if not window:
            return
        results = {frame.index: Rendered(frame) for frame in window}
        for active in list(self._active):
            frames = [results[frame.index].frame for frame in window if frame.index in active.span.frames]
            if not frames:
                continue
            if active.span.frames.stop <= window[-1].index + 1:
                self._active.remove(active)
            try:
                patches = self._patches(active, frames)
            except Exception as error:  # noqa: BLE001 - one failed line never costs the film
                self._on_failure(
                    replace(active.span, frames=FrameRange(frames[0].index, active.span.frames.stop)), error
                )
                if active in self._active:
                    self._active.remove(active)
                continue
            for patch in patches:
                before = results[patch.frame.index]
                results[patch.frame.index] = Rendered(patch.frame, {**before.changed, active.span: patch})
        # What was measured is of use to the next frame alone.
        last = window[-1].index
        self._matches = {track: match for track, match in self._matches.items() if match.frame == last}
        yield from results.values()

    def _patches(self, active: _Active, frames: Sequence[Frame]) -> list[Patch]:
        """``frames`` (all inside the span) with the span's mouths in."""
        span, track = active.span, self._tracks[active.span.track]
        crops = self._cut(track, frames)
        references = crops.images
        if not self._same_reference:
            assert active.reference is not None, "a window ends after the references of its spans are known"
            references = active.reference[None]
        rows = [frame.index - span.frames.start for frame in frames]
        mouths = synthesize(self._model, crops.images, references, active.windows[rows], self._settings.synthesis)
        patches = []
        for frame, region, mouth in zip(frames, crops.regions, mouths, strict=True):
            patch = paste_mouth(
                frame,
                region,
                from_crop(mouth, region),
                track.landmarks[frame.index - track.frames.start],
                self._settings.blend,
                self._opacity(span, frame.index),
                before=self._matches.get(track.index),
                seed=track.index,
                enhancer=self._enhancer,
            )
            self._matches[track.index] = patch.match
            patches.append(patch)
        return patches

    def _cut(self, track: FaceTrack, frames: Sequence[Frame]) -> FaceCrops:
        boxes = [track.boxes[frame.index - track.frames.start] for frame in frames]
        regions = tuple(crop_region(box, self._settings.crop) for box in boxes)
        size = self._model.config.image_size
        images = [to_crop(read_region(frame, region), size) for frame, region in zip(frames, regions, strict=True)]
        return FaceCrops(np.stack(images), regions)

    def _settle_references(self, frame: Frame) -> None:
        """Let ``frame`` be a span's reference if it is among the span's first, and choose when it is the last of these.

        Settled here, frame by frame, so that the result does not depend on where windows end.
        """
        for active in list(self._active):
            if active.reference is not None:
                continue
            span, track = active.span, self._tracks[active.span.track]
            self._look(track, frame)
            last = min(span.frames.stop, span.frames.start + self._settings.reference_frames) - 1
            if frame.index >= last and self._references.knows(track.index):
                yaw = float(np.median(track.part(span.frames).yaw))
                active.reference = self._references.best(track.index, yaw)
            elif frame.index >= last:
                self._active.remove(active)
                self._on_failure(span, RecordError(f"its face lies outside the picture in {span.frames}"))

    def _look(self, track: FaceTrack, frame: Frame) -> None:
        with suppress(RecordError):  # a box filled in between detections may lie beyond the picture's edge
            row = frame.index - track.frames.start
            crop = self._cut(track, [frame]).images[0]
            self._references.look(track.index, crop, float(track.yaw[row]), bool(track.covered[row]))

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


def _merged_runs(spans: Sequence[Span]) -> dict[int, list[FrameRange]]:
    """Per face track the unbroken runs of changed frames: where one span follows another nothing fades."""
    runs: dict[int, list[FrameRange]] = {}
    for span in sorted(spans, key=lambda span: span.frames.start):
        known = runs.setdefault(span.track, [])
        if known and known[-1].stop >= span.frames.start:
            known[-1] = FrameRange(known[-1].start, max(known[-1].stop, span.frames.stop))
        else:
            known.append(span.frames)
    return runs
