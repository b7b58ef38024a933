"""Putting a plan on the timeline: every write is read back, and it is all there in the end, or nothing of it."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..bridge.host import HostError
from ..bridge.rates import exact_rate
from ..bridge.records import Medium, NewTrack, Placement, PlacementPlan
from .answers import ask, listed, offered, tell, text, true, whole
from .journal import Entry, Journal
from .marks import CLIP_COLOR, Mark, Seen, Silenced, lying_on, mark_of, ours, walk
from .media_bin import clips_in, find_bin, import_files
from .opened import Opened, on_edit_page, track_names
from .sweeping import locked_tracks, remove_tags, take_away

__all__ = ["Writing"]

_MARKER_COLOR = "Purple"
_TRIES = 4
_SOUND_SHORT = 2
"""Frames that may be missing at a sound's end: it is counted at 24 a second at least, the timeline at 60 at most."""
_MEDIA_TYPES = {Medium.VIDEO: 1, Medium.AUDIO: 2}


class Writing:
    """One plan on its way onto a timeline.

    Args:
        opened: The timeline.
        plan: What comes onto it.
        journal: Where it is noted meanwhile.

    Attributes:
        notes: What the user should know, a sentence each.
    """

    def __init__(self, opened: Opened, plan: PlacementPlan, journal: Journal) -> None:
        self._opened = opened
        self._plan = plan
        self._journal = journal
        self._last_frame_counts = opened.version < (19,)
        self._silenced: dict[str, tuple[Silenced, ...]] = {}
        self.notes: list[str] = []
        self._entry = Entry(
            "placing",
            plan.tag,
            opened.project_key,
            opened.key,
            tags=(plan.tag,),
            tracks=tuple((track.medium.value, track.name) for track in plan.tracks),
            paths=tuple({placement.path: None for placement in plan.placements}),
            replaces=plan.replaces,
        )

    def run(self) -> None:
        """Place everything, then remove what it replaces.

        Raises:
            HostError: naming what failed, and what could not be taken back, if anything.
        """
        self._prepare()
        self._note()
        try:
            with on_edit_page(self._opened):
                self._write()
            self._note(stage="placed", adding=None)
        except HostError as error:
            left = self._undo()
            remains = f"could not be taken back: {', '.join(left)}; " if left else "the timeline is as it was"
            again = "it is tried again the next time" if left else ""
            raise HostError(f"{str(error).rstrip('.')}; {remains}{again}") from error
        except BaseException:
            self._undo()
            raise
        self._finish()

    def _finish(self) -> None:
        if self._plan.replaces:
            try:
                remove_tags(self._opened, self._plan.replaces, self._journal)
            except HostError as error:
                raise HostError(f"the new dub is in place, but the one before it is not removed: {error}") from error
        self._journal.drop(self._entry.tag)

    def _undo(self) -> list[str]:
        left = take_away(self._opened, self._entry)
        if not left:
            self._journal.drop(self._entry.tag)
        return left

    def _note(self, **changed: Any) -> None:
        self._entry = replace(self._entry, **changed)
        self._journal.put(self._entry)

    def _prepare(self) -> None:
        """Find out what stands in the way before anything is touched."""
        opened, plan = self._opened, self._plan
        for placement in plan.placements:
            if not Path(placement.path).is_file():
                raise HostError(f"{placement.path}: is not there, so nothing was placed")
        for track in plan.tracks:
            if track.name in track_names(opened.timeline, track.medium):
                raise HostError(f"there is a track {track.name!r} already; rename it and try again")
        seen = walk(opened)
        marked = ours(seen)
        locked_tracks(opened, [one for one, mark in marked if mark.tag in plan.replaces])
        self._find_sounds(seen, [mark for _, mark in marked])
        folder = find_bin(opened)
        held = clips_in(folder) if folder is not None else []
        self._entry = replace(
            self._entry,
            bin_made=folder is None,
            kept=tuple(str(ask(media.GetUniqueId)) for media in held),
        )

    def _find_sounds(self, seen: list[Seen], marks: list[Mark]) -> None:
        """What is to be switched off: what plays, and what an earlier dub of ours switched off, so that both know."""
        timeline = self._opened.timeline
        by_key = {one.key: one for one in seen if one.medium is Medium.AUDIO and one.key}
        before = {one.key for mark in marks for one in mark.silenced}
        playing = []
        for key, tag in self._plan.silence.items():
            one = by_key.get(key)
            if one is None:
                continue
            plays = true("a clip is switched on", one.item.GetClipEnabled)
            if plays and true("a track is locked", timeline.GetIsTrackLocked, one.medium.value, one.track):
                name = text("a track's name", timeline.GetTrackName, one.medium.value, one.track)
                self.notes.append(f"the audio track {name} is locked: its original sound plays on beside the dub")
                continue
            if plays or key in before:
                silenced = Silenced(key, one.start, one.track)
                self._silenced[tag] = (*self._silenced.get(tag, ()), silenced)
                playing += [silenced] if plays else []
        self._entry = replace(self._entry, silenced=tuple(playing))

    def _write(self) -> None:
        opened = self._opened
        media = import_files(opened, self._entry.paths)
        told = dict(self._silenced)
        for track in sorted(self._plan.tracks, key=lambda track: track.medium is Medium.VIDEO):
            number = self._add_track(track)
            for placement in track.placements:
                item = self._append(media[placement.path], track, number, placement)
                self._mark(item, Mark(placement.tag, track.name, told.pop(placement.tag, ())), placement)
        self._silence()
        self._check()
        tell(opened.manager.SaveProject)
        self._check()  # what Resolve could not really take vanishes when the project is saved

    def _add_track(self, track: NewTrack) -> int:
        timeline, medium = self._opened.timeline, track.medium.value
        count = len(track_names(timeline, track.medium))
        self._note(adding=(medium, count))
        # A sub-type belongs to sound alone.
        tell(timeline.AddTrack, medium, *(["stereo"] if track.medium is Medium.AUDIO else []))
        number = whole("how many tracks there are", timeline.GetTrackCount, medium)
        if number != count + 1 or listed("the new track", timeline.GetItemListInTrack, medium, number):
            raise HostError(f"no {medium} track can be added")
        ask(timeline.SetTrackName, medium, number, track.name)
        if ask(timeline.GetTrackName, medium, number) != track.name:
            raise HostError(f"the new {medium} track cannot be named")
        self._note(adding=None)
        return number

    def _append(self, media: Any, track: NewTrack, number: int, placement: Placement) -> Any:
        """Put a file on the track; its clip, which begins and ends where it should.

        Which frame ``endFrame`` names changed with version 19, and frames are counted at the file's rate: so the length
        is read back, and what is missing added. Of a sound whose frames are longer than the timeline's, less than one
        may be missing at the end, where one more is too many.
        """
        opened = self._opened
        own = self._rate_of(media) / opened.rate  # frames of the file in one of the timeline
        end = math.ceil(placement.frames * own) - self._last_frame_counts
        longer = False
        for _ in range(_TRIES):
            info = {
                "mediaPoolItem": media,
                "startFrame": 0,
                "endFrame": end,
                "mediaType": _MEDIA_TYPES[track.medium],
                "trackIndex": number,
                "recordFrame": opened.start + placement.start,
            }
            tell(opened.pool.AppendToTimeline, [info])
            one = self._lying_at(track.medium, number, placement.start)
            if one is None:
                continue
            missing = placement.end - one.end
            longer = longer or missing < 0
            near = longer and track.medium is Medium.AUDIO and 0 < missing * own < 1
            if one.key and (missing == 0 or near):
                return one.item
            ask(opened.timeline.DeleteClips, [one.item], False)
            if self._lying_at(track.medium, number, placement.start) is not None:
                break
            end += max(1, round(missing * own)) if missing > 0 else min(-1, round(missing * own)) if missing else 0
        raise HostError(f"{placement.path}: DaVinci Resolve does not put it on the timeline as it is")

    def _rate_of(self, media: Any) -> Fraction:
        rate = ask(media.GetClipProperty, "FPS")
        try:
            return exact_rate(rate) if rate else self._opened.rate
        except ValueError:
            return self._opened.rate

    def _lying_at(self, medium: Medium, number: int, start: int) -> Seen | None:
        return next((one for one in lying_on(self._opened, medium, number) if one.start == start), None)

    def _mark(self, item: Any, mark: Mark, placement: Placement) -> None:
        for _ in range(2):
            if mark_of(item) == mark:
                break
            tell(item.AddMarker, 0, _MARKER_COLOR, "dubkit", placement.name, 1, mark.text())
        else:
            if mark_of(item) != mark:
                raise HostError(f"{placement.path}: its clip cannot be marked as ours")
        ask(item.SetClipColor, CLIP_COLOR)
        named = offered(item, "SetName")
        if named is not None:
            ask(named, placement.name)

    def _silence(self) -> None:
        if not self._entry.silenced:
            return
        seen = walk(self._opened)
        for silenced in self._entry.silenced:
            one = silenced.found(seen)
            if one is None:
                continue
            ask(one.item.SetClipEnabled, False)
            if true("a clip is switched on", one.item.GetClipEnabled):
                raise HostError("the original sound cannot be switched off")

    def _check(self) -> None:
        """Read everything once more.

        Raises:
            HostError: if something of the plan is not there as it should be.
        """
        for track in self._plan.tracks:
            names = track_names(self._opened.timeline, track.medium)
            number = names.index(track.name) + 1 if track.name in names else 0
            there = lying_on(self._opened, track.medium, number) if number else []
            found = [(one.start, _tag(one), bool(one.key)) for one in there]
            missing = {wanted.end - one.end for wanted, one in zip(track.placements, there)}
            allowed = range(_SOUND_SHORT + 1 if track.medium is Medium.AUDIO else 1)
            if found != [(one.start, one.tag, True) for one in track.placements] or not missing <= {*allowed}:
                raise HostError(f"the track {track.name!r} does not hold what was put on it")


def _tag(one: Seen) -> str:
    mark = mark_of(one.item)
    return mark.tag if mark else ""
