"""The clips the user means, in the bridge's words: told as they are, and judged elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..bridge.rates import exact_rate
from ..bridge.records import Clip, ClipKind, Medium
from .answers import ask, listed, offered, table, text, true, whole
from .marks import Seen, file_of, ours, walk
from .opened import Opened

__all__ = ["SELECTING_COLOR", "selected_clips", "tells_speed"]

SELECTING_COLOR = "Lime"
"""Clips of this colour are the selection where Resolve tells neither a selection nor a marked range."""

_KINDS = (
    ("multicam", ClipKind.MULTICAM),
    ("compound", ClipKind.COMPOUND),
    ("timeline", ClipKind.COMPOUND),
    ("fusion", ClipKind.COMPOUND),
    ("still", ClipKind.STILL),
    ("generator", ClipKind.GENERATED),
    ("title", ClipKind.GENERATED),
)
_FRAMES_IN_NAME = re.compile(r"\[\d+-\d+\]")
_OFF = Fraction(3, 2)
"""Frames of the source by which Resolve may be off in telling where a clip begins and ends in it."""


@dataclass(frozen=True)
class _Source:
    """What of its media a clip shows.

    Attributes:
        path: The file.
        kind: What stands behind it.
        start: Second of its first frame.
        end: Second of the first frame after it.
        retimed: Whether it does not play at its own speed.
    """

    path: str
    kind: ClipKind
    start: Fraction
    end: Fraction
    retimed: bool


def tells_speed(opened: Opened) -> bool:
    """Whether this version tells how much of its source a clip shows; a retimed clip passes for another without."""
    return opened.version >= (19, 0, 2)


def selected_clips(opened: Opened) -> list[Clip]:
    """What is selected; else what lies in the marked range; else the clips of a colour; else the clip at the playhead.

    Only the newest versions tell a selection, and a marked range is told since 19.1. A clip that reaches beyond the
    marked range is cut to it. What is ours is never meant.
    """
    seen = walk(opened)
    own = {id(one) for one, _ in ours(seen)}
    others = [one for one in seen if id(one) not in own]
    chosen, marks = _chosen(opened, others)
    clips = []
    for one in chosen:
        clip = _clip(opened, one, others)
        clip = _cut(clip, marks) if marks else clip
        clips.append(replace(clip, sounds=_sounds(one, others, clip)))
    return clips


def _chosen(opened: Opened, seen: Sequence[Seen]) -> tuple[list[Seen], tuple[int, int] | None]:
    timeline = opened.timeline
    selected = offered(timeline, "GetSelectedClips")
    keys = {ask(item.GetUniqueId) for item in listed("the selection", selected)} if selected else set()
    if keys:
        return [one for one in seen if one.key in keys], None
    marks = _marks(opened)
    if marks:
        shown = {medium: _enabled_tracks(opened, medium) for medium in Medium}
        inside = [one for one in seen if one.start < marks[1] and marks[0] < one.end]
        return [one for one in inside if one.track in shown[one.medium]], marks
    colored = [one for one in seen if ask(one.item.GetClipColor) == SELECTING_COLOR]
    if colored:
        return colored, None
    item = ask(timeline.GetCurrentVideoItem)
    key = ask(item.GetUniqueId) if item else ""
    return [one for one in seen if key and one.key == key], None


def _marks(opened: Opened) -> tuple[int, int] | None:
    """The marked range, half-open, from the timeline's first frame; Resolve names its last frame."""
    told = offered(opened.timeline, "GetMarkInOut")
    marks = table(told) if told else {}
    one = marks.get("video") or marks.get("audio")
    if not isinstance(one, dict) or not isinstance(one.get("in"), int) or not isinstance(one.get("out"), int):
        return None
    return (one["in"], one["out"] + 1) if one["in"] <= one["out"] else None


def _enabled_tracks(opened: Opened, medium: Medium) -> list[int]:
    timeline = opened.timeline
    count = whole("how many tracks there are", timeline.GetTrackCount, medium.value)
    what = "a track is switched on"
    return [number for number in range(1, count + 1) if true(what, timeline.GetIsTrackEnabled, medium.value, number)]


