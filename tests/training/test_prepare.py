"""A folder of videos to clips, the whole way: what comes out, and that nothing stops or changes it."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from dubkit.errors import Cancelled, InputError, ModelError, OutputError
from dubkit.lipsync import ModelConfig, save_checkpoint
from dubkit.lipsync.architecture import EXPERT, expected_shapes
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.schema import dumps
from dubkit.training import HELD_OUT, TRAIN, DetectorChoice, PreparedClips, PrepareSettings, TrainingIndex, prepare
from dubkit.training.cut_video import CutVideo, cut_video
from tests.lipsync.golden_rule import EXPERT_GAIN, golden_state
from tests.training.films import CASCADE, QUICK, face, grey, speech, two_faces, write

ROOT = Path(__file__).parents[2]
VIDEOS = 5


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five videos, one of them damaged, and a file that is none."""
    pytest.importorskip("skimage", reason="the portrait comes with scikit-image")
    folder = tmp_path_factory.mktemp("videos")
    write(folder / "alone.mkv", face(30), speech(1.2, 1))
    write(folder / "deeper" / "again.mkv", face(40, 1.2), speech(1.6, 2))
    write(folder / "two.mkv", two_faces(30), speech(1.2, 3))
    write(folder / "nobody.mkv", grey(30), speech(1.2, 4))
    (folder / "broken.mp4").write_bytes(b"this was a film once" * 99)
    (folder / "notes.txt").write_text("no film")
    (folder / ".hidden.mkv").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def expected(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingIndex]:
    """What one undisturbed run makes of them."""
    output = tmp_path_factory.mktemp("expected") / "made" / "here"
    return output, run(videos, output)


