"""In the window of a Blender that is installed here (under Xvfb): the operator leaves the user free all the time.

With ``DUBKIT_BLENDER_PICTURES=FOLDER`` the pictures of the documentation are taken on the way.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from plugins.blender.build import build
from samples.make import SampleFiles
from tests.plugins.blender.blender import dubkit_here

pytestmark = pytest.mark.long
WINDOW = Path(__file__).with_name("window.py")


@pytest.fixture(scope="module")
def seen(sample: SampleFiles, tmp_path_factory: pytest.TempPathFactory) -> Any:
    blender, screen = shutil.which("blender"), shutil.which("xvfb-run")
    if blender is None or screen is None:
        pytest.skip("install blender (3.4, as Debian 12 has it) and xvfb to run this test")
    folder = tmp_path_factory.mktemp("window")
    version = subprocess.run([blender, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("Blender 3.4"):
        pytest.skip(f"this test speaks to Blender 3.4, not to {version.splitlines()[0]}")
    request = {
        "addon": str(build(folder / "zips")[1]),
        "program": str(dubkit_here(folder)),
        "folder": str(folder / "dubs"),
        "film": str(sample.video),
        "subtitles": str(sample.subtitles["es"]),
        "pictures": os.environ.get("DUBKIT_BLENDER_PICTURES", ""),
    }
    asked, answer = folder / "request.json", folder / "answer.json"
    asked.write_text(json.dumps(request), encoding="utf-8")
    command = [
        *(screen, "-a", "-s", "-screen 0 1600x1100x24", blender, "--factory-startup", "--app-template"),
        *("Video_Editing", "-noaudio", "--window-geometry", "0", "0", "1600", "1100", "-P", str(WINDOW)),
        *("--", str(asked), str(answer)),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    own = {"BLENDER_USER_SCRIPTS": str(folder / "scripts"), "DUBKIT_CACHE": "off", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=clean | own, capture_output=True, text=True, timeout=500, check=False)
    assert answer.is_file(), f"{run.stdout[-4000:]}\n{run.stderr[-4000:]}"
    told = json.loads(answer.read_text("utf-8"))
    assert "error" not in told, told["error"]
    return told


def test_the_window_is_free_while_dubkit_works(seen: Any) -> None:
    assert seen["invoke"] == ["RUNNING_MODAL"]
    assert seen["invoke_seconds"] < 2
    assert seen["ticks"] > 10
    assert seen["slowest_tick"] < 0.1
    assert seen["placing"] < 2


def test_an_undo_meanwhile_does_no_harm(seen: Any) -> None:
    assert seen["edited"] == [["film", "film sound", "meanwhile"], ["film", "film sound"]]
    assert seen["done"] == ["done", "1 strip is done"]


def test_placed_and_undone_in_one_step(seen: Any) -> None:
    new = [strip for strip in seen["after"] if strip[0] not in ("film", "film sound")]
    assert sorted(strip[1:] for strip in new) == [["MOVIE", 4, 21, 61, False], ["SOUND", 3, 21, 61, False]]
    assert [strip[-1] for strip in seen["after"] if strip[0] == "film sound"] == [True]
    assert seen["undone"] == seen["before"]


def test_cancelled_nothing_is_placed(seen: Any) -> None:
    state, seconds, strips = seen["cancelled"]
    assert state == "cancelled"
    assert seconds < 15
    assert strips == seen["before"]
