# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips of a sequencer as the bridge's clips: told as they are; refusing is the bridge's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

from ..bridge.rates import exact_rate
from ..bridge.records import Clip, ClipKind, Medium
from ..bridge.tags import is_tag
from .versions import StripTimes, strips_in, times_of

__all__ = ["SILENCED", "TAG", "MediaFiles", "clips_of", "tag_of"]

TAG = "dubkit"
"""Custom property of a strip that we placed: its tag."""
SILENCED = "dubkit_silenced"
"""Custom property of a strip that we switched off: the tags of those whose sound is heard instead, with spaces."""

_TRANSITIONS = frozenset({"CROSS", "GAMMA_CROSS", "WIPE"})
_KINDS = {
    "META": ClipKind.COMPOUND,
    "SCENE": ClipKind.COMPOUND,
    "MULTICAM": ClipKind.MULTICAM,
    "MOVIECLIP": ClipKind.UNKNOWN,
    "MASK": ClipKind.GENERATED,
    "TEXT": ClipKind.GENERATED,
    "COLOR": ClipKind.GENERATED,
}
"""What is no film and no sound; effects are nothing by themselves: they belong to the strips they lie on."""


class MediaFiles(Protocol):
    """What only Blender knows of files."""

    def path(self, written: str, library: Any) -> str:
        """The absolute path that the file or linked library means by ``written``."""
        ...

    def frames(self, path: str) -> int:
        """How many frames the film at ``path`` has; 0 where it cannot be read."""
        ...


def tag_of(strip: Any) -> str:
    """The tag of a strip that we placed; empty for all others."""
    tag = strip.get(TAG, "")
    return tag if isinstance(tag, str) and is_tag(tag) else ""


def clips_of(level: Any, rate: Fraction, origin: int, files: MediaFiles, *, selected: bool = True) -> list[Clip]:
    """The strips the user selected, as clips; what we placed ourselves is not meant.

    Args:
        level: The sequence editor, or the meta strip that is open.
        rate: The scene's frames a second.
        origin: The scene's first frame.
        files: What Blender knows of files.
        selected: Whether only selected strips are meant.
    """
    strips = [strip for strip in strips_in(level) if not tag_of(strip)]
    reader = _Reader(strips, rate, origin, files)
    return [
        clip for strip in strips if strip.select or not selected for clip in (reader.clip(strip),) if clip is not None
    ]


class _Reader:
    def __init__(self, strips: Sequence[Any], rate: Fraction, origin: int, files: MediaFiles) -> None:
        self._strips, self._rate, self._origin, self._files = strips, rate, origin, files
        self._effects = [strip for strip in strips if getattr(strip, "input_1", None) is not None]

    def clip(self, strip: Any) -> Clip | None:
        if strip.type in ("MOVIE", "SOUND"):
            return self._media(strip)
        if strip.type == "IMAGE":
            kind = ClipKind.STILL if len(strip.elements) == 1 else ClipKind.IMAGE_SEQUENCE
        elif strip.type in _KINDS:
            kind = _KINDS[strip.type]
        else:
            return None
        times = times_of(strip)
        return self._record(strip, times, Medium.VIDEO, "", Fraction(0), self._seconds(times), kind=kind)

    def _media(self, strip: Any) -> Clip:
        times, source = times_of(strip), self._source(strip)
        rate = self._content_rate(strip, times, source)
        trimmed = times.start - times.content + getattr(strip, "animation_offset_start", 0)
        first, last = trimmed / rate, (trimmed + times.end - times.start) / rate
        if getattr(strip, "use_reverse_frames", False):
            first, last = last, first
        medium = Medium.VIDEO if strip.type == "MOVIE" else Medium.AUDIO
        before, after = self._transitions(strip, times)
        return self._record(
            strip,
            times,
            medium,
            source,
            first,
            last,
            retimed=self._retimed(strip),
            transition_in=before,
            transition_out=after,
            sounds=self._sounds(times, source) if medium is Medium.VIDEO else (),
        )

    def _record(
        self, strip: Any, times: StripTimes, medium: Medium, source: str, first: Fraction, last: Fraction, **known: Any
    ) -> Clip:
        start, end = times.start - self._origin, times.end - self._origin
        return Clip(strip.name, strip.name, medium, strip.channel, start, end, source, first, last, **known)

    def _seconds(self, times: StripTimes) -> Fraction:
        return Fraction(times.end - times.start) / self._rate

    def _source(self, strip: Any) -> str:
        if strip.type == "MOVIE":
            return self._files.path(strip.filepath, None)
        return "" if strip.sound is None else self._files.path(strip.sound.filepath, strip.sound.library)

    def _content_rate(self, strip: Any, times: StripTimes, source: str) -> Fraction:
        """Frames of the strip's content a second of its source.

        A film of another rate than the scene's lies there frame for frame, or with frames left out and shown again so
        that it keeps its speed. No flag tells which; the number of frames does.
        """
        own = getattr(strip, "fps", 0) if strip.type == "MOVIE" else 0
        if not own or exact_rate(own) == self._rate or not os.path.isfile(source):  # noqa: PTH113 - any system's path
            return self._rate
        rate, frames = exact_rate(own), self._files.frames(source)
        length = times.length + strip.animation_offset_start + strip.animation_offset_end
        adjusted = abs(length - frames * self._rate / rate) < abs(length - frames)
        return self._rate if adjusted or not frames else rate

    def _retimed(self, strip: Any) -> bool:
        speed = getattr(strip, "speed_factor", 1.0), getattr(strip, "pitch", 1.0)
        keys = len(getattr(strip, "retiming_keys", ()))
        effect = any(one.type == "SPEED" and strip.name in _inputs(one) for one in self._effects)
        return keys > 0 or effect or any(abs(value - 1) > 1e-6 for value in speed)

    def _transitions(self, strip: Any, times: StripTimes) -> tuple[int, int]:
        before = after = 0
        for effect in self._effects:
            if effect.type not in _TRANSITIONS or strip.name not in _inputs(effect):
                continue
            over = times_of(effect)
            shared = min(over.end, times.end) - max(over.start, times.start)
            if shared <= 0:
                continue
            if over.start <= times.start:
                before = max(before, shared)
            else:
                after = max(after, shared)
        return before, after

    def _sounds(self, times: StripTimes, source: str) -> tuple[str, ...]:
        """The strips with the film's own sound, in its place: what a new mix is heard instead of.

        Not those that go on beyond the picture: switched off, they would be missed there.
        """
        found = []
        for sound in self._strips:
            if sound.type != "SOUND" or (sound.mute and SILENCED not in sound.keys()):  # noqa: SIM118 - no mapping
                continue
            lies = times_of(sound)
            within = times.start - 1 <= lies.start < lies.end <= times.end + 1
            if within and abs(lies.content - times.content) <= 1 and self._source(sound) == source:
                found.append(sound.name)
        return tuple(found)


def _inputs(effect: Any) -> tuple[str, ...]:
    both = (getattr(effect, "input_1", None), getattr(effect, "input_2", None))
    return tuple(strip.name for strip in both if strip is not None)
