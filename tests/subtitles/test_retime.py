from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import RecordError
from dubkit.schema import Cue, Line, SoundClip
from dubkit.subtitles import RetimeSettings, retimed_cues
from dubkit.timing import TimeRange

TIMES = st.fractions(0, 60, max_denominator=1000)
LENGTHS = st.fractions("1/100", 6, max_denominator=1000)


def line(index: int, start: Fraction, length: Fraction, at: Fraction, voice: Fraction) -> Line:
    cue = Cue(index, TimeRange(start, start + length), "x")
    return Line(cue, SoundClip(Path("a"), TimeRange(Fraction(0), voice)), at)


def retimed(*spans: tuple[str, str, str, str]) -> list[tuple[float, float]]:
    """Cue start, cue end, voice start, voice end -> start and end."""
    lines = [
        line(n, Fraction(a), Fraction(b) - Fraction(a), Fraction(c), Fraction(d) - Fraction(c))
        for n, (a, b, c, d) in enumerate(spans, 1)
    ]
    return [(float(cue.span.start), float(cue.span.stop)) for cue in retimed_cues(lines, [], Fraction(60))]


def test_a_cue_lasts_as_long_as_its_voice() -> None:
    assert retimed(("1", "2", "1.2", "3")) == [(1.2, 3)]
    assert retimed(("1", "4", "1", "3.2")) == [(1, 3.7)]  # it lingers, half a second at most
    assert retimed(("1", "3.4", "1", "3.2")) == [(1, 3.4)]


def test_a_short_one_can_still_be_read() -> None:
    start, stop = retimed(("1", "1.2", "1", "1.2"))[0]
    assert start == 1
    assert abs(stop - (1 + 5 / 6)) < 1e-9


def test_none_reaches_into_the_next_or_past_the_picture() -> None:
    first, second = retimed(("1", "3", "1", "3"), ("3", "4", "3", "4"))
    assert abs(first[1] - (3 - 1 / 12)) < 1e-9
    assert second == (3.0, 4.0)
    assert retimed(("59", "62", "59", "61"))[0][1] == 60


def test_what_is_not_heard_stays_where_it_was() -> None:
    silent = Cue(2, TimeRange(Fraction(5), Fraction(7)), "sin voz")
    late = Cue(3, TimeRange(Fraction(70), Fraction(71)), "tarde")
    one = line(1, Fraction(8), Fraction(1), Fraction(8), Fraction(1))
    assert retimed_cues([one], [silent, late], Fraction(60)) == (silent, one.cue)


@given(st.lists(st.tuples(TIMES, LENGTHS, TIMES, LENGTHS), max_size=8))
def test_for_any_lines(items: list[tuple[Fraction, Fraction, Fraction, Fraction]]) -> None:
    lines = [line(n, *item) for n, item in enumerate(items, 1)]
    cues = retimed_cues(lines, [], Fraction(70))
    assert len(cues) == len(lines)
    assert {cue.index: cue.span.start for cue in cues} == {item.cue.index: item.start for item in lines}
    for before, after in pairwise(cues):
        assert before.span.start <= after.span.start
        assert before.span.stop <= after.span.start or before.span.start == after.span.start


def test_negative_times_are_refused() -> None:
    with pytest.raises(RecordError, match="cannot be negative"):
        RetimeSettings(gap=Fraction(-1))
