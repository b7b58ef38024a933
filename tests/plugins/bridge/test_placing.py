from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.bridge.host import HostError
from plugins.bridge.job import ClipResult, Job, Result
from plugins.bridge.placing import Journal, forget_placement, plan_placement, unfinished_placement
from plugins.bridge.records import Medium, Placed, PlacementPlan, Task
from plugins.bridge.tags import job_tag
from tests.plugins.bridge.clips import TIMELINE, clip


def job_of(*spans: tuple[int, int], **changes: Any) -> Job:
    tasks = tuple(Task(clip(start, end, sounds=(f"a{start}",))) for start, end in spans)
    return Job(TIMELINE, tasks, "/o", "es", identity="j", **changes)


def result_of(job: Job, *failed: int) -> Result:
    clips = []
    for number, task in enumerate(job.tasks, 1):
        done = number not in failed
        files = ("/o/p.mov", "/o/s.wav") if done else ("", "")
        status = "done" if done else "failed"
        made = task.picture
        clips.append(
            ClipResult(made.key, number, status, "", *files, made.start, made.frames, job_tag("es", "j", number))
        )
    return Result("j", 0, tuple(clips))


def test_picture_and_sound_go_onto_new_tracks_above_at_the_clips_places() -> None:
    job = job_of((0, 96), (96, 200))
    plan = plan_placement(job, result_of(job), TIMELINE)
    assert [(track.medium, track.name) for track in plan.tracks] == [(Medium.VIDEO, "dub es"), (Medium.AUDIO, "dub es")]
    for track in plan.tracks:
        assert [(item.start, item.end) for item in track.placements] == [(0, 96), (96, 200)]
    assert plan.tag == "dubkit/1/es/j"
    assert all(item.tag.startswith(plan.tag + "/") for item in plan.placements)
    assert plan.silence == {"a0": "dubkit/1/es/j/1", "a96": "dubkit/1/es/j/2"}


def test_a_voice_alone_leaves_the_original_sound_on() -> None:
    job = job_of((0, 96), sound="voice")
    assert plan_placement(job, result_of(job), TIMELINE).silence == {}


def test_synced_lips_bring_no_sound_of_their_own() -> None:
    job = job_of((0, 96), operation="sync")
    plan = plan_placement(job, result_of(job), TIMELINE)
    assert [(track.medium, track.name) for track in plan.tracks] == [(Medium.VIDEO, "lip-sync")]
    assert plan.silence == {}


def test_what_failed_is_not_placed() -> None:
    job = job_of((0, 96), (96, 200))
    plan = plan_placement(job, result_of(job, 1), TIMELINE)
    assert [item.start for item in plan.placements] == [96, 96]
    assert plan_placement(job, result_of(job, 1, 2), TIMELINE).tracks == ()


def test_names_of_tracks_are_their_own() -> None:
    job = job_of((0, 96), (50, 150))
    crowded = type(TIMELINE)("x", TIMELINE.rate, tracks=("dub es", "dub es 2"))
    plan = plan_placement(job, result_of(job), crowded)
    assert [track.name for track in plan.tracks if track.medium is Medium.VIDEO] == ["dub es 3", "dub es 4"]


def test_a_second_dub_replaces_the_first_in_its_language() -> None:
    job = job_of((0, 96))
    old = [Placed("dubkit/1/es/old/1", Medium.VIDEO, 0, 96), Placed("dubkit/1/de/old/1", Medium.VIDEO, 0, 96)]
    assert plan_placement(job, result_of(job), TIMELINE, old).replaces == ("dubkit/1/es/old/1",)


