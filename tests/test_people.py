"""Who is seen in a film: films of the portrait whose faces are counted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from dubkit.analysis import analyze
from dubkit.errors import InputError, OutputError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.people import PeopleReport, describe_people, draw_people, find_people
from dubkit.schema import Face, Image, dumps, loads
from tests.films import OneFace, write_talk
from tests.portraits import crowd, moved, portrait, write_pictures

_HAS_MODELS = pytest.mark.skipif("DUBKIT_MODELS" not in os.environ, reason="DUBKIT_MODELS names no detector files")


@pytest.fixture(scope="module")
def yunet() -> FaceDetector:
    return choose_detector("yunet", folders=[Path(os.environ["DUBKIT_MODELS"])])[0]


def people_in(video: Path, detector: FaceDetector) -> PeopleReport:
    return describe_people(video, analyze(video, detector), "made up", "colours and light")


def swaying(image: Image, frames: int) -> Iterator[Image]:
    for index in range(frames):
        yield moved(image, turn=2 * np.sin(index / 5), shift=(3 * np.sin(index / 4), 0))[0]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Her, somebody in green in another room, her again."""
    image = portrait()
    other = cv2.GaussianBlur(image[:, ::-1], (0, 0), 1.5) * np.array([0.35, 1.0, 0.5]) + 30
    other = np.clip(other, 0, 255).astype(np.uint8)
    shots = [*swaying(image, 26), *(np.ascontiguousarray(one) for one in swaying(other, 26)), *swaying(image, 24)]
    return write_pictures(tmp_path_factory.mktemp("scene") / "scene.mkv", shots)


@_HAS_MODELS
def test_she_comes_back_after_the_cut(scene: Path, yunet: FaceDetector) -> None:
    report = people_in(scene, yunet)
    assert report.shots == 3
    assert [track.identity for track in report.tracks] == ["A", "B", "A"]
    assert [person.face_tracks for person in report.people] == [(0, 2), (1,)]
    assert [(float(span.start), float(span.stop)) for span in report.people[0].spans] == [(0, 1.04), (2.08, 3.04)]
    assert sum(track.visible for track in report.tracks) == 76
    assert all(track.covered == 0 for track in report.tracks)


@_HAS_MODELS
def test_two_runs_and_any_number_of_threads_give_the_same(scene: Path, yunet: FaceDetector) -> None:
    threads = cv2.getNumThreads()
    found = []
    try:
        for count in (1, 4, 4):
            cv2.setNumThreads(count)
            found.append(dumps(analyze(scene, yunet)))
    finally:
        cv2.setNumThreads(threads)
    assert found[0] == found[1] == found[2]


@_HAS_MODELS
def test_sixty_faces_in_one_frame(tmp_path: Path, yunet: FaceDetector) -> None:
    many = crowd(10, 6)
    video = write_pictures(tmp_path / "crowd.mkv", [many] * 7)
    analysis = analyze(video, yunet)
    report = describe_people(video, analysis, "", "")
    assert len(report.tracks) == len(report.people) == 60
    assert all(track.visible == 7 for track in report.tracks)
    corners = {tuple(np.floor(track.boxes[0, :2] / 128).astype(int).tolist()) for track in analysis.tracks}
    assert len(corners) == 60
    assert report.people[26].identity == "AA"
    sheet = draw_people(video, analysis, report)
    assert sheet.shape[0] > 10 * 192


@_HAS_MODELS
@pytest.mark.parametrize(("left", "top"), [(-226, 0), (287, 0), (0, 391)], ids=["left", "right", "below"])
def test_a_face_half_out_of_the_picture(tmp_path: Path, yunet: FaceDetector, left: int, top: int) -> None:
    """It is found, and its box lies where the face is, as far as that is seen."""
    image = np.full((512, 512, 3), 90, np.uint8)
    part = portrait()[max(0, -top) : 512 - top, max(0, -left) : 512 - left]
    image[max(0, top) :, max(0, left) : max(0, left) + part.shape[1]] = part
    video = write_pictures(tmp_path / "half.mkv", [image] * 12)
    analysis = analyze(video, yunet)
    (track,) = analysis.tracks
    truth = np.add([179, 62, 272, 179], [left, top, left, top])
    assert np.abs(track.boxes - np.clip(truth, -25, 537)).max() < 30
    assert track.visible.all()
    assert np.isfinite(track.boxes).all()
    assert draw_people(video, analysis, describe_people(video, analysis, "", "")).shape[1] == 208


