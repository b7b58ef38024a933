# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips placed on new channels, all of them or none; and taken away again, so that the file is as it was."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..bridge.host import HostError
from ..bridge.placing import Journal
from ..bridge.records import Medium, NewTrack, Placed, Placement, PlacementPlan
from .looks import copy_look
from .reading import SILENCED, TAG, tag_of
from .versions import levels_of, set_end, strips_in, times_of

__all__ = ["place_plan", "placed_in", "remove_tags"]

_CHANNEL = "dubkit_channel"
"""Custom property of a strip that we placed: its channel's number, and the name it had before and has from us."""
_CHANNELS = 128
_LONGEST_NAME = 60  # bytes; Blender's own limit is 63


class _Placing:
    """Where a plan goes.

    Attributes:
        notes: What the user should know, a sentence each.
    """

    def __init__(self, level: Any, origin: int, journal: Journal, sounds: Any, originals: Mapping[str, str]) -> None:
        self._level, self._origin, self._journal, self._sounds = level, origin, journal, sounds
        self._strips = strips_in(level)
        self._originals = {tag: self._strips[name] for tag, name in originals.items() if self._strips.find(name) >= 0}
        self.notes: list[str] = []

    def track(self, track: NewTrack) -> None:
        """Put one track's strips onto a channel of their own."""
        number = self._free_channel(track)
        channel = self._level.channels[number]
        was = channel.name
        self._journal.added(f"the name of channel {number}", lambda: setattr(channel, "name", was))
        channel.name = _named(track.name, track.medium)
        note = json.dumps({"number": number, "was": was, "is": channel.name})
        for placement in track.placements:
            self._strip(track.medium, placement, number, note)

    def silence(self, name: str, tag: str) -> None:
        """Switch off a strip, and write on it why."""
        place = self._strips.find(name)
        if place < 0:
            self.notes.append(f"the original sound {name} is no longer there and was not switched off")
            return
        strip = self._strips[place]
        before = strip.get(SILENCED, "")
        if strip.mute and not before:
            return
        self._journal.added(f"{name} switched off", lambda: _set_silenced(strip, before))
        _set_silenced(strip, f"{before} {tag}".strip())

    def _free_channel(self, track: NewTrack) -> int:
        """The lowest that is empty, heard, seen, unlocked, and above the originals; sounds may lie below a picture."""
        used = {strip.channel for strip in self._strips}
        originals = [self._originals[one.tag].channel for one in track.placements if one.tag in self._originals]
        lowest = max(originals, default=max(used, default=0)) + 1
        for number in range(lowest, _CHANNELS + 1):
            channel = self._level.channels[number]
            if number not in used and not channel.mute and not channel.lock:
                return number
        raise HostError(f"there is no free channel for {track.name}")

    def _strip(self, medium: Medium, placement: Placement, number: int, note: str) -> None:
        if not os.path.isfile(placement.path):  # noqa: PTH113 - Blender would place a strip that shows nothing
            raise HostError(f"{placement.path}: is not there")
        new = self._strips.new_movie if medium is Medium.VIDEO else self._strips.new_sound
        start = self._origin + placement.start
        strip = new(name=_named(placement.name, medium), filepath=placement.path, channel=number, frame_start=start)
        self._journal.added(strip.name, partial(self._take_away, strip.name))
        strip[TAG], strip[_CHANNEL] = placement.tag, note
        strip.select = False
        end = start + placement.frames
        if medium is Medium.AUDIO and times_of(strip).end == end + 1:
            set_end(strip, end)  # Blender rounds a length in samples up to whole frames
        times = times_of(strip)
        if (times.start, times.end, strip.channel) != (start, end, number):
            raise HostError(
                f"{placement.path}: Blender laid it at frames {times.start} to {times.end} on channel {strip.channel} "
                f"instead of {start} to {end} on {number}"
            )
        original = self._originals.get(placement.tag)
        if medium is Medium.VIDEO and original is not None:
            self._compare(original, strip)

    def _take_away(self, name: str) -> None:
        _remove(self._level, self._strips[name], self._sounds)

    def _compare(self, original: Any, strip: Any) -> None:
        self.notes.extend(copy_look(original, strip))
        was, now = times_of(original), times_of(strip)
        if (was.start, was.end) != (now.start, now.end):
            self.notes.append(f"{original.name} was moved or trimmed meanwhile; its dub lies where it was")
        hidden = [
            other.name
            for other in self._strips
            if other.type != "SOUND"
            and original.channel < other.channel < strip.channel
            and not (other.mute or tag_of(other))
            and times_of(other).start < now.end
            and now.start < times_of(other).end
        ]
        if hidden:
            self.notes.append(f"{strip.name} covers {', '.join(hidden)}; move it below")