@pytest.mark.parametrize(
    ("new", "replaced"),
    [
        ([(10, 50)], False),  # a part
        ([(0, 40), (60, 96)], False),
        ([(0, 40), (40, 96)], True),  # cut in two since
        ([(90, 200)], False),
        ([(0, 200)], True),
        ([(96, 200)], False),
    ],
)
def test_an_earlier_dub_that_reaches_beyond_the_new_one_stays(new: list[tuple[int, int]], replaced: bool) -> None:
    job = job_of(*new)
    tag = "dubkit/1/es/old/1"
    old = [Placed(tag, Medium.VIDEO, 0, 96), Placed(tag, Medium.AUDIO, 0, 96)]
    assert plan_placement(job, result_of(job), TIMELINE, old).replaces == ((tag,) if replaced else ())


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 100)), min_size=1, max_size=20))
def test_nothing_ever_overlaps_on_a_track_and_nothing_is_lost(spans: list[tuple[int, int]]) -> None:
    job = job_of(*((start, start + length) for start, length in spans))
    plan = plan_placement(job, result_of(job), TIMELINE)
    assert len(plan.placements) == 2 * len(spans)
    for track in plan.tracks:
        for before, after in zip(track.placements, track.placements[1:], strict=False):
            assert before.end <= after.start


def plan() -> PlacementPlan:
    job = job_of((0, 96), (96, 200))
    return plan_placement(job, result_of(job), TIMELINE)


def test_all_of_it_stays_where_all_went_well(tmp_path: Path) -> None:
    timeline: list[str] = []
    with Journal(plan(), str(tmp_path)) as journal:
        timeline.append("track")
        journal.added("track", lambda: timeline.remove("track"))
        assert unfinished_placement(str(tmp_path)) == ("dubkit/1/es/j/1", "dubkit/1/es/j/2")
    assert timeline == ["track"]
    assert unfinished_placement(str(tmp_path)) == ()


def placing(folder: Path, undos: Mapping[str, Callable[[], object]], error: BaseException) -> None:
    """Add things, then fail."""
    with Journal(plan(), str(folder)) as journal:
        for name, undo in undos.items():
            journal.added(name, undo)
        raise error


def test_nothing_of_it_stays_where_something_failed(tmp_path: Path) -> None:
    timeline = ["track", "clip 1", "clip 2"]
    undos = dict.fromkeys(timeline, timeline.pop)
    with pytest.raises(HostError, match="the track is locked; the timeline is as it was"):
        placing(tmp_path, {**undos}, HostError("the track is locked."))
    assert timeline == []
    assert unfinished_placement(str(tmp_path)) == ()


def test_what_was_added_last_is_undone_first(tmp_path: Path) -> None:
    order: list[int] = []
    undos: dict[str, Callable[[], object]] = {"a": lambda: order.append(1), "b": lambda: order.append(2)}
    with pytest.raises(HostError):
        placing(tmp_path, undos, ValueError("x"))
    assert order == [2, 1]


def test_what_cannot_be_undone_is_named_and_the_rest_is_undone(tmp_path: Path) -> None:
    undone: list[str] = []

    def broken() -> None:
        raise RuntimeError("no")

    undos = {"track": lambda: undone.append("track"), "clip 1": lambda: False, "clip 2": broken}
    with pytest.raises(HostError, match="surprise; could not be taken back: clip 2, clip 1"):
        placing(tmp_path, undos, ValueError("surprise"))
    assert undone == ["track"]
    assert unfinished_placement(str(tmp_path)), "its tags are still known"
    forget_placement(str(tmp_path))
    assert unfinished_placement(str(tmp_path)) == ()


def test_a_stop_undoes_and_goes_on_as_a_stop(tmp_path: Path) -> None:
    undone: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        placing(tmp_path, {"track": lambda: undone.append(1)}, KeyboardInterrupt())
    assert undone == [1]


def test_a_folder_that_is_gone_stops_it_before_anything_is_added(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot be written"):
        Journal(plan(), str(tmp_path / "gone")).__enter__()


def test_a_damaged_journal_is_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{", '{"tags": 1}'):
        (tmp_path / "placing.json").write_text(text)
        assert unfinished_placement(str(tmp_path)) == ()