@_HAS_MODELS
def test_a_face_that_leaves_the_picture_and_returns_is_one_person(tmp_path: Path, yunet: FaceDetector) -> None:
    wide = np.concatenate([np.full((512, 512, 3), 90, np.uint8), portrait()], axis=1)

    def pictures() -> Iterator[Image]:
        for index in range(75):
            left = int(np.interp(index, [0, 20, 30, 45, 55, 75], [512, 420, 0, 0, 420, 512]))
            yield wide[:, left : left + 512]

    report = people_in(write_pictures(tmp_path / "leaves.mkv", pictures()), yunet)
    assert len(report.people) == 1
    assert report.shots == 1


@_HAS_MODELS
def test_a_shot_of_one_frame(tmp_path: Path, yunet: FaceDetector) -> None:
    report = people_in(write_pictures(tmp_path / "one.mkv", [portrait()]), yunet)
    (track,) = report.tracks
    assert (track.visible, track.identity) == (1, "A")


@_HAS_MODELS
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_telephone_held_otherwise(tmp_path: Path, yunet: FaceDetector, rotation: int) -> None:
    """Stored lying on its side; boxes are in pixels of the picture as it is shown."""
    upright = portrait()[:400]
    stored = np.rot90(upright, k=rotation // 90)
    video = write_pictures(tmp_path / "phone.mp4", [np.ascontiguousarray(stored)] * 10, rotation)
    analysis = analyze(video, yunet)
    (track,) = analysis.tracks
    assert np.abs(track.boxes - np.array([179, 62, 272, 179])).max() < 20
    sheet = draw_people(video, analysis, describe_people(video, analysis, "", ""))
    assert sheet.shape[1] == 208
    # Her hair is brown and above: the portrait is upright.
    above, below = sheet[20:50, 80:120].mean(axis=(0, 1)), sheet[160:195, 80:120].mean(axis=(0, 1))
    assert above[2] - above[0] > below[2] - below[0]


@_HAS_MODELS
def test_a_real_clip_as_counted_by_eye(real_clips: Path, yunet: FaceDetector) -> None:
    """Six shots of one woman in five dresses; a hand is before her mouth as the fourth begins."""
    report = people_in(real_clips / "phone_portrait_cuts.mp4", yunet)
    assert [(track.shot, track.visible) for track in report.tracks] == [
        *((0, 268), (1, 15), (2, 15), (3, 17), (4, 13), (5, 17))
    ]
    covered = [track.covered for track in report.tracks]
    assert covered[:3] + covered[4:] == [0, 0, 0, 0, 0]
    assert 8 <= covered[3] <= 10  # it leaves between two looks


def test_nobody_at_all(tmp_path: Path) -> None:
    class Nothing(OneFace):
        def detect(self, image: Image) -> list[Face]:
            return []

    video = write_pictures(tmp_path / "empty.mkv", [np.full((90, 160, 3), 70, np.uint8)] * 12)
    analysis = analyze(video, Nothing())
    report = describe_people(video, analysis, "", "")
    assert (report.people, report.tracks) == ((), ())
    assert draw_people(video, analysis, report).size


def test_sheet_and_listing_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dubkit.people.choose_detector", lambda *_, **__: (OneFace(), "made up: for the test"))
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path))
    video = write_talk(tmp_path / "talk.mkv", seconds=1)
    sheet, listing = tmp_path / "talk.png", tmp_path / "talk.json"
    report = find_people(video, sheet=sheet, listing=listing)
    assert loads(PeopleReport, listing.read_text("utf-8")) == report
    drawn = cv2.imread(str(sheet))
    assert drawn is not None
    assert drawn.shape[0] > 192
    assert report.people[0].identity == "A"
    first = sheet.read_bytes(), listing.read_bytes()
    find_people(video, sheet=sheet, listing=listing)
    assert (sheet.read_bytes(), listing.read_bytes()) == first


def test_bad_input_is_said_before_any_work(tmp_path: Path) -> None:
    video = write_talk(tmp_path / "talk.mkv", seconds=0.2)
    with pytest.raises(InputError, match=r"gone\.mkv"):
        find_people(tmp_path / "gone.mkv")
    with pytest.raises(OutputError, match=r"let it end in \.png"):
        find_people(video, sheet=tmp_path / "sheet.jpg")
    with pytest.raises(OutputError, match="does not exist"):
        find_people(video, sheet=tmp_path / "none" / "sheet.png")
    with pytest.raises(OutputError, match=r"let it end in \.json"):
        find_people(video, listing=video)
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == '["talk.mkv"]'