def _clip(opened: Opened, one: Seen, seen: Sequence[Seen]) -> Clip:
    beside = [other for other in seen if (other.medium, other.track) == (one.medium, one.track) and other is not one]
    source = _source(opened, one)
    return Clip(
        key=one.key,
        name=text("a clip's name", one.item.GetName),
        medium=one.medium,
        track=one.track,
        start=one.start,
        end=one.end,
        source=source.path,
        source_start=source.start,
        source_end=source.end,
        kind=source.kind,
        retimed=source.retimed,
        offline=bool(source.path) and source.kind is ClipKind.MEDIA and not Path(source.path).is_file(),
        # Two clips of a track lie over one another only where a transition joins them.
        transition_in=max([0, *(other.end - one.start for other in beside if other.start < one.start)]),
        transition_out=max([0, *(one.end - other.start for other in beside if other.start > one.start)]),
    )


def _source(opened: Opened, one: Seen) -> _Source:
    item = one.item
    length = Fraction(one.end - one.start) / opened.rate
    media = ask(item.GetMediaPoolItem)
    if not media:
        return _Source("", ClipKind.GENERATED, Fraction(0), length, False)
    path = file_of(media)
    told = str(ask(media.GetClipProperty, "Type") or "").lower()
    kind = next((kind for word, kind in _KINDS if word in told), ClipKind.MEDIA if path else ClipKind.UNKNOWN)
    if _FRAMES_IN_NAME.search(Path(path).name):
        kind = ClipKind.IMAGE_SEQUENCE
    start = Fraction(whole("where a clip starts in its source", item.GetLeftOffset)) / opened.rate
    shown = _shown(item, media)
    if shown is None:
        return _Source(path, kind, start, start + length, False)
    frames, rate = shown
    if frames == 0 and kind is ClipKind.MEDIA and one.medium is Medium.VIDEO:
        kind = ClipKind.UNKNOWN  # neither end is known: it may be frozen or retimed
    if frames == 0 or abs(frames / rate - length) * rate <= _OFF:
        return _Source(path, kind, start, start + length, False)
    return _Source(path, kind, start, start + frames / rate, True)


def _shown(item: Any, media: Any) -> tuple[int, Fraction] | None:
    """Frames of the source that a clip shows, and their rate; None where this version does not tell."""
    first, last = offered(item, "GetSourceStartFrame"), offered(item, "GetSourceEndFrame")
    rate = ask(media.GetClipProperty, "FPS")
    if first is None or last is None or not rate:
        return None
    try:
        exact = exact_rate(rate)
    except ValueError:
        return None
    what = "what a clip shows of its source"
    return whole(what, last) - whole(what, first), exact


def _sounds(one: Seen, seen: Sequence[Seen], clip: Clip) -> tuple[str, ...]:
    """Keys of the sound clips of a picture: the linked ones, or, before 19.0, those of the same file there.

    Not those that go on beyond what is taken of the picture: switched off, they would be missed there.
    """
    if one.medium is not Medium.VIDEO:
        return ()
    within = [other for other in seen if clip.start - 1 <= other.start < other.end <= clip.end + 1]
    sounds: dict[str, Seen] = {other.key: other for other in within if other.medium is Medium.AUDIO}
    linked = offered(one.item, "GetLinkedItems")
    if linked is not None:
        keys = {ask(item.GetUniqueId) for item in listed("what a clip is linked with", linked)}
        return tuple(key for key in sounds if key in keys)
    there = [other for other in sounds.values() if (other.start, other.end) == (one.start, one.end)]
    path = clip.source
    return tuple(other.key for other in there if path and file_of(ask(other.item.GetMediaPoolItem)) == path)


def _cut(clip: Clip, marks: tuple[int, int]) -> Clip:
    """What of ``clip`` lies between the marks."""
    start, end = max(clip.start, marks[0]), min(clip.end, marks[1])
    speed = (clip.source_end - clip.source_start) / clip.frames
    return replace(
        clip,
        start=start,
        end=end,
        source_start=clip.source_start + (start - clip.start) * speed,
        source_end=clip.source_end - (clip.end - end) * speed,
        transition_in=max(0, clip.transition_in - (start - clip.start)),
        transition_out=max(0, clip.transition_out - (clip.end - end)),
    )
