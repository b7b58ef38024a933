"""All of a dub is placed or nothing, above its original; and what is removed leaves no trace."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.blender.reading import SILENCED
from plugins.blender.writing import place_plan, placed_in, remove_tags
from plugins.bridge.host import HostError
from plugins.bridge.placing import Journal
from plugins.bridge.records import Medium, NewTrack, Placement, PlacementPlan
from tests.plugins.blender.stand_in import Editor, Sound, Strip, movie, sound

ORIGIN = 101


class Sounds:
    def __init__(self) -> None:
        self.removed: list[Sound] = []

    def remove(self, one: Sound) -> None:
        self.removed.append(one)


def plan_of(folder: Path, language: str = "es", job: str = "job1", frames: int = 50, start: int = 0) -> PlacementPlan:
    tag = f"dubkit/1/{language}/{job}"
    files = {}
    for ending in ("mov", "wav"):
        files[ending] = folder / f"{job}.{ending}"
        files[ending].touch()
    name = f"film (dub {language})"
    picture = Placement(str(files["mov"]), name, start, frames, f"{tag}/1")
    voice = Placement(str(files["wav"]), name, start, frames, f"{tag}/1")
    tracks = (
        NewTrack(Medium.VIDEO, f"dub {language}", (picture,)),
        NewTrack(Medium.AUDIO, f"dub {language}", (voice,)),
    )
    return PlacementPlan(tag, tracks, {"film sound": f"{tag}/1"})


def film() -> Editor:
    return Editor(movie(start=ORIGIN), sound(start=ORIGIN))


def photograph(editor: Editor) -> list[Any]:
    strips = [(one.name, one.channel, one.mute, dict(one)) for one in editor.strips]
    return [strips, [channel.name for channel in editor.channels]]


def place(editor: Editor, plan: PlacementPlan, folder: Path, originals: dict[str, str] | None = None) -> list[str]:
    with Journal(plan, str(folder)) as journal:
        return place_plan(editor, plan, ORIGIN, journal, Sounds(), originals or {f"{plan.tag}/1": "film"})


def test_placed_above_and_removed_without_a_trace(tmp_path: Path) -> None:
    editor, plan, sounds = film(), plan_of(tmp_path), Sounds()
    before = photograph(editor)
    assert place(editor, plan, tmp_path) == []
    picture, voice = editor.strips["film (dub es)"], editor.strips["film (dub es) sound"]
    assert (picture.channel, voice.channel) == (4, 3)
    assert (picture.frame_final_start, picture.frame_final_end) == (ORIGIN, ORIGIN + 50)
    assert [editor.channels[number].name for number in (3, 4)] == ["dub es sound", "dub es"]
    assert editor.strips["film sound"].mute
    assert {(one.medium, one.start, one.end) for one in placed_in(editor, ORIGIN)} == {
        (Medium.VIDEO, 0, 50),
        (Medium.AUDIO, 0, 50),
    }
    assert remove_tags(editor, [f"{plan.tag}/1"], sounds) == 2
    assert sounds.removed == editor.strips.sounds
    assert photograph(editor) == before
    assert remove_tags(editor, [f"{plan.tag}/1"], sounds) == 0


def test_a_sound_is_heard_again_when_the_last_language_is_gone(tmp_path: Path) -> None:
    editor = film()
    for language in ("es", "de"):
        place(editor, plan_of(tmp_path, language, f"job-{language}"), tmp_path)
    original = editor.strips["film sound"]
    remove_tags(editor, ["dubkit/1/es/job-es/1"], Sounds())
    assert original.mute
    assert original[SILENCED] == "dubkit/1/de/job-de/1"
    remove_tags(editor, ["dubkit/1/de/job-de/1"], Sounds())
    assert (original.mute, original.get(SILENCED)) == (False, None)


def test_what_the_user_switched_off_stays_off(tmp_path: Path) -> None:
    editor = film()
    editor.strips["film sound"].mute = True
    place(editor, plan_of(tmp_path), tmp_path)
    remove_tags(editor, ["dubkit/1/es/job1/1"], Sounds())
    assert editor.strips["film sound"].mute


@pytest.mark.parametrize("fault", ["file", "length", "channels"])
def test_nothing_is_placed_when_something_cannot_be(tmp_path: Path, fault: str) -> None:
    editor, plan = film(), plan_of(tmp_path)
    before = photograph(editor)
    if fault == "file":
        (tmp_path / "job1.mov").unlink()
    elif fault == "length":
        editor.strips.longer = 3
    else:
        for number in range(4, 129):
            editor.channels[number].lock = True
    with pytest.raises(HostError, match="the timeline is as it was"):
        place(editor, plan, tmp_path)
    assert photograph(editor) == before


def test_a_sound_that_blender_rounds_up_is_trimmed(tmp_path: Path) -> None:
    editor, plan = film(), plan_of(tmp_path)
    only_sound = PlacementPlan(plan.tag, plan.tracks[1:])
    editor.strips.longer = 1
    place(editor, only_sound, tmp_path)
    assert editor.strips["film (dub es) sound"].frame_final_end == ORIGIN + 50


def test_channels_that_are_off_or_locked_are_left_alone(tmp_path: Path) -> None:
    editor = film()
    editor.channels[3].mute = editor.channels[4].lock = True
    place(editor, plan_of(tmp_path), tmp_path)
    assert {one.channel for one in editor.strips} == {1, 2, 5, 6}


def test_the_dub_looks_as_its_original(tmp_path: Path) -> None:
    editor = film()
    original: Any = editor.strips["film"]
    original.transform = SimpleNamespace(scale_x=0.5, scale_y=0.25, offset_x=3)
    original.blend_type, original.color_saturation = "REPLACE", 0.7
    original.modifiers = [SimpleNamespace(name="Curves")]
    made = editor.strips.new_movie

    def new_movie(**given: Any) -> Any:
        strip: Any = made(**given)
        strip.transform = SimpleNamespace(scale_x=1.0, scale_y=1.0, offset_x=0)
        strip.blend_type, strip.color_saturation = "ALPHA_OVER", 1.0
        return strip

    editor.strips.new_movie = new_movie  # type: ignore[method-assign, assignment]
    notes = place(editor, plan_of(tmp_path), tmp_path)
    dub = editor.strips["film (dub es)"]
    assert dub.transform == original.transform
    assert (dub.blend_type, dub.color_saturation) == ("REPLACE", 0.7)
    assert len(notes) == 1
    assert "Curves" in notes[0]


def test_what_it_covers_and_what_was_moved_is_said(tmp_path: Path) -> None:
    editor = film()
    editor.strips.add(Strip("title", "TEXT", 3, ORIGIN + 10, 10))
    editor.strips.add(Strip("later", "TEXT", 3, ORIGIN + 80, 10))
    editor.strips["film"].frame_final_start += 2
    moved, covers = place(editor, plan_of(tmp_path), tmp_path)
    assert "film was moved" in moved
    assert covers == "film (dub es) covers title; move it below"


def test_a_strip_that_is_gone_meanwhile_does_no_harm(tmp_path: Path) -> None:
    editor = Editor(movie("other", start=ORIGIN))
    (note,) = place(editor, plan_of(tmp_path), tmp_path)
    assert "film sound is no longer there" in note


def test_long_names_keep_whole_letters(tmp_path: Path) -> None:
    editor = film()
    plan = plan_of(tmp_path, "映" * 30)
    place(editor, plan, tmp_path)
    for strip in editor.strips:
        assert len(strip.name.encode()) <= 60
        assert "�" not in strip.name


def test_in_a_meta_strip_too_and_a_failed_removal_is_told(tmp_path: Path) -> None:
    inner = film()
    editor = Editor(Strip("meta", "META", 1, ORIGIN, 50, strips=inner.strips, channels=inner.channels))
    place(inner, plan_of(tmp_path), tmp_path)
    assert len(placed_in(editor, ORIGIN)) == 2
    inner.strips.stuck = True
    with pytest.raises(HostError, match="cannot be removed"):
        remove_tags(editor, ["dubkit/1/es/job1/1"], Sounds())
    inner.strips.stuck = False
    assert remove_tags(editor, ["dubkit/1/es/job1/1"], Sounds()) == 2
