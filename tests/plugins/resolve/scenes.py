"""A project to dub, and photographs of it: what was there must be there afterwards."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from plugins.bridge.records import Medium, NewTrack, Placement, PlacementPlan
from tests.plugins.resolve.contract import Version
from tests.plugins.resolve.fake import Edition, Folder, Item, Media, Timeline, Track, World

__all__ = ["JOB", "RATES", "Rate", "film", "made", "photograph", "plan_of", "whole"]

JOB = "dubkit/1/es/4f0c"


class Rate(NamedTuple):
    """A timeline's rate, as Resolve's settings write it, and its frame at 01:00:00:00."""

    fps: str
    setting: str | float
    start: int
    drop: bool = False


RATES = (
    Rate("24000/1001", "23.976", 86_400),
    Rate("24", 24.0, 86_400),
    Rate("25", "25.0", 90_000),
    Rate("30000/1001", "29.97 DF", 107_892, drop=True),
    Rate("30000/1001", "29.97", 108_000),
    Rate("50", "50", 180_000),
    Rate("60000/1001", "59.94 DF", 215_784, drop=True),
    Rate("60000/1001", "59.94", 216_000),
)


def film(
    folder: Path,
    rate: Rate = RATES[2],
    version: Version = (21, 1, 0),
    edition: Edition = "studio",
    shots: int = 2,
) -> World:
    """Shots of an interview side by side with their sound, a title above, captions, and a second timeline."""
    world = World(version, edition)
    fps = Fraction(rate.fps)
    path = folder / "a film — 映画 'é'.mov"
    path.touch()
    media = Media(str(path), 1000, fps, "Video + Audio", 86_400, path.name, world.new_id("media"))
    world.root.clips.append(media)
    world.root.folders.append(Folder("Rushes", world.new_id("bin")))
    world.folder = world.root.folders[0]
    timeline = Timeline("Film", fps, rate.setting, rate.start, world.new_id("timeline"), rate.drop)
    world.timelines = [timeline, Timeline("Other", Fraction(25), "25", 90_000, world.new_id("timeline"))]
    world.timelines[1].tracks["video"].append(Track("Video 1"))
    tracks = timeline.tracks
    tracks["video"] = [Track("Video 1"), Track("Titles")]
    tracks["audio"] = [Track("Audio 1"), Track("Music")]
    tracks["subtitle"] = [Track("Subtitle 1")]
    for start, end, left in ((0, 40, 100), (40, 90, 500))[:shots]:
        shown, heard = (
            Item(path.name, rate.start + start, end - start, media, left, id=world.new_id("item")) for _ in range(2)
        )
        shown.links, heard.links = [heard.id], [shown.id]
        tracks["video"][0].items.append(shown)
        tracks["audio"][0].items.append(heard)
    tracks["video"][1].items.append(Item("Title", rate.start + 10, 20, None, id=world.new_id("item")))
    tracks["subtitle"][0].items.append(Item("Hello there", rate.start, 30, None, id=world.new_id("item")))
    timeline.markers[5] = {"color": "Blue", "name": "mine", "note": "", "duration": 1, "customData": ""}
    tracks["video"][0].items[0].markers[100] = {"color": "Red", "name": "look", "note": "", "duration": 1}
    timeline.selected = [item.id for item in tracks["video"][0].items]
    return world


def made(world: World, path: Path, frames: int, *, sound: bool = False) -> str:
    """A file that dubkit wrote for this timeline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    kind = "Audio" if sound else "Video"
    world.disk[str(path)] = Media(str(path), frames, world.timelines[0].rate, kind, 0, path.name)
    return str(path)


def plan_of(
    world: World, folder: Path, job: str = JOB, name: str = "dub es", replaces: tuple[str, ...] = ()
) -> PlacementPlan:
    """Both shots dubbed, picture and sound, the original sound off."""
    heard = world.timelines[0].tracks["audio"][0].items
    runs = [(one.start - world.timelines[0].start, one.end - world.timelines[0].start) for one in heard]
    output = folder / job.rpartition("/")[2]
    tracks = []
    for medium, ending in ((Medium.VIDEO, "mov"), (Medium.AUDIO, "wav")):
        placements = tuple(
            Placement(
                made(world, output / f"clip {number}.{ending}", end - start, sound=medium is Medium.AUDIO),
                f"clip {number} (dub es)",
                start,
                end - start,
                f"{job}/{number}",
            )
            for number, (start, end) in enumerate(runs, 1)
        )
        tracks.append(NewTrack(medium, name, placements))
    silence = {one.id: f"{job}/{number}" for number, one in enumerate(heard, 1)}
    return PlacementPlan(job, tuple(tracks), silence, replaces)


def photograph(world: World) -> dict[str, Any]:
    """All that the user has, and what the program shows."""
    return {
        "page": world.page,
        "open": (world.current, world.folder.id),
        "timelines": [asdict(timeline) for timeline in world.timelines],
        "pool": asdict(world.root),
    }


def whole(world: World, before: dict[str, Any], plan: PlacementPlan) -> bool:
    """Whether all of ``plan`` is on the timeline, above what was there before, and nothing else has changed."""
    timeline = world.timelines[0]
    start = timeline.start
    if [asdict(other) for other in world.timelines[1:]] != before["timelines"][1:]:
        return False
    for kind in ("video", "audio", "subtitle"):
        old = before["timelines"][0]["tracks"][kind]
        now = [asdict(track) for track in timeline.tracks[kind]]
        new = [track for track in plan.tracks if track.medium.value == kind]
        if len(now) != len(old) + len(new):
            return False
        for track, added in zip(timeline.tracks[kind][len(old) :], new, strict=True):
            found = [(item.start - start, item.duration, item.media and item.media.path) for item in track.items]
            wanted = [(one.start, one.frames, one.path) for one in added.placements]
            if track.name != added.name or found != wanted or not all(_tagged(item) for item in track.items):
                return False
        for track_now in now:
            for item in track_now["items"]:
                item["enabled"] = item["enabled"] or item["id"] in plan.silence
        if now[: len(old)] != old:
            return False
    silenced = [item for item in timeline.tracks["audio"][0].items if item.id in plan.silence]
    return not any(item.enabled for item in silenced)


def _tagged(item: Item) -> bool:
    return [marker["name"] for marker in item.markers.values()] == ["dubkit"]
