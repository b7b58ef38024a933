"""Strips are told as they are, whatever Blender's version calls their parts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.blender.reading import TAG, clips_of
from plugins.blender.versions import open_level, open_scene, scene_rate, set_end, strips_in, times_of
from plugins.bridge.planning import choose
from plugins.bridge.records import Clip, ClipKind, Medium, Timeline
from tests.plugins.blender.stand_in import Editor, Files, NewStrip, Sound, Strip, movie, sound

RATE = Fraction(25)


def read(*strips: Strip, rate: Fraction = RATE, origin: int = 1) -> dict[str, Clip]:
    return {clip.name: clip for clip in clips_of(Editor(*strips), rate, origin, Files())}


def refusals(*strips: Strip) -> dict[str, str]:
    clips = read(*strips).values()
    choice = choose(clips, Timeline("scene", RATE), exists=lambda path: path != "/gone")
    return {refusal.clip.name: refusal.reason for refusal in choice.refused}


def trimmed(strip: Strip, start: int, end: int) -> Strip:
    strip.frame_final_start, strip.frame_final_end = start, end
    return strip


def test_trims_are_seconds_of_the_source_and_frames_count_from_the_scenes_first() -> None:
    clips = read(trimmed(movie(start=80), 101, 121), trimmed(sound(start=80), 101, 121), origin=101)
    clip = clips["film"]
    assert (clip.start, clip.end, clip.track, clip.medium) == (0, 20, 1, Medium.VIDEO)
    assert (clip.source_start, clip.source_end) == (Fraction(21, 25), Fraction(41, 25))
    assert clip.sounds == ("film sound",)
    assert (clips["film sound"].source_start, clips["film sound"].medium) == (Fraction(21, 25), Medium.AUDIO)


def test_frames_cut_off_the_file_itself_count_too() -> None:
    clip = read(movie(animation_offset_start=10, length=40))["film"]
    assert (clip.source_start, clip.source_end) == (Fraction(10, 25), Fraction(50, 25))


def test_a_newer_blender_calls_them_otherwise() -> None:
    strip = NewStrip("film", "MOVIE", 1, 11.5, 50, filepath="/films/a.mov", fps=25.0)
    assert times_of(strip) == (11, 61, Fraction(23, 2), 50)
    set_end(strip, 60)
    assert strip.right_handle == 60
    assert times_of(movie(start=3)) == (3, 53, Fraction(3), 50)


def test_what_is_not_selected_or_is_ours_is_not_meant() -> None:
    ours = movie("dub")
    ours[TAG] = "dubkit/1/es/abc/1"
    others = movie("theirs")
    others[TAG] = "somebody else's"
    assert set(read(movie(select=False), ours, others)) == {"theirs"}


@pytest.mark.parametrize(
    ("frames", "length", "expected"),
    [(100, 100, Fraction(100, 50)), (100, 50, Fraction(100, 50)), (100, 51, Fraction(102, 50))],
    ids=["frame for frame", "its own speed", "its own speed, rounded"],
)
def test_a_film_of_another_rate(tmp_path: Path, frames: int, length: int, expected: Fraction) -> None:
    path = tmp_path / "a.mov"
    path.touch()
    clip = read(movie(filepath=str(path), fps=50.0, length=length))["film"]
    assert clip.source_end == expected


def test_each_kind_is_told_and_refused_by_itself() -> None:
    effect = Strip("speed", "SPEED", 3, 1, 50, input_1=movie("slowed"), input_2=None)
    said = refusals(
        movie("good"),
        movie("backwards", use_reverse_frames=True),
        movie("keys", retiming_keys=[1, 2]),
        movie("factor", speed_factor=1.5),
        movie("slowed"),
        effect,
        movie("gone", filepath="/gone"),
        Strip("meta", "META", 1, 1, 50, strips=[]),
        Strip("scene", "SCENE", 1, 1, 50),
        Strip("angles", "MULTICAM", 1, 1, 50),
        Strip("clip", "MOVIECLIP", 1, 1, 50),
        Strip("title", "TEXT", 1, 1, 50),
        Strip("still", "IMAGE", 1, 1, 50, elements=[1]),
        Strip("many", "IMAGE", 1, 1, 50, elements=[1, 2]),
        Strip("blur", "GAUSSIAN_BLUR", 4, 1, 50, input_1=movie("good"), input_2=None),
    )
    words = {
        "backwards": "backwards", "keys": "own speed", "factor": "own speed", "slowed": "own speed",
        "gone": "offline", "meta": "compound", "scene": "compound", "angles": "multicam", "clip": "render it",
        "title": "no media", "still": "still image", "many": "image sequence",
    }  # fmt: skip
    assert set(said) == set(words)
    for name, word in words.items():
        assert word in said[name]


def test_a_transition_belongs_to_both_of_its_strips() -> None:
    first, second = movie("first", length=50), movie("second", 2, start=41, length=50)
    cross = Strip("cross", "CROSS", 3, 41, 10, input_1=first, input_2=second)
    clips = read(first, second, cross)
    assert (clips["first"].transition_in, clips["first"].transition_out) == (0, 10)
    assert (clips["second"].transition_in, clips["second"].transition_out) == (10, 0)


@pytest.mark.parametrize(
    ("other", "belongs"),
    [
        (sound(), True),
        (sound(start=2), True),
        (sound(start=5), False),
        (sound(length=70), False),
        (sound(sound=Sound("/music.wav")), False),
        (sound(sound=None), False),
        (sound(mute=True), False),
    ],
    ids=["in its place", "a frame off", "elsewhere", "goes on beyond", "of another file", "of none", "off already"],
)
def test_which_sounds_belong_to_a_film(other: Strip, belongs: bool) -> None:
    assert bool(read(movie(), other)["film"].sounds) == belongs


def test_scene_and_level_by_version() -> None:
    scene = SimpleNamespace(render=SimpleNamespace(fps=30, fps_base=1.0010000467300415))
    assert scene_rate(scene) == Fraction(30000, 1001)
    assert open_scene(SimpleNamespace(scene=scene)) is scene
    assert open_scene(SimpleNamespace(scene=scene, sequencer_scene=None)) is scene
    assert open_scene(SimpleNamespace(scene=None, sequencer_scene=scene)) is scene
    old: Any = SimpleNamespace(sequences=[1])
    assert strips_in(old) == [1]
    editor = Editor()
    assert open_level(editor) is editor
    editor.meta_stack = [editor, old]
    assert open_level(editor) is old
    assert read(Strip("meta", "META", 1, 1, 50))["meta"].kind is ClipKind.COMPOUND
