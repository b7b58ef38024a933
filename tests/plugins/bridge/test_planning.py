from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.bridge.planning import choose, choose_sync
from plugins.bridge.records import ClipKind
from tests.plugins.bridge.clips import RATE, TIMELINE, clip, sound, there


def test_what_can_be_done_is_done_in_timeline_order() -> None:
    choice = choose([clip(96, 200), clip(0, 96), sound()], TIMELINE, there)
    assert [task.picture.start for task in choice.tasks] == [0, 96]
    assert not choice.refused


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"retimed": True}, "own speed"),
        ({"source_end": 1 + 192 / RATE}, "own speed but at 200 %"),
        ({"source_start": Fraction(5), "source_end": Fraction(1)}, "backwards"),
        ({"kind": ClipKind.COMPOUND}, "compound"),
        ({"kind": ClipKind.MULTICAM}, "multicam"),
        ({"kind": ClipKind.IMAGE_SEQUENCE}, "image sequence"),
        ({"kind": ClipKind.STILL}, "still"),
        ({"kind": ClipKind.GENERATED}, "no media"),
        ({"kind": ClipKind.UNKNOWN}, "no media"),
        ({"offline": True}, "offline"),
        ({"source": ""}, "offline"),
        ({"transition_in": 12}, "transition"),
        ({"transition_out": 12}, "transition"),
        ({"end": 0}, "shorter than a frame"),
    ],
)
def test_each_is_refused_by_itself_with_its_reason(changes: dict[str, Any], word: str) -> None:
    first: dict[str, Any] = {"source_start": Fraction(1), "source_end": Fraction(1) + 96 / RATE, "key": "bad"}
    bad = clip(**{"start": 0, "end": 96, **first, **changes})
    choice = choose([bad, clip(96, 200)], TIMELINE, there)
    assert [task.picture.start for task in choice.tasks] == [96]
    assert [refusal.clip.key for refusal in choice.refused] == ["bad"]
    assert word in choice.refused[0].reason
    assert choice.refused[0].reason.startswith("clip 0 ")


def test_a_file_that_is_gone_is_offline() -> None:
    choice = choose([clip()], TIMELINE, lambda path: False)
    assert "映画.mov is not there" in choice.refused[0].reason


@given(
    st.integers(1, 100_000),
    st.sampled_from([Fraction(1), Fraction(1001, 1000), Fraction(1000, 1001)]),
    st.fractions(-1, 1),
    st.sampled_from([Fraction(24), RATE, Fraction(25), Fraction(30000, 1001), Fraction(60)]),
)
def test_rounding_to_frames_and_pulldown_are_no_retime(
    frames: int, speed: Fraction, off: Fraction, rate: Fraction
) -> None:
    length = frames / rate * speed + off / rate
    made = clip(0, frames, source_start=Fraction(0), source_end=max(Fraction(0), length))
    assert choose([made], replace(TIMELINE, rate=rate), there).tasks


@given(st.integers(20, 100_000), st.fractions(Fraction(11, 10), 8))
def test_a_real_retime_is_refused(frames: int, speed: Fraction) -> None:
    made = clip(0, frames, source_start=Fraction(0), source_end=frames / RATE * speed)
    assert choose([made], TIMELINE, there).refused


def test_lips_go_to_the_sound_under_most_of_the_clip() -> None:
    choice = choose_sync([clip(0, 96), sound(0, 20, key="short"), sound(20, 96, key="long")], TIMELINE, there)
    (task,) = choice.tasks
    assert task.sound is not None
    assert task.sound.key == "long"


def test_the_clips_own_sound_is_taken_only_where_there_is_no_other() -> None:
    picture = clip(0, 96, sounds=("own",))
    own, new = sound(0, 96, key="own"), sound(10, 90, key="new")
    for selection, key in (([picture, own, new], "new"), ([picture, own], "own")):
        (task,) = choose_sync(selection, TIMELINE, there).tasks
        assert task.sound is not None
        assert task.sound.key == key


def test_a_clip_without_sound_or_with_bad_sound_is_refused() -> None:
    choice = choose_sync([clip(0, 96), clip(200, 300), sound(200, 300, retimed=True)], TIMELINE, there)
    assert not choice.tasks
    assert "no selected sound" in choice.refused[0].reason
    assert "the sound of clip 200, sound 200, does not play at its own speed" in choice.refused[1].reason


def test_a_trim_rounded_to_a_slow_sources_frames_is_no_retime() -> None:
    made = clip(0, 120, source_start=Fraction(0), source_end=Fraction(49, 24))  # a frame too long, at 24 in 60
    assert choose([made], replace(TIMELINE, rate=Fraction(60)), there).tasks
