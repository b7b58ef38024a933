"""What the tests do inside Blender: run by its Python as ``-m tests.plugins.blender.inside STEP REQUEST ANSWER``.

It knows nothing of pytest: it does what is asked for and writes down what it saw.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.plugins.blender.scene import EXTENSION, Request, begun, bpy, film, module, photograph, prepared, render


def installed(request: Request) -> Request:
    """Install the extension and look whether it is there."""
    scene = prepared(request)
    works = bpy.ops.dubkit.test_python()
    lines = module("doctor").found_lines()
    bpy.ops.preferences.addon_disable(module=EXTENSION)
    gone = not hasattr(scene, "dubkit")
    bpy.ops.preferences.addon_enable(module=EXTENSION)
    return {"works": list(works), "lines": lines, "gone": gone, "back": hasattr(scene, "dubkit")}


def put_there(request: Request) -> Request:
    """Switch on an extension that dubkit itself has put among the others."""
    del request
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module=EXTENSION)
    return {"python": bpy.context.preferences.addons[EXTENSION].preferences.python}


def legacy(request: Request) -> Request:
    """Install the add-on for older versions."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_install(filepath=request["addon"], overwrite=True)
    bpy.ops.preferences.addon_enable(module="dubkit_addon")
    names = [name for name in dir(bpy.ops.dubkit) if not name.startswith("_")]
    return {"scene": hasattr(bpy.context.scene, "dubkit"), "operators": names}


def dub(request: Request) -> Request:
    """Dub a strip, see it, save it, and remove it."""
    scene = prepared(request)
    trim, start = tuple(request["trim"]), 101
    scene.render.fps = request.get("fps", 25)
    scene.render.resolution_x, scene.render.resolution_y = request.get("size", (640, 360))
    picture, _ = film(scene, request["film"], start, (trim[0], trim[1]))
    picture.transform.scale_x = picture.transform.scale_y = 0.5
    scene.sequence_editor.strips.new_effect("title", "TEXT", 3, 1, length=20).select = False
    scene.frame_start = request.get("frame_start", 1)
    frames = list(range(start, start + trim[1] - trim[0], request["every"]))
    for name in ("plain", "dubbed", "removed"):
        Path(request["folder"], name).mkdir(parents=True)
    before = photograph(scene)
    plain = render(scene, frames, f"{request['folder']}/plain")
    since = time.monotonic()
    state = bpy.ops.dubkit.dub_selection()
    seconds = time.monotonic() - since
    dubbed = photograph(scene)
    seen = render(scene, frames, f"{request['folder']}/dubbed")
    blend = f"{request['folder']}/ü 1.blend"
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    own = [strip for strip in scene.sequence_editor.strips if strip.get("dubkit") and strip.type == "MOVIE"]
    scales = [strip.transform.scale_x for strip in own]
    removed = bpy.ops.dubkit.remove_dub()
    return {
        "state": list(state), "removed": list(removed), "seconds": seconds, "scales": scales,
        "before": before, "dubbed": dubbed, "after": photograph(scene),
        "plain": plain, "seen": seen, "again": render(scene, frames, f"{request['folder']}/removed"),
        "message": module("work").last().message, "details": module("work").last().details,
    }  # fmt: skip


def sync(request: Request) -> Request:
    """Let a strip's lips follow another sound."""
    scene = prepared(request)
    film(scene, request["film"], 1, (0, 25))
    voice = scene.sequence_editor.strips.new_sound("voice", request["voice"], 5, 1)
    voice.frame_final_end = 26
    before = photograph(scene)
    state = bpy.ops.dubkit.sync_strip()
    seen = photograph(scene)
    for strip in scene.sequence_editor.strips:
        strip.select = bool(strip.get("dubkit"))
    bpy.ops.dubkit.remove_dub()
    for strip in scene.sequence_editor.strips:
        strip.select = True
    return {"state": list(state), "before": before, "synced": seen, "after": photograph(scene)}


def killed(request: Request) -> Request:
    """The child is killed in the middle; then another one is cancelled; then a file is opened over a third."""
    scene = prepared(request)
    film(scene, request["film"])
    before = photograph(scene)
    ends: list[Any] = []
    for way in ("kill", "cancel", "load"):
        work = begun(scene)
        while work.fraction < request["until"] and work.tick():
            time.sleep(0.02)
        fraction = work.fraction
        if way == "kill":
            os.kill(work.pid, signal.SIGKILL)
        elif way == "cancel":
            bpy.ops.dubkit.cancel()
        else:
            bpy.ops.wm.read_homefile(app_template="")
        while work.tick():
            time.sleep(0.02)
        if way != "load":
            ends.append(photograph(scene))
        done = work.done
        ends.append([way, fraction, done.state, done.message, Path(request["folder"], "job1").exists()])
    return {"before": before, "ends": ends}


def orphaned(request: Request) -> Request:
    """Begin a dub, tell its process, and wait to be killed."""
    scene = prepared(request)
    film(scene, request["film"])
    work = begun(scene)
    while work.fraction < request["until"] and work.tick():
        time.sleep(0.02)
    answer = {"pid": work.pid}
    Path(request["said"]).write_text(json.dumps(answer), encoding="utf-8")
    time.sleep(600)
    return answer


