"""The second language, and every rerun, start from what the first one found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import dubkit
from dubkit import readiness
from dubkit.compose import DubSettings
from dubkit.media import WriteSettings, read_frames
from dubkit.schema import DubReport
from dubkit.store import Store
from tests.films import write_talk
from tests.test_analysis import Counting

KEPT = "the analysis kept before was used"


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Counting:
    made = Counting()
    monkeypatch.setattr(readiness, "choose_detector", lambda *_, **__: (made, "made up: for the test"))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_talk(tmp_path / "film.mkv", seconds=2)
    (tmp_path / "es.srt").write_text("1\n00:00:00,200 --> 00:00:01,600\nHola\n")
    (tmp_path / "cast.toml").write_text('[cues]\n1 = "A"\n')
    hiss = np.random.default_rng(1).uniform(-0.2, 0.2, 16_000 * 2)
    soundfile.write(tmp_path / "voice.wav", hiss.astype(np.float32), 16_000)
    return tmp_path


def dub(folder: Path, output: str, work_dir: str, language: str) -> DubReport:
    return dubkit.dub(
        folder / "film.mkv",
        folder / output,
        subtitles=folder / "es.srt",
        voice=folder / "voice.wav",
        language=language,
        cast=folder / "cast.toml",
        expert="none",
        codec="ffv1",
        work_dir=folder / work_dir,
        settings=DubSettings(write=WriteSettings(preset="ultrafast")),
    )


def test_the_second_language_looks_at_nothing_again(detector: Counting, folder: Path) -> None:
    first = dub(folder, "es.mkv", "kept", "es")
    looks = detector.looks
    assert looks
    assert KEPT not in first.notes
    second = dub(folder, "de.mkv", "kept", "de")
    assert detector.looks == looks
    assert KEPT in second.notes
    assert {entry.kind for entry in Store(folder / "kept").entries()} >= {"analysis", "speech"}

    apart = dub(folder, "apart.mkv", "elsewhere", "de")
    assert detector.looks == 2 * looks
    assert KEPT not in apart.notes
    assert [line.frames for line in apart.lines] == [line.frames for line in second.lines]
    changed = 0
    for kept, fresh, before in zip(
        read_frames(folder / "de.mkv"), read_frames(folder / "apart.mkv"), read_frames(folder / "film.mkv"), strict=True
    ):
        assert np.array_equal(kept.planes[0], fresh.planes[0])
        changed += not np.array_equal(kept.planes[0], before.planes[0])
    assert changed


def test_a_kept_analysis_that_was_harmed_costs_no_more_than_a_note(detector: Counting, folder: Path) -> None:
    dub(folder, "es.mkv", "kept", "es")
    looks = detector.looks
    for entry in Store(folder / "kept").entries():
        entry.path.write_bytes(entry.path.read_bytes()[:-1])
    report = dub(folder, "es.mkv", "kept", "es")
    assert detector.looks == 2 * looks
    assert any("is damaged, so it was made again" in note for note in report.notes)
