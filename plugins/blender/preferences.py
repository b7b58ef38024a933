# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for all files: where dubkit is, and where its films go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..bridge.found import installed_python
from ..bridge.host import HostError
from . import doctor
from .bases import PACKAGE, AddonPreferences, bpy, saved

__all__ = ["DUBKIT_AP_preferences", "dubkit_program", "job_folder"]


@saved(
    python=bpy.props.StringProperty(
        name="Python with dubkit",
        subtype="FILE_PATH",
        default=installed_python(),
        description="The Python in which dubkit is installed (not Blender's own), or the command dubkit",
    ),
    folder=bpy.props.StringProperty(
        name="Folder for dubs",
        subtype="DIR_PATH",
        default="//dubkit",
        description="Where dubbed films go; // is the folder of the .blend file",
    ),
)
class DUBKIT_AP_preferences(AddonPreferences):  # noqa: N801 - Blender asks for such names
    """What the preferences show."""

    bl_idname = PACKAGE
    python: str
    folder: str

    def draw(self, context: Any) -> None:
        """Draw the two paths, the test button, and what the test has found."""
        del context
        column = self.layout.column()
        column.prop(self, "python")
        column.prop(self, "folder")
        column.operator("dubkit.test_python", icon="CHECKMARK")
        for icon, line in doctor.found_lines():
            column.label(text=line, icon=icon)


def dubkit_program(context: Any) -> str:
    """The Python with dubkit.

    Raises:
        HostError: if none is known.
    """
    program = bpy.path.abspath(_preferences(context).python.strip()) or installed_python()
    if not program:
        raise HostError("name the Python with dubkit in the preferences (Add-ons, dubkit)")
    return str(program)


def job_folder(context: Any, identity: str) -> str:
    """Where the films of a job go: beside the .blend file, or among the user's own files while that is not saved."""
    folder = _preferences(context).folder or "//dubkit"
    if folder.startswith("//") and not bpy.data.filepath:
        folder = bpy.utils.user_resource("DATAFILES", path="dubkit", create=True)
    return str(Path(bpy.path.abspath(folder)).absolute() / identity)


def _preferences(context: Any) -> Any:
    return context.preferences.addons[PACKAGE].preferences
