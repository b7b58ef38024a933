"""Sixty faces of real people in one picture, each at a place of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from dubkit.analysis import analyze
from dubkit.errors import DubkitError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.media import read_images
from dubkit.people import describe_people
from dubkit.schema import Image
from tests.portraits import write_pictures

_COLUMNS, _ROWS, _CELL, _FRAMES = 10, 6, 128, 10


@pytest.fixture(scope="module", params=["yunet", "insightface"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    if "DUBKIT_MODELS" not in os.environ:
        pytest.skip("DUBKIT_MODELS names no detector files")
    try:
        return choose_detector(request.param, folders=[Path(os.environ["DUBKIT_MODELS"])])[0]
    except DubkitError as error:
        pytest.skip(str(error))


def cells(clip: Path, starts: list[int], detector: FaceDetector) -> Iterator[list[Image]]:
    """For each start: its face, cut out of that frame and of those after it at the same place."""
    wanted = {start + step for start in starts for step in range(_FRAMES)}
    images = {index: image for index, _, image in read_images(clip, 640, wanted=wanted.__contains__, upright=True)}
    for start in starts:
        face = detector.detect(images[start])[0]
        middle = (face.box[:2] + face.box[2:]) / 2
        reach = 0.85 * face.height
        left, top = (round(float(edge - reach)) for edge in middle)
        side = round(2 * reach)
        cut = []
        for step in range(_FRAMES):
            padded = cv2.copyMakeBorder(images[start + step], side, side, side, side, cv2.BORDER_REPLICATE)
            part = padded[top + side : top + 2 * side, left + side : left + 2 * side]
            cut.append(np.asarray(cv2.resize(part, (_CELL, _CELL), interpolation=cv2.INTER_AREA), np.uint8))
        yield cut


@pytest.fixture(scope="module")
def crowd(real_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    finder = choose_detector("yunet", folders=[Path(os.environ.get("DUBKIT_MODELS", ""))])[0]
    clips = sorted([*real_clips.glob("grid_speakers/*.mpg"), *real_clips.glob("hdtf_*.mp4")])
    faces: list[list[Image]] = []
    for clip in clips:
        faces += cells(clip, [5, 20, 35, 50], finder)
    assert len(faces) >= _COLUMNS * _ROWS
    frames = []
    for step in range(_FRAMES):
        rows = [
            np.concatenate([face[step] for face in faces[row * _COLUMNS : (row + 1) * _COLUMNS]], axis=1)
            for row in range(_ROWS)
        ]
        frames.append(np.concatenate(rows))
    return write_pictures(tmp_path_factory.mktemp("crowd") / "crowd.mkv", frames)


def test_sixty_people(crowd: Path, detector: FaceDetector) -> None:
    found = analyze(crowd, detector)
    assert len(found.shots) == 1
    assert len(found.tracks) == _COLUMNS * _ROWS
    assert all(track.visible.sum() == _FRAMES for track in found.tracks)
    middles = [((track.boxes[0, :2] + track.boxes[0, 2:]) / 2 // _CELL).astype(int).tolist() for track in found.tracks]
    assert sorted(middles) == [[column, row] for column in range(_COLUMNS) for row in range(_ROWS)]
    people = describe_people(crowd, found, "", "").people
    assert [person.identity for person in people[:27]] == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AA"]
    assert len(people) == _COLUMNS * _ROWS
