from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.dialogue import TimelinePicture, draw_timeline
from dubkit.errors import OutputError, RecordError
from dubkit.schema import Cue, Fit, Line, SoundClip
from dubkit.timing import TimeRange

RED = (60, 50, 215)
AMBER = (70, 180, 235)
GREEN = (110, 170, 90)


def line(index: int, start: float, length: float, voice: float, fit: Fit | None = None) -> Line:
    begin = Fraction(start)
    cue = Cue(index, TimeRange(begin, begin + Fraction(length)), "x")
    return Line(cue, SoundClip(Path("a.wav"), TimeRange(Fraction(0), Fraction(voice))), begin, (), fit)


def drawn(folder: Path, lines: list[Line], duration: int = 20, **options: object) -> npt.NDArray[np.uint8]:
    path = folder / "lines.png"
    draw_timeline(path, lines, Fraction(duration), **options)  # type: ignore[arg-type]
    image = cv2.imread(str(path))
    assert image is not None
    assert [item.name for item in folder.iterdir()] == ["lines.png"]
    return np.asarray(image[40:], np.uint8)  # without the legend


def columns(image: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> npt.NDArray[np.int64]:
    return np.flatnonzero((image == colour).all(axis=2).any(axis=0))


def test_what_overruns_is_red_and_only_that(tmp_path: Path) -> None:
    scale = (1920 - 64 - 16) / 20
    fits = [line(1, 2, 2, 1.5), line(2, 6, 2, 3), line(3, 12, 2, 2)]
    image = drawn(tmp_path, fits)
    assert not columns(image, RED).size
    amber = columns(image, AMBER)
    assert amber.min() == pytest.approx(64 + 8 * scale, abs=2)
    assert amber.max() == pytest.approx(64 + 9 * scale, abs=2)
    over = columns(drawn(tmp_path, [line(1, 2, 2, 5), line(2, 6, 2, 1)]), RED)
    assert over.min() == pytest.approx(64 + 6 * scale, abs=2)
    assert over.max() == pytest.approx(64 + 7 * scale, abs=2)


def test_a_fitted_voice_is_shown_as_it_came_too(tmp_path: Path) -> None:
    fit = Fit(TimeRange(Fraction(2), Fraction(5)), recorded=Fraction(4), speed=4 / 3)
    image = drawn(tmp_path, [line(1, 2, 2, 3, fit)])
    assert columns(image[:62], RED).size  # before: beyond its slot
    assert not columns(image[64:], RED).size  # after: within it


def test_a_cue_without_a_voice_has_a_red_frame(tmp_path: Path) -> None:
    assert columns(drawn(tmp_path, [], failed=[line(1, 2, 2, 1).cue]), RED).size


def test_rows_and_loudness_of_a_long_film(tmp_path: Path) -> None:
    lines = [line(n, 4 * n, 2, 2) for n in range(1, 500)]
    curve = np.full(20_000, -23.0)
    image = drawn(tmp_path, lines, 2000, loudness=curve, settings=TimelinePicture(target=-23))
    rows = image.shape[0] // 168
    assert rows == 17
    for row in range(rows - 1):
        assert columns(image[168 * row : 168 * (row + 1)], GREEN).size


def test_no_lines_and_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    assert drawn(tmp_path, []).shape[1] == 1920
    with pytest.raises(OutputError, match="could not be written"):
        draw_timeline(tmp_path / "gone" / "a.png", [], Fraction(3))
    with pytest.raises(RecordError, match="shows nothing"):
        TimelinePicture(width=20)