def place_plan(
    level: Any, plan: PlacementPlan, origin: int, journal: Journal, sounds: Any, originals: Mapping[str, str]
) -> list[str]:
    """Place everything in ``plan``.

    Args:
        level: The sequence editor or meta strip it comes into.
        plan: What is placed.
        origin: The scene's first frame.
        journal: Takes down how each step is undone.
        sounds: ``bpy.data.sounds``.
        originals: For each tag the name of the strip it is made of.

    Returns:
        What the user should know, a sentence each.

    Raises:
        HostError: if something is not where it should be; what was placed is for the journal to take away.
    """
    placing = _Placing(level, origin, journal, sounds, originals)
    for track in sorted(plan.tracks, key=lambda track: track.medium is Medium.VIDEO):
        placing.track(track)
    for name, tag in plan.silence.items():
        placing.silence(name, tag)
    return placing.notes


def placed_in(editor: Any, origin: int) -> list[Placed]:
    """Everything of ours in a sequence editor, in meta strips too."""
    found = []
    for _, strip in _ours(editor):
        times = times_of(strip)
        medium = Medium.AUDIO if strip.type == "SOUND" else Medium.VIDEO
        found.append(Placed(tag_of(strip), medium, times.start - origin, times.end - origin))
    return found


def remove_tags(editor: Any, tags: Collection[str], sounds: Any) -> int:
    """Remove what carries one of ``tags``, name its channels as they were, and switch on what was silenced for it.

    Returns:
        How many strips were removed.

    Raises:
        HostError: if one cannot be removed.
    """
    gone = [(level, strip) for level, strip in _ours(editor) if tag_of(strip) in tags]
    for level, strip in gone:
        _remove(level, strip, sounds)
    for level in levels_of(editor):
        for strip in strips_in(level):
            before = strip.get(SILENCED, "").split()
            left = [tag for tag in before if tag not in tags]
            if left != before:
                _set_silenced(strip, " ".join(left))
    return len(gone)


def _ours(editor: Any) -> Iterator[tuple[Any, Any]]:
    """Level and strip of all that we placed."""
    for level in levels_of(editor):
        for strip in strips_in(level):
            if tag_of(strip):
                yield level, strip


def _remove(level: Any, strip: Any, sounds: Any) -> None:
    name, note = strip.name, strip.get(_CHANNEL, "")
    sound = strip.sound if strip.type == "SOUND" else None
    strips = strips_in(level)
    try:
        strips.remove(strip)
    except RuntimeError as error:
        raise HostError(f"{name} cannot be removed ({error})") from error
    if sound is not None and not sound.users:
        sounds.remove(sound)
    if note:
        _rename_back(level, strips, json.loads(note))


def _rename_back(level: Any, strips: Sequence[Any], note: Mapping[str, Any]) -> None:
    """Give a channel the name it had, if it is empty and still has the one it got from us."""
    channel = level.channels[note["number"]]
    if channel.name == note["is"] and all(strip.channel != note["number"] for strip in strips):
        channel.name = note["was"]


def _set_silenced(strip: Any, tags: str) -> None:
    """Switch ``strip`` off for the sake of ``tags``, or on again where there are none."""
    if tags:
        strip[SILENCED] = tags
    elif SILENCED in strip.keys():  # noqa: SIM118 - a strip is no mapping
        del strip[SILENCED]
    strip.mute = bool(tags)


def _named(name: str, medium: Medium) -> str:
    """``name``, another one for sound than for picture (else Blender adds numbers), and no longer than it takes."""
    ending = " sound" if medium is Medium.AUDIO else ""
    return name.encode("utf-8")[: _LONGEST_NAME - len(ending)].decode("utf-8", "ignore") + ending
