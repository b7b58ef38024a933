from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.casting import CastSettings, cast_lines
from dubkit.schema import Cue, FaceTrack, Line, Shot, SoundClip
from dubkit.timing import FrameRange, FrameRate, FrameTimes, TimeRange

TIMES = FrameTimes.constant(100, FrameRate.of(25))
SHOTS = (Shot(0, FrameRange(0, 50)), Shot(1, FrameRange(50, 100)))


def make_track(index: int, shot: int, frames: tuple[int, int], size: float = 100, yaw: float = 0.0) -> FaceTrack:
    n = frames[1] - frames[0]
    return FaceTrack(
        index,
        shot,
        FrameRange(*frames),
        np.tile(np.array([10, 10, 10 + size, 10 + size], np.float32), (n, 1)),
        np.full((n, 5, 2), np.nan, np.float32),
        np.ones(n, np.float32),
        np.ones(n, bool),
        np.full(n, yaw, np.float32),
    )


def make_line(index: int, start: float, stop: float, heard: float | None = None) -> Line:
    span = TimeRange(Fraction(start).limit_denominator(1000), Fraction(stop).limit_denominator(1000))
    voice = TimeRange(Fraction(0), Fraction(heard).limit_denominator(1000) if heard else span.duration)
    return Line(Cue(index, span, "text"), SoundClip(Path("voice.wav"), voice), span.start)


def test_the_only_face_is_changed_while_the_line_lasts() -> None:
    cast = cast_lines([make_line(1, 0.4, 1.2)], SHOTS, [make_track(0, 0, (0, 50))], TIMES, CastSettings())
    (span,) = cast.spans
    assert (span.line, span.track, span.shot) == (1, 0, 0)
    assert span.frames == FrameRange(10, 30)
    assert cast.reasons[1] == ()


def test_a_line_longer_than_its_cue_is_followed_to_its_end() -> None:
    cast = cast_lines([make_line(1, 0, 0.4, heard=0.8)], SHOTS, [make_track(0, 0, (0, 50))], TIMES, CastSettings())
    assert cast.spans[0].frames == FrameRange(0, 20)


def test_a_line_over_a_cut_has_a_span_in_each_shot() -> None:
    tracks = [make_track(0, 0, (0, 50)), make_track(1, 1, (50, 100))]
    cast = cast_lines([make_line(1, 1.6, 2.4)], SHOTS, tracks, TIMES, CastSettings())
    assert [(span.shot, span.track, span.frames) for span in cast.spans] == [
        (0, 0, FrameRange(40, 50)),
        (1, 1, FrameRange(50, 60)),
    ]


def test_the_largest_face_speaks_and_the_report_says_so() -> None:
    tracks = [make_track(0, 0, (0, 50), size=60), make_track(1, 0, (0, 50), size=120)]
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, tracks, TIMES, CastSettings())
    assert {span.track for span in cast.spans} == {1}
    assert "face 1 is taken as the speaker (64%): of 2 faces, face 1: the largest" in cast.reasons[1][0]


def test_two_lines_never_change_the_same_frame_of_a_face() -> None:
    lines = [make_line(1, 0, 1), make_line(2, 0.6, 1.6)]
    cast = cast_lines(lines, SHOTS, [make_track(0, 0, (0, 50))], TIMES, CastSettings())
    assert [(span.line, span.frames) for span in cast.spans] == [(1, FrameRange(0, 25)), (2, FrameRange(25, 40))]
    assert cast.shared == {1: 0, 2: 10}
    assert cast.reasons[2] == ("10 of its frames show the line it overlaps",)


@pytest.mark.parametrize(
    ("tracks", "reason"),
    [
        ([], "no face is seen"),
        ([make_track(0, 0, (0, 50), size=20)], "too small (20 of at least 32 pixels)"),
        ([make_track(0, 0, (0, 50), yaw=80)], "turned away by more than 60 degrees"),
        ([make_track(0, 0, (22, 50))], "fewer than 5 frames"),
    ],
)
def test_why_nothing_is_changed(tracks: list[FaceTrack], reason: str) -> None:
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, tracks, TIMES, CastSettings())
    assert cast.spans == ()
    assert any(reason in note for note in cast.reasons[1])


