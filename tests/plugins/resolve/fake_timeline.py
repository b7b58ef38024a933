"""Timelines, what lies on them, and the media it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.plugins.resolve.fake import Handle, Item, Media, Timeline, Track, answers

__all__ = ["FakeMediaPoolItem", "FakeTimeline", "FakeTimelineItem"]

_NEW_NAMES = {"video": "Video", "audio": "Audio", "subtitle": "Subtitle"}


class FakeMediaPoolItem(Handle):
    """A clip of the media pool."""

    record: Media

    @answers("GetName")
    def name(self) -> str:
        return self.record.name

    @answers("GetUniqueId", "GetMediaId")
    def unique_id(self) -> str:
        return self.record.id

    @answers("GetClipProperty")
    def clip_property(self, name: str) -> str | float:
        media = self.record
        known: dict[str, str | float] = {
            "File Path": media.path,
            "FPS": round(float(media.fps), 3) if media.fps else "",
            "Frames": str(media.frames),
            "Type": media.kind,
        }
        return known.get(name, "")

    @answers("SetThirdPartyMetadata")
    def set_metadata(self, key: str, value: str) -> bool:
        self.record.metadata[key] = value
        return True

    @answers("GetThirdPartyMetadata")
    def metadata(self, key: str) -> str:
        return self.record.metadata.get(key, "")


class FakeTimelineItem(Handle):
    """A clip on a track."""

    record: Item

    def gone(self) -> bool:
        return not any(item is self.record for one in self.world.timelines for _, _, item in one.placed())

    def _timeline(self) -> Timeline:
        return next(one for one in self.world.timelines if any(item is self.record for _, _, item in one.placed()))

    def _place(self) -> tuple[str, int]:
        placed = self._timeline().placed()
        return next((kind, number) for kind, number, item in placed if item is self.record)

    def _locked(self) -> bool:
        kind, number = self._place()
        return self._timeline().tracks[kind][number - 1].locked

    @answers("GetName")
    def name(self) -> str:
        is_caption = self._place()[0] == "subtitle"
        return "Subtitle" if is_caption and self.world.version >= (20, 2, 0) else self.record.name

    @answers("GetUniqueId")
    def unique_id(self) -> str | None:
        return None if self.record.errored else self.record.id

    @answers("GetStart")
    def start(self) -> int:
        return self.record.start

    @answers("GetEnd")
    def end(self) -> int:
        return self.record.end

    @answers("GetDuration")
    def duration(self) -> int:
        return self.record.duration

    @answers("GetLeftOffset")
    def left_offset(self) -> int:
        return self.record.left

    def _source(self) -> tuple[int, int]:
        """First frame and end in the source's own frames; cut off, so they may be one too low."""
        item = self.record
        if item.media is None or item.media.fps is None or not item.speed:
            return 0, 0
        ratio = item.media.fps / self._timeline().rate
        start = int(item.left * ratio)
        return start, start + int(item.duration * ratio * item.speed)

    @answers("GetSourceStartFrame")
    def source_start(self) -> int:
        return self._source()[0]

    @answers("GetSourceEndFrame")
    def source_end(self) -> int:
        return self._source()[1]

    @answers("GetProperty")
    def property(self, name: str) -> None:
        assert name == "Speed", "only what is known: a speed is not told"

    @answers("GetMediaPoolItem")
    def media(self) -> FakeMediaPoolItem | None:
        return FakeMediaPoolItem(self.world, self.record.media) if self.record.media else None

    @answers("GetLinkedItems")
    def linked(self) -> list[FakeTimelineItem]:
        placed = self._timeline().placed()
        return [FakeTimelineItem(self.world, item) for _, _, item in placed if item.id in self.record.links]

    @answers("GetTrackTypeAndIndex")
    def track(self) -> list[Any]:
        return list(self._place())

    @answers("GetClipEnabled")
    def enabled(self) -> bool:
        return self.record.enabled

    @answers("SetClipEnabled")
    def set_enabled(self, enabled: bool) -> bool:
        if self._locked():
            return False
        self.record.enabled = enabled
        return True

    @answers("GetClipColor")
    def color(self) -> str:
        return self.record.color

    @answers("SetClipColor")
    def set_color(self, color: str) -> bool:
        self.record.color = color
        return True

    @answers("SetName")
    def set_name(self, name: str) -> bool:
        self.record.name = name
        return True

    @answers("AddMarker")
    def add_marker(self, frame: int, color: str, name: str, note: str, duration: int, custom: str = "") -> bool:
        if frame in self.record.markers:
            return False
        values = {"color": color, "name": name, "note": note, "duration": duration, "customData": custom}
        self.record.markers[frame] = values
        return True

    @answers("GetMarkers")
    def markers(self) -> dict[int, dict[str, Any]]:
        return {frame: dict(values) for frame, values in self.record.markers.items()}


