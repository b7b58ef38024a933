"""Patches: each changed span as a clip of its own, to be laid over the original."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from dubkit.blending import overlay_of
from dubkit.clip_records import ClipRecords, span_groups
from dubkit.conform import check_timeline_library
from dubkit.deliverables import check_delivery
from dubkit.errors import Cancelled, InputError, MediaError, OutputError
from dubkit.media import MasterWriter, WriteSettings, opacity_format, turned_frame, with_opacity
from dubkit.media.aside import left_behind
from dubkit.patch_timeline import Grid, PatchClip
from dubkit.render import Rendered
from dubkit.schema import DubJob, Frame, Span, VideoInfo
from dubkit.timing import FrameTimes

__all__ = ["PatchClips", "check_patches"]

_FULL = "full"
_FORMS = {"prores": ("prores_ks", ".mov"), "ffv1": ("ffv1", ".mkv"), _FULL: ("ffv1", ".mkv")}
"""Encoder and container of each form. FFmpeg puts no FFV1 into MOV."""


def check_patches(job: DubJob, picture: VideoInfo) -> None:
    """Refuse, before any work, patches that cannot be made.

    Raises:
        InputError, OutputError: saying why.
        MissingDependencyError: if OpenTimelineIO is not installed.
    """
    if job.patches is None:
        return
    if picture.is_still:
        raise InputError("is one picture, and patches lie over a film", path=job.video, remedy="leave the patches out")
    check_timeline_library()
    check_delivery(replace(job, deliver=job.patches))


class PatchClips:
    """Writes the clips of a film's spans while its frames pass by.

    Use it as a context manager. A clip appears under its name, such as ``film.es.0007.face2.mov``, when its last frame
    is written; of a span that fails, and of those that are not whole when the block ends, nothing is left. A clip that
    is there already, as it would be written, is left as it is.

    Args:
        job: Where to, and in which form.
        picture: The picture.
        times: When each of its frames is shown.
        spans: All spans there will be.
        grid: Where each frame lies on a timeline.
        records: Which clips are there.

    Attributes:
        missing: The spans to be rendered for the clips that are not there: with each also those it is blended with.

    Raises:
        OutputError: on entering, if the folder cannot be made.
    """

    def __init__(
        self,
        job: DubJob,
        picture: VideoInfo,
        times: FrameTimes,
        spans: Sequence[Span],
        grid: Grid,
        records: ClipRecords | None = None,
    ) -> None:
        assert job.patches is not None
        self._folder, self._picture, self._times, self._grid = job.patches, picture, times, grid
        self._form, self._notes = job.patch_format, dict[str, None]()
        if self._form != _FULL:
            try:
                opacity_format(picture.pixel_format)
            except MediaError as error:
                self._form = _FULL
                self._notes[f"the patches are whole frames: {error.problem}"] = None
        self._start = f"{job.video.stem}.{job.language}."
        self._names: dict[tuple[int, int], str] = {}
        numbers = Counter[tuple[int, int]]()
        for span in sorted(spans, key=lambda span: span.frames.start):
            numbers[span.line, span.track] += 1
            number = numbers[span.line, span.track]
            again = f"-{number}" if number > 1 else ""
            name = f"{self._start}{span.line:04}.face{span.track}{again}{_FORMS[self._form][1]}"
            self._names[_key(span)] = name
        self._records = records or ClipRecords()
        self._open: dict[tuple[int, int], MasterWriter] = {}
        self._failed: set[tuple[int, int]] = set()
        self._clips: list[PatchClip] = []
        self._there: set[tuple[int, int]] = set()
        for span in spans:
            clip = self._records.find(span, self._path(span))
            if clip.there:
                self._there.add(_key(span))
                self._clips.append(PatchClip(span, self._path(span)))
                self._notes.update(dict.fromkeys(clip.notes))
        groups = span_groups(spans)
        touched = [group for group in groups if any(_key(span) not in self._there for span in group)]
        self.missing = tuple(span for group in touched for span in group)

    @property
    def clips(self) -> tuple[PatchClip, ...]:
        """The clips that are whole, in film order."""
        return tuple(sorted(self._clips, key=lambda clip: (clip.span.frames.start, clip.span.track)))

    @property
    def reused(self) -> int:
        """How many of the clips were there already."""
        return len(self._there)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said about the clips, each thing once."""
        return tuple(self._notes)

    def __enter__(self) -> PatchClips:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot be made ({error.strerror})", path=self._folder, remedy="use another folder"
            ) from error
        for part in self._folder.glob(f".{glob.escape(self._start)}*.part*"):
            if left_behind(part.name):  # by a run that was killed; this one may have no clip of that name
                part.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._open):
            self._abandon(key)

    def take(self, rendered: Rendered) -> None:
        """Write what was changed in the next frame of the picture, as it is looked at.

        Raises:
            OutputError: if it cannot be written.
        """
        for span, patch in rendered.changed.items():
            if _key(span) in self._failed | self._there:
                continue
            if self._form == _FULL:
                frame = self._stored(rendered.frame)
            else:
                picture, opacity = overlay_of(patch)
                turned = np.rot90(opacity, self._picture.rotation // 90)
                frame = with_opacity(self._stored(picture), turned)
            writer = self._writer(span)
            writer.write_frame(frame)
            if frame.index == span.frames.stop - 1:
                self._open.pop(_key(span)).__exit__(None, None, None)
                notes = [f"patches: {note}" for note in writer.notes]
                self._notes.update(dict.fromkeys(notes))
                self._clips.append(PatchClip(span, self._path(span)))
                self._records.keep(span, self._path(span), notes)

    def fail(self, span: Span) -> None:
        """Leave nothing of the clip of ``span``, which failed, from its first frame or from a later one on."""
        self._failed.add(_key(span))
        self._abandon(_key(span))

    def _path(self, span: Span) -> Path:
        return self._folder / self._names[_key(span)]

    def _stored(self, frame: Frame) -> Frame:
        return turned_frame(frame, -self._picture.rotation)

    def _writer(self, span: Span) -> MasterWriter:
        key = _key(span)
        if key not in self._open:
            shown = self._times.time_range(span.frames)
            video = replace(
                self._picture,
                start=Fraction(0),
                duration=shown.duration,
                frame_count=len(span.frames),
                start_timecode=self._grid.timecode(self._grid.frame(span.frames.start)),
            )
            if self._form != _FULL:
                video = replace(video, pixel_format=opacity_format(video.pixel_format))
            settings = WriteSettings(codec=_FORMS[self._form][0])
            writer = MasterWriter(self._path(span), video, settings=settings)
            self._open[key] = writer.__enter__()
        return self._open[key]

    def _abandon(self, key: tuple[int, int]) -> None:
        if key in self._open:
            self._open.pop(key).__exit__(Cancelled, Cancelled(), None)


def _key(span: Span) -> tuple[int, int]:
    """What a span and the rest of it that failed have in common: spans of one face do not overlap."""
    return span.track, span.frames.stop