def test_frames_in_which_the_face_is_hidden_are_left_out() -> None:
    track = make_track(0, 0, (0, 50))
    track.visible[10:20] = False
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, [track], TIMES, CastSettings())
    assert [span.frames for span in cast.spans] == [FrameRange(0, 10), FrameRange(20, 25)]


def test_a_face_that_leaves_and_returns_is_followed_by_both_its_tracks() -> None:
    tracks = [make_track(0, 0, (0, 20)), make_track(1, 0, (30, 50))]
    cast = cast_lines([make_line(1, 0, 2)], SHOTS, tracks, TIMES, CastSettings())
    assert [(span.track, span.frames) for span in cast.spans] == [(0, FrameRange(0, 20)), (1, FrameRange(30, 50))]
    assert cast.reasons[1] == ("no face is seen in frames 20..29",)


def test_nobody_speaks_for_a_speaker_who_is_turned_away() -> None:
    tracks = [make_track(0, 0, (0, 50), size=300, yaw=75), make_track(1, 0, (0, 50), size=50)]
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, tracks, TIMES, CastSettings())
    assert cast.spans == ()
    assert any("turned away" in reason for reason in cast.reasons[1])


def test_a_long_run_becomes_several_spans_without_a_gap() -> None:
    settings = CastSettings(max_frames=20)
    cast = cast_lines([make_line(1, 0, 2)], SHOTS, [make_track(0, 0, (0, 50))], TIMES, settings)
    assert [span.frames for span in cast.spans] == [FrameRange(0, 20), FrameRange(20, 40), FrameRange(40, 50)]


def test_a_smaller_face_is_left_alone_while_the_larger_one_is_there() -> None:
    tracks = [make_track(0, 0, (0, 50)), make_track(1, 0, (10, 20), size=50)]
    cast = cast_lines([make_line(1, 0, 2)], SHOTS, tracks, TIMES, CastSettings())
    assert {span.track for span in cast.spans} == {0}


def marked(**values: object) -> FaceTrack:
    return replace(make_track(0, 0, (0, 50)), **values)  # type: ignore[arg-type]


def flags(*frames: int) -> npt.NDArray[np.bool_]:
    found = np.zeros(50, np.bool_)
    found[list(frames)] = True
    return found


@pytest.mark.parametrize(
    ("track", "reason"),
    [
        (marked(covered=flags(*range(10, 20))), "covered at the mouth in 10 frames, left alone"),
        (marked(sharpness=np.where(flags(*range(10, 20)), 0.1, 0.6).astype(np.float32)), "too blurred in 10 frames"),
        (marked(pitch=np.where(flags(*range(10, 20)), -70, 5).astype(np.float32)), "bent up or down by more than 50"),
        (marked(yaw=np.where(flags(*range(10, 20)), 75, 5).astype(np.float32)), "turned away by more than 60 degrees"),
    ],
)
def test_frames_whose_mouth_is_not_to_be_seen_are_left_alone_and_said(track: FaceTrack, reason: str) -> None:
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, [track], TIMES, CastSettings())
    assert [span.frames for span in cast.spans] == [FrameRange(0, 10), FrameRange(20, 25)]
    assert any(reason in note for note in cast.reasons[1])


def test_a_mouth_that_is_covered_throughout_is_the_reason() -> None:
    track = marked(covered=np.ones(50, np.bool_))
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, [track], TIMES, CastSettings())
    assert cast.spans == ()
    assert any("the face in frames 0..24 is covered at the mouth" in note for note in cast.reasons[1])
    everything = CastSettings(covered=True)
    assert cast_lines([make_line(1, 0, 1)], SHOTS, [track], TIMES, everything).spans != ()


def test_what_is_not_known_keeps_nothing_from_being_changed() -> None:
    nothing = np.full(50, np.nan, np.float32)
    track = marked(yaw=nothing, pitch=nothing, sharpness=nothing)
    cast = cast_lines([make_line(1, 0, 1)], SHOTS, [track], TIMES, CastSettings())
    assert [span.frames for span in cast.spans] == [FrameRange(0, 25)]
    assert cast.reasons[1] == ()
