from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dubkit.casting import DecideSettings, Listening, decide_speakers
from dubkit.schema import OFF_SCREEN, Cast, CastDecision, FaceTrack, Line, MouthTrack, OriginalSpeech
from dubkit.timing import FrameRange
from tests.casting.made import SHOTS, TIMES, face, heard, mouth, original, said

A, B = face(0, 0, (0, 100), "A"), face(1, 0, (0, 100), "B", left=300)


def decided(
    lines: Sequence[Line],
    tracks: Sequence[FaceTrack],
    speech: OriginalSpeech,
    cast: Cast | None = None,
    settings: DecideSettings | None = None,
) -> dict[int, tuple[CastDecision, ...]]:
    settings = settings or DecideSettings()
    listening = Listening(speech, TIMES, settings.evidence)
    return decide_speakers(lines, SHOTS, tracks, TIMES, listening, cast or Cast(), settings)


def who(decisions: Sequence[CastDecision]) -> list[tuple[str, int, int]]:
    return [(one.identity, one.frames.start, one.frames.stop) for one in decisions]


def test_of_two_faces_the_one_whose_lips_move_speaks() -> None:
    speech = original(heard((20, 60)), mouth(A, (20, 60)), mouth(B))
    (one,) = decided([said(1, 0.8, 2.4)], [A, B], speech)[1]
    assert (one.identity, one.face_tracks, one.shot) == ("A", (0,), 0)
    assert 0.9 < one.confidence <= 0.99
    assert one.reason == "of 2 faces, A: its lips move while the original voice is heard, the other's are still"
    assert one.odds["A"] > 0.99 > 0.01 > one.odds["B"] + one.odds[OFF_SCREEN]


def test_two_who_take_turns() -> None:
    speech = original(heard((10, 40), (55, 90)), mouth(A, (10, 40)), mouth(B, (55, 90)))
    found = decided([said(1, 0.4, 1.6), said(2, 2.2, 3.6)], [A, B], speech)
    assert [who(found[number]) for number in (1, 2)] == [[("A", 10, 40)], [("B", 55, 90)]]


def test_who_is_heard_and_not_seen_is_off_screen() -> None:
    speech = original(heard((20, 60)), mouth(A), mouth(B))
    (one,) = decided([said(1, 0.8, 2.4)], [A, B], speech)[1]
    assert (one.identity, one.face_tracks) == (OFF_SCREEN, ())
    assert one.confidence > 0.9
    (alone,) = decided([said(1, 0.8, 2.4)], [A], speech)[1]
    assert alone.identity == OFF_SCREEN
    assert alone.reason == "A is seen, and their lips are still while the original voice is heard"


def test_where_nothing_is_heard_stillness_says_nothing() -> None:
    """A silent film, or one without a voice in the cue: the only face seen is taken, and the confidence says so."""
    for levels in (np.zeros(0, np.float32), heard()):
        (one,) = decided([said(1, 0.8, 2.4)], [A], original(levels, mouth(A)))[1]
        assert (one.identity, one.confidence) == ("A", 0.8)
        assert one.reason == "the only face seen: its lips do not say otherwise"


def test_in_a_silent_film_the_lips_that_move_speak() -> None:
    (one,) = decided([said(1, 0.8, 2.4)], [A, B], original(np.zeros(0, np.float32), mouth(A, (20, 60)), mouth(B)))[1]
    assert one.identity == "A"
    assert one.confidence > 0.9
    assert one.reason.startswith("of 2 faces, A: its lips move")


def test_of_two_who_both_move_the_expert_tells_who_is_heard() -> None:
    rival = replace(mouth(B, (20, 60), sync=0.15), sync=mouth(B, sync=0.1).sync)
    speech = original(heard((20, 60)), mouth(A, (20, 60), sync=0.15), rival)
    (one,) = decided([said(1, 0.8, 2.4)], [A, B], speech)[1]
    assert one.identity == "A"
    assert one.confidence > 0.9
    assert "its lips go with the original voice" in one.reason


def test_of_two_who_both_move_nobody_is_taken_without_one() -> None:
    speech = original(heard((20, 60)), mouth(A, (20, 60)), mouth(B, (20, 60)))
    (left,) = decided([said(1, 0.8, 2.4)], [A, B], speech)[1]
    assert left.odds["A"] == pytest.approx(left.odds["B"], abs=0.1)
    assert (left.identity, left.confidence < 0.1) == (OFF_SCREEN, True)
    assert left.reason == "it is not clear which of the 2 faces seen speaks; say so in a cast file"


