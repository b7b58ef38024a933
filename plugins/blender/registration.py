# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything made known to Blender, and taken away again."""

from __future__ import annotations

from typing import Any

from . import work
from .bases import bpy
from .operators import OPERATORS
from .panel import DUBKIT_PT_panel
from .preferences import DUBKIT_AP_preferences
from .settings import DUBKIT_PG_settings

__all__ = ["register", "unregister"]

_CLASSES = (DUBKIT_PG_settings, DUBKIT_AP_preferences, *OPERATORS, DUBKIT_PT_panel)


def register() -> None:
    """Switch the add-on on."""
    for kind in _CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.Scene.dubkit = bpy.props.PointerProperty(type=DUBKIT_PG_settings)
    bpy.app.handlers.load_pre.append(_before_load)


def unregister() -> None:
    """Switch the add-on off; what is on its way is stopped."""
    work.abandon()
    bpy.app.handlers.load_pre.remove(_before_load)
    del bpy.types.Scene.dubkit
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)


def _before_load(*_: Any) -> None:
    """Another file is opened: what is on its way belongs to the one that goes."""
    work.abandon()


bpy.app.handlers.persistent(_before_load)  # which marks the function, so that opening a file does not forget it
