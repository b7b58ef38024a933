from __future__ import annotations

from pathlib import Path

import pytest

from dubkit.media import MasterWriter
from dubkit.media.orientation import is_mirrored, read_matrix, turned_clockwise
from tests.media.masters import FAST, frames_for, made_up, video_of, written
from tests.media.zoo import make
from tests.zoo.shapes import mirrored

ONE = 1 << 16
LAST = (0, 0, 1 << 30)


@pytest.mark.parametrize(
    ("matrix", "degrees", "mirrors"),
    [
        ((), 0, False),
        ((ONE, 0, 0, 0, ONE, 0, *LAST), 0, False),
        ((0, ONE, 0, -ONE, 0, 0, *LAST), 90, False),
        ((-ONE, 0, 0, 0, -ONE, 0, *LAST), 180, False),
        ((0, -ONE, 0, ONE, 0, 0, *LAST), 270, False),
        ((-ONE, 0, 0, 0, ONE, 0, *LAST), 0, True),
        ((ONE, 0, 0, 0, -ONE, 0, *LAST), 180, True),
        ((0, ONE, 0, ONE, 0, 0, *LAST), 90, True),
        ((0, -ONE, 0, -ONE, 0, 0, *LAST), 270, True),
    ],
)
def test_turned_and_mirrored(matrix: tuple[int, ...], degrees: int, mirrors: bool) -> None:
    assert (turned_clockwise(matrix), is_mirrored(matrix)) == (degrees, mirrors)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_what_a_file_says_is_read(tmp_path: Path, rotation: int) -> None:
    matrix = read_matrix(make(tmp_path / "a.mov", frames=2, rotation=rotation))
    assert (turned_clockwise(matrix), is_mirrored(matrix)) == (rotation, False)


@pytest.mark.parametrize(("ending", "kept"), [(".mov", True), (".mkv", True), (".webm", True), (".avi", False)])
def test_a_mirrored_picture_stays_so_or_it_is_said(tmp_path: Path, ending: str, kept: bool) -> None:
    source = tmp_path / "selfie.mp4"
    mirrored(-1, 1)(source)
    path = tmp_path / f"copy{ending}"
    video = made_up("yuv420p")
    writer = written(path, video, frames_for(video, 3), source=source)
    assert is_mirrored(read_matrix(path)) is kept
    assert bool([note for note in writer.notes if "shown mirrored" in note]) is not kept
    assert video_of(path).rotation == 0


def test_the_matrix_of_another_picture_is_none_of_ours(tmp_path: Path) -> None:
    source = tmp_path / "selfie.mp4"
    mirrored(-1, 1)(source)
    video = made_up("yuv420p", rotation=90)
    with MasterWriter(tmp_path / "a.mov", video, source=source, settings=FAST) as writer:
        for frame in frames_for(video, 3):
            writer.write_frame(frame)
    assert not is_mirrored(read_matrix(tmp_path / "a.mov"))
    assert video_of(tmp_path / "a.mov").rotation == 90
