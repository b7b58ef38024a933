"""The program, its project and its media pool."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.plugins.resolve.fake import Folder, Handle, Item, Media, Timeline, Track, World, answers
from tests.plugins.resolve.fake_timeline import FakeMediaPoolItem, FakeTimeline, FakeTimelineItem

__all__ = ["FakeFolder", "FakeMediaPool", "FakeProject", "FakeProjectManager", "FakeResolve"]


class FakeResolve(Handle):
    """The program."""

    @answers("GetProductName")
    def product_name(self) -> str:
        return "DaVinci Resolve Studio" if self.world.edition == "studio" else "DaVinci Resolve"

    @answers("GetVersion")
    def version(self) -> list[Any]:
        return [*self.world.version, 7, ""]

    @answers("GetVersionString")
    def version_string(self) -> str:
        return ".".join(str(part) for part in self.world.version)

    @answers("GetProjectManager")
    def project_manager(self) -> FakeProjectManager:
        return FakeProjectManager(self.world, None)

    @answers("GetCurrentPage")
    def current_page(self) -> str:
        return self.world.page

    @answers("OpenPage")
    def open_page(self, page: str) -> bool:
        assert page in {"media", "cut", "edit", "fusion", "color", "fairlight", "deliver"}
        self.world.page = page
        return True


class FakeProjectManager(Handle):
    """What opens and saves projects."""

    @answers("GetCurrentProject")
    def project(self) -> FakeProject:
        return FakeProject(self.world, None)

    @answers("SaveProject")
    def save(self) -> bool:
        self.world.saves += 1
        for timeline in self.world.timelines:
            for tracks in timeline.tracks.values():
                for track in tracks:
                    track.items[:] = [item for item in track.items if not item.errored]
        return True


class FakeProject(Handle):
    """The open project."""

    @answers("GetName")
    def name(self) -> str:
        return "Film"

    @answers("GetUniqueId")
    def unique_id(self) -> str:
        return "project-1"

    @answers("GetMediaPool")
    def media_pool(self) -> FakeMediaPool:
        return FakeMediaPool(self.world, None)

    @answers("GetTimelineCount")
    def timeline_count(self) -> int:
        return len(self.world.timelines)

    @answers("GetTimelineByIndex")
    def timeline_by_index(self, index: int) -> FakeTimeline | None:
        inside = 1 <= index <= len(self.world.timelines)
        return FakeTimeline(self.world, self.world.timelines[index - 1]) if inside else None

    @answers("GetCurrentTimeline")
    def current_timeline(self) -> FakeTimeline | None:
        return FakeTimeline(self.world, self.world.timeline) if self.world.timelines else None

    @answers("SetCurrentTimeline")
    def set_current_timeline(self, timeline: FakeTimeline) -> bool:
        self.world.current = self.world.timelines.index(timeline.record)
        return True


class FakeFolder(Handle):
    """A bin."""

    record: Folder

    @answers("GetName")
    def name(self) -> str:
        return self.record.name

    @answers("GetUniqueId")
    def unique_id(self) -> str:
        return self.record.id

    @answers("GetClipList")
    def clips(self) -> list[FakeMediaPoolItem]:
        return [FakeMediaPoolItem(self.world, media) for media in self.record.clips]

    @answers("GetSubFolderList")
    def folders(self) -> list[FakeFolder]:
        return [FakeFolder(self.world, folder) for folder in self.record.folders]


class FakeMediaPool(Handle):
    """The media pool."""

    @answers("GetRootFolder")
    def root(self) -> FakeFolder:
        return FakeFolder(self.world, self.world.root)

    @answers("GetCurrentFolder")
    def current_folder(self) -> FakeFolder:
        return FakeFolder(self.world, self.world.folder)

    @answers("SetCurrentFolder")
    def set_current_folder(self, folder: FakeFolder) -> bool:
        self.world.folder = folder.record
        return True

    @answers("AddSubFolder")
    def add_folder(self, parent: FakeFolder, name: str) -> FakeFolder | None:
        if any(folder.name == name for folder in parent.record.folders):
            return None
        made = Folder(name, self.world.new_id("bin"))
        parent.record.folders.append(made)
        self.world.folder = made
        return FakeFolder(self.world, made)

    @answers("DeleteFolders")
    def delete_folders(self, folders: Sequence[FakeFolder]) -> bool:
        for folder in folders:
            self.world.root.folders.remove(folder.record)
            if self.world.folder is folder.record:
                self.world.folder = self.world.root
        return True

    @answers("CreateEmptyTimeline")
    def create_timeline(self, name: str) -> FakeTimeline | None:
        world = self.world
        if any(timeline.name == name for timeline in world.timelines):
            return None
        like = world.timeline
        made = Timeline(name, like.rate, like.setting, like.start, world.new_id("timeline"), like.drop)
        made.tracks["video"], made.tracks["audio"] = [Track("Video 1")], [Track("Audio 1")]
        world.timelines.append(made)
        world.current = len(world.timelines) - 1
        return FakeTimeline(world, made)

    @answers("DeleteTimelines")
    def delete_timelines(self, timelines: Sequence[FakeTimeline]) -> bool:
        for timeline in timelines:
            self.world.timelines.remove(timeline.record)
        return True

    @answers("ImportMedia")
    def import_media(self, paths: Sequence[str]) -> list[FakeMediaPoolItem]:
        found = []
        for path in paths:
            known = [media for media in self.world.folder.clips if media.path == path]
            on_disk = self.world.disk.get(path)
            if not known and on_disk is not None:
                values = vars(on_disk) | {"id": self.world.new_id("media"), "metadata": {}}
                known = [Media(**values)]
                self.world.folder.clips.append(known[0])
            found += [FakeMediaPoolItem(self.world, media) for media in known]
        return found

    @answers("DeleteClips")
    def delete_clips(self, clips: Sequence[FakeMediaPoolItem]) -> bool:
        gone = {clip.record.id for clip in clips}
        for folder in (self.world.root, *self.world.root.folders):
            folder.clips[:] = [media for media in folder.clips if media.id not in gone]
        for timeline in self.world.timelines:
            for tracks in timeline.tracks.values():
                for track in tracks:
                    track.items[:] = [item for item in track.items if item.media is None or item.media.id not in gone]
        return True

    @answers("AppendToTimeline")
    def append(self, infos: Sequence[dict[str, Any]]) -> list[FakeTimelineItem] | None:
        keys = {"mediaPoolItem", "startFrame", "endFrame", "mediaType", "trackIndex", "recordFrame"}
        for info in infos:
            assert set(info) == keys, f"this fake knows clips by all of {keys} only"
            assert info["mediaType"] in (1, 2), "1 is picture, 2 is sound"
            if any(type(info[key]) is not int for key in keys - {"mediaPoolItem"}):
                return None  # a number that is not whole loses the whole batch
        added = [self._append(info) for info in infos]
        return [FakeTimelineItem(self.world, item) for item in added if item is not None]

    def _append(self, info: dict[str, Any]) -> Item | None:
        world, timeline = self.world, self.world.timeline
        media: Media = info["mediaPoolItem"].record
        tracks = timeline.tracks["video" if info["mediaType"] == 1 else "audio"]
        number = world.appends
        world.appends += 1
        if not 1 <= info["trackIndex"] <= len(tracks):
            return None
        track: Track = tracks[info["trackIndex"] - 1]
        last = info["endFrame"] + world.end_is_inclusive
        source = min(last, media.frames) - info["startFrame"]
        duration = int(source * timeline.rate / (media.fps or timeline.rate))
        start = info["recordFrame"]
        overlap = any(start < item.end and item.start < start + duration for item in track.items)
        if track.locked or overlap or duration < 1:
            return None
        item = Item(media.name, start, duration, media, info["startFrame"], Fraction(1), world.new_id("item"))
        item.errored = number in world.errored_appends
        track.items.append(item)
        track.items.sort(key=lambda other: other.start)
        return item


def open_resolve(world: World) -> FakeResolve:
    """The program, as a menu script's global ``resolve``."""
    return FakeResolve(world, None)
