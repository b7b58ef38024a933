# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's own module, and the classes of it that ours derive from, with what types we need of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, TypeVar

if TYPE_CHECKING:
    bpy: Any

    class Operator:
        """What a button does."""

        def report(self, kinds: set[str], message: str) -> None:
            """Say ``message``; of the kind ``ERROR`` it is raised where a script called the operator."""

    class Panel:
        """A part of a sidebar."""

        layout: Any

    class PropertyGroup:
        """Values that are saved with the file."""

    class AddonPreferences:
        """Values that are saved with the program."""

        layout: Any

else:
    import bpy
    from bpy.types import AddonPreferences, Operator, Panel, PropertyGroup

__all__ = ["PACKAGE", "AddonPreferences", "Operator", "Panel", "PropertyGroup", "bpy", "saved"]

PACKAGE = __name__.rpartition(".blender.")[0]
"""The package as Blender knows it: ``bl_ext.user_default.dubkit``, or ``dubkit_addon``."""

_Class = TypeVar("_Class", bound=type)


def saved(**properties: Any) -> Callable[[_Class], _Class]:
    """Let Blender keep the attributes that are named, each by its ``bpy.props`` property.

    Blender reads them from a class's annotations, where type checkers look for types: so those are written in the
    class, and these take their place.
    """

    def decorate(kind: _Class) -> _Class:
        kind.__annotations__ = dict(properties)
        return kind

    return decorate
