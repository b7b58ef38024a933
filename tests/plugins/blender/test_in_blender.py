"""In a real Blender (``bpy``), with the real dubkit beside it: installed, dubbed, seen, removed, and broken off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.plugin_install import install_plugin
from plugins.blender.build import build
from samples.make import SampleFiles
from tests.plugins.blender.blender import ROOT, Blender, blender_python, dubkit_here

pytestmark = pytest.mark.long
SPOKEN = (20, 60)
"""Frames of the sample in which somebody is seen to speak."""


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Blender:
    python = blender_python()
    if python is None:
        pytest.skip("there is no Blender: `make test-blender` makes an environment with bpy, or set DUBKIT_BPY_PYTHON")
    folder = tmp_path_factory.mktemp("blender")
    extension, addon = build(folder / "zips")
    return Blender(python, folder, (extension, addon), dubkit_here(folder))


@pytest.fixture(scope="module")
def dubbed(blender: Blender, sample: SampleFiles) -> Any:
    return blender.do(
        "dub",
        film=str(sample.video),
        subtitles=str(sample.subtitles["es"]),
        trim=SPOKEN,
        every=4,
        frame_start=101 - SPOKEN[0],
    )


def pictures(paths: list[str]) -> npt.NDArray[np.float64]:
    return np.stack([np.asarray(cv2.imread(path), np.float64) for path in paths])


def test_blender_finds_the_extension_valid(blender: Blender) -> None:
    where = "import bpy; print(bpy.utils.system_resource('SCRIPTS'))"
    found = subprocess.run(
        [str(blender.python), "-c", where], capture_output=True, text=True, check=True, env=blender.environment
    )
    tool = Path(found.stdout.splitlines()[-1], "addons_core/bl_pkg/cli/blender_ext.py")
    run = subprocess.run(
        [str(blender.python), str(tool), "validate", str(blender.zips[0])], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Success" in run.stdout


def test_installed_switched_off_and_on(blender: Blender) -> None:
    seen = blender.do("installed")
    assert seen["works"] == ["FINISHED"]
    assert seen["lines"][0][0] == "CHECKMARK"
    assert "works" in seen["lines"][0][1]
    assert seen["gone"]
    assert seen["back"]


def test_installed_by_dubkit_itself_it_knows_its_python(blender: Blender, tmp_path: Path) -> None:
    install_plugin("blender", to=tmp_path / "resources")
    assert replace(blender, folder=tmp_path).do("put_there") == {"python": sys.executable}


def test_the_add_on_for_older_versions(blender: Blender) -> None:
    seen = blender.do("legacy")
    assert seen["scene"]
    assert {"dub_selection", "sync_strip", "remove_dub", "cancel", "test_python"} <= set(seen["operators"])


def test_picture_and_sound_come_onto_new_channels(dubbed: Any) -> None:
    assert dubbed["state"] == ["FINISHED"], dubbed
    assert dubbed["message"] == "1 strip is done"
    was = {strip["name"] for strip in dubbed["before"]["strips"]}
    new = {strip["type"]: strip for strip in dubbed["dubbed"]["strips"] if strip["name"] not in was}
    assert set(new) == {"MOVIE", "SOUND"}
    for strip in new.values():
        assert strip["frame_final_start"] == 101
        assert strip["frame_final_end"] == 101 + SPOKEN[1] - SPOKEN[0]
        assert strip["custom"]["dubkit"].startswith("dubkit/1/es/")
        assert not strip["select"]
    assert new["MOVIE"]["channel"] != new["SOUND"]["channel"]
    assert min(strip["channel"] for strip in new.values()) > max(s["channel"] for s in dubbed["before"]["strips"])
    names = dubbed["dubbed"]["channels"]
    assert names[new["MOVIE"]["channel"]] == "dub es"
    assert names[new["SOUND"]["channel"]] == "dub es sound"
    original = next(strip for strip in dubbed["dubbed"]["strips"] if strip["name"] == "film sound")
    assert original["mute"]
    assert original["custom"]["dubkit_silenced"] == new["SOUND"]["custom"]["dubkit"]
    assert dubbed["scales"] == [0.5]


def test_the_new_mouth_is_seen_and_nothing_else(dubbed: Any) -> None:
    change = np.abs(pictures(dubbed["seen"]) - pictures(dubbed["plain"])).max(axis=3)
    assert change.max() > 40, "no mouth has moved"
    moved = change.max(axis=0) > 12
    rows, columns = np.nonzero(moved)
    # The picture is shown at half its size in the middle: 320 by 180 pixels, of which a mouth is a small part.
    assert 90 < rows.min() < rows.max() < 270
    assert 160 < columns.min() < columns.max() < 480
    assert moved.sum() < 0.12 * 320 * 180
    assert change[:, ~cv2.dilate(moved.astype(np.uint8), np.ones((25, 25))).astype(bool)].max() <= 12


def test_removed_the_file_is_as_it_was_and_saved_between(dubbed: Any) -> None:
    assert dubbed["removed"] == ["FINISHED"]
    assert dubbed["after"] == dubbed["before"]
    assert np.array_equal(pictures(dubbed["again"]), pictures(dubbed["plain"]))


@pytest.mark.parametrize(
    ("name", "fps", "size", "trim"),
    [("hdtf_a.mp4", 25, (512, 512), (25, 65)), ("presenter_cutaway.mov", 30, (1280, 720), (30, 66))],
)
def test_a_strip_of_a_real_clip(
    blender: Blender,
    real_clips: Path,
    tmp_path: Path,
    name: str,
    fps: int,
    size: tuple[int, int],
    trim: tuple[int, int],
) -> None:
    subtitles = tmp_path / "real.es.srt"
    subtitles.write_text("1\n00:00:01,000 --> 00:00:02,600\nEsta noche vamos a contar estrellas.\n", "utf-8")
    seen = blender.do(
        "dub",
        film=str(real_clips / name),
        subtitles=str(subtitles),
        fps=fps,
        size=size,
        trim=trim,
        every=6,
        frame_start=101 - trim[0],
    )
    assert seen["state"] == ["FINISHED"], seen
    was = {strip["name"] for strip in seen["before"]["strips"]}
    new = [strip for strip in seen["dubbed"]["strips"] if strip["name"] not in was]
    lies = [(strip["type"], strip["frame_final_start"], strip["frame_final_end"]) for strip in new]
    assert sorted(lies) == [(kind, 101, 101 + trim[1] - trim[0]) for kind in ("MOVIE", "SOUND")]
    change = np.abs(pictures(seen["seen"]) - pictures(seen["plain"])).max(axis=3)
    assert change.max() > 40, "no mouth has moved"
    assert np.median(change) <= 2, "more than a mouth has changed"
    assert seen["after"] == seen["before"]


def test_lips_follow_a_sound_that_is_there(blender: Blender, sample: SampleFiles) -> None:
    seen = blender.do("sync", film=str(sample.video), voice=str(sample.video))
    assert seen["state"] == ["FINISHED"]
    was = {strip["name"] for strip in seen["before"]["strips"]}
    new = [strip for strip in seen["synced"]["strips"] if strip["name"] not in was]
    assert [(strip["type"], strip["frame_final_start"], strip["frame_final_end"]) for strip in new] == [
        ("MOVIE", 1, 26)
    ]
    assert new[0]["custom"]["dubkit"].startswith("dubkit/1/sync/")
    assert not any(strip["mute"] for strip in seen["synced"]["strips"])
    assert seen["after"] == seen["before"]


def test_broken_off_in_the_middle_nothing_is_placed(blender: Blender, sample: SampleFiles) -> None:
    seen = blender.do("killed", film=str(sample.video), subtitles=str(sample.subtitles["es"]), until=0.15)
    after_kill, kill, after_cancel, cancel, load = seen["ends"]
    assert after_kill == after_cancel == seen["before"]
    assert kill[2] == "failed"
    assert "signal 9" in kill[3]
    assert (cancel[2], load[2]) == ("cancelled", "cancelled")
    for _, fraction, _, _, folder_left in (kill, cancel, load):
        assert 0.15 <= fraction < 1, "it was not in the middle"
        assert not folder_left


def test_no_dubkit_is_left_when_blender_is_killed(blender: Blender, sample: SampleFiles, tmp_path: Path) -> None:
    said = tmp_path / "said.json"
    command, _ = blender.command(
        "orphaned", film=str(sample.video), subtitles=str(sample.subtitles["es"]), until=0.12, said=str(said)
    )
    quiet = subprocess.DEVNULL
    editor = subprocess.Popen(command, cwd=ROOT, env=blender.environment, stdout=quiet, stderr=quiet)
    try:
        assert _comes_true(said.is_file, 120), "no dub was begun"
        child = int(json.loads(said.read_text("utf-8"))["pid"])
        assert _is_alive(child)
    finally:
        editor.send_signal(signal.SIGKILL)
        editor.wait()
    assert _comes_true(lambda: not _is_alive(child), 30)


def test_what_cannot_be_done_is_refused_one_by_one(blender: Blender, sample: SampleFiles) -> None:
    seen = blender.do("refused", film=str(sample.video), image=str(sample.portrait))
    assert seen["tasks"] == ["good"]
    words = {
        "reversed": "backwards", "fast": "own speed", "slowed": "own speed", "first": "transition",
        "second": "transition", "nested": "compound", "still": "still image", "many": "image sequence",
        "title": "no media", "angles": "multicam", "other": "compound", "gone": "offline",
    }  # fmt: skip
    assert set(seen["refused"]) == set(words)
    for name, word in words.items():
        assert word in seen["refused"][name], seen["refused"][name]


def test_a_film_of_another_rate(blender: Blender, sample: SampleFiles) -> None:
    """New strips from data lie frame for frame, so at another rate than their own they play too fast or slow."""
    seen = blender.do("rates", film=str(sample.video), rates=[[25, 1.0], [30, 1.001], [24, 1.001], [50, 1.0]])
    assert seen["25/1.0"]["refused"] == []
    assert seen["30/1.001"]["rate"] == "30000/1001"
    assert seen["24/1.001"]["rate"] == "24000/1001"
    for rate in ("30/1.001", "24/1.001", "50/1.0"):
        assert seen[rate]["seconds"] == 14
        assert seen[rate]["frames"] == 350
        assert "own speed" in seen[rate]["refused"][0]
        assert seen[rate]["clips"] == 0


def test_when_a_file_cannot_be_placed_nothing_is(blender: Blender, sample: SampleFiles) -> None:
    seen = blender.do("broken", film=str(sample.video))
    assert "is not there" in seen["message"]
    assert "the timeline is as it was" in seen["message"]
    assert seen["after"] == seen["before"]


def test_inside_a_meta_strip(blender: Blender, sample: SampleFiles) -> None:
    seen = blender.do("nested", film=str(sample.video))
    assert "film" in seen["selected"]
    assert seen["levels"] == 0
    assert seen["outside"] == ["meta"]
    assert seen["placed"] == [["film", False], ["film sound", True], ["film (dub es)", False]]
    assert seen["state"] == ["FINISHED"]
    assert seen["after"] == seen["before"]


def _comes_true(question: Any, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.1)
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
