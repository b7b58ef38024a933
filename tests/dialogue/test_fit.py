from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubkit.dialogue import FitPlan, FitSettings, Place, TakenVoice, fit_voices
from dubkit.errors import RecordError
from dubkit.schema import Cue, SoundClip
from dubkit.timing import TimeRange, sample_count

MINUTE = Fraction(60)


def cue(index: int, start: float, stop: float, text: str = "twenty letters long.") -> Cue:
    return Cue(index, TimeRange(Fraction(str(start)), Fraction(str(stop))), text)


def voice(seconds: float) -> TakenVoice:
    return TakenVoice(SoundClip(Path("voice.wav"), TimeRange(Fraction(7), 7 + Fraction(str(seconds)))))


def plan(cues: list[Cue], *seconds: float, duration: Fraction = MINUTE, settings: FitSettings | None = None) -> FitPlan:
    voices = {one.index: voice(length) for one, length in zip(cues, seconds, strict=True)}
    return fit_voices(cues, voices, duration, settings or FitSettings())


def only(fitted: FitPlan) -> Place:
    (place,) = fitted.places
    return place


def test_a_voice_that_fits_is_left_alone() -> None:
    place = only(plan([cue(1, 1.5, 3)], 1.25))
    assert place.sound == TimeRange(Fraction(3, 2), Fraction(11, 4))
    assert place.fit.speed == 1.0
    assert place.notes == ()
    assert place.fit.slot == TimeRange(Fraction(3, 2), MINUTE)


def test_short_lines_are_not_dragged_out() -> None:
    assert only(plan([cue(1, 1, 4)], 2.9)).fit.speed == 1.0
    filling = FitSettings(fill=True)
    assert only(plan([cue(1, 1, 4)], 2.85, settings=filling)).fit.speed == 0.95
    assert only(plan([cue(1, 1, 4)], 2.6, settings=filling)).fit.speed == 1.0  # too short to be filled


def test_the_gap_before_the_next_line_is_used_first() -> None:
    cues = [cue(1, 1, 2), cue(2, 4, 5)]
    first = plan(cues, 2.5, 1).places[0]
    assert first.fit.speed == 1.0
    assert first.notes == ("goes on for 1500 ms after its cue",)
    assert first.fit.slot.stop == 4 - Fraction(1, 12)


def test_then_the_voice_is_sped_up_to_end_a_pause_before_the_next_line() -> None:
    first = plan([cue(1, 1, 2), cue(2, 4, 5)], 3.3, 1).places[0]
    assert first.sound.stop == 4 - Fraction(1, 12)
    assert first.fit.speed == pytest.approx(3.3 / (3 - 1 / 12))
    assert "is 13 % faster than recorded" in first.notes
    assert first.fit.overrun == 0


def test_beyond_what_is_comfortable_only_where_it_must_be() -> None:
    cues = [cue(1, 1, 4), cue(2, 4, 5)]
    assert plan(cues, 3.6, 1).places[0].fit.speed == 1.2
    first = plan(cues, 3.7, 1).places[0]
    assert "is 23 % faster than recorded, more than is comfortable" in first.notes
    assert first.fit.overrun == 0


def test_what_overruns_is_whole_and_said_and_pushes_the_next_line_back() -> None:
    cues = [cue(1, 1, 3), cue(2, 3, 5)]
    first, second = plan(cues, 3, 1).places
    assert first.fit.speed == 1.25
    assert first.sound == TimeRange(Fraction(1), Fraction(17, 5))
    assert first.fit.overrun == Fraction(2, 5)
    assert first.fit.excess == math.ceil(20 * 0.4 / 2.4)
    assert "overruns its slot by 400 ms; cut about 4 of 20 characters" in first.notes
    assert second.sound.start == first.sound.stop
    assert second.fit.late == Fraction(2, 5)
    assert second.notes == ("starts 400 ms late, when line 1 has ended",)


def test_cues_at_one_time_are_spoken_one_after_the_other() -> None:
    places = plan([cue(2, 1, 3), cue(1, 1, 3)], 1, 1).places
    assert [place.cue.index for place in places] == [1, 2]
    assert places[1].sound.start == places[0].sound.stop


