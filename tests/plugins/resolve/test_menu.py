"""The entries of Resolve's menu, as they are built, in folders of every letter, with a stand-in for dubkit."""

from __future__ import annotations

import json
import os
import runpy
import shlex
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from plugins.resolve.build import build
from plugins.resolve.settings import Settings, own_folder, write_settings
from tests.plugins.resolve.drivers import ADAPTERS, Adapter
from tests.plugins.resolve.fake import Media, World
from tests.plugins.resolve.fake_project import open_resolve
from tests.plugins.resolve.lua_face import LuaHost, lua_runtime, resolve_in_lua
from tests.plugins.resolve.scenes import film, photograph

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is started by its first line")


class Disk(dict[str, Media]):
    """Files that say in themselves how many frames they have."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def get(self, path: str, default: Any = None) -> Any:
        file = Path(path)
        if not file.is_file():
            return default
        return Media(path, int(file.read_text("utf-8")), self._world.timelines[0].rate, "Video", name=file.name)


class Desk:
    """An installed plugin, a project, and the user who chooses from the menu."""

    def __init__(self, adapter: Adapter, folder: Path) -> None:
        self.adapter = adapter
        self.fusion = folder / "Fusion"
        build(self.fusion)
        bridge = self.fusion / "dubkit_resolve/bridge"
        (bridge / "installed.json").write_text(json.dumps({"python": sys.executable}), "utf-8")
        self.world = film(folder)
        self.world.disk = Disk(self.world)
        self.own = own_folder()
        (folder / "es.srt").touch()
        self.program = folder / "dubkit stand-in"
        stand_in = Path(__file__).with_name("stand_in.py")
        self.program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(stand_in))} "$@"\n')
        self.program.chmod(0o755)
        self.settings = Settings(python=str(self.program), language="es", subtitles=str(folder / "es.srt"))
        write_settings(self.own, self.settings)

    def choose(self, title: str) -> None:
        if self.adapter == "python":
            path = self.fusion / "Scripts/Utility/dubkit" / f"{title}.py"
            runpy.run_path(str(path), {"resolve": open_resolve(self.world)})
        else:
            runtime = lua_runtime()
            runtime.globals().resolve = resolve_in_lua(runtime, self.world)
            runtime.globals().print = lambda *words: sys.stdout.write(" ".join(words) + "\n")
            runtime.eval("dofile")(str(self.fusion / "Scripts/Utility/dubkit (free edition)" / f"{title}.lua"))


@pytest.fixture(params=ADAPTERS)
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    folder = tmp_path / 'Kür\'s "映画" & co'
    folder.mkdir()
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(folder / "home of mine"))
    yield Desk(request.param, folder)
    for name in [name for name in sys.modules if name.startswith("dubkit_resolve")]:
        del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if not entry.startswith(str(tmp_path))]


def test_dub_and_remove(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    before = photograph(desk.world)
    desk.choose("Dub selection")
    said = capfd.readouterr().out
    assert "the dub is in place, on new tracks" in said
    assert "lips 100 %" in said
    assert "note on 2" in said
    assert [track.name for track in desk.world.timeline.tracks["video"]] == ["Video 1", "Titles", "dub es"]
    assert [(item.duration, item.color) for item in desk.world.timeline.tracks["audio"][2].items] == [
        (40, "Violet"),
        (50, "Violet"),
    ]
    assert not any(item.enabled for item in desk.world.timeline.tracks["audio"][0].items)
    desk.choose("Dub selection")  # again: it takes the place of the one before
    tracks = desk.world.timeline.tracks
    assert [track.name for track in tracks["video"]] == ["Video 1", "Titles", "dub es 2"]
    assert not any(item.enabled for item in tracks["audio"][0].items)
    desk.choose("Remove dub")
    assert "4 clips were removed" in capfd.readouterr().out
    assert photograph(desk.world)["timelines"] == before["timelines"]


def test_what_cannot_be_done_is_said(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    desk.world.timeline.selected = [desk.world.timeline.tracks["video"][1].items[0].id]
    before = photograph(desk.world)
    desk.choose("Dub selection")
    assert "Title is made by the editor and has no media" in capfd.readouterr().out
    (desk.own / "settings.json").unlink()
    desk.choose("Dub selection")
    assert "fill in language" in capfd.readouterr().out
    (desk.own / "settings.json").write_text("{", "utf-8")
    desk.choose("Dub selection")
    assert "is damaged" in capfd.readouterr().out
    write_settings(desk.own, Settings(python="/no/such/python", language="es", subtitles=desk.settings.subtitles))
    desk.choose("Dub selection")
    assert "dubkit" in capfd.readouterr().out
    assert photograph(desk.world) == before


def test_cancel(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    desk.world.timeline.selected = desk.world.timeline.selected[:1]
    before = photograph(desk.world)
    write_settings(desk.own, Settings(str(desk.program), "xx", desk.settings.subtitles))

    def cancel() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not list((desk.own / "jobs").glob("*/waiting")):
            time.sleep(0.05)
        for job in (desk.own / "jobs").glob("*/waiting"):
            job.with_name("cancel").touch()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    desk.choose("Dub selection")
    canceller.join()
    assert "the dub was cancelled; the timeline is as it was" in capfd.readouterr().out
    assert photograph(desk.world) == before


def test_the_menus_cancel(desk: Desk) -> None:
    job = desk.own / "jobs/0123"
    job.mkdir(parents=True)
    (job / "job.json").touch()
    desk.choose("Cancel dub")
    assert (job / "cancel").exists()


def test_where_our_folder_is() -> None:
    home = {"HOME": "/home/é", "LOCALAPPDATA": "C:\\Users\\é x\\AppData\\Local"}
    assert own_folder("linux", home) == Path("/home/é/.local/share/dubkit/resolve")
    assert own_folder("darwin", home) == Path("/home/é/Library/Application Support/dubkit/resolve")
    assert str(own_folder("win32", home)).startswith("C:\\Users\\é x\\AppData\\Local")


def test_what_is_built(tmp_path: Path) -> None:
    built = build(tmp_path / "Fusion")
    names = sorted(path.name for path in (tmp_path / "Fusion/Scripts/Utility").rglob("*") if path.is_file())
    assert names == [
        *("Cancel dub.lua", "Cancel dub.py", "Dub selection.lua", "Dub selection.py"),
        *("Live check.py", "Remove dub.lua", "Remove dub.py"),
    ]
    assert all(path.name.startswith("dubkit") for path in built)
    package = tmp_path / "Fusion/dubkit_resolve"
    assert (package / "resolve/lua/parts.lua").is_file()
    assert (package / "bridge/found.py").is_file()
    assert not list(package.rglob("__pycache__"))


def test_the_child_knows_nothing_of_the_editors_python(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/opt/resolve/python")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/resolve/libs")
    desk.choose("Dub selection")
    assert len(desk.world.timeline.tracks["video"]) == 3
    assert os.environ["PYTHONHOME"] == "/opt/resolve/python"


def test_when_the_editor_dies_all_of_it_ends(desk: Desk) -> None:
    if desk.adapter == "python":
        pytest.skip("the bridge's runner is held to it by its own tests")
    write_settings(desk.own, Settings(str(desk.program), "xx", desk.settings.subtitles))
    host = LuaHost(desk.world, desk.own / "jobs")
    clip = host.selection()[0]
    told = {"source_start": str(clip.source_start), "source_end": str(clip.source_end), "sounds": []}
    told |= {"medium": "video", "kind": "media"}
    clips = [asdict(clip) | told]
    order = {"host": host.name, "timeline": asdict(host.timeline()) | {"rate": "25"}, "clips": clips, "placed": []}
    (desk.own / "order.json").write_text(json.dumps(order), "utf-8")
    script = desk.fusion / "dubkit_resolve/resolve/desk.py"
    command = [sys.executable, "-E", "-X", "utf8", str(script), str(desk.own / "order.json")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    waiting: list[Path] = []
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not waiting:
        waiting = [path for path in (desk.own / "jobs").glob("*/waiting") if path.read_text("utf-8")]
        time.sleep(0.05)
    child = psutil.Process(int(waiting[0].read_text("utf-8")))
    assert process.stdout is not None
    process.stdout.close()  # what is left of a script whose editor was killed
    assert process.wait(10) != 0
    child.wait(10)
    assert not child.is_running()


class Widgets:
    """As much of Fusion's windows as is used: what is typed into them, and which button is pressed."""

    def __init__(self, typed: dict[str, str], button: str) -> None:
        self.typed, self.button = typed, button
        self.shown: list[str] = []
        self.fields: dict[str, SimpleNamespace] = {}
        self.On: defaultdict[str, SimpleNamespace] = defaultdict(SimpleNamespace)
        self.UIManager = self

    def UIDispatcher(self, _: object) -> Widgets:  # noqa: N802
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments: self._made(name, arguments[0] if arguments else None)

    def _made(self, name: str, told: Any) -> Any:
        if name == "LineEdit":
            self.fields[told["ID"]] = SimpleNamespace(Text=self.typed.get(told["ID"], told["Text"]))
        elif name == "Label":
            self.shown.append(told["Text"])
        return self

    def AddWindow(self, look: dict[str, Any], _: object) -> SimpleNamespace:  # noqa: N802
        self.On = defaultdict(SimpleNamespace)
        on = SimpleNamespace(dub=self.On["dub"], close=self.On["close"], dubkit=self.On[look["ID"]])
        return SimpleNamespace(On=on, Show=lambda: None, Hide=lambda: None, GetItems=lambda: self.fields)

    def RunLoop(self) -> None:  # noqa: N802
        clicked = self.On[self.button if hasattr(self.On[self.button], "Clicked") else "close"]
        clicked.Clicked({})

    def ExitLoop(self) -> None:  # noqa: N802
        pass


def test_a_window_asks_where_there_is_one(desk: Desk) -> None:
    if desk.adapter == "lua":
        pytest.skip("the Lua script asks for nothing")
    (desk.own / "settings.json").unlink()
    typed = {"language": "de", "subtitles": desk.settings.subtitles, "python": str(desk.program)}
    script = str(desk.fusion / "Scripts/Utility/dubkit/Dub selection.py")
    for button, tracks in (("close", 2), ("dub", 3)):
        widgets = Widgets(typed, button)
        runpy.run_path(script, {"resolve": open_resolve(desk.world), "fusion": widgets, "bmd": widgets})
        assert len(desk.world.timeline.tracks["video"]) == tracks
    assert desk.world.timeline.tracks["video"][2].name == "dub de"
    assert "the dub is in place" in widgets.shown[-1]
    assert json.loads((desk.own / "settings.json").read_text("utf-8"))["language"] == "de"
    nothing = runpy.run_path(script, {"resolve": None, "fusion": None, "bmd": None})
    assert nothing
