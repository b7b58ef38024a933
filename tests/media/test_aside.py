from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dubkit.errors import OutputError
from dubkit.media import (
    read_sound,
    write_wav,
)
from dubkit.media.aside import left_behind, part_path, run_name, written_aside
from dubkit.schema import Waveform
from tests.media.zoo import tone


@pytest.mark.parametrize(("bits", "error"), [(16, 2**-15), (24, 2**-23), ("float", 0)])
def test_wav(tmp_path: Path, bits: int | str, error: float) -> None:
    sound = Waveform(tone(1, 48_000, 2), 48_000)
    write_wav(tmp_path / "a.wav", sound, bits)
    back = read_sound(tmp_path / "a.wav", sample_rate=48_000)
    assert back.length == sound.length
    assert np.abs(back.samples - sound.samples).max() <= error
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_wav_clips_instead_of_wrapping(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Waveform(np.full((1, 100), 1.5, np.float32), 8000), 16)
    assert read_sound(tmp_path / "a.wav", sample_rate=8000).samples.min() > 0.99
    with pytest.raises(OutputError, match="13 bits"):
        write_wav(tmp_path / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000), 13)
    with pytest.raises(OutputError, match="does not exist"):
        write_wav(tmp_path / "none" / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000))


def test_what_a_killed_run_left_of_a_file_is_removed_by_the_next(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    gone = part_path(tmp_path / "a.wav").name.replace(f"-{os.getpid()}.", f"-{int(done.stdout)}.")
    mine, elsewhere = part_path(tmp_path / "a.wav").name, gone.replace(".a.", ".b.")
    other_machine = f".a.0000-{int(done.stdout)}.part.wav" if not run_name().startswith("0000") else ".a.x.part.wav"
    running = gone.replace(f"-{int(done.stdout)}.", f"-{os.getppid()}.")
    for name in (gone, elsewhere, other_machine, running):
        (tmp_path / name).write_bytes(b"half")
    assert left_behind(gone)
    assert not any(left_behind(name) for name in (mine, other_machine, running, "a.wav"))
    write_wav(tmp_path / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000))
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav", elsewhere, other_machine, running}


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    replace, sync = Path.replace, os.fsync

    def synced(number: int) -> None:
        told.append("sync")
        sync(number)

    def named(path: Path, target: Path) -> Path:
        told.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", named)
    with written_aside(tmp_path / "a") as part:
        part.write_bytes(b"a")
    assert told == ["sync", "name", "sync"]
    assert (tmp_path / "a").read_bytes() == b"a"