@pytest.fixture(scope="module")
def expert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An expert that knows nothing."""
    path = tmp_path_factory.mktemp("expert") / "expert.safetensors"
    state = golden_state(list(expected_shapes(EXPERT, 0.05).items()), EXPERT_GAIN)
    save_checkpoint(path, Checkpoint(ModelConfig(EXPERT, width=0.05, mel_offset_frames=0), state))
    return path


def run(
    videos: Path, output: Path, settings: PrepareSettings = QUICK, workers: int = 1, expert: Path | None = None,
    splits: Path | None = None, progress: Callable[[str, int, int], None] | None = None,
) -> TrainingIndex:  # fmt: skip
    return prepare(
        videos, output, settings, splits=splits, expert=expert, detector=CASCADE, device="cpu", workers=workers,
        progress=progress,
    )  # fmt: skip


def copied(expected: tuple[Path, TrainingIndex], output: Path) -> Path:
    """The folder of the undisturbed run, to go on in."""
    shutil.copytree(expected[0], output)
    return output


def arrays(output: Path) -> dict[str, bytes]:
    """All that lies in the folder, but for records that name the moment a video was written."""
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and path.parent.name != "done"
    }


def test_what_is_kept_can_be_opened_and_the_rest_says_why(expected: tuple[Path, TrainingIndex]) -> None:
    output, index = expected
    assert [(clip.source, clip.frames) for clip in index.clips] == [("alone.mkv", 30), ("deeper/again.mkv", 40)]
    assert {(clip.source, clip.reason) for clip in index.dropped} == {
        ("two.mkv", "several faces at once"),
        ("nobody.mkv", "no face seen"),
        ("broken.mp4", "cannot be read"),
    }
    assert next(clip.detail for clip in index.dropped if clip.source == "broken.mp4").startswith("is not a media file")
    prepared = PreparedClips(output)
    assert dumps(prepared.index) == dumps(index)
    for clip in index.clips:
        assert prepared.faces(clip).shape == (clip.frames, 96, 96, 3)
        assert prepared.sound(clip).values.shape[0] == 80
        assert float(clip.offset) == clip.confidence == 0


def test_two_processes_make_the_same(videos: Path, expected: tuple[Path, TrainingIndex], tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    index = run(videos, tmp_path / "out", workers=2, progress=lambda *said: told.append(said))
    assert index == expected[1]
    assert arrays(tmp_path / "out") == arrays(expected[0])
    assert told == [("prepare", done, VIDEOS) for done in range(VIDEOS + 1)]


def test_a_run_that_was_stopped_goes_on(videos: Path, expected: tuple[Path, TrainingIndex], tmp_path: Path) -> None:
    output = tmp_path / "out"

    def stop(_step: str, done: int, _total: int) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(videos, output, progress=stop)
    assert not (output / "index.json").exists()
    (output / "faces" / ".alone.77.part.npy").write_bytes(b"half a")
    told: list[tuple[str, int, int]] = []
    assert run(videos, output, progress=lambda *said: told.append(said)) == expected[1]
    assert told[0] == ("prepare", 2, VIDEOS)
    assert arrays(output) == arrays(expected[0])


def test_done_work_is_not_done_again(
    videos: Path, expected: tuple[Path, TrainingIndex], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = copied(expected, tmp_path / "out")

    def never(*_: object) -> None:
        raise AssertionError("a video was cut again")

    monkeypatch.setattr("dubkit.training.prepare_steps.cut_video", never)
    assert run(videos, output) == expected[1]
    other = dataclasses.replace(QUICK, held_out_share=1.0, least_confidence=0.7)
    assert {clip.split for clip in run(videos, output, other).clips} == {HELD_OUT}


def test_what_has_changed_is_done_again_and_nothing_else(videos: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    for name in ("a.mkv", "b.mkv"):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes((videos / "alone.mkv").read_bytes())
    first = run(folder, output)
    stamps = {path: path.stat().st_mtime_ns for path in (output / "faces").iterdir()}
    (folder / "a.mkv").write_bytes((videos / "nobody.mkv").read_bytes())
    second = run(folder, output)
    assert [clip.source for clip in first.clips] == ["a.mkv", "b.mkv"]
    assert [clip.source for clip in second.clips] == ["b.mkv"]
    left = {path: path.stat().st_mtime_ns for path in (output / "faces").iterdir()}
    assert len(left) == 1
    assert left.items() <= stamps.items()


def test_a_run_with_other_settings_that_is_stopped_leaves_no_record_of_the_first(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.mkv").write_bytes((videos / "alone.mkv").read_bytes())
    run(folder, output)
    assert list((output / "done").iterdir())

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dubkit.training.prepare_steps.cut_video", stopped)
    (folder / "a.mkv").write_bytes((videos / "nobody.mkv").read_bytes())
    with pytest.raises(KeyboardInterrupt):
        run(folder, output)
    assert not list((output / "done").glob("*cut*"))
    assert not list((output / "faces").iterdir())


def test_a_record_that_is_damaged_or_whose_arrays_are_gone_counts_for_nothing(
    videos: Path, expected: tuple[Path, TrainingIndex], tmp_path: Path
) -> None:
    output = copied(expected, tmp_path / "out")
    for record in (output / "done").glob("alone-*"):
        record.write_text('{"fingerprint": "', encoding="utf-8")
    for array in (output / "sounds").glob("deeper-*"):
        array.unlink()
    assert run(videos, output) == expected[1]
    assert arrays(output) == arrays(expected[0])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_killed_and_begun_again(videos: Path, expected: tuple[Path, TrainingIndex], tmp_path: Path) -> None:
    """kill -9 of the parent while its workers are busy; they end with it."""
    output = tmp_path / "out"
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from dubkit.training import prepare\n"
        "from tests.training.films import CASCADE, QUICK\n"
        "if __name__ == '__main__':\n"
        f"    prepare(Path({str(videos)!r}), Path({str(output)!r}), QUICK, detector=CASCADE, workers=2)\n",
        encoding="utf-8",
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], env=environment) as process:
        until = time.monotonic() + 120
        while not list(output.glob("done/*.cut.json")) and time.monotonic() < until:
            time.sleep(0.02)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    assert len(workers) >= 2
    _, alive = psutil.wait_procs(workers, 20)
    assert not alive
    assert run(videos, output) == expected[1]
    assert arrays(output) == arrays(expected[0])


def test_an_expert_sorts_out_later_without_cutting_again(
    videos: Path, expected: tuple[Path, TrainingIndex], expert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = copied(expected, tmp_path / "out")
    monkeypatch.setattr("dubkit.training.prepare_steps.cut_video", None)
    told: list[tuple[str, int, int]] = []
    easy = dataclasses.replace(QUICK, least_confidence=0.0, most_offset=1.0)
    index = run(videos, output, easy, expert=expert, progress=lambda *said: told.append(said))
    assert told[-1] == ("measure", 3, 3)
    # This one's offsets are chance, and where the best lies at the end of what could be judged it is not believed.
    asked = [clip for clip in index.dropped if clip.reason in ("sync not certain", "several faces at once")]
    sources = {clip.source for clip in index.clips} | {clip.source for clip in asked}
    assert sources == {"alone.mkv", "deeper/again.mkv", "two.mkv"}
    assert len(index.clips) + len(asked) == 4
    assert index.clips
    assert all(clip.confidence > 0 for clip in index.clips)
    assert "several faces at once" in {clip.reason for clip in index.dropped if clip.source == "two.mkv"}
    monkeypatch.setattr("dubkit.training.prepare_steps.measure_video", None)
    assert run(videos, output, easy, expert=expert) == index
    strict = dataclasses.replace(QUICK, least_confidence=0.99)
    assert run(videos, output, strict, expert=expert).clips == ()
    assert "sync not certain" in {clip.reason for clip in run(videos, output, strict, expert=expert).dropped}


def test_two_processes_measure_the_same(
    videos: Path, expected: tuple[Path, TrainingIndex], expert: Path, tmp_path: Path
) -> None:
    easy = dataclasses.replace(QUICK, least_confidence=0.0, most_offset=1.0)
    first, second = (run(videos, copied(expected, tmp_path / str(n)), easy, workers=n, expert=expert) for n in (1, 2))
    assert first == second
    assert all(clip.confidence > 0 for clip in first.clips)


def test_a_list_decides_what_is_prepared(videos: Path, tmp_path: Path) -> None:
    splits = tmp_path / "splits.csv"
    splits.write_text("video,split,identity\nalone.mkv,held-out,Eileen\nno*.mkv,train,\n", encoding="utf-8")
    index = run(videos, tmp_path / "out", splits=splits)
    assert [(clip.source, clip.split, clip.identity) for clip in index.clips] == [("alone.mkv", HELD_OUT, "Eileen")]
    assert {clip.source for clip in index.dropped if clip.reason == "not in the list of splits"} == {
        "broken.mp4",
        "deeper/again.mkv",
        "two.mkv",
    }
    splits.write_text("video,split\nalone.mkv,train\n", encoding="utf-8")
    assert [clip.split for clip in run(videos, tmp_path / "out", splits=splits).clips] == [TRAIN]


def test_a_defect_costs_one_video_and_is_tried_again(
    videos: Path, expected: tuple[Path, TrainingIndex], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defective(path: Path, *rest: Any) -> CutVideo:
        if path.name == "alone.mkv":
            raise ZeroDivisionError("oh")
        return cut_video(path, *rest)

    with monkeypatch.context() as patched:
        patched.setattr("dubkit.training.prepare_steps.cut_video", defective)
        index = run(videos, tmp_path / "out")
    assert [clip.source for clip in index.clips] == ["deeper/again.mkv"]
    assert ("preparation failed", "ZeroDivisionError: oh") in {(clip.reason, clip.detail) for clip in index.dropped}
    assert run(videos, tmp_path / "out") == expected[1]


def test_a_disk_that_is_full_stops_the_run(videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OutputError, match="the disk is full"):
        run(videos, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.npy"))
    assert not list((tmp_path / "out").rglob("*alone*.json"))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ("no folder", InputError, "there is no such folder"),
        ("no videos", InputError, "holds no videos; give a folder with files that end in .3gp .asf"),
        ("no list", InputError, "no such list of splits"),
        ("no expert", ModelError, "no such model file"),
        ("no detector", ModelError, "no YuNet file"),
        ("a file in the way", OutputError, "out"),
    ],
)
def test_what_cannot_be_used_is_said_before_work(
    change: str, error: type[Exception], words: str, videos: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    if change == "a file in the way":
        (tmp_path / "out").write_text("here I am")
    with pytest.raises(error, match=words):
        prepare(
            {"no folder": tmp_path / "none", "no videos": empty}.get(change, videos),
            tmp_path / "out",
            splits=tmp_path / "none.csv" if change == "no list" else None,
            expert=tmp_path / "none.safetensors" if change == "no expert" else None,
            detector=DetectorChoice("yunet") if change == "no detector" else CASCADE,
            workers=1,
        )
    assert not (tmp_path / "out").is_dir()
