"""How far picture and sound of a film are apart, on films whose truth is known."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dubkit
from dubkit import sync
from dubkit.analysis import Analysis, analyze
from dubkit.errors import InputError, MediaError, ModelError
from dubkit.evaluation import SyncNetJudge
from dubkit.evaluation.sync import SyncScore
from dubkit.lipsync import SyncSettings
from dubkit.schema import Waveform, dumps, loads
from dubkit.sync import SyncCheckSettings, judge_tracks, measure_sync
from dubkit.sync_report import SyncReport, SyncVerdict, TrackSync
from tests.films import BOX, Listener, OneFace, write_talk


def looked_at(video: Path) -> Analysis:
    return analyze(video, OneFace())


def judged(video: Path, settings: SyncCheckSettings | None = None) -> list[TrackSync]:
    return list(judge_tracks(video, looked_at(video), Listener(), settings))


@pytest.mark.parametrize(
    ("frames", "rate"), [(3, 25), (-5, 25), (0, 25), (1, 25), (3, Fraction(30_000, 1001)), (-2, 24)]
)
def test_a_picture_that_is_late_is_positive(tmp_path: Path, frames: int, rate: Fraction | int) -> None:
    (found,) = judged(write_talk(tmp_path / "talk.mkv", late=frames / 25, rate=rate))
    assert found.offset_frames == frames
    assert found.offset_ms == pytest.approx(40 * frames, abs=20)
    assert found.confidence == found.scores["expert_confidence"] > 0.2
    near = abs(found.offset_ms) <= 45
    assert found.in_sync == near
    assert found.verdict is (SyncVerdict.IN_SYNC if near else SyncVerdict.OUT_OF_SYNC)
    assert found.span.start == 0
    assert float(found.span.stop) == pytest.approx(4, abs=0.05)
    assert found.face_height == BOX[3] - BOX[1]


def test_an_unsure_judge_says_so(tmp_path: Path) -> None:
    strict = SyncCheckSettings(sync=SyncSettings(least_confidence=0.99))
    (found,) = judged(write_talk(tmp_path / "talk.mkv"), strict)
    assert (found.verdict, found.in_sync, found.offset_frames) == (SyncVerdict.UNSURE, False, 0)


def test_what_cannot_be_judged_has_a_word(tmp_path: Path) -> None:
    (mute,) = judged(write_talk(tmp_path / "mute.mkv", seconds=1, sound=False))
    (blink,) = judged(write_talk(tmp_path / "blink.mkv", seconds=0.16))
    for found, verdict in ((mute, SyncVerdict.NO_SOUND), (blink, SyncVerdict.TOO_SHORT)):
        assert found.verdict is verdict
        assert (found.offset_frames, found.offset_ms, found.confidence, found.in_sync) == (0, 0.0, 0.0, False)
        assert found.scores == {}


def test_a_long_face_is_judged_in_parts(tmp_path: Path) -> None:
    video = write_talk(tmp_path / "talk.mkv", seconds=7, late=0.08)
    found = judged(video, SyncCheckSettings(longest=3))
    assert [track.face_track for track in found] == [0, 0, 0]
    assert [track.frames for track in found] == [58, 58, 59]
    assert found[0].span.stop == found[1].span.start
    assert {track.offset_frames for track in found} == {2}
    with pytest.raises(InputError, match="parts of 1 s are too short"):
        SyncCheckSettings(longest=1)


class Watcher(SyncNetJudge):
    """Stands in for SyncNet: remembers what it was shown, and says what it was told to."""

    def __init__(self, distance: float = 7.0, confidence: float = 5.0, offset: int = 3) -> None:
        curve = np.zeros(31, np.float32)
        self.score = SyncScore(distance, confidence, offset, curve, curve)
        self.shown: list[tuple[tuple[int, ...], Waveform]] = []
        self.shades: list[npt.NDArray[np.float64]] = []

    def judge(self, faces: npt.NDArray[np.uint8], sound: Waveform) -> SyncScore:
        assert faces.dtype == np.uint8
        self.shown.append((faces.shape, sound))
        self.shades.append(faces[:, 100:124, 100:124].mean(axis=(1, 2, 3)))
        return self.score


@pytest.mark.parametrize("rate", [25, 30, 50, 24])
def test_syncnet_sees_25_crops_a_second_and_keeps_its_own_names(tmp_path: Path, rate: int) -> None:
    video = write_talk(tmp_path / "talk.mkv", seconds=2, rate=rate)
    judge = Watcher()
    (found,) = judge_tracks(video, looked_at(video), judge)
    ((shape, sound),) = judge.shown
    assert shape == (50, 224, 224, 3)
    assert (sound.length, sound.sample_rate) == (32_000, 16_000)
    assert np.abs(sound.samples).max() > 0.05
    assert np.ptp(judge.shades[0]) > 30
    assert (found.offset_frames, found.offset_ms) == (3, 120.0)
    assert found.scores == {"lse_c": 5.0, "lse_d": 7.0}
    assert found.confidence == 5.0
    assert found.verdict is SyncVerdict.OUT_OF_SYNC


def test_syncnet_can_be_unsure_too_and_needs_half_a_second(tmp_path: Path) -> None:
    video = write_talk(tmp_path / "talk.mkv", seconds=1)
    (unsure,) = judge_tracks(video, looked_at(video), Watcher(confidence=1.0, offset=0))
    assert (unsure.verdict, unsure.in_sync) == (SyncVerdict.UNSURE, False)
    (sure,) = judge_tracks(video, looked_at(video), Watcher(offset=1))
    assert (sure.verdict, sure.in_sync) == (SyncVerdict.IN_SYNC, True)
    short = write_talk(tmp_path / "short.mkv", seconds=0.4)
    (found,) = judge_tracks(short, looked_at(short), Watcher())
    assert found.verdict is SyncVerdict.TOO_SHORT


@pytest.fixture
def no_face_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces are where they were made, and the judge is one that knows."""
    monkeypatch.setattr(sync, "choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setattr(sync, "open_sync_judge", lambda judge, **_: (Listener(), "listener"))


def test_a_film_is_measured(tmp_path: Path, no_face_to_find: None) -> None:
    video = write_talk(tmp_path / "talk.mkv", late=3 / 25)
    told: set[str] = set()
    report = dubkit.measure_sync(video, progress=lambda stage, done, total: told.add(stage))
    assert [track.offset_frames for track in report.tracks] == [3]
    assert (report.video, report.judge, report.model) == (video, "expert", "listener")
    assert (report.frames, report.rate, report.shots, report.notes) == (100, "25", 1, ())
    assert told == {"faces", "crops"}
    assert loads(SyncReport, dumps(report)) == report


def test_the_notes_say_what_is_missing(tmp_path: Path, no_face_to_find: None, monkeypatch: pytest.MonkeyPatch) -> None:
    video = write_talk(tmp_path / "mute.mkv", seconds=1, sound=False)
    assert measure_sync(video).notes == ("there is no sound",)
    analysis = looked_at(video)
    monkeypatch.setattr(sync, "analyze", lambda *_, **__: dataclasses.replace(analysis, tracks=()))
    report = measure_sync(video)
    assert report.tracks == ()
    assert report.notes == ("no face was found", "there is no sound")


def test_bad_input_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path))
    monkeypatch.setattr(sync, "analyze", lambda *_, **__: pytest.fail("work was begun"))
    video = write_talk(tmp_path / "talk.mkv", seconds=0.5)
    with pytest.raises(MediaError, match=r"gone\.mkv"):
        measure_sync(tmp_path / "gone.mkv")
    with pytest.raises(InputError, match="no judge called 'me'; use one of: expert, syncnet"):
        measure_sync(video, judge="me")
    with pytest.raises(ModelError, match="'syncnet_v2' is not in"):
        measure_sync(video, judge="syncnet")
    with pytest.raises(ModelError, match="holds a lip generator, and a lip-sync expert"):
        measure_sync(video, expert="compact")