def test_a_line_pushed_back_too_far_is_not_spoken_at_all() -> None:
    fitted = plan([cue(1, 1, 3), cue(2, 3, 5), cue(3, 20, 21)], 10, 1, 1)
    assert [place.cue.index for place in fitted.places] == [1, 3]
    ((failed, reason),) = fitted.failed
    assert failed.index == 2
    assert "there is no room for it: line 1 is heard until 6000 ms after its start" in reason


def test_at_the_end_of_the_picture_a_voice_starts_earlier_rather_than_be_cut() -> None:
    place = only(plan([cue(1, 58, 60)], 3))
    assert place.sound == TimeRange(MINUTE - Fraction(12, 5), MINUTE)
    assert place.fit.lost == 0
    assert "starts 400 ms before its cue, to end with the picture" in place.notes
    places = plan([cue(1, 54, 58), cue(2, 58, 60)], 4, 6).places
    assert places[1].sound == TimeRange(Fraction(58), MINUTE)
    assert places[1].fit.lost == Fraction(14, 5)
    assert any("the picture ends 2800 ms before the voice; cut at 60.000 s" in note for note in places[1].notes)


def test_what_cannot_be_heard_fails_with_a_reason() -> None:
    cues = [cue(1, 1, 2), cue(2, 3, 4), cue(3, 61, 62), cue(4, 5, 6), cue(5, 7, 8)]
    voices = {2: voice(0), 3: voice(1), 4: voice(1)}
    fitted = fit_voices(cues, voices, MINUTE, reasons={5: "the file is broken"})
    assert [place.cue.index for place in fitted.places] == [4]
    assert {one.index: reason for one, reason in fitted.failed} == {
        1: "there is no voice for it",
        2: "its voice voice.wav is empty",
        3: "it starts after the end of the picture",
        5: "the file is broken",
    }


def test_limits_that_are_none_are_refused() -> None:
    for wrong in (
        {"comfortable": (1.1, 1.2)},
        {"comfortable": (0.7, 1.2)},
        {"limits": (0.8, 1.1)},
        {"limits": (0.1, 1.25)},
        {"pause": Fraction(-1)},
    ):
        with pytest.raises(RecordError):
            FitSettings(**wrong)


seconds = st.fractions(0, 70, max_denominator=1001)
lengths = st.fractions(0, 12, max_denominator=44_100)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(seconds, lengths, lengths, st.booleans()), max_size=14),
    st.fractions(Fraction(1, 10), 70, max_denominator=1001),
    st.booleans(),
)
def test_laws(items: list[tuple[Fraction, Fraction, Fraction, bool]], duration: Fraction, fill: bool) -> None:
    rules = FitSettings(fill=fill)
    cues = [
        Cue(index, TimeRange(start, start + length), "words") for index, (start, length, _, _) in enumerate(items, 1)
    ]
    voices = {
        index: TakenVoice(SoundClip(Path(f"{index}.wav"), TimeRange(Fraction(1), 1 + length)))
        for index, (_, _, length, has_voice) in enumerate(items, 1)
        if has_voice
    }
    fitted = fit_voices(cues, voices, duration, rules)
    numbers = [place.cue.index for place in fitted.places] + [one.index for one, _ in fitted.failed]
    assert sorted(numbers) == [one.index for one in cues]
    assert all(reason for _, reason in fitted.failed)
    for before, after in pairwise(fitted.places):
        assert before.sound.stop <= after.sound.start
        assert sample_count(before.sound.stop, 48_000) <= sample_count(after.sound.start, 48_000)
    for place in fitted.places:
        fit = place.fit
        assert 0 <= place.sound.start <= place.sound.stop <= duration
        assert rules.limits[0] <= fit.speed <= rules.limits[1]
        assert fit.speed >= rules.comfortable[0]
        assert fit.recorded == place.voice.span.duration
        whole = place.sound.duration + fit.lost
        assert float(whole) == pytest.approx(float(fit.recorded) / fit.speed, abs=1e-9)
        if fit.lost:  # reported, only at the end of the picture, and only with no room left
            assert place.sound.stop == duration
            assert any("the picture ends" in note for note in place.notes)
        if place.sound.stop > fit.slot.stop:
            assert fit.overrun >= place.sound.stop - fit.slot.stop
        if fit.speed > 1:
            assert place.sound.start + fit.recorded > fit.slot.stop  # never faster than it has to be
        if fit.overrun:
            assert fit.speed == rules.limits[1]
        assert fit.late <= rules.latest
