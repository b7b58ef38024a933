"""Plugins go where editors look for them: on every system by name, on this one for real."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from dubkit import plugin_install
from dubkit.errors import DubkitError, InputError, OutputError
from dubkit.plugin_install import build_plugin, install_plugin, plugin_sources
from dubkit.plugin_places import Surroundings, blender_folders, blender_root, resolve_folder
from dubkit_cli.main import run

LINUX = Surroundings("linux", "/home/å b", {})
MAC = Surroundings("darwin", "/Users/映画", {})
WINDOWS = Surroundings("win32", "C:\\Users\\Jürgen X", {"APPDATA": "C:\\Users\\Jürgen X\\AppData\\Roaming"})
BARE_WINDOWS = Surroundings("win32", "D:\\Jo", {})

BUILDERS = {
    "resolve": """
from pathlib import Path
def build(target):
    menu = target / "Scripts" / "Utility" / "dubkit.py"
    bridge = target / "dubkit" / "bridge"
    for file in (menu, bridge / "found.py", target / "dubkit" / "__pycache__" / "x.pyc"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("new")
    return [menu, target / "dubkit"]
""",
    "blender": """
import zipfile
def build(target):
    made = [target / "dubkit.zip", target / "dubkit-legacy.zip"]
    with zipfile.ZipFile(made[0], "w") as extension:
        extension.writestr("blender_manifest.toml", 'schema_version = "1.0.0"\\nid = "dubkit"\\n')
        extension.writestr("__init__.py", "extension")
        extension.writestr("bridge/found.py", "")
    with zipfile.ZipFile(made[1], "w") as addon:
        addon.writestr("dubkit_addon/__init__.py", "addon")
        addon.writestr("dubkit_addon/bridge/found.py", "")
    return made
""",
}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources with builders of a few lines."""
    sources = tmp_path / "sources"
    for editor, code in BUILDERS.items():
        (sources / editor).mkdir(parents=True)
        (sources / editor / "build.py").write_text(code)
    monkeypatch.setattr(plugin_install, "plugin_sources", lambda: sources)
    return sources


@pytest.mark.parametrize(
    ("around", "everyone", "folder"),
    [
        (LINUX, False, "/home/å b/.local/share/DaVinciResolve/Fusion"),
        (LINUX, True, "/opt/resolve/Fusion"),
        (Surroundings("linux", "/h", {"XDG_DATA_HOME": "/data"}), False, "/data/DaVinciResolve/Fusion"),
        (MAC, False, "/Users/映画/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion"),
        (MAC, True, "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion"),
        (WINDOWS, False, "C:\\Users\\Jürgen X\\AppData\\Roaming\\Blackmagic Design\\DaVinci Resolve\\Support\\Fusion"),
        (BARE_WINDOWS, False, "D:\\Jo\\AppData\\Roaming\\Blackmagic Design\\DaVinci Resolve\\Support\\Fusion"),
        (WINDOWS, True, "C:\\ProgramData\\Blackmagic Design\\DaVinci Resolve\\Fusion"),
    ],
)
def test_where_resolve_looks(around: Surroundings, everyone: bool, folder: str) -> None:
    assert str(resolve_folder(around, everyone=everyone)) == folder


@pytest.mark.parametrize(
    ("around", "folder"),
    [
        (LINUX, "/home/å b/.config/blender"),
        (Surroundings("linux", "/h", {"XDG_CONFIG_HOME": "/c"}), "/c/blender"),
        (MAC, "/Users/映画/Library/Application Support/Blender"),
        (WINDOWS, "C:\\Users\\Jürgen X\\AppData\\Roaming\\Blender Foundation\\Blender"),
        (BARE_WINDOWS, "D:\\Jo\\AppData\\Roaming\\Blender Foundation\\Blender"),
    ],
)
def test_where_blender_looks(around: Surroundings, folder: str) -> None:
    assert str(blender_root(around)) == folder


def test_every_blender_that_was_started_is_found(tmp_path: Path) -> None:
    around = Surroundings("linux", str(tmp_path), {})
    assert blender_folders(around) == {}
    for name in ("3.6", "4.2", "4.10", "config", "5.0.bak"):
        (tmp_path / ".config" / "blender" / name).mkdir(parents=True)
    assert set(blender_folders(around)) == {(3, 6), (4, 2), (4, 10)}


def test_a_dry_run_writes_nothing(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "home ñ"
    around = Surroundings("linux", str(home), {})
    said = install_plugin("resolve", dry_run=True, around=around)
    fusion = home / ".local/share/DaVinciResolve/Fusion"
    assert said.places == (fusion / "Scripts/Utility/dubkit.py", fusion / "dubkit")
    assert not said.done
    assert not home.exists()


def test_resolve_gets_its_scripts_and_keeps_those_of_others(built: Path, tmp_path: Path) -> None:
    around = Surroundings("linux", str(tmp_path / "home"), {})
    fusion = Path(resolve_folder(around))
    (fusion / "Scripts" / "Utility").mkdir(parents=True)
    (fusion / "Scripts" / "Utility" / "other.lua").write_text("theirs")
    for _ in range(2):
        assert install_plugin("resolve", around=around).done
        (fusion / "dubkit" / "old.py").write_text("of an older version")
    install_plugin("resolve", around=around)
    files = {path.relative_to(fusion).as_posix() for path in fusion.rglob("*") if path.is_file()}
    assert files == {
        "Scripts/Utility/dubkit.py",
        "Scripts/Utility/other.lua",
        "dubkit/bridge/found.py",
        "dubkit/bridge/installed.json",
    }
    assert json.loads((fusion / "dubkit/bridge/installed.json").read_text()) == {"python": sys.executable}


def test_each_blender_gets_what_it_takes(built: Path, tmp_path: Path) -> None:
    around = Surroundings("linux", str(tmp_path / "home"), {})
    root = Path(blender_root(around))
    for name in ("4.1", "4.2", "5.0"):
        (root / name).mkdir(parents=True)
    done = install_plugin("blender", around=around)
    assert set(done.places) == {
        root / "4.1/scripts/addons/dubkit_addon",
        root / "4.2/extensions/user_default/dubkit",
        root / "5.0/extensions/user_default/dubkit",
    }
    assert (root / "4.1/scripts/addons/dubkit_addon/__init__.py").read_text() == "addon"
    assert (root / "5.0/extensions/user_default/dubkit/__init__.py").read_text() == "extension"
    for place in done.places:
        assert json.loads((place / "bridge/installed.json").read_text())["python"] == sys.executable


def test_a_folder_of_ones_own(built: Path, tmp_path: Path) -> None:
    assert install_plugin("blender", to=tmp_path / "portable").places == (
        tmp_path / "portable/extensions/user_default/dubkit",
    )
    assert install_plugin("resolve", to=tmp_path / "F").places[1] == tmp_path / "F/dubkit"


def test_zips_can_be_built_to_hand_on(built: Path, tmp_path: Path) -> None:
    made = build_plugin("blender", tmp_path / "zips")
    assert [path.name for path in made] == ["dubkit.zip", "dubkit-legacy.zip"]
    assert all(zipfile.is_zipfile(path) for path in made)


def test_what_cannot_be_done_is_said(built: Path, tmp_path: Path) -> None:
    nobody = Surroundings("linux", str(tmp_path / "nobody"), {})
    with pytest.raises(InputError, match="no Blender has been started here"):
        install_plugin("blender", around=nobody)
    with pytest.raises(InputError, match="no folder for all users"):
        install_plugin("blender", everyone=True, around=nobody)
    for wrong in ("premiere", "../resolve"):
        with pytest.raises(InputError, match="no plugin for"):
            install_plugin(wrong, around=nobody)
        with pytest.raises(InputError, match="no plugin for"):
            build_plugin(wrong, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        install_plugin("resolve", to=tmp_path / "file")
    with pytest.raises(OutputError):
        build_plugin("blender", tmp_path / "file")


def test_an_install_that_fails_leaves_the_old_one(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "F"
    install_plugin("resolve", to=target)
    (target / "dubkit" / "mark").write_text("old")
    real = Path.rename

    def stuck(self: Path, new: Path) -> Path:
        if self.name.endswith(".new"):
            raise PermissionError(13, "in use")
        return real(self, new)

    monkeypatch.setattr(Path, "rename", stuck)
    with pytest.raises(OutputError, match="close the editor"):
        install_plugin("resolve", to=target)
    assert (target / "dubkit" / "mark").read_text() == "old"


def test_sources_are_here_or_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert (plugin_sources() / "bridge" / "records.py").is_file()
    monkeypatch.setattr(plugin_install, "__file__", str(tmp_path / "dubkit" / "plugin_install.py"))
    with pytest.raises(DubkitError, match="not installed"):
        plugin_sources()


def test_by_command(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "install", "resolve", "--to", str(tmp_path / "F"), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["places"][1]) == (False, str(tmp_path / "F" / "dubkit"))
    assert run(["plugin", "install", "resolve", "--to", str(tmp_path / "F")]) == 0
    assert f"installed: {tmp_path / 'F' / 'dubkit'}" in capsys.readouterr().out
    assert run(["plugin", "build", "blender", "--to", str(tmp_path / "z")]) == 0
    assert run(["plugin", "install", "premiere"]) == 2
