from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from dubkit.dialogue import FollowedVoice, follow_voice
from dubkit.schema import Cue
from dubkit.timing import TimeRange


def cue(index: int, start: float, stop: float) -> Cue:
    return Cue(index, TimeRange(Fraction(str(start)), Fraction(str(stop))), "words")


def levels(seconds: float, *spoken: tuple[float, float]) -> npt.NDArray[np.float32]:
    found = np.full(round(100 * seconds), -90, np.float32)
    for start, stop in spoken:
        found[round(100 * start) : round(100 * stop)] = -20
    return found


def follow(seconds: float, spoken: list[tuple[float, float]], cues: list[Cue]) -> FollowedVoice:
    return follow_voice(levels(seconds, *spoken), Fraction(str(seconds)), cues)


def test_where_both_agree_there_is_nothing_to_say() -> None:
    found = follow(10, [(1.05, 2.9), (4.1, 5.8)], [cue(1, 1, 3), cue(2, 4, 6)])
    assert {index: (float(span.start), float(span.stop)) for index, span in found.spans.items()} == {
        1: (1.05, 2.95),
        2: (4.1, 5.85),
    }
    assert found.notes == {1: (), 2: ()}
    assert found.film == ()


def test_a_voice_that_starts_elsewhere_is_followed_and_said() -> None:
    found = follow(12, [(0.4, 2.5), (5.0, 6.6)], [cue(1, 1, 2.4), cue(2, 4, 6), cue(3, 8, 9)])
    assert float(found.spans[1].start) == 0.4
    assert float(found.spans[2].stop) == 6.65
    assert found.notes[1] == ("the voice starts 600 ms before its cue",)
    assert found.notes[2] == ("the voice starts 1000 ms after its cue", "the voice goes on for 600 ms after its cue")
    assert found.notes[3] == ("the voice is silent during it",)
    assert 3 not in found.spans


def test_words_without_a_pause_are_parted_at_the_quietest_moment() -> None:
    loud = levels(8, (1, 5))
    loud[312:316] = -45
    found = follow_voice(loud, Fraction(8), [cue(1, 1, 3), cue(2, 3, 5)])
    assert abs(float(found.spans[2].start) - 3.14) < 0.08
    assert found.spans[1].stop <= found.spans[2].start


def test_what_is_said_outside_all_cues_is_told() -> None:
    found = follow(60, [(1, 3), (20, 22), (50, 50.2)], [cue(1, 1, 3)])
    assert found.film == (
        "the voice speaks from 0:00:20.0 to 0:00:22.0, where there is no cue: the lips there are left as they are",
    )


def script(count: int, seed: int) -> list[tuple[float, float]]:
    random = np.random.default_rng(seed)
    at, spoken = 1.0, []
    for _ in range(count):
        length = float(random.uniform(0.8, 3.5))
        spoken.append((round(at, 2), round(at + length, 2)))
        at += length + float(random.uniform(0.4, 5))
    return spoken


def test_cues_that_are_all_late_are_told_how_much() -> None:
    spoken = script(30, 1)
    cues = [cue(i, start + 7, stop + 7) for i, (start, stop) in enumerate(spoken, 1)]
    assert follow(140, spoken, cues).film[0] == (
        "cues and voice fit together best when the cues are moved by -7.0 s; try --shift -7"
    )
    right = [cue(i, start, stop + 0.3) for i, (start, stop) in enumerate(spoken, 1)]
    assert follow(140, spoken, right).film == ()


def test_cues_of_another_film_are_told() -> None:
    cues = [cue(i, start, stop) for i, (start, stop) in enumerate(script(40, 2), 1)]
    found = follow(160, script(40, 3), cues)
    assert any("agrees with the cues nowhere" in note for note in found.film)


moments = st.floats(0, 30).map(lambda at: round(at, 2))


@given(
    st.lists(st.tuples(moments, st.floats(0.01, 5)), max_size=10),
    st.lists(st.tuples(moments, st.floats(0.01, 5)), max_size=10),
    st.floats(0.02, 35),
)
def test_laws(said: list[tuple[float, float]], asked: list[tuple[float, float]], length: float) -> None:
    length = round(length, 2)
    loud = levels(length, *((start, start + during) for start, during in said))
    cues = [cue(i, start, start + round(during, 2)) for i, (start, during) in enumerate(asked, 1)]
    found = follow_voice(loud, Fraction(str(length)), cues)
    assert set(found.notes) >= set(found.spans)
    assert set(found.notes) <= {one.index for one in cues}
    spans = sorted(found.spans.values(), key=lambda span: span.start)
    for span in spans:
        assert 0 <= span.start < span.stop <= Fraction(str(length))
    for before, after in pairwise(spans):
        assert before.stop <= after.start
