from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.dialogue import PlaceSettings, place_lines
from dubkit.errors import RecordError
from dubkit.schema import Cue, SoundClip
from dubkit.timing import TimeRange

MINUTE = Fraction(60)


def cue(index: int, start: float, stop: float) -> Cue:
    return Cue(index, TimeRange(Fraction(start), Fraction(stop)), f"line {index}")


def clip(seconds: float, start: float = 0) -> SoundClip:
    return SoundClip(Path("voice.wav"), TimeRange(Fraction(start), Fraction(start) + Fraction(str(seconds))))


def test_a_voice_that_fits_starts_at_its_cue() -> None:
    placed = place_lines([cue(1, 1.5, 3)], {1: clip(1.25, 7)}, MINUTE)
    (line,) = placed.lines
    assert line.start == Fraction(3, 2)
    assert line.voice == clip(1.25, 7)
    assert line.notes == ()
    assert placed.failed == ()


def test_longer_than_its_cue_and_into_the_next() -> None:
    placed = place_lines(
        [cue(1, 1, 3), cue(2, 3, 4), cue(3, 10, 11)], {1: clip(2.5), 2: clip(1), 3: clip(1.01)}, MINUTE
    )
    assert placed.lines[0].notes == ("voice is 500 ms longer than its cue", "voice overlaps line 2 by 500 ms")
    assert placed.lines[1].notes == ()
    assert placed.lines[2].notes == ()


def test_tolerance() -> None:
    strict = PlaceSettings(tolerance=Fraction(0))
    (line,) = place_lines([cue(1, 1, 2)], {1: clip(1.0001)}, MINUTE, strict).lines
    assert line.notes == ("voice is 1 ms longer than its cue",)
    with pytest.raises(RecordError):
        PlaceSettings(tolerance=Fraction(-1))


def test_past_the_end_of_the_picture_is_cut_and_said() -> None:
    (line,) = place_lines([cue(1, 58, 60)], {1: clip(3.2, 1)}, MINUTE).lines
    assert line.sound == TimeRange(Fraction(58), MINUTE)
    assert line.voice.span.start == 1
    assert line.notes == (
        "voice is 1200 ms longer than its cue",
        "voice runs 1200 ms past the end of the picture; cut there",
    )


def test_what_cannot_be_heard_fails_with_a_reason() -> None:
    cues = [cue(1, 1, 2), cue(2, 3, 4), cue(3, 61, 62), cue(4, 5, 6)]
    voices = {2: clip(0), 3: clip(1), 4: clip(1)}
    placed = place_lines(cues, voices, MINUTE, reasons={4: "not asked"})
    assert [line.cue.index for line in placed.lines] == [4]
    assert [(item.index, reason) for item, reason in placed.failed] == [
        (1, "there is no voice for it"),
        (2, "its voice voice.wav is empty"),
        (3, "it starts after the end of the picture"),
    ]
    assert place_lines(cues[:1], {}, MINUTE, reasons={1: "the file is broken"}).failed[0][1] == "the file is broken"


seconds = st.fractions(0, 70, max_denominator=1001)


@given(st.lists(st.tuples(seconds, seconds, seconds, st.booleans()), max_size=12), seconds)
def test_laws(items: list[tuple[Fraction, Fraction, Fraction, bool]], duration: Fraction) -> None:
    cues = [Cue(index, TimeRange(start, start + length), "x") for index, (start, length, _, _) in enumerate(items, 1)]
    voices = {
        index: SoundClip(Path(f"{index}.wav"), TimeRange(Fraction(1), 1 + length))
        for index, (_, _, length, given_voice) in enumerate(items, 1)
        if given_voice
    }
    placed = place_lines(cues, voices, duration)
    numbers = [line.cue.index for line in placed.lines] + [item.index for item, _ in placed.failed]
    assert sorted(numbers) == [item.index for item in cues]
    for line in placed.lines:
        whole = voices[line.cue.index]
        assert line.start == line.cue.span.start
        assert line.sound.stop <= duration
        assert line.voice.span.start == whole.span.start
        assert line.voice.span.stop == min(whole.span.stop, 1 + duration - line.start)
        assert line.voice == whole or any("past the end" in note for note in line.notes)
    assert [line.start for line in placed.lines] == sorted(line.start for line in placed.lines)
