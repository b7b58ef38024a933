"""Where editors look for plugins, on each system, as their makers document it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

__all__ = ["EDITORS", "Surroundings", "blender_folders", "resolve_folder"]

EDITORS = ("blender", "resolve")

_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class Surroundings:
    """What decides where an editor's folders are.

    Attributes:
        system: ``linux``, ``darwin`` or ``win32``.
        home: The user's folder.
        environment: Environment variables.
    """

    system: str
    home: str
    environment: Mapping[str, str]

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this machine."""
        return cls(sys.platform, str(Path.home()), os.environ)

    def path(self, *parts: str) -> PurePath:
        """``parts`` as a path of that system."""
        return PureWindowsPath(*parts) if self.system == "win32" else PurePosixPath(*parts)

    def variable(self, name: str, *otherwise: str) -> PurePath:
        """The folder that a variable names, or what it is by default."""
        return self.path(self.environment.get(name) or str(self.path(*otherwise)))


def resolve_folder(around: Surroundings, *, everyone: bool = False) -> PurePath:
    """DaVinci Resolve's folder ``Fusion``, in which it looks for scripts; of the user, or of everyone.

    Source: Blackmagic Design's README of the scripting API.
    """
    maker = ("Blackmagic Design", "DaVinci Resolve")
    if around.system == "win32":
        if everyone:
            return around.variable("PROGRAMDATA", "C:\\ProgramData") / PureWindowsPath(*maker, "Fusion")
        roaming = around.variable("APPDATA", around.home, "AppData", "Roaming")
        return roaming / PureWindowsPath(*maker, "Support", "Fusion")
    if around.system == "darwin":
        root = around.path("/") if everyone else around.path(around.home)
        return root / PurePosixPath("Library", "Application Support", *maker, "Fusion")
    if everyone:
        return around.path("/opt/resolve/Fusion")
    data = around.variable("XDG_DATA_HOME", around.home, ".local", "share")
    return data / "DaVinciResolve" / "Fusion"


def blender_folders(around: Surroundings) -> dict[tuple[int, int], Path]:
    """Version -> folder of the user's own files, of every Blender that has been started here.

    Source: Blender's manual, "Blender's Directory Layout". ``BLENDER_USER_RESOURCES`` is not followed: it names one
    folder for all versions; give that with ``--to``.
    """
    root = Path(blender_root(around))
    found = {}
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        match = _VERSION.fullmatch(folder.name)
        if match is not None and folder.is_dir():
            found[int(match[1]), int(match[2])] = folder
    return found


def blender_root(around: Surroundings) -> PurePath:
    """The folder that holds one folder for each version of Blender."""
    if around.system == "win32":
        roaming = around.variable("APPDATA", around.home, "AppData", "Roaming")
        return roaming / PureWindowsPath("Blender Foundation", "Blender")
    if around.system == "darwin":
        return around.path(around.home, "Library", "Application Support", "Blender")
    return around.variable("XDG_CONFIG_HOME", around.home, ".config") / "blender"
