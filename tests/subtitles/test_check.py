from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import RecordError
from dubkit.schema import Cue
from dubkit.subtitles import CueSettings, check_cues
from dubkit.timing import TimeRange

MINUTE = Fraction(60)


def cue(index: int, start: float, stop: float, text: str = "Hello", notes: tuple[str, ...] = ()) -> Cue:
    return Cue(index, TimeRange(Fraction(start), Fraction(stop)), text, notes=notes)


def test_good_cues_stay_as_they_are() -> None:
    cues = (cue(1, 0, 2), cue(2, 2, 60))
    checked = check_cues(cues, MINUTE)
    assert checked.cues == cues
    assert checked.refused == ()


def test_order() -> None:
    first, second = check_cues([cue(2, 5, 6), cue(1, 1, 2)], MINUTE).cues
    assert (first.index, second.index) == (1, 2)
    assert first.notes == ("stood out of order; moved to its time",)
    assert second.notes == ()


def test_no_length() -> None:
    long_text = "x" * 32
    found = check_cues(
        [cue(1, 1, 1, "Hi"), cue(2, 5, 5, long_text), cue(3, 6, 6, "你" * 16), cue(4, 50, 50)], MINUTE
    ).cues
    assert [item.span.duration for item in found] == [Fraction(4, 5), 1, 2, Fraction(4, 5)]
    assert found[0].notes == ("has no length; given 0.800 s",)
    assert found[1].notes == ("has no length; given 1.000 s",)


def test_no_length_at_the_very_end_is_cut_to_the_film() -> None:
    (found,) = check_cues([cue(1, 59.9, 59.9)], MINUTE).cues
    assert found.span.stop == 60
    assert found.notes == ("has no length; given 0.800 s", "ends 700 ms after the picture; cut")


def test_outside_the_film() -> None:
    checked = check_cues([cue(1, -3, -1), cue(2, -1, 1), cue(3, 59, 61), cue(4, 60, 61)], MINUTE)
    assert [item.span for item in checked.cues] == [
        TimeRange(Fraction(0), Fraction(1)),
        TimeRange(Fraction(59), MINUTE),
    ]
    assert checked.cues[0].notes == ("starts 1000 ms before the picture; cut",)
    assert checked.cues[1].notes == ("ends 1000 ms after the picture; cut",)
    (before, why_before), (after, why_after) = checked.refused
    assert (before.index, after.index) == (1, 4)
    assert why_before == "ends at -0:00:01.000, before the picture starts"
    assert why_after.startswith("starts at 0:01:00.000, after the end of the picture at 0:01:00.000")


def test_shift_brings_programme_time_to_picture_time() -> None:
    settings = CueSettings(shift=Fraction(-36000))
    (found,) = check_cues([cue(1, 36001, 36002)], MINUTE, settings).cues
    assert found.span == TimeRange(Fraction(1), Fraction(2))


def test_empty_text() -> None:
    checked = check_cues([cue(1, 1, 2, " "), cue(2, 1, 2, "♪")], MINUTE)
    assert [(item.index, reason) for item, reason in checked.refused] == [(1, "has no text")]
    assert [item.index for item in checked.cues] == [2]


def test_overlaps_and_repeats() -> None:
    found = check_cues(
        [cue(1, 1, 3, "a"), cue(2, 2, 4, "b"), cue(3, 2, 4, "b", ("old",)), cue(4, 4, 5, "c")], MINUTE
    ).cues
    assert found[0].notes == ("overlaps cue 2 by 1000 ms", "overlaps cue 3 by 1000 ms")
    assert found[1].notes == ("overlaps cue 1 by 1000 ms",)
    assert found[2].notes == ("old", "repeats cue 2: same time, same text", "overlaps cue 1 by 1000 ms")
    assert found[3].notes == ()


def test_many_overlaps_are_counted_not_listed() -> None:
    found = check_cues([cue(i, 1, 3, str(i)) for i in range(1, 9)], MINUTE).cues
    assert found[0].notes[-1] == "overlaps 4 more cues"
    assert len(found[0].notes) == 4


def test_settings() -> None:
    with pytest.raises(RecordError):
        CueSettings(characters_per_second=0)
    with pytest.raises(RecordError):
        CueSettings(shortest=Fraction(0))


times = st.fractions(-10, 100, max_denominator=1001)
some_cues = st.lists(
    st.tuples(times, st.fractions(0, 20, max_denominator=30), st.sampled_from(["", " ", "a", "Hello you", "你好"])),
    max_size=20,
).map(
    lambda items: [
        Cue(index, TimeRange(start, start + length), text) for index, (start, length, text) in enumerate(items, 1)
    ]
)


@given(some_cues, st.fractions(Fraction(1, 10), 80, max_denominator=1001))
def test_laws(cues: list[Cue], duration: Fraction) -> None:
    checked = check_cues(cues, duration)
    kept = checked.cues
    assert sorted([item.index for item in kept] + [item.index for item, _ in checked.refused]) == [
        item.index for item in cues
    ]
    assert all(reason for _, reason in checked.refused)
    assert [item.span.start for item in kept] == sorted(item.span.start for item in kept)
    assert all(0 <= item.span.start < item.span.stop <= duration and item.text.strip() for item in kept)
    by_index = {item.index: item for item in cues}
    for item in kept:
        before = by_index[item.index]
        assert item.text == before.text
        assert item.span == before.span or item.notes
    again = check_cues(kept, duration)
    assert [item.span for item in again.cues] == [item.span for item in kept]
