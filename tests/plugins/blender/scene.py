"""Scenes for the tests inside Blender, and what is seen of them; imported by its Python, so without pytest."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

bpy: Any = import_module("bpy")
Request = dict[str, Any]

EXTENSION = "bl_ext.user_default.dubkit"
_KEPT = ("name", "type", "channel", "frame_final_start", "frame_final_end", "mute", "blend_type", "select")


def prepared(request: Request) -> Any:
    """An empty file at 25 frames a second, with the extension switched on; its scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.extensions.package_install_files(
        filepath=request["zip"], repo="user_default", enable_on_install=True, overwrite=True
    )
    preferences = bpy.context.preferences.addons[EXTENSION].preferences
    preferences.python, preferences.folder = request["program"], request["folder"]
    scene = bpy.context.scene
    scene.render.fps = 25
    scene.render.resolution_x, scene.render.resolution_y = 640, 360
    scene.view_settings.view_transform = "Standard"
    scene.sequence_editor_create()
    scene.dubkit.subtitles = request.get("subtitles", "")
    scene.dubkit.picture = "ffv1"
    return scene


def film(scene: Any, path: str, start: int = 1, trim: tuple[int, int] = (0, 25), channel: int = 1) -> list[Any]:
    """Frames ``trim`` of a film as picture and sound strips that begin at ``start``."""
    strips = scene.sequence_editor.strips
    begin = start - trim[0]
    made = [
        strips.new_movie("film", path, channel, begin),
        strips.new_sound("film sound", path, channel + 1, begin),
    ]
    for strip in made:
        strip.frame_final_start, strip.frame_final_end = start, start + trim[1] - trim[0]
        strip.select = True
    return made


def photograph(scene: Any) -> Request:
    """All that a dub may touch of a file."""
    editor = scene.sequence_editor
    strips = [
        {**{name: getattr(strip, name) for name in _KEPT}, "custom": dict(strip.items())} for strip in editor.strips
    ]
    return {
        "strips": sorted(strips, key=lambda strip: strip["name"]),
        "channels": [channel.name for channel in editor.channels],
        "sounds": sorted(os.path.normpath(bpy.path.abspath(sound.filepath)) for sound in bpy.data.sounds),
        "scene": [scene.frame_start, scene.frame_end, scene.render.fps, len(bpy.data.movieclips)],
    }


def render(scene: Any, frames: list[int], folder: str) -> list[str]:
    """The sequencer's picture at ``frames``, as PNG files."""
    scene.render.image_settings.file_format = "PNG"
    paths = []
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = str(Path(folder, f"{frame:04}.png"))
        bpy.ops.render.render(write_still=True)
        paths.append(scene.render.filepath)
    return paths


def module(name: str) -> Any:
    """A module of the installed extension."""
    return import_module(f"{EXTENSION}.blender.{name}")


def begun(scene: Any) -> Any:
    """A dub that is under way, looked after by nobody."""
    settings, adapter, work = module("settings"), module("adapter"), module("work")
    preferences, context = module("preferences"), bpy.context
    fields = settings.job_fields(scene.dubkit, "dub")
    folder = preferences.job_folder(context, "job1")
    fields["identity"] = "job1"
    return work.begin(adapter.BlenderHost(scene), preferences.dubkit_program(context), folder, fields)
