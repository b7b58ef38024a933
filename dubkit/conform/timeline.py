"""Timelines as editors read them: OpenTimelineIO and CMX 3600, both by OpenTimelineIO, which is used here alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from dubkit.conform.counting import counts_drop, first_frame, source_length, source_start
from dubkit.conform.text_file import write_text
from dubkit.errors import MissingDependencyError, RecordError
from dubkit.schema import Clip, Timeline, TimelineTrack, TrackKind
from dubkit.timing import FrameRate, Timecode

__all__ = ["check_timeline_library", "write_edl", "write_otio", "write_resolve_otio", "writes_edl"]

_EDL_EVENTS = 999
_EDL_TIMECODE = re.compile(r"\d\d:\d\d:\d\d;\d\d")
_FASTEST_EDL = 60
_NEW_FIELDS = [("color", None)]
"""What OpenTimelineIO 0.18 writes and 0.17 did not; empty everywhere in timelines of ours."""


def check_timeline_library() -> None:
    """Find out, before any work, whether OpenTimelineIO is there.

    Raises:
        MissingDependencyError: if it is not.
    """
    _library()


def writes_edl() -> bool:
    """Whether OpenTimelineIO's adapter for edit decision lists is installed."""
    return "cmx_3600" in _library().adapters.available_adapter_names()


def write_otio(path: Path, timeline: Timeline) -> None:
    """Write ``timeline`` as OpenTimelineIO's JSON.

    Ranges of sources are counted in the sources' own timecode, and files named by their plain paths, as DaVinci Resolve
    wants it. OpenTimelineIO knows no subtitle tracks: those are named in the timeline's metadata, under ``dubkit``.

    Args:
        path: The file; it appears whole or not at all.
        timeline: What to write.

    Raises:
        MissingDependencyError: if OpenTimelineIO is not installed.
        OutputError: if the file cannot be written.
    """
    write_text(path, _library().adapters.write_to_string(_timeline(timeline), "otio_json"))


def write_resolve_otio(path: Path, timeline: Timeline) -> None:
    """Write ``timeline`` as DaVinci Resolve itself writes OpenTimelineIO.

    Beside what :func:`write_otio` does: tracks are called ``Video 1``, ``Audio 1`` and so on (their own names are in
    their metadata), and no field is written that came into OpenTimelineIO after the version that Resolve knows.

    Args:
        path: The file; it appears whole or not at all.
        timeline: What to write.

    Raises:
        MissingDependencyError: if OpenTimelineIO is not installed.
        OutputError: if the file cannot be written.
    """
    otio = _library()
    target = _timeline(timeline)
    counts: Counter[str] = Counter()
    for track in target.tracks:
        counts[track.kind] += 1
        track.metadata["dubkit"] = {**track.metadata.get("dubkit", {}), "name": track.name}
        track.name = f"{track.kind} {counts[track.kind]}"
    document = json.loads(otio.adapters.write_to_string(target, "otio_json"))
    write_text(path, json.dumps(_without_new_fields(document), indent=4, ensure_ascii=False) + "\n")


def _without_new_fields(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_new_fields(one) for one in part]
    if isinstance(part, dict):
        return {key: _without_new_fields(one) for key, one in part.items() if (key, one) not in _NEW_FIELDS}
    return part


def _timeline(timeline: Timeline) -> Any:
    otio = _library()
    target = otio.schema.Timeline(name=timeline.name)
    target.global_start_time = _time(first_frame(timeline.start_timecode, timeline.rate), timeline.rate)
    told: dict[str, Any] = {"rate": str(timeline.rate.fps), "start_timecode": timeline.start_timecode}
    told["subtitles"] = [
        {"file": str(clip.source.absolute()), "language": track.language}
        for track in timeline.tracks
        if track.kind is TrackKind.SUBTITLE
        for clip in track.clips
    ]
    target.metadata["dubkit"] = told
    for track in timeline.tracks:
        if track.kind is not TrackKind.SUBTITLE:
            target.tracks.append(_track(track, timeline.rate))
    return target


