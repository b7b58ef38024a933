"""A generated video beside the real one: here, films made by code."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit import comparing
from dubkit.comparing import CompareSettings, ComparisonReport, compare_videos
from dubkit.errors import InputError, MediaError
from dubkit.judges import JudgesAtHand
from dubkit.schema import dumps, loads
from tests.evaluation.test_report import Points
from tests.films import Listener, OneFace, write_talk
from tests.test_sync import Watcher


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talk(tmp_path_factory.mktemp("compare") / "real.mkv", seconds=2)


class Features:
    """Stands in for the network of FID."""

    def find(
        self, pictures: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return pictures[:, ::16, ::16].reshape(len(pictures), -1)[:, :4].astype(np.float32)


@pytest.fixture(autouse=True)
def watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """Faces are where they were made, and judges are there who know these films."""
    found = Watcher()
    judges = JudgesAtHand(Listener(), Points(), found, ("listener", "points", "watcher"), ("a note",))
    monkeypatch.setattr(comparing, "choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setattr(comparing, "find_judges", lambda **_: judges)
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path))
    return found


def test_the_real_video_scores_as_itself(real: Path) -> None:
    report = compare_videos(real, real)
    (clip,) = report.clips
    assert (clip.clip, clip.frames) == ("face 0, frames 0..49", 50)
    assert {"psnr", "ssim", "mouth_l1", "flicker", "lse_d", "opening_correlation", "expert_confidence"} <= set(
        clip.scores
    )
    for name, score in clip.scores.items():
        assert score.generated == score.real, name
    assert clip.scores["psnr"].real == 100
    assert report.judges == ("listener", "points", "watcher")
    assert report.notes == ("a note",)
    assert loads(ComparisonReport, dumps(report)) == report


def test_both_are_cut_and_heard_alike(real: Path, tmp_path: Path, watcher: Watcher) -> None:
    """A face that is ten shades brighter and 5 frames late."""
    worse = write_talk(tmp_path / "worse.mkv", seconds=2, late=5 / 25, shade=10)
    (clip,) = compare_videos(real, worse).clips
    assert clip.scores["expert_confidence"].real > 0.2
    assert clip.scores["mouth_l1"].generated > 10 / 255
    assert clip.scores["psnr"].generated < 25
    assert clip.scores["opening_correlation"].generated < 0.9
    (first, sound), (second, own) = watcher.shown
    assert first == second == (50, 224, 224, 3)
    np.testing.assert_array_equal(sound.samples, own.samples)
    assert np.abs(watcher.shades[0] - watcher.shades[1]).mean() > 5


def test_each_is_heard_with_its_own_sound_or_the_real_ones(real: Path, tmp_path: Path, watcher: Watcher) -> None:
    dub = write_talk(tmp_path / "dub.mkv", seconds=2, start=40)
    (clip,) = compare_videos(real, dub).clips
    assert not np.array_equal(watcher.shown[0][1].samples, watcher.shown[1][1].samples)
    assert clip.scores["expert_confidence"].generated > 0.2
    watcher.shown.clear()
    mute = write_talk(tmp_path / "mute.mkv", seconds=2, sound=False)
    report = compare_videos(real, mute)
    assert any("judged with the real one's" in note for note in report.notes)
    np.testing.assert_array_equal(watcher.shown[0][1].samples, watcher.shown[1][1].samples)
    watcher.shown.clear()
    silent = compare_videos(mute, mute)
    assert watcher.shown == []
    assert not {"lse_d", "expert_confidence"} & set(silent.clips[0].scores)
    assert "the real video has no sound to judge lips by" in silent.notes


def test_long_faces_are_compared_in_parts_and_too_short_ones_left_out(real: Path, tmp_path: Path) -> None:
    report = compare_videos(real, real, settings=CompareSettings(longest=0.8))
    assert [clip.frames for clip in report.clips] == [16, 17, 17]
    blink = write_talk(tmp_path / "blink.mkv", seconds=0.08)
    with pytest.raises(InputError, match=r"blink\.mkv: shows no face that could be compared"):
        compare_videos(blink, blink)


def test_videos_that_do_not_belong_together_are_refused(real: Path, tmp_path: Path) -> None:
    shorter = write_talk(tmp_path / "shorter.mkv", seconds=1.96)
    with pytest.raises(InputError, match=r"shorter\.mkv: has 49 frames and real\.mkv 50: .*; give two videos"):
        compare_videos(real, shorter)
    with pytest.raises(MediaError, match=r"gone\.mkv"):
        compare_videos(real, tmp_path / "gone.mkv")


def test_videos_of_two_sizes_are_refused(real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.films.SIZE", (240, 136))
    small = write_talk(tmp_path / "small.mkv", seconds=2)
    with pytest.raises(InputError, match=r"small\.mkv: is 240x136 and real\.mkv 480x272"):
        compare_videos(real, small)


def test_fid_is_measured_where_its_network_is_and_named_where_it_is_not(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = compare_videos(real, real, fid=True)
    assert report.sets == {}
    assert "left out: FID (weights-inception" in report.notes[-1]
    (tmp_path / "weights-inception-2015-12-05-6726825d.pth").touch()
    monkeypatch.setattr(comparing, "InceptionFeatures", lambda path, device: Features())
    worse = write_talk(tmp_path / "worse.mkv", seconds=2, shade=20)
    report = compare_videos(real, worse, fid=True)
    assert report.sets["fid"].real == 0
    assert report.sets["fid"].generated > 100


def test_a_rate_that_is_not_25_is_judged_on_the_judges_clock(tmp_path: Path, watcher: Watcher) -> None:
    video = write_talk(tmp_path / "ntsc.mkv", seconds=2, rate=Fraction(30_000, 1001))
    (clip,) = compare_videos(video, video).clips
    assert clip.frames == 59
    assert watcher.shown[0][0][0] == 49
