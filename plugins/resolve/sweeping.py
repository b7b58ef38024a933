"""Taking away: what a placement added before it failed, what a killed run left, and what the user no longer wants."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..bridge.host import HostError
from ..bridge.records import Medium
from .answers import ask, listed, tell, text, true
from .journal import Entry, Journal
from .marks import Mark, Seen, Silenced, file_of, mark_of, ours, same_file, walk
from .media_bin import remove_files
from .opened import Opened, on_edit_page, track_names

__all__ = ["locked_tracks", "remove_tags", "take_away"]

_ATTEMPTS = 4


def take_away(opened: Opened, entry: Entry) -> list[str]:
    """Take away what ``entry`` tells of, until none of it is found; what is left, in words.

    It may be called again and again, and after any part of it was already done. What carries neither our tag nor one of
    the entry's files is not touched, and a track that holds such a thing stays.
    """
    left: list[str] = []
    for _ in range(_ATTEMPTS):
        try:
            with on_edit_page(opened):
                left = _pass(opened, entry)
        except HostError as error:
            left = [str(error)]
        if not left:
            break
    return left


def _pass(opened: Opened, entry: Entry) -> list[str]:
    """One round; what was found to be there still, and has been told to go."""
    timeline = opened.timeline
    left: list[str] = []
    found = [one for one in walk(opened) if _of(entry, one)]
    if found:
        left.append(f"{len(found)} clips")
        ask(timeline.DeleteClips, [one.item for one in found], False)
    left += _drop_tracks(opened, entry)
    left += _switch_on(opened, entry.silenced)
    if entry.paths and not left and remove_files(opened, entry.paths, entry.kept, with_bin=entry.bin_made):
        left.append("media in the bin dubkit")
    return left


def _of(entry: Entry, one: Seen) -> bool:
    mark = mark_of(one.item)
    if mark is not None:
        return entry.covers(mark.tag)
    media = ask(one.item.GetMediaPoolItem) if entry.paths else None
    path = file_of(media) if media else ""
    return bool(path) and any(same_file(path, other) for other in entry.paths)


def _drop_tracks(opened: Opened, entry: Entry) -> list[str]:
    timeline = opened.timeline
    left = []
    for medium in Medium:
        names = track_names(opened.timeline, medium)
        for number in range(len(names), 0, -1):
            name = names[number - 1]
            unnamed = entry.adding == (medium.value, len(names) - 1) and number == len(names)
            if not unnamed and (medium.value, name) not in entry.tracks:
                continue
            if listed(f"{medium.value} track {number}", timeline.GetItemListInTrack, medium.value, number):
                continue
            left.append(f"{medium.value} track {name}")
            # One wrong "yes" would take a track of the user's: it is never told twice without a look in between.
            tell(timeline.DeleteTrack, medium.value, number)
    return left


def _switch_on(opened: Opened, silenced: Sequence[Silenced]) -> list[str]:
    if not silenced:
        return []
    seen = walk(opened)
    left = []
    for one in silenced:
        clip = one.found(seen)
        if clip is not None and not true("a clip is switched on", clip.item.GetClipEnabled):
            left.append("a sound clip that is switched off")
            ask(clip.item.SetClipEnabled, True)
    return left


def remove_tags(opened: Opened, tags: Collection[str], journal: Journal) -> int:
    """Remove what carries one of ``tags``, its tracks if they are empty then, and switch on what only it had silenced.

    Returns:
        How many clips were removed.

    Raises:
        HostError: if a track is locked, before anything is removed; or if something could not be removed.
    """
    wanted = Entry("removing", next(iter(tags), ""), opened.project_key, opened.key, tuple(tags))
    marked = ours(walk(opened))
    going = [(one, mark) for one, mark in marked if wanted.covers(mark.tag)]
    if not going:
        return 0
    locked_tracks(opened, [one for one, _ in going])
    staying = [mark for _, mark in marked if not wanted.covers(mark.tag)]
    entry = Entry(
        "removing",
        wanted.tag,
        opened.project_key,
        opened.key,
        wanted.tags,
        tracks=tuple({(one.medium.value, mark.track): None for one, mark in going}),
        silenced=_only_of([mark for _, mark in going], staying),
    )
    journal.put(entry)
    try:
        left = take_away(opened, entry)
    except BaseException:
        if not take_away(opened, entry):  # the user wants to stop, but never with half a dub
            journal.drop(entry.tag)
        raise
    if left:
        raise HostError(f"not everything could be removed: {', '.join(left)}; try again")
    journal.drop(entry.tag)
    return len(going)


def locked_tracks(opened: Opened, clips: Sequence[Seen]) -> None:
    """Make sure that ``clips`` can be deleted.

    Raises:
        HostError: if one lies on a locked track.
    """
    timeline = opened.timeline
    for medium, number in sorted({(one.medium.value, one.track) for one in clips}):
        if true("a track is locked", timeline.GetIsTrackLocked, medium, number):
            name = text("a track's name", timeline.GetTrackName, medium, number)
            raise HostError(f"the {medium} track {name} is locked; unlock it and try again")


def _only_of(going: Sequence[Mark], staying: Sequence[Mark]) -> tuple[Silenced, ...]:
    needed = {one.key for mark in staying for one in mark.silenced}
    silenced: dict[str, Silenced] = {one.key: one for mark in going for one in mark.silenced}
    return tuple(one for key, one in silenced.items() if key not in needed)
