# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the extension for Blender 4.2 and newer, and the add-on for older ones: two zips of one source.

The same sources give the same bytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["VERSION", "build"]

VERSION = (0, 1, 0)
_ADDON = "dubkit_addon"
_NOT_IN_IT = frozenset({"build.py"})
_NEVER_CHANGED = (1980, 1, 1, 0, 0, 0)


def build(target: Path) -> list[Path]:
    """Write both zips into the folder ``target``.

    Returns:
        The extension, and the add-on for Blender before 4.2.
    """
    version = ".".join(map(str, VERSION))
    target.mkdir(parents=True, exist_ok=True)
    files = _files()
    manifest = {"blender_manifest.toml": _template("blender_manifest.toml").replace("{version}", version).encode()}
    addon = {f"{_ADDON}/{name}": data for name, data in files.items()}
    return [
        _zip(target / f"dubkit-blender-{version}.zip", {**manifest, **files}),
        _zip(target / f"dubkit-blender-{version}-before-4.2.zip", addon),
    ]


def _files() -> dict[str, bytes]:
    """Name -> content of what both hold."""
    here = Path(__file__).parent
    files = {"__init__.py": _template("__init__.py").replace("{version_tuple}", repr(VERSION)).encode()}
    for folder in (here, here.parent / "bridge"):
        for path in sorted(folder.glob("*.py")):
            if path.name not in _NOT_IN_IT:
                files[f"{folder.name}/{path.name}"] = path.read_bytes()
    return files


def _template(name: str) -> str:
    return (Path(__file__).parent / "package" / f"{name}.template").read_text("utf-8")


def _zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _NEVER_CHANGED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return path
