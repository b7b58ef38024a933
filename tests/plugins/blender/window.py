"""What the tests do in Blender's window: ``blender --app-template Video_Editing -P window.py -- REQUEST ANSWER``.

The modal operator is run as a user runs it, while the user goes on; what was seen is written down. With ``pictures``
in the request the screen is photographed (by ImageMagick's ``import``; ``xdotool`` opens the sidebar's tab).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

bpy: Any = import_module("bpy")
ADDON = "dubkit_addon"
_TABS = 235
"""Pixels below the sidebar's upper edge at which the tab is."""


class Story:
    """All that happens; each ``yield`` lets the window live on for so many seconds."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._window = bpy.context.window_manager.windows[0]
        self.seen: dict[str, Any] = {}
        self._costs: list[float] = []

    def told(self) -> Iterator[float]:
        self._install()
        yield 2
        self._scene()
        yield 2
        yield from self._open_tab()
        self._photograph("panel")
        yield from self._dubbed()
        yield from self._cancelled()

    def _dubbed(self) -> Iterator[float]:
        work = import_module(f"{ADDON}.blender.work")
        self._time_ticks(work)
        self._do(bpy.ops.ed.undo_push, message="before")
        before = self._strips()
        self.seen["invoke"], self.seen["invoke_seconds"] = self._invoke()
        edited = pictured = False
        while work.current() is not None:
            if work.current().fraction > 0.15 and not edited:
                edited = True
                self.seen["edited"] = self._edit_and_undo()
            if work.current().fraction > 0.5 and not pictured:
                pictured = True
                self._photograph("progress")
            yield 0.2
        self.seen["done"] = [work.last().state, work.last().message]
        self.seen["slowest_tick"], self.seen["placing"] = max(self._costs[:-1]), self._costs[-1]
        self.seen["ticks"] = len(self._costs)
        yield 3
        self._photograph("done")
        self.seen["before"], self.seen["after"] = before, self._strips()
        self._do(bpy.ops.ed.undo)
        self.seen["undone"] = self._strips()
        yield 1

    def _cancelled(self) -> Iterator[float]:
        work = import_module(f"{ADDON}.blender.work")
        self._invoke()
        while work.current().fraction < 0.1:
            yield 0.1
        bpy.ops.dubkit.cancel()
        since = time.monotonic()
        while work.current() is not None:
            yield 0.1
        self.seen["cancelled"] = [work.last().state, time.monotonic() - since, self._strips()]

    def _install(self) -> None:
        bpy.ops.preferences.addon_install(filepath=self._request["addon"], overwrite=True)
        bpy.ops.preferences.addon_enable(module=ADDON)
        preferences = bpy.context.preferences.addons[ADDON].preferences
        preferences.python, preferences.folder = self._request["program"], self._request["folder"]
        bpy.context.preferences.view.show_splash = False

    def _scene(self) -> None:
        scene = bpy.context.scene
        scene.render.fps, scene.frame_end = 25, 100
        scene.render.resolution_x, scene.render.resolution_y = 640, 360
        scene.view_settings.view_transform = "Standard"
        scene.dubkit.subtitles = self._request["subtitles"]
        editor, path = scene.sequence_editor_create(), self._request["film"]
        made = [editor.sequences.new_movie("film", path, 1, 1), editor.sequences.new_sound("film sound", path, 2, 1)]
        for strip in made:
            strip.frame_final_start, strip.frame_final_end, strip.select = 21, 61, True
        editor.active_strip = made[0]
        scene.frame_set(45)
        self._area().spaces[0].show_region_ui = True
        self._do(bpy.ops.sequencer.view_all)

    def _open_tab(self) -> Iterator[float]:
        if not self._request.get("pictures"):
            return
        sidebar = next(region for region in self._area().regions if region.type == "UI")
        while sidebar.width <= 1:  # it is laid out when the window is next drawn
            yield 0.5
        x, y = sidebar.x + sidebar.width - 13, self._window.height - sidebar.y - sidebar.height + _TABS
        for command in (["mousemove", str(x), str(y)], ["click", "1"], ["mousemove", "400", str(y)]):
            subprocess.run(["xdotool", *command], check=True)
            yield 2

    def _photograph(self, name: str) -> None:
        if self._request.get("pictures"):
            path = Path(self._request["pictures"], f"blender-{name}.png")
            subprocess.run(["import", "-window", "root", str(path)], check=True)

    def _invoke(self) -> tuple[list[str], float]:
        since = time.monotonic()
        return list(self._do(bpy.ops.dubkit.dub_selection, "INVOKE_DEFAULT")), time.monotonic() - since

    def _edit_and_undo(self) -> list[list[str]]:
        """What a user does meanwhile: adds a strip, and takes it back."""
        strips = bpy.context.scene.sequence_editor.sequences
        strips.new_effect(name="meanwhile", type="COLOR", channel=9, frame_start=1, frame_end=30)
        self._do(bpy.ops.ed.undo_push, message="meanwhile")
        seen = [[strip[0] for strip in self._strips()]]
        self._do(bpy.ops.ed.undo)
        return [*seen, [strip[0] for strip in self._strips()]]

    def _time_ticks(self, work: Any) -> None:
        plain, costs = work.Work.tick, self._costs

        def tick(self: Any) -> bool:
            since = time.perf_counter()
            running = bool(plain(self))
            costs.append(time.perf_counter() - since)
            return running

        work.Work.tick = tick

    def _strips(self) -> list[list[Any]]:
        return [
            [strip.name, strip.type, strip.channel, strip.frame_final_start, strip.frame_final_end, strip.mute]
            for strip in bpy.context.scene.sequence_editor.sequences
        ]

    def _area(self) -> Any:
        return next(
            area
            for area in self._window.screen.areas
            if area.type == "SEQUENCE_EDITOR" and area.spaces[0].view_type != "PREVIEW"
        )

    def _do(self, operator: Any, *how: str, **given: Any) -> Any:
        area = self._area()
        region = next(region for region in area.regions if region.type == "WINDOW")
        with bpy.context.temp_override(window=self._window, area=area, region=region):
            return operator(*how, **given)


def main() -> None:
    """Tell the story, a timer's call at a time, and close the window."""
    asked, answer = sys.argv[sys.argv.index("--") + 1 :]
    story = Story(json.loads(Path(asked).read_text("utf-8")))
    course = story.told()

    def on() -> float | None:
        try:
            return next(course)
        except StopIteration:
            pass
        except Exception:  # noqa: BLE001 - a timer's exception would leave the window open for ever
            story.seen["error"] = traceback.format_exc()
        Path(answer).write_text(json.dumps(story.seen), encoding="utf-8")
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(on, first_interval=3)


if __name__ == "__main__":
    main()
