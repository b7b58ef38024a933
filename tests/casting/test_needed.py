from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.casting import CastSettings, CastSpans, NeedSettings, cast_lines, frames_needed, lips_move
from dubkit.errors import InputError
from dubkit.schema import Line
from dubkit.timing import FrameRange, TimeRange
from tests.casting.made import RESTING, SHOTS, SPEAKING, TIMES, face, heard, mouth, original, said

A = face(0, 0, (0, 100), "A")


def cut(line: Line, moves: tuple[int, int], silence: str = "close") -> CastSpans:
    """The spans of a line of A, whose old lips move in some frames, while the original is heard."""
    settings = CastSettings(need=NeedSettings(silence=silence))
    speech = original(heard(moves), mouth(A, moves))
    sounding = {line.cue.index: (line.sound,)}
    return cast_lines([line], SHOTS, [A], TIMES, settings, speech=speech, sounding=sounding)


def runs(found: CastSpans) -> list[tuple[int, int]]:
    return [(span.frames.start, span.frames.stop) for span in found.spans]


def test_old_lips_that_speak_on_are_closed_until_they_rest() -> None:
    """The new voice ends at frame 40, the cue at 50; the old lips move until 60."""
    line = said(1, 0.8, 2.0, heard=(0.8, 1.6))
    ((start, stop),) = runs(cut(line, (20, 60)))
    assert start == pytest.approx(18, abs=2)
    assert stop == pytest.approx(60, abs=3)


def test_old_lips_that_rest_already_are_left_alone() -> None:
    """The cue is shown on until frame 75 as subtitles are; the old lips come to rest at 42."""
    line = said(1, 0.8, 3.0, heard=(0.8, 1.6))
    ((start, stop),) = runs(cut(line, (20, 42)))
    assert start == pytest.approx(18, abs=2)
    assert stop == pytest.approx(43, abs=3)


def test_keeping_changes_only_what_is_heard() -> None:
    line = said(1, 0.8, 2.0, heard=(0.8, 1.6))
    found = cut(line, (20, 60), "keep")
    ((start, stop),) = runs(found)
    assert (start, stop) == (17, 43)
    assert found.needed[1] == 26
    assert found.held == {}


def test_freezing_changes_what_closing_does_and_says_when_the_voice_sounds() -> None:
    line = said(1, 0.8, 2.0, heard=(0.8, 1.6))
    frozen, closed = cut(line, (20, 60), "freeze"), cut(line, (20, 60))
    assert runs(frozen) == runs(closed)
    assert frozen.held == {1: (line.sound,)}


def test_lips_are_followed_into_no_other_line_and_over_no_cut() -> None:
    lines = [said(1, 0.8, 1.6), said(2, 1.8, 2.4)]
    speech = original(heard((20, 70)), mouth(A, (20, 70)))
    found = cast_lines(lines, SHOTS, [A], TIMES, CastSettings(), speech=speech)
    (first, second) = (span.frames for span in found.spans)
    assert first.stop <= second.start == 45
    over = [face(0, 0, (0, 100), "A"), face(1, 1, (100, 200), "A")]
    speech = original(
        heard((60, 120)), *(mouth(track, part) for track, part in zip(over, ((60, 100), (100, 120)), strict=True))
    )
    found = cast_lines([said(1, 2.8, 3.98)], SHOTS, over, TIMES, CastSettings(), speech=speech)
    assert max(span.frames.stop for span in found.spans) == 100


def test_a_pause_of_the_new_voice_in_which_old_lips_speak_is_closed_too() -> None:
    line = said(1, 0.4, 3.6)
    speech = original(heard((10, 90)), mouth(A, (10, 90)))
    parts = {1: (TimeRange(line.start, line.start + 1), TimeRange(line.start + 2, line.start + 3))}
    for silence, count in (("close", 1), ("keep", 2)):
        settings = CastSettings(need=NeedSettings(silence=silence))
        found = cast_lines([line], SHOTS, [A], TIMES, settings, speech=speech, sounding=parts)
        assert len(found.spans) == count


def moving(n: int, *parts: tuple[int, int]) -> npt.NDArray[np.float64]:
    found = np.zeros(n)
    for start, stop in parts:
        found[start:stop] = 1
    return found


def needed(sounding: Sequence[TimeRange], lips: npt.NDArray[np.float64], silence: str = "close") -> list[int]:
    settings = NeedSettings(silence=silence)
    found = frames_needed(FrameRange(0, 100), FrameRange(30, 60), sounding, lips, TIMES, settings)
    return np.flatnonzero(found).tolist()


def test_what_is_not_known_counts_as_moving_inside_a_line_alone() -> None:
    assert needed([], np.full(100, np.nan)) == list(range(30, 60))
    assert needed([], np.full(100, np.nan), "keep") == []


def test_lips_that_begin_elsewhere_are_not_the_lines() -> None:
    assert needed([], moving(100, (5, 20), (70, 90))) == []
    assert needed([], moving(100, (20, 40))) == list(range(20, 40))
    assert needed([], moving(100, (50, 90))) == list(range(50, 90))


def test_a_moment_between_two_stretches_is_changed_too() -> None:
    assert needed([], moving(100, (30, 40), (52, 60))) == list(range(30, 60))
    assert needed([], moving(100, (30, 40), (54, 60))) == [*range(30, 40), *range(54, 60)]


@given(st.lists(st.booleans(), min_size=100, max_size=100), st.sampled_from(["close", "keep", "freeze"]))
def test_while_the_voice_sounds_every_frame_is_needed(lips: list[bool], silence: str) -> None:
    line = said(1, 1.2, 2.4)
    found = needed([line.sound], np.array(lips, np.float64), silence)
    assert set(range(30, 60)) <= set(found)


def test_whether_lips_move_is_judged_over_a_moment() -> None:
    motion = np.full(60, RESTING)
    motion[20:40] = SPEAKING
    motion[[5, 30]] = SPEAKING + 1, RESTING  # a twitch, and a frame shown twice
    motion[50:] = np.nan
    found = lips_move(motion, NeedSettings())
    assert np.flatnonzero(found == 1).tolist() == list(range(20, 40))
    assert np.isnan(found[50:]).all()
    assert np.isnan(lips_move(np.full(5, np.nan), NeedSettings())).all()


def test_settings_that_mean_nothing() -> None:
    with pytest.raises(InputError, match="silent lips cannot be 'open'; use one of close, keep, freeze"):
        NeedSettings(silence="open")
    with pytest.raises(InputError, match="below zero"):
        NeedSettings(linger=-1)