def refused(request: Request) -> Request:
    """Strips that cannot be dubbed, of every kind that Blender makes, and what is said of them."""
    scene = prepared(request)
    editor, path = scene.sequence_editor, request["film"]
    strips = editor.strips

    def movie(name: str, start: int, channel: int = 1, length: int = 25) -> Any:
        strip = strips.new_movie(name, path, channel, start)
        strip.frame_final_end = start + length
        return strip

    movie("good", 1)
    movie("reversed", 101).use_reverse_frames = True
    for strip in strips:
        strip.select = False
    editor.active_strip = movie("fast", 201)
    with bpy.context.temp_override(scene=scene, sequencer_scene=scene):
        bpy.ops.sequencer.retiming_segment_speed_set(speed=200)
    strips.new_effect("speed", "SPEED", 3, 301, length=25, input1=movie("slowed", 301))
    first, second = movie("first", 401), movie("second", 415, 2)
    strips.new_effect("cross", "CROSS", 3, 415, length=11, input1=first, input2=second)
    nested = strips.new_meta("nested", 1, 501)
    nested.strips.new_movie("within", path, 1, 501)
    strips.new_image("still", request["image"], 1, 601)
    many = strips.new_image("many", request["image"], 1, 701)
    many.elements.append(Path(request["image"]).name)
    strips.new_effect("title", "TEXT", 1, 801, length=20)
    strips.new_effect("angles", "MULTICAM", 4, 901, length=20)
    strips.new_scene("other", scene, 1, 1001)
    strips.new_movie("gone", str(Path(path).with_name("gone.mp4")), 1, 1101)
    for strip in strips:
        strip.select = True
    host = module("adapter").BlenderHost(scene)
    planning = import_module(f"{EXTENSION}.bridge.planning")
    choice = planning.choose(host.selection(), host.timeline())
    return {
        "tasks": [task.picture.name for task in choice.tasks],
        "refused": {refusal.clip.name: refusal.reason for refusal in choice.refused},
    }


def rates(request: Request) -> Request:
    """A film of 25 frames a second in scenes of other rates, frame for frame and at its own speed."""
    seen = {}
    for fps, base in request["rates"]:
        scene = prepared(request)
        planning = import_module(f"{EXTENSION}.bridge.planning")
        scene.render.fps, scene.render.fps_base = fps, base
        strip = scene.sequence_editor.strips.new_movie("film", request["film"], 1, 1)
        strip.select = True
        host = module("adapter").BlenderHost(scene)
        choice = planning.choose(host.selection(), host.timeline())
        clip = host.selection()[0]
        seen[f"{fps}/{base}"] = {
            "rate": str(host.timeline().rate),
            "seconds": float(clip.source_end - clip.source_start),
            "frames": clip.frames,
            "refused": [refusal.reason for refusal in choice.refused],
            "clips": len(bpy.data.movieclips),
        }
    return seen


def broken(request: Request) -> Request:
    """A placement of which the last file is not there."""
    scene = prepared(request)
    film(scene, request["film"])
    before = photograph(scene)
    records = import_module(f"{EXTENSION}.bridge.records")
    tag = "dubkit/1/es/job1"
    made = records.Placement(request["film"], "film (dub es)", 0, 350, f"{tag}/1")
    gone = records.Placement(f"{request['film']}.gone", "film (dub es)", 0, 350, f"{tag}/1")
    tracks = (
        records.NewTrack(records.Medium.VIDEO, "dub es", (gone,)),
        records.NewTrack(records.Medium.AUDIO, "dub es", (made,)),
    )
    plan = records.PlacementPlan(tag, tracks, {"film sound": f"{tag}/1"})
    host = module("adapter").BlenderHost(scene, request["folder"])
    Path(request["folder"]).mkdir(parents=True, exist_ok=True)
    try:
        host.place(plan)
        message = ""
    except Exception as error:  # noqa: BLE001 - what it is is looked at by the test
        message = str(error)
    return {"before": before, "after": photograph(scene), "message": message}


def nested(request: Request) -> Request:
    """A dub placed within a meta strip that the user has gone into, and removed from outside."""
    scene = prepared(request)
    editor, path = scene.sequence_editor, request["film"]
    meta = editor.strips.new_meta("meta", 1, 1)
    meta.strips.new_movie("film", path, 1, 1).select = True
    meta.strips.new_sound("film sound", path, 2, 1)
    editor.active_strip = meta
    before = [(strip.name, strip.mute) for strip in meta.strips]
    with bpy.context.temp_override(scene=scene, sequencer_scene=scene):
        bpy.ops.sequencer.meta_toggle()
    records = import_module(f"{EXTENSION}.bridge.records")
    tag = "dubkit/1/es/job1"
    placement = records.Placement(path, "film (dub es)", 0, 350, f"{tag}/1")
    track = records.NewTrack(records.Medium.VIDEO, "dub es", (placement,))
    Path(request["folder"]).mkdir(parents=True)
    host = module("adapter").BlenderHost(scene, request["folder"])
    selected = [clip.name for clip in host.selection()]
    editor.active_strip = None
    with bpy.context.temp_override(scene=scene, sequencer_scene=scene):
        bpy.ops.sequencer.meta_toggle()
    host.place(records.PlacementPlan(tag, (track,), {"film sound": f"{tag}/1"}), {f"{tag}/1": "film"})
    placed = [(strip.name, strip.mute) for strip in meta.strips]
    outside = [strip.name for strip in editor.strips]
    state = bpy.ops.dubkit.remove_dub()
    return {
        "selected": selected, "before": before, "placed": placed, "outside": outside, "state": list(state),
        "after": [(strip.name, strip.mute) for strip in meta.strips], "levels": len(editor.meta_stack),
    }  # fmt: skip


STEPS: dict[str, Callable[[Request], Request]] = {
    step.__name__: step
    for step in (installed, put_there, legacy, dub, sync, killed, orphaned, refused, rates, broken, nested)
}  # fmt: skip


if __name__ == "__main__":
    wanted = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    Path(sys.argv[3]).write_text(json.dumps(STEPS[sys.argv[1]](wanted)), encoding="utf-8")
