"""The import rule of docs/architecture.md, held by reading every module's imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = {"media", "audio", "shots", "faces", "subtitles", "blending", "conform"}
GROUND = {"schema", "timing", "errors"}
COMPOSERS = {
    *("compose", "analysis", "render", "lines", "soundtrack", "outcome", "places"),
    *("levelling", "listening", "deliverables", "options"),
    *("patches", "patch_timeline", "picture_in", "picture_out", "readiness"),
    *(
        "clip_records",
        "drawing",
        "kept",
        "lips",
        "references",
        "render_settings",
        "scratch",
        "spoken",
        "amounts",
        "store_care",
    ),
    *("voicing", "fitting", "given"),
    *("track_crops", "video_sound", "people"),
    *("original_speech", "sounding", "who_speaks", "cast_sheet", "cast_tables"),
    *("analysis_settings", "analysis_report", "watching", "eyes", "store", "stored"),
    *("in_memory", "moviepy", "ahead"),
    *(
        "languages",
        "language_jobs",
        "language_report",
        "planning",
        "cluster",
        "cluster_run",
        "lip_tasks",
        "remote_folder",
    ),
    *("host_run", "host_run_clip", "host_run_cut", "host_run_files", "host_run_job", "host_run_lines"),
    *("doctor", "plugin_install", "plugin_places"),
}
JUDGING = {"sync", "sync_report", "sync_views", "judges", "judging", "comparing"}
EVERY_STAGE = STAGES | {"lipsync", "dialogue", "casting"}

MAY_IMPORT = {
    "errors": set[str](),
    "timing": {"errors"},
    "schema": {"timing", "errors"},
    **dict.fromkeys(STAGES, GROUND),
    **{stage: GROUND | {"audio"} for stage in ("lipsync", "dialogue", "casting")},
    "evaluation": GROUND | {"lipsync", "audio"},
    "training": GROUND | EVERY_STAGE | {"evaluation", "analysis", "track_crops", "video_sound"},
    **dict.fromkeys(COMPOSERS, GROUND | EVERY_STAGE | COMPOSERS),
    **dict.fromkeys(JUDGING, GROUND | EVERY_STAGE | COMPOSERS | JUDGING | {"evaluation"}),
    "__init__": GROUND | EVERY_STAGE | COMPOSERS | JUDGING,
    "dubkit_cli": GROUND | COMPOSERS | JUDGING | {"", "training", "evaluation", "lipsync"},
}
ONLY_IN = {
    "torch": {"dubkit/lipsync", "dubkit/training", "dubkit/evaluation"},
    "insightface": {"dubkit/faces/insightface_zoo.py"},
    "av": {"dubkit/media", "dubkit/audio"},
    "espeakng_loader": {"dubkit/dialogue/espeak_library.py"},
    "scenedetect": {"dubkit/shots"},
    "pysubs2": {"dubkit/subtitles"},
    "opentimelineio": {"dubkit/conform/timeline.py", "dubkit/shots/otio_cuts.py"},
    "click": {"pipelines/dubkit_cli"},
    "tqdm": {"pipelines/dubkit_cli"},
    "pooch": {"dubkit/lipsync/fetch.py"},
    "moviepy": {"dubkit/moviepy.py"},
    "fsspec": {"dubkit/remote_folder.py"},
    "ray": {"dubkit/cluster.py"},
}
DRAWERS = {"utils", "util", "helpers", "common", "misc", "core", "manager"}


def modules() -> list[Path]:
    return sorted([*(ROOT / "dubkit").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")])


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "dubkit_cli" if parts[0] == "pipelines" else parts[1]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            if node.module == "dubkit":
                yield from (f"dubkit.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_down_only(path: Path) -> None:
    room = room_of(path)
    allowed = MAY_IMPORT[room] | {room}
    public = set(ast.literal_eval(_public_names())) if room == "dubkit_cli" else set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "dubkit":
            target = parts[1] if len(parts) > 1 else ""
            if target == "" and room != "dubkit_cli":
                continue  # `from dubkit import errors` is followed by its own entry
            assert target in allowed | public, f"{room} may not import {name}"
        elif parts[0] == "dubkit_cli":
            assert room == "dubkit_cli", f"{room} may not import the command line"


def _public_names() -> str:
    tree = ast.parse((ROOT / "dubkit/__init__.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return ast.unparse(node.value)
    raise AssertionError("dubkit has no __all__")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    for name in imports(path):
        for library, homes in ONLY_IN.items():
            if name.split(".")[0] == library:
                assert any(where.startswith(home) for home in homes), f"{library} has no place in {where}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_are_small_and_have_names(path: Path) -> None:
    assert path.stem not in DRAWERS
    assert path.parent.name not in DRAWERS
    text = path.read_text("utf-8")
    assert text.count("\n") <= 300, f"{path} is too long"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{path}:{node.lineno} {node.name} has {length} lines"


def test_there_are_no_circles() -> None:
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): {
            name for name in imports(path) if name.startswith("dubkit.")
        }
        for path in modules()
        if path.name != "__init__.py"
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in graph and name not in done:
            for target in graph[name]:
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_import_is_light() -> None:
    """Counted, not timed: a clock would fail on a busy machine. benchmarks/import_time.py has the seconds."""
    heavy = ["torch", "cv2", "av", "librosa", "scenedetect", "insightface", "scipy", "soundfile"]
    code = f"import dubkit, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"
