# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in the sequencer's sidebar."""

from __future__ import annotations

import textwrap
from typing import Any

from . import work
from .bases import Panel
from .versions import draw_progress, open_scene

__all__ = ["DUBKIT_PT_panel"]

_LETTER = 7
"""Pixels of a letter, about, at the usual scale: labels break no lines by themselves."""
_MOST_LINES = 24


class DUBKIT_PT_panel(Panel):  # noqa: N801 - Blender asks for such names
    """Choices, buttons, how far it is, and what came of it."""

    bl_label = "dubkit"
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "dubkit"

    def draw(self, context: Any) -> None:
        """Draw it."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        running, settings = work.current(), open_scene(context).dubkit
        column = layout.column()
        column.enabled = running is None
        _draw_settings(column, settings)
        if running is not None:
            box = layout.box()
            draw_progress(box, running.fraction, f"{round(100 * running.fraction)} %  {running.words}")
            row = box.row()
            row.label(text=_clock(running.seconds), icon="TIME")
            row.operator("dubkit.cancel", icon="CANCEL")
            return
        buttons = layout.column(align=True)
        buttons.scale_y = 1.3
        buttons.operator("dubkit.dub_selection", icon="PLAY_SOUND")
        buttons.operator("dubkit.sync_strip", icon="SOUND")
        layout.operator("dubkit.remove_dub", icon="TRASH")
        done = work.last()
        if done is not None:
            _draw_done(layout.box().column(align=True), done, context.region.width)


def _draw_settings(column: Any, settings: Any) -> None:
    column.prop(settings, "language")
    column.prop(settings, "subtitles")
    column.prop(settings, "cue_time", text="From")
    column.prop(settings, "voice_from")
    column.prop(settings, {"TTS": "tts", "FILE": "voice_file", "FOLDER": "voice_folder"}[settings.voice_from])
    column.prop(settings, "sound")
    column.prop(settings, "picture")
    column.prop(settings, "model")


def _draw_done(column: Any, done: work.Done, width: int) -> None:
    icon = {"done": "CHECKMARK", "cancelled": "CANCEL"}.get(done.state, "ERROR")
    lines = [(icon, line) for line in _wrapped(done.message, width)]
    for detail in done.details:
        lines.extend(("DOT" if not place else "BLANK1", line) for place, line in enumerate(_wrapped(detail, width)))
    for shown, line in lines[:_MOST_LINES]:
        column.label(text=line, icon=shown)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(20, width // _LETTER - 6))


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