def write_edl(path: Path, timeline: Timeline) -> tuple[Path, ...]:
    """Write the video tracks of ``timeline``, one edit decision list each, record times from its start timecode.

    The lists say whether they count drop-frame, which their adapter leaves open: it takes every list at 29.97 and
    59.94 for drop-frame, so what it writes is counted anew where it is not.

    Args:
        path: The first file; the next ones are called ``film.2.edl`` and so on. A list holds 999 events.
        timeline: What to write; tracks that are not enabled are left out.

    Returns:
        The files; none where no track has a clip.

    Raises:
        MissingDependencyError: if OpenTimelineIO or its adapter is not installed.
        RecordError: if there is no timecode at the timeline's rate.
        OutputError: if a file cannot be written.
    """
    if not writes_edl():
        raise MissingDependencyError("otio-cmx3600-adapter", extra="timeline", purpose="an edit decision list")
    if timeline.rate.nominal > _FASTEST_EDL:
        raise RecordError(f"edit decision lists do not count {timeline.rate} frames a second")
    video = [track for track in timeline.tracks if track.kind is TrackKind.VIDEO and track.enabled]
    lists = [
        (track, track.clips[first : first + _EDL_EVENTS])
        for track in video
        for first in range(0, len(track.clips), _EDL_EVENTS)
    ]
    written = []
    for number, (track, clips) in enumerate(lists, 1):
        place = path if number == 1 else path.with_name(f"{path.stem}.{number}{path.suffix}")
        write_text(place, _edl(timeline, track, clips))
        written.append(place)
    return tuple(written)


def _edl(timeline: Timeline, track: TimelineTrack, clips: tuple[Clip, ...]) -> str:
    otio, rate = _library(), timeline.rate
    start = first_frame(timeline.start_timecode, rate)
    target = otio.schema.Timeline(name=timeline.name)
    # The adapter counts record times from 0: what lies before the first frame is a gap.
    target.tracks.append(_track(TimelineTrack(track.name, track.kind, clips, track.language), rate, offset=start))
    try:
        text = otio.adapters.write_to_string(target, "cmx_3600", rate=float(rate.fps))
    except ValueError as error:
        raise RecordError(f"edit decision lists do not count {rate} frames a second") from error
    drop = counts_drop(timeline.start_timecode)
    if not drop:
        text = "\n".join(_counted_anew(line, rate) if line[:1].isdigit() else line for line in text.splitlines())
    title, _, events = text.partition("\n\n")
    return f"{title}\nFCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}\n\n{events.strip()}\n"


def _counted_anew(line: str, rate: FrameRate) -> str:
    """``line`` with its drop-frame timecodes counted without dropping."""
    return _EDL_TIMECODE.sub(lambda found: str(Timecode(Timecode.parse(found[0], rate).frame, rate)), line)


def _library() -> Any:
    try:
        import opentimelineio
    except ImportError as error:
        raise MissingDependencyError("opentimelineio", extra="timeline", purpose="a timeline") from error
    return opentimelineio


def _time(frames: int, rate: FrameRate) -> Any:
    return _library().opentime.RationalTime(frames, float(rate.fps))


def _range(start: int, length: int, rate: FrameRate) -> Any:
    return _library().opentime.TimeRange(_time(start, rate), _time(length, rate))


def _track(track: TimelineTrack, rate: FrameRate, offset: int = 0) -> Any:
    """``track``, all of it ``offset`` frames later."""
    otio = _library()
    kinds = {TrackKind.VIDEO: otio.schema.TrackKind.Video, TrackKind.AUDIO: otio.schema.TrackKind.Audio}
    target = otio.schema.Track(name=track.name, kind=kinds[track.kind])
    target.enabled = track.enabled
    if track.language:
        target.metadata["dubkit"] = {"language": track.language}
    reached = -offset
    for clip in track.clips:
        if clip.frames.start > reached:
            target.append(otio.schema.Gap(source_range=_range(0, clip.frames.start - reached, rate)))
        target.append(_clip(clip, rate))
        reached = clip.frames.stop
    return target


def _clip(clip: Clip, rate: FrameRate) -> Any:
    otio = _library()
    whole = _range(first_frame(clip.source_timecode, rate), source_length(clip, rate), rate)
    target = otio.schema.Clip(
        name=clip.name,
        media_reference=otio.schema.ExternalReference(target_url=str(clip.source.absolute()), available_range=whole),
        source_range=_range(source_start(clip, rate), len(clip.frames), rate),
    )
    target.media_reference.name = clip.source.name
    if clip.details:
        target.metadata["dubkit"] = dict(clip.details)
    if clip.reel:
        target.metadata["cmx_3600"] = {"reel": clip.reel}
    return target
