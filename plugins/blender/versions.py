# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Blender 3.4, 4.2 to 5.0 and (by its documents) 5.1: nothing else asks for a version."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from ..bridge.rates import exact_rate

__all__ = [
    "StripTimes",
    "draw_progress",
    "levels_of",
    "open_level",
    "open_scene",
    "scene_rate",
    "set_end",
    "strips_in",
    "times_of",
]

_NEAREST = 1_000_000


class StripTimes(NamedTuple):
    """Where a strip lies, in frames of the scene.

    Attributes:
        start: First frame that is seen.
        end: First frame after it.
        content: Frame at which its content would begin if nothing were trimmed off; may lie between two frames.
        length: Frames that its content has on the timeline.
    """

    start: int
    end: int
    content: Fraction
    length: int


def open_scene(context: Any) -> Any:
    """The scene whose sequencer is worked in: since 5.0 the workspace names it, and names none at first."""
    return getattr(context, "sequencer_scene", None) or context.scene


def scene_rate(scene: Any) -> Fraction:
    """Frames a second, exactly: Blender keeps 30000/1001 as 30 and the float 1.001."""
    return exact_rate(Fraction(scene.render.fps) / Fraction(scene.render.fps_base))


def strips_in(level: Any) -> Any:
    """The strips of a sequence editor or meta strip: called ``sequences`` before 4.4, and no longer since 5.0."""
    strips = getattr(level, "strips", None)
    return level.sequences if strips is None else strips


def levels_of(editor: Any) -> Iterator[Any]:
    """The sequence editor, and every meta strip in it, however deep."""
    yield editor
    for strip in strips_in(editor):
        if strip.type == "META":
            yield from levels_of(strip)


def open_level(editor: Any) -> Any:
    """The sequence editor, or the meta strip that the user has gone into."""
    return editor.meta_stack[-1] if len(editor.meta_stack) else editor


def times_of(strip: Any) -> StripTimes:
    """Where ``strip`` lies: 5.1 gives the attributes new names and 6.0 drops the old ones."""
    if hasattr(strip, "left_handle"):
        start, end = strip.left_handle, strip.right_handle
        content, length = strip.content_start, strip.content_duration
    else:
        start, end = strip.frame_final_start, strip.frame_final_end
        content, length = strip.frame_start, strip.frame_duration
    return StripTimes(int(start), int(end), Fraction(content).limit_denominator(_NEAREST), int(length))


def set_end(strip: Any, frame: int) -> None:
    """Trim ``strip`` so that ``frame`` is the first after it."""
    setattr(strip, "right_handle" if hasattr(strip, "right_handle") else "frame_final_end", frame)


def draw_progress(layout: Any, fraction: float, text: str) -> None:
    """A bar with ``text`` on it; before 4.0 the text alone."""
    if hasattr(layout, "progress"):
        layout.progress(factor=fraction, text=text, type="BAR")
    else:
        layout.label(text=text)