class FakeTimeline(Handle):
    """A timeline: tracks are counted from 1, frames absolutely, its markers from its start."""

    record: Timeline

    def gone(self) -> bool:
        return not any(timeline is self.record for timeline in self.world.timelines)

    def _track(self, kind: str, number: int) -> Track | None:
        tracks = self.record.tracks[kind]
        return tracks[number - 1] if 1 <= number <= len(tracks) else None

    @answers("GetName")
    def name(self) -> str:
        return self.record.name

    @answers("GetUniqueId")
    def unique_id(self) -> str:
        return self.record.id

    @answers("GetStartFrame")
    def start_frame(self) -> int:
        return self.record.start

    @answers("GetEndFrame")
    def end_frame(self) -> int:
        return max((item.end for _, _, item in self.record.placed()), default=self.record.start)

    @answers("GetSetting")
    def setting(self, name: str) -> str | float:
        return self.record.setting if name == "timelineFrameRate" else ""

    @answers("GetTrackCount")
    def track_count(self, kind: str) -> int:
        return len(self.record.tracks[kind])

    @answers("GetTrackName")
    def track_name(self, kind: str, number: int) -> str:
        track = self._track(kind, number)
        return track.name if track else ""

    @answers("SetTrackName")
    def set_track_name(self, kind: str, number: int, name: str) -> bool:
        track = self._track(kind, number)
        if track is not None:
            track.name = name
        return track is not None

    @answers("GetIsTrackEnabled")
    def track_enabled(self, kind: str, number: int) -> bool:
        track = self._track(kind, number)
        return track is not None and track.enabled

    @answers("GetIsTrackLocked")
    def track_locked(self, kind: str, number: int) -> bool:
        track = self._track(kind, number)
        return track is not None and track.locked

    @answers("SetTrackLock")
    def lock_track(self, kind: str, number: int, locked: bool) -> bool:
        track = self._track(kind, number)
        if track is not None:
            track.locked = locked
        return track is not None

    @answers("AddTrack")
    def add_track(self, kind: str, options: str | dict[str, Any] = "") -> bool:
        tracks = self.record.tracks[kind]
        if isinstance(options, dict) and self.world.version < (19, 0, 0):
            return False
        at = options.get("index", len(tracks) + 1) if isinstance(options, dict) else len(tracks) + 1
        tracks.insert(at - 1, Track(f"{_NEW_NAMES[kind]} {len(tracks) + 1}"))
        return True

    @answers("DeleteTrack")
    def delete_track(self, kind: str, number: int) -> bool:
        if self._track(kind, number) is None:
            return False
        del self.record.tracks[kind][number - 1]
        return True

    @answers("GetItemListInTrack")
    def items(self, kind: str, number: int) -> list[FakeTimelineItem] | None:
        track = self._track(kind, number)
        return None if track is None else [FakeTimelineItem(self.world, item) for item in track.items]

    @answers("DeleteClips")
    def delete_clips(self, items: Sequence[FakeTimelineItem], ripple: bool = False) -> bool:
        assert not ripple, "a ripple would move the user's clips"
        if self.world.page != "edit":
            return False
        for item in items:
            for tracks in self.record.tracks.values():
                for track in tracks:
                    if not track.locked:
                        track.items[:] = [other for other in track.items if other is not item.record]
        return True

    @answers("GetMarkInOut")
    def marks(self) -> dict[str, dict[str, int]]:
        return {kind: dict(marks) for kind, marks in self.record.marks.items()}

    @answers("GetSelectedClips")
    def selected(self) -> list[FakeTimelineItem]:
        chosen = [item for _, _, item in self.record.placed() if item.id in self.record.selected]
        return [FakeTimelineItem(self.world, item) for item in chosen]

    @answers("GetCurrentVideoItem")
    def current_video_item(self) -> FakeTimelineItem | None:
        at = self.record.playhead
        under = [item for kind, _, item in self.record.placed() if kind == "video" and item.start <= at < item.end]
        return FakeTimelineItem(self.world, under[-1]) if under else None

    @answers("CreateSubtitlesFromAudio")
    def create_subtitles(self, settings: Any = None) -> bool:
        if self.world.edition == "free":
            self.world.modal = True  # a window that asks to buy; nothing else answers while it is open
            return False
        return True
