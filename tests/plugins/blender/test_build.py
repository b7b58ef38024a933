"""Two zips of one source: complete, the same each time, and nothing in them that Blender's Python does not have."""

from __future__ import annotations

import ast
import re
import sys
import zipfile
from pathlib import Path

import pytest

from dubkit import __version__
from dubkit.plugin_install import build_plugin, install_plugin
from plugins.blender.build import VERSION, build

PLUGIN = Path(__file__).parents[3] / "plugins" / "blender"
MODULES = sorted(PLUGIN.glob("*.py"))
KNOW_NO_BLENDER = {"reading", "writing", "looks", "versions", "build", "doctor"}


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    extension, addon = build_plugin("blender", tmp_path_factory.mktemp("zips"))
    return extension, addon


def test_both_hold_the_bridge_and_no_rest(zips: tuple[Path, Path]) -> None:
    extension, addon = (set(zipfile.ZipFile(path).namelist()) for path in zips)
    assert {"blender_manifest.toml", "__init__.py", "bridge/runner.py", "blender/panel.py"} <= extension
    assert addon == {f"dubkit_addon/{name}" for name in extension - {"blender_manifest.toml"}}
    assert not [name for name in extension if "pycache" in name or "build.py" in name or name.endswith(".template")]


def test_the_same_bytes_each_time(zips: tuple[Path, Path], tmp_path: Path) -> None:
    again = build(tmp_path / "new folder")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in zips]


def test_manifest_and_bl_info_say_the_same(zips: tuple[Path, Path]) -> None:
    archive = zipfile.ZipFile(zips[0])
    manifest = dict(re.findall(r'^(\w+) = "?([^"\n]+)"?$', archive.read("blender_manifest.toml").decode(), re.M))
    assert (manifest["id"], manifest["type"], manifest["blender_version_min"]) == ("dubkit", "add-on", "4.2.0")
    assert manifest["version"] == ".".join(map(str, VERSION)) == __version__
    assert not manifest["tagline"].endswith(".")
    assert len(manifest["tagline"]) <= 64
    tree = ast.parse(archive.read("__init__.py").decode())
    info = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert info["name"] == "dubkit"
    assert info["version"] == VERSION
    assert info["blender"] <= (4, 2, 0)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_what_blenders_python_has(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    assert text.startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n")
    assert text.count("\n") <= 300
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60
        if isinstance(node, ast.Import):
            names = {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {(node.module or "").split(".")[0]} if not node.level else {f".{node.module}"}
        else:
            continue
        for name in names:
            local = name == ".bases" or name.startswith(".bridge.") or (PLUGIN / f"{name[1:]}.py").is_file()
            if name.startswith("."):
                assert local or node.level == 2 or name == ".None", ast.unparse(node)  # type: ignore[union-attr]
            elif name != "bpy":
                assert name in sys.stdlib_module_names, ast.unparse(node)
            if name == "bpy":
                assert path.stem == "bases"
            if path.stem in KNOW_NO_BLENDER:
                assert name not in (".bases", "bpy")


def test_installed_into_every_blender_and_told_its_python(tmp_path: Path) -> None:
    (done,) = install_plugin("blender", to=tmp_path).places
    assert done == tmp_path / "extensions" / "user_default" / "dubkit"
    assert (done / "blender_manifest.toml").is_file()
    assert sys.executable in (done / "bridge" / "installed.json").read_text("utf-8")
