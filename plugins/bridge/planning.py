"""Which of the selected clips can be done, and why the others cannot: each is judged by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Callable, NamedTuple

from .records import Clip, ClipKind, Medium, Refusal, Task, Timeline

__all__ = ["SPEEDS", "Choice", "choose", "choose_sync"]

SPEEDS = (Fraction(1), Fraction(1001, 1000), Fraction(1000, 1001))
"""Seconds of source per second of timeline that a clip may have: its own, or what an editor makes of 24 frames a second
at 23.976, and the other way round."""

_SLACK_FRAMES, _SLACK_SECONDS = Fraction(3, 2), Fraction(1, 16)
"""Frames of the timeline, or seconds where that is more, by which both ranges may differ: editors round a trim to whole
frames of timeline or source, some to the frame before."""

_KINDS = {
    ClipKind.STILL: "is a still image; sync one with `dubkit lipsync`, which makes a talking picture of it",
    ClipKind.IMAGE_SEQUENCE: "is an image sequence; render it to a film first",
    ClipKind.COMPOUND: "is a compound clip; render it to a film first, or dub the clips inside it",
    ClipKind.MULTICAM: "is a multicam clip; flatten it first",
    ClipKind.GENERATED: "is made by the editor and has no media; render it to a film first",
    ClipKind.UNKNOWN: "cannot be told apart from what has no media; render it to a film first",
}


class Choice(NamedTuple):
    """What is done and what is not.

    Attributes:
        tasks: Clips to be done, in timeline order.
        refused: The others that could have been meant, in timeline order.
    """

    tasks: tuple[Task, ...]
    refused: tuple[Refusal, ...]


def choose(selection: Iterable[Clip], timeline: Timeline, exists: Callable[[str], bool] = os.path.isfile) -> Choice:
    """The picture clips of ``selection`` that can be dubbed; sound clips among them are only there by their links.

    Args:
        selection: What the user selected.
        timeline: The timeline it lies on.
        exists: Whether a path is a file.
    """
    tasks, refused = [], []
    for clip in _in_order(selection):
        if clip.medium is not Medium.VIDEO:
            continue
        reason = _refusal(clip, timeline.rate, exists)
        if reason:
            refused.append(Refusal(clip, f"{clip.name} {reason}"))
        else:
            tasks.append(Task(clip))
    return Choice(tuple(tasks), tuple(refused))


def choose_sync(
    selection: Sequence[Clip], timeline: Timeline, exists: Callable[[str], bool] = os.path.isfile
) -> Choice:
    """For each picture clip of ``selection`` the selected sound clip that lies under most of it.

    Sound clips that are linked to a selected picture clip are taken only where there is no other: they are the sound
    its lips already have.

    Args:
        selection: What the user selected.
        timeline: The timeline it lies on.
        exists: Whether a path is a file.
    """
    choice = choose(selection, timeline, exists)
    linked = {key for clip in selection for key in clip.sounds}
    sounds = [clip for clip in _in_order(selection) if clip.medium is Medium.AUDIO]
    sounds = [clip for clip in sounds if clip.key not in linked] or sounds
    tasks: list[Task] = []
    refused = list(choice.refused)
    for task in choice.tasks:
        clip = task.picture
        sound = _under(clip, sounds)
        if sound is None:
            refused.append(Refusal(clip, f"{clip.name} has no selected sound under it; select a sound clip too"))
            continue
        reason = _refusal(sound, timeline.rate, exists)
        if reason:
            refused.append(Refusal(clip, f"the sound of {clip.name}, {sound.name}, {reason}"))
        else:
            tasks.append(Task(clip, sound))
    return Choice(tuple(tasks), tuple(sorted(refused, key=lambda item: _order(item.clip))))


def _refusal(clip: Clip, rate: Fraction, exists: Callable[[str], bool]) -> str:
    """Why ``clip`` cannot be done, without its name; empty where it can."""
    if clip.kind in _KINDS:
        return _KINDS[clip.kind]
    if clip.offline or not clip.source or not exists(clip.source):
        where = f" ({clip.source} is not there)" if clip.source else ""
        return f"is offline{where}; link its media again"
    if clip.frames < 1:
        return "is shorter than a frame"
    if clip.source_end < clip.source_start:
        return "plays backwards; render it to a film first"
    if clip.retimed or not _own_speed(clip, rate):
        return f"does not play at its own speed{_speed(clip, rate)}; render it to a film first"
    if clip.transition_in or clip.transition_out:
        return "has a transition over it; take the transition away, dub, and put it back"
    return ""


def _own_speed(clip: Clip, rate: Fraction) -> bool:
    length = clip.frames / rate
    source = clip.source_end - clip.source_start
    slack = max(_SLACK_FRAMES / rate, _SLACK_SECONDS)
    return any(abs(source - length * speed) <= slack for speed in SPEEDS)


def _speed(clip: Clip, rate: Fraction) -> str:
    source = clip.source_end - clip.source_start
    return f" but at {float(100 * source * rate / clip.frames):.4g} %" if not _own_speed(clip, rate) else ""


def _under(clip: Clip, sounds: Sequence[Clip]) -> Clip | None:
    """The sound with most in common with ``clip`` in time; of equals the first."""
    shared = [(min(clip.end, sound.end) - max(clip.start, sound.start), sound) for sound in sounds]
    longest = max((length for length, _ in shared), default=0)
    return next((sound for length, sound in shared if length == longest and length > 0), None)


def _in_order(clips: Iterable[Clip]) -> list[Clip]:
    return sorted(clips, key=_order)


def _order(clip: Clip) -> tuple[int, int, str]:
    return clip.start, clip.track, clip.key
