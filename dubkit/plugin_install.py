"""The plugins for editors: built from their sources, and put where the editors look."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from dubkit.errors import DubkitError, InputError, OutputError
from dubkit.plugin_places import EDITORS, Surroundings, blender_folders, blender_root, resolve_folder

__all__ = ["Installed", "build_plugin", "install_plugin", "plugin_sources"]

_MANIFEST = "blender_manifest.toml"
_FIRST_EXTENSIONS = (4, 2)
"""The first Blender with extensions; older ones take add-ons."""
_BRIDGE_MARK, _INSTALLED_FILE = "found.py", "installed.json"


@dataclass(frozen=True)
class Installed:
    """What was installed, or would be.

    Attributes:
        editor: Which editor.
        places: Files and folders that were written, or would be.
        notes: What the user still has to do, a sentence each.
        done: Whether it was done, and not only said.
    """

    editor: str
    places: tuple[Path, ...]
    notes: tuple[str, ...]
    done: bool


def plugin_sources() -> Path:
    """Where the sources of the plugins are: in an installed dubkit among its own files, else in its repository.

    Raises:
        DubkitError: if they are in neither place.
    """
    package = Path(__file__).parent
    for folder in (package / "_plugins", package.parent / "plugins"):
        if (folder / "bridge" / _BRIDGE_MARK).is_file():
            return folder
    raise DubkitError("the sources of the plugins are not installed", path=package, remedy="install dubkit again")


def build_plugin(editor: str, target: Path) -> tuple[Path, ...]:
    """Build the plugin for ``editor`` into the folder ``target``; what was built.

    For Blender these are two zip files, the extension and the add-on for older versions; for DaVinci Resolve what
    belongs into its folder ``Fusion``.

    Raises:
        InputError: if there is no plugin for that editor.
        OutputError: if it cannot be written.
    """
    build = _builder(editor)
    try:
        target.mkdir(parents=True, exist_ok=True)
        return tuple(build(target))
    except OSError as error:
        raise OutputError(
            f"cannot be written to ({error.strerror})", path=target, remedy="give another folder with --to"
        ) from error


def install_plugin(
    editor: str,
    *,
    to: Path | None = None,
    everyone: bool = False,
    dry_run: bool = False,
    around: Surroundings | None = None,
) -> Installed:
    """Put the plugin for ``editor`` where it looks for plugins.

    Args:
        editor: ``blender`` or ``resolve``.
        to: A folder to put it into instead: for Resolve in place of its folder ``Fusion``, for Blender in place of a
            version's own folder (such as ``~/.config/blender/4.5``, or the folder ``portable`` of a portable Blender).
        everyone: For all users of the machine; Resolve only.
        dry_run: Only say where it would go.
        around: The machine; by default this one.

    Raises:
        InputError: if there is no plugin for that editor, or nothing it could be installed into.
        OutputError: if it cannot be written.
    """
    around = around or Surroundings.here()
    if editor == "resolve":
        return _install_resolve(to or Path(resolve_folder(around, everyone=everyone)), dry_run)
    if editor == "blender":
        if everyone:
            raise InputError("Blender has no folder for all users", remedy="leave out --everyone, or give --to FOLDER")
        return _install_blender(to, dry_run, around)
    raise _unknown(editor)


def _unknown(editor: str) -> InputError:
    return InputError(f"there is no plugin for {editor!r}", remedy=f"use {' or '.join(EDITORS)}")


def _builder(editor: str) -> Callable[[Path], list[Path]]:
    """The function ``build`` of an editor's ``build.py``, loaded by itself: no module of the editor's comes with it."""
    if editor not in EDITORS:
        raise _unknown(editor)
    path = plugin_sources() / editor / "build.py"
    spec = importlib.util.spec_from_file_location(f"dubkit_plugin_{editor}_build", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputError(f"this dubkit brings no plugin for {editor}", path=path, remedy="install another version")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Callable[[Path], list[Path]]", module.build)


def _install_resolve(folder: Path, dry_run: bool) -> Installed:
    with tempfile.TemporaryDirectory(prefix="dubkit-plugin-") as name:
        staged = Path(name)
        build_plugin("resolve", staged)
        _tell_python(staged)
        parts = [part.relative_to(staged) for part in _whole_parts(staged)]
        if not dry_run:
            for part in parts:
                _put(staged / part, folder / part)
    note = "in DaVinci Resolve, choose Workspace, Scripts; the menu shows new scripts without a restart"
    return Installed("resolve", tuple(folder / part for part in parts), (note,), not dry_run)


def _install_blender(to: Path | None, dry_run: bool, around: Surroundings) -> Installed:
    folders = {(99, 0): to} if to is not None else blender_folders(around)
    if not folders:
        raise InputError(
            "no Blender has been started here",
            path=Path(blender_root(around)),
            remedy="start it once; or build the zip (dubkit plugin build blender --to FOLDER) and install it from disk",
        )
    places = []
    with tempfile.TemporaryDirectory(prefix="dubkit-plugin-") as name:
        staged = Path(name)
        extension, addon = _unpacked(build_plugin("blender", staged / "zips"), staged)
        for version, folder in folders.items():
            new = version >= _FIRST_EXTENSIONS
            source = extension if new else addon
            place = folder / ("extensions/user_default" if new else "scripts/addons") / source.name
            places.append(place)
            if not dry_run:
                _put(source, place)
    note = "in Blender's preferences, switch on dubkit: Add-ons, search for dubkit"
    return Installed("blender", tuple(places), (note,), not dry_run)


def _unpacked(zips: tuple[Path, ...], folder: Path) -> tuple[Path, Path]:
    """The extension and the add-on as folders of the names they must have."""
    found: dict[bool, Path] = {}
    for path in zips:
        with zipfile.ZipFile(path) as archive:
            is_extension = _MANIFEST in archive.namelist()
            target = folder / ("extension" if is_extension else "addon")
            if is_extension:
                target = target / _extension_name(archive)
            archive.extractall(target)
        found[is_extension] = target if is_extension else next(item for item in target.iterdir() if item.is_dir())
        _tell_python(target)
    return found[True], found[False]


def _extension_name(archive: zipfile.ZipFile) -> str:
    for line in archive.read(_MANIFEST).decode("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "id":
            return value.strip().strip("\"'")
    raise DubkitError("the extension's manifest names no id", remedy="install dubkit again")


def _tell_python(folder: Path) -> None:
    """Let every bridge in ``folder`` know this Python, in which dubkit is."""
    for mark in folder.rglob(_BRIDGE_MARK):
        if mark.parent.name == "bridge":
            text = json.dumps({"python": sys.executable})
            mark.with_name(_INSTALLED_FILE).write_text(text, encoding="utf-8")


def _whole_parts(folder: Path) -> Iterator[Path]:
    """What is put in place whole: packages and files; folders that others use too are entered."""
    for item in sorted(folder.iterdir()):
        shared = item.is_dir() and not item.name.startswith("dubkit")
        if shared:
            yield from _whole_parts(item)
        else:
            yield item


def _put(source: Path, place: Path) -> None:
    """Let ``source`` take the place of whatever is at ``place``: all of it, or nothing.

    Raises:
        OutputError: if it cannot be written.
    """
    aside, old = place.with_name(f".{place.name}.new"), place.with_name(f".{place.name}.old")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        for left in (aside, old):
            _remove(left)
        if source.is_dir():
            shutil.copytree(source, aside, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, aside)
        if place.exists():
            place.rename(old)
        aside.rename(place)
        _remove(old)
    except OSError as error:
        if old.exists() and not place.exists():
            old.rename(place)
        raise OutputError(
            f"cannot be written ({error.strerror})", path=place, remedy="close the editor, or give another --to FOLDER"
        ) from error


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
