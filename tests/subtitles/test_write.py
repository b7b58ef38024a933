from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dubkit.errors import OutputError
from dubkit.schema import Cue
from dubkit.subtitles import read_cues, subtitle_ending, subtitle_formats, write_cues
from dubkit.timing import FrameRate, TimeRange

RATE = FrameRate.of(25)
LONG = "Cuando llegué a la estación ya no quedaba nadie en el andén."


def cue(index: int, start: str, stop: str, text: str, speaker: str = "") -> Cue:
    return Cue(index, TimeRange(Fraction(start), Fraction(stop)), text, speaker)


CUES = (
    cue(1, "1", "2", "¿Dónde estás?", "ANA"),
    cue(2, "3", "5", LONG),
    cue(3, "6", "8", "到站的时候已经没有人了。"),
    cue(4, "9", "10", "وصلت متأخرا"),
)


@pytest.mark.parametrize("form", subtitle_formats())
def test_every_format_comes_back_as_it_was(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"film.es{subtitle_ending(form)}"
    write_cues(path, CUES, form, RATE)
    back = read_cues(path, rate=RATE)
    assert [item.text for item in back] == [item.text for item in CUES]
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    for before, after in zip(CUES, back, strict=True):
        assert abs(after.span.start - before.span.start) <= Fraction(1, 25)
        if form != "tmp":  # which has no ends
            assert abs(after.span.stop - before.span.stop) <= Fraction(1, 10)
    if form in {"ass", "ssa"}:
        assert back[0].speaker == "ANA"


def test_long_texts_are_broken_near_the_middle(tmp_path: Path) -> None:
    write_cues(tmp_path / "a.srt", CUES, "srt", RATE)
    text = (tmp_path / "a.srt").read_text("utf-8")
    assert "Cuando llegué a la estación ya\nno quedaba nadie en el andén." in text
    assert "到站的时候已经没有人了。\n" in text


def test_brackets_are_no_commands(tmp_path: Path) -> None:
    write_cues(tmp_path / "a.srt", [cue(1, "1", "2", "{se ríe} Hola")], "srt", RATE)
    assert "(se ríe) Hola" in (tmp_path / "a.srt").read_text("utf-8")


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written as 'doc'; use one of ass, "):
        write_cues(tmp_path / "a.doc", CUES, "doc", RATE)
    with pytest.raises(OutputError, match="could not be written"):
        write_cues(tmp_path / "gone" / "a.srt", CUES, "srt", RATE)