def test_a_reaction_shot_shows_a_listener() -> None:
    """A speaks on over the cut to B, who listens."""
    b = face(1, 1, (100, 200), "B")
    speech = original(heard((70, 130)), mouth(A, (70, 100)), mouth(b))
    found = decided([said(1, 2.8, 5.2)], [A, b], speech)[1]
    assert who(found) == [("A", 70, 100), (OFF_SCREEN, 100, 130)]
    assert found[1].reason == "A speaks this line and is not seen here; B listens"


def test_who_was_not_known_again_after_the_cut_speaks_on_if_their_lips_move() -> None:
    c = face(1, 1, (100, 200), "C")
    speech = original(heard((70, 130)), mouth(A, (70, 100)), mouth(c, (100, 130)))
    assert who(decided([said(1, 2.8, 5.2)], [A, c], speech)[1]) == [("A", 70, 100), ("C", 100, 130)]


def test_who_leaves_the_picture_is_followed_as_far_as_they_are_seen() -> None:
    leaving = face(0, 0, (0, 60), "A")
    speech = original(heard((30, 90)), mouth(leaving, (30, 60)), mouth(B))
    found = decided([said(1, 1.2, 3.6)], [leaving, B], speech)[1]
    assert who(found) == [("A", 30, 60), (OFF_SCREEN, 60, 90)]


def test_a_name_that_was_heard_before_helps_where_lips_say_little() -> None:
    """Two lines of EVE are clearly A's; in the third neither mouth can be seen."""
    far = [face(index, 1, (100, 200), name, left=left) for index, name, left in ((2, "A", 10), (3, "B", 300))]
    speech = original(heard((10, 40), (55, 90), (120, 160)), mouth(A, (10, 40), (55, 90)), mouth(B))
    lines = [said(1, 0.4, 1.6, "EVE"), said(2, 2.2, 3.6, "Eve "), said(3, 4.8, 6.4, "EVE")]
    found = decided(lines, [A, B, *far], speech)
    assert [found[number][0].identity for number in (1, 2, 3)] == ["A", "A", "A"]
    assert found[3][0].confidence < 0.9
    assert "it speaks the other lines of this speaker" in found[3][0].reason
    (unknown,) = decided([replace(lines[2], cue=replace(lines[2].cue, speaker=""))], [*far], speech)[3]
    assert unknown.identity == OFF_SCREEN


def test_the_cast_file_has_the_last_word() -> None:
    speech = original(heard((20, 60)), mouth(A, (20, 60)), mouth(B))
    lines = [said(1, 0.8, 1.6, "Eve"), said(2, 1.6, 2.4, "EVE")]
    cast = Cast({"eve": ("B",)}, {2: OFF_SCREEN})
    found = decided(lines, [A, B], speech, cast)
    assert who(found[1]) == [("B", 20, 40)]
    assert (found[1][0].confidence, found[1][0].reason) == (1.0, "the cast file names B for eve")
    assert who(found[2]) == [(OFF_SCREEN, 40, 60)]
    assert found[2][0].reason == "the cast file has cue 2 off-screen"


def test_who_is_named_and_not_seen_is_off_screen_there() -> None:
    cast = Cast({"EVE": ("B", "F")})
    found = decided([said(1, 3.2, 4.8, "EVE")], [A, face(2, 1, (100, 200), "F")], OriginalSpeech(), cast)[1]
    assert who(found) == [(OFF_SCREEN, 80, 100), ("F", 100, 120)]
    assert found[0].reason == "B or F, whom the cast file names for EVE, is not seen here"


def test_somebody_speaks_where_the_caller_says_so() -> None:
    asked = DecideSettings(off_screen=0.0)
    speech = original(heard((20, 60)), mouth(A), mouth(B))
    for tracks in ([A], [A, B]):
        (one,) = decided([said(1, 0.8, 2.4)], tracks, speech, settings=asked)[1]
        assert one.identity in ("A", "B")


def test_nobody_at_all() -> None:
    (one,) = decided([said(1, 0.8, 2.4)], [], OriginalSpeech())[1]
    assert one == CastDecision(FrameRange(20, 60), 0, OFF_SCREEN, 1.0, "no face is seen in frames 20..59")


def test_a_mouth_that_is_never_still_is_held_against_itself() -> None:
    """A bites her lip all the time, and is no speaker for it; where she speaks she moves it more."""
    restless = MouthTrack(0, A.frames, np.full(100, 1.5, np.float32), np.zeros((100, 0), np.float16))
    levels = heard((10, 30), (70, 100))
    (listens,) = decided([said(1, 0.4, 1.2)], [A], original(levels, restless))[1]
    assert listens.identity == OFF_SCREEN
    restless.motion[70:100] = 2.6
    (speaks,) = decided([said(1, 2.8, 4)], [A], original(levels, restless))[1]
    assert speaks.identity == "A"
