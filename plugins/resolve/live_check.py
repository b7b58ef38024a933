"""Replays the contract inside a real DaVinci Resolve and reports where it differs from what the fake of the tests does.

It was only ever tried on that fake. Menu: ``Live check``. It works on a timeline of its own, which it makes in the open
project and deletes again, with a sound it writes itself.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..bridge.host import HostError
from ..bridge.records import Medium, NewTrack, Placement, PlacementPlan
from ..bridge.tags import job_tag
from .adapter import ResolveHost
from .answers import ask, listed, some, table, tell, whole
from .opened import Opened, find_timeline, open_project, surely

__all__ = ["Finding", "live_check", "write_report"]

_CONTRACT = Path(__file__).with_name("resolve_contract.json")
_TIMELINE, _SOUND = "dubkit live check", "dubkit-live-check.wav"
_FRAMES, _SAMPLES = 50, 48_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: What.
        expected: What the fake does.
        found: What this Resolve does.
    """

    what: str
    expected: str
    found: str

    @property
    def same(self) -> bool:
        """Whether the fake is right."""
        return self.expected == self.found


def live_check(resolve: Any, folder: Path) -> list[Finding]:
    """Everything that was looked at, in the open project.

    Args:
        resolve: Resolve's own object of that name.
        folder: Where the sound is written, and the journal.

    Raises:
        HostError: if no timeline is open, or none can be made.
    """
    before = open_project(resolve)
    pool, project = before.pool, before.project
    findings = list(_methods(before))
    tell(pool.CreateEmptyTimeline, _TIMELINE)
    scratch = open_project(resolve)
    if scratch.key == before.key:
        raise HostError("no timeline can be made in this project")
    try:
        sound = _write_sound(folder / _SOUND, scratch.rate)
        findings += _placement(resolve, scratch, folder, sound)
        findings += _appending(scratch)
    finally:

        def back() -> None:
            timeline = find_timeline(project, before.key)
            ask(project.SetCurrentTimeline, timeline)
            ask(pool.DeleteTimelines, [find_timeline(project, scratch.key)])

        surely(back)
    return findings


def write_report(findings: list[Finding], path: Path) -> str:
    """Write the findings as JSON; a summary for people."""
    entries = [{**asdict(one), "same": one.same} for one in findings]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    other = [one for one in findings if not one.same]
    lines = [f"{one.what}: expected {one.expected}, found {one.found}" for one in other]
    return "\n".join([f"{len(findings)} checks, {len(other)} differ; the report is {path}", *lines])


def _methods(opened: Opened) -> Iterator[Finding]:
    """Methods that the adapters rely on, whether they are there."""
    contract = json.loads(_CONTRACT.read_text("utf-8"))
    owners = {
        "Resolve": opened.resolve,
        "ProjectManager": opened.manager,
        "Project": opened.project,
        "MediaPool": opened.pool,
        "Timeline": opened.timeline,
    }
    for kind, owner in owners.items():
        for method, entry in contract[kind].items():
            first = tuple(int(part) for part in entry["since"].split("_")) if entry["since"][:4].count("_") else (99,)
            there = callable(getattr(owner, method, None))
            if first <= opened.version:
                yield Finding(f"{kind}.{method}", "there", "there" if there else "missing")


def _write_sound(path: Path, rate: Fraction) -> Path:
    """A silent file of exactly ``_FRAMES`` frames of the timeline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_SAMPLES)
        file.writeframes(bytes(2 * round(_FRAMES / rate * _SAMPLES)))
    return path


def _placement(resolve: Any, opened: Opened, folder: Path, sound: Path) -> Iterator[Finding]:
    """The adapter itself, forth and back."""
    timeline = opened.timeline
    empty = tell(timeline.GetItemListInTrack, "audio", 1)
    yield Finding("an empty track's list", "[]", repr(empty))
    host = ResolveHost(resolve, str(folder))
    tag = job_tag("check", "live")
    placement = Placement(str(sound), "dubkit live check", 0, _FRAMES, f"{tag}/1")
    tracks = len(host.timeline().tracks)
    try:
        host.place(PlacementPlan(tag, (NewTrack(Medium.AUDIO, "dubkit check", (placement,)),)))
        found = [(one.start, one.end) for one in host.placed()]
        yield Finding("a sound placed from 0 to 50", "[(0, 50)]", repr(found))
        yield Finding("clips removed", "1", str(host.remove([tag])))
    except HostError as error:
        yield Finding("placing a sound and removing it", "done", str(error))
    yield Finding("tracks afterwards", str(tracks), str(len(host.timeline().tracks)))


def _appending(opened: Opened) -> Iterator[Finding]:
    """What ``AppendToTimeline`` makes of frames, tracks and locks."""
    pool, timeline = opened.pool, opened.timeline
    media = next(iter(_checked_media(pool)), None)
    if media is None:
        return
    inclusive = opened.version < (19,)

    def append(end: float, at: int, track: int = 1) -> str:
        info = {"mediaPoolItem": media, "startFrame": 0, "endFrame": end, "mediaType": 2}
        tell(pool.AppendToTimeline, [{**info, "trackIndex": track, "recordFrame": opened.start + at}])
        items = listed("track 1", timeline.GetItemListInTrack, "audio", 1)
        starts = [whole("where a clip starts", item.GetStart) - opened.start for item in items]
        lengths = [whole("how long a clip is", item.GetDuration) for item in items]
        return repr(sorted(zip(starts, lengths)))

    first = [(0, 10 + inclusive)]
    yield Finding("endFrame 10", repr(first), append(10, 0))
    yield Finding("one that overlaps", repr(first), append(10, 5))
    yield Finding("a frame that is not whole", repr(first), append(10.5, 100))
    yield Finding("a track that is not there", repr(first), append(10, 200, 99))
    ask(timeline.SetTrackLock, "audio", 1, True)
    yield Finding("a locked track", repr(first), append(10, 300))
    ask(timeline.SetTrackLock, "audio", 1, False)
    item = listed("track 1", timeline.GetItemListInTrack, "audio", 1)[0]
    ask(item.SetClipEnabled, False)
    yield Finding("a clip switched off", "False", repr(tell(item.GetClipEnabled)))
    tell(item.AddMarker, 0, "Purple", "dubkit", "", 1, "custom")
    customs = [marker.get("customData") for marker in table(item.GetMarkers).values()]
    yield Finding("a marker's custom data", "['custom']", repr(customs))


def _checked_media(pool: Any) -> Iterator[Any]:
    """The sound in the media pool, in whatever bin."""
    root = some("the master bin", pool.GetRootFolder)
    for folder in [root, *listed("the bins", root.GetSubFolderList)]:
        for media in listed("what is in a bin", folder.GetClipList):
            if str(ask(media.GetClipProperty, "File Path")).endswith(_SOUND):
                yield media
