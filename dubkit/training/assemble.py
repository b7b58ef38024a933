"""From what was cut and measured to an index: what is kept, with which offset, on which side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from dubkit.lipsync import CLOCK_RATE
from dubkit.timing import Seconds, TimeRange
from dubkit.training.cut_video import CutClip, CutVideo
from dubkit.training.index import DroppedClip, TrainingClip, TrainingIndex
from dubkit.training.measure import ClipSync
from dubkit.training.prepare_settings import PrepareSettings
from dubkit.training.reasons import DIED, OUT_OF_SYNC, SEVERAL_FACES, UNCERTAIN
from dubkit.training.splits import SplitEntry, split_by_hash

__all__ = ["assemble"]

_UNMEASURED = ClipSync("", 0.0, 0.0, 0, bounded=False)
"""Of a clip over which the measuring process died."""


def assemble(
    videos: Sequence[CutVideo],
    measured: Mapping[str, ClipSync] | None,
    entries: Mapping[str, SplitEntry],
    dropped: Sequence[DroppedClip],
    settings: PrepareSettings,
) -> TrainingIndex:
    """The index of everything.

    Args:
        videos: What was cut.
        measured: Name of a clip -> what an expert said of it, where it could; None where no expert was asked.
        entries: Video -> its split and who it is; a video that is not there is split by its name.
        dropped: What else was not kept.
        settings: How it is decided.
    """
    clips, lost = list[TrainingClip](), list(dropped)
    for video in videos:
        lost.extend(video.dropped)
        entry = entries.get(video.source) or SplitEntry(split_by_hash(video.source, settings.held_out_share))
        reasons = _reasons(video.clips, measured, settings)
        for clip in video.clips:
            if reasons[clip.name]:
                lost.append(DroppedClip(video.source, clip.track, clip.frames / CLOCK_RATE, reasons[clip.name]))
                continue
            sync = _UNMEASURED if measured is None else measured[clip.name]
            clips.append(
                TrainingClip(
                    name=clip.name,
                    source=video.source,
                    track=clip.track,
                    identity=entry.identity,
                    split=entry.split,
                    start=clip.start,
                    frames=clip.frames,
                    sound_start=clip.sound_start,
                    offset=_correction(sync.offset, settings),
                    confidence=sync.confidence,
                )
            )
    return TrainingIndex(
        clips=tuple(sorted(clips, key=lambda clip: clip.name)),
        dropped=tuple(sorted(lost, key=lambda clip: (clip.source, clip.track, clip.reason, clip.seconds))),
        image_size=settings.cut.image_size,
        mel=settings.cut.mel,
    )


def _reasons(
    clips: Sequence[CutClip], measured: Mapping[str, ClipSync] | None, settings: PrepareSettings
) -> dict[str, str]:
    """Name of a clip -> why it is dropped; empty where it is kept."""
    if measured is None:
        return {clip.name: SEVERAL_FACES if clip.rivalled else "" for clip in clips}
    found = {clip.name: _verdict(clip, measured.get(clip.name, _UNMEASURED), settings) for clip in clips}
    # Two faces cannot both say what is heard: the one that does so more surely keeps the moment.
    rivals = [clip for clip in clips if clip.rivalled and not found[clip.name]]
    kept: list[CutClip] = []
    for clip in sorted(rivals, key=lambda clip: (-measured[clip.name].confidence, clip.name)):
        if any(other.track != clip.track and _span(other).overlaps(_span(clip)) for other in kept):
            found[clip.name] = SEVERAL_FACES
        else:
            kept.append(clip)
    return found


def _verdict(clip: CutClip, sync: ClipSync, settings: PrepareSettings) -> str:
    if sync is _UNMEASURED:
        return DIED
    if not sync.bounded or sync.confidence < settings.least_confidence:
        return SEVERAL_FACES if clip.rivalled else UNCERTAIN
    return OUT_OF_SYNC if abs(sync.offset) > settings.most_offset else ""


def _span(clip: CutClip) -> TimeRange:
    return TimeRange(clip.start, clip.start + Fraction(clip.frames, CLOCK_RATE))


def _correction(offset: float, settings: PrepareSettings) -> Seconds:
    """The offset to correct, to the millisecond: what is finer is the expert's noise."""
    return Fraction(0) if abs(offset) <= settings.left_alone else Fraction(round(offset * 1000), 1000)
