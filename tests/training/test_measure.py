"""Offsets of stored clips, by an expert that reads one curve off brightness and loudness; and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.errors import Cancelled, InputError
from dubkit.schema import MelSpectrogram
from dubkit.training import HELD_OUT, TRAIN, DroppedClip, PreparedClips, PrepareSettings, tally, write_index
from dubkit.training.assemble import assemble
from dubkit.training.cut_video import CutClip, CutVideo
from dubkit.training.measure import ClipSync, measure_video
from dubkit.training.splits import SplitEntry
from tests.lipsync.test_score import KnowingExpert, heard, shown

FRAME = Fraction(1, 25)


def go_on() -> None:
    pass


def store(folder: Path, late: Mapping[str, float], *, start: Fraction = Fraction(2), frames: int = 60) -> CutVideo:
    """Clips whose picture comes late by so many seconds, in a sound that begins a second before them."""
    clips = []
    for number, (name, seconds) in enumerate(late.items()):
        times = [start + frame * FRAME for frame in range(frames)]
        faces = np.rint(shown(times, seconds, rows=96) * 255).astype(np.uint8)
        for kind, values in (("faces", faces), ("sounds", heard(start - 1, frames / 25 + 2).values)):
            (folder / kind).mkdir(exist_ok=True)
            np.save(folder / kind / f"{name}.npy", values)
        clips.append(CutClip(name, number, start, frames, Fraction(-1), rivalled=False))
    return CutVideo("film.mp4", tuple(clips))


def test_offsets_are_measured_with_the_sound_as_it_was(tmp_path: Path) -> None:
    video = store(tmp_path, {"a": 0.0, "b": 0.12, "c": -0.2})
    found = measure_video(video, tmp_path, KnowingExpert(), PrepareSettings(), go_on)
    assert found.source == "film.mp4"
    assert [clip.name for clip in found.clips] == ["a", "b", "c"]
    for clip, late in zip(found.clips, (0.0, 0.12, -0.2), strict=True):
        assert clip.offset == pytest.approx(late, abs=0.012)
        assert clip.confidence > 0.3
        assert clip.judged == 56


def test_a_corrected_clip_is_in_sync_when_it_is_opened(tmp_path: Path) -> None:
    video = store(tmp_path, {"late": 0.12, "early": -0.2, "right": 0.03})
    expert, settings = KnowingExpert(), PrepareSettings()
    measured = {clip.name: clip for clip in measure_video(video, tmp_path, expert, settings, go_on).clips}
    write_index(tmp_path, assemble([video], measured, {}, [], settings))
    prepared = PreparedClips(tmp_path)
    assert [clip.name for clip in prepared.index.clips] == ["early", "late", "right"]
    for clip in prepared.index.clips:
        sound = prepared.sound(clip)
        np.testing.assert_array_equal(prepared.faces(clip), np.load(tmp_path / "faces" / f"{clip.name}.npy"))
        assert clip.confidence > 0.3
        again = CutVideo("x", (CutClip(clip.name, 0, clip.start, clip.frames, sound.start, rivalled=False),))
        (sync,) = measure_video(again, tmp_path, expert, settings, go_on).clips
        assert abs(sync.offset) < 0.045
        assert (clip.offset == 0) == (clip.name == "right")
    assert tally(prepared.index).corrected.clips == 2


@pytest.mark.parametrize(("late", "found"), [(0.0, True), (0.2, True), (-0.28, True), (0.32, False)])
def test_in_a_short_clip_without_sound_beside_it_far_shifts_are_not_judged(
    late: float, found: bool, tmp_path: Path
) -> None:
    """25 groups, of which 17 must be judged: up to 8 frames either way, and the 8th has no neighbour."""
    video = store(tmp_path, {"a": late}, frames=29)
    np.save(tmp_path / "sounds" / "a.npy", heard(Fraction(2), 29 / 25).values)
    short = CutVideo("film.mp4", (replace(video.clips[0], sound_start=Fraction(0)),))
    (said,) = measure_video(short, tmp_path, KnowingExpert(), PrepareSettings(), go_on).clips
    assert abs(said.offset) <= 0.33
    assert (said.bounded and abs(said.offset - late) < 0.02) == found
    index = assemble([short], {"a": said}, {}, [], PrepareSettings())
    assert [lost.reason for lost in index.dropped] == ([] if found else ["sync not certain"])


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        measure_video(store(tmp_path, {"a": 0}), tmp_path, KnowingExpert(), PrepareSettings(), stop)


def test_a_damaged_array_is_named(tmp_path: Path) -> None:
    video = store(tmp_path, {"a": 0})
    (tmp_path / "faces" / "a.npy").write_bytes(b"\x93NUMPY no more")
    with pytest.raises(InputError, match=r"a.npy: cannot be read .*; remove it"):
        measure_video(video, tmp_path, KnowingExpert(), PrepareSettings(), go_on)


def clip(name: str, track: int = 0, start: float = 0, frames: int = 50, *, rivalled: bool = False) -> CutClip:
    return CutClip(name, track, Fraction(start), frames, Fraction(0), rivalled)


def reasons(clips: list[CutClip], said: Mapping[str, tuple[float, float]] | None) -> dict[str, str]:
    """Name -> why it is dropped, empty where it is kept; ``said``: offset and confidence."""
    measured = (
        None if said is None else {name: ClipSync(name, *values, 40, bounded=True) for name, values in said.items()}
    )
    index = assemble([CutVideo("film.mp4", tuple(clips))], measured, {}, [], PrepareSettings())
    kept = {clip.name: "" for clip in index.clips}
    dropped = {(lost.track, lost.seconds): lost.reason for lost in index.dropped}
    return kept | {clip.name: dropped[(clip.track, clip.frames / 25)] for clip in clips if clip.name not in kept}


@pytest.mark.parametrize(
    ("offset", "confidence", "reason"),
    [
        (0.0, 0.5, ""),
        (0.3, 0.5, ""),
        (-0.4, 0.5, ""),
        (0.41, 0.5, "too far out of sync"),
        (-0.6, 0.5, "too far out of sync"),
        (0.0, 0.09, "sync not certain"),
        (0.6, 0.09, "sync not certain"),
    ],
)
def test_what_an_expert_decides(offset: float, confidence: float, reason: str) -> None:
    assert reasons([clip("a")], {"a": (offset, confidence)}) == {"a": reason}


def test_a_clip_that_cannot_be_judged_is_not_certain() -> None:
    video = CutVideo("film.mp4", (clip("a"),))
    index = assemble(
        [video], {"a": ClipSync("a", 0.0, 0.0, 0, bounded=False)}, {}, [], PrepareSettings(least_confidence=0)
    )
    assert [lost.reason for lost in index.dropped] == ["sync not certain"]


def test_a_clip_whose_measuring_died_says_so() -> None:
    assert reasons([clip("a"), clip("b", 1, rivalled=True)], {"b": (0, 0.5)}) == {
        "a": "its worker process died",
        "b": "",
    }


def test_without_an_expert_nobody_knows_who_speaks() -> None:
    clips = [clip("a", 0, rivalled=True), clip("b", 1, rivalled=True), clip("c", 0, 2, 30)]
    assert reasons(clips, None) == {"a": "several faces at once", "b": "several faces at once", "c": ""}


def test_with_an_expert_the_one_in_sync_is_kept() -> None:
    clips = [clip("a", 0, rivalled=True), clip("b", 1, rivalled=True)]
    several = "several faces at once"
    assert reasons(clips, {"a": (0.0, 0.05), "b": (0.1, 0.4)}) == {"a": several, "b": ""}
    assert reasons(clips, {"a": (0.0, 0.5), "b": (0.0, 0.4)}) == {"a": "", "b": several}
    assert reasons(clips, {"a": (0.0, 0.05), "b": (0.0, 0.05)}) == {"a": several, "b": several}
    apart = [clip("a", 0, rivalled=True), clip("b", 1, 2, 40, rivalled=True)]
    assert reasons(apart, {"a": (0.0, 0.5), "b": (0.0, 0.4)}) == {"a": "", "b": ""}


def test_corrections_are_to_the_millisecond_and_leave_a_frame_alone() -> None:
    clips = [clip("a"), clip("b"), clip("c")]
    said = {
        "a": ClipSync("a", 0.12345, 0.4, 9, True),
        "b": ClipSync("b", 0.0399, 0.4, 9, True),
        "c": ClipSync("c", -0.2, 0.4, 9, True),
    }
    index = assemble([CutVideo("film.mp4", tuple(clips))], said, {}, [], PrepareSettings())
    assert [clip.offset for clip in index.clips] == [Fraction(123, 1000), 0, Fraction(-1, 5)]


def test_splits_people_and_the_tally() -> None:
    videos = [
        CutVideo("a.mp4", (clip("a1"), clip("a2", 1)), (DroppedClip("a.mp4", 2, 3.0, "too short"),)),
        CutVideo("b.mp4", (clip("b1", frames=100),), (DroppedClip("b.mp4", -1, 6.0, "no face seen"),)),
    ]
    entries = {"a.mp4": SplitEntry(HELD_OUT, "Ada"), "b.mp4": SplitEntry(TRAIN, "Bo")}
    extra = [DroppedClip("c.mp4", -1, 0.5, "too short")]
    index = assemble(videos, None, entries, extra, PrepareSettings())
    assert [(clip.name, clip.split, clip.identity) for clip in index.clips] == [
        ("a1", HELD_OUT, "Ada"),
        ("a2", HELD_OUT, "Ada"),
        ("b1", TRAIN, "Bo"),
    ]
    found = tally(index)
    assert {split: amount.clips for split, amount in found.kept.items()} == {TRAIN: 1, HELD_OUT: 2}
    assert [amount.minutes for amount in found.kept.values()] == pytest.approx([4 / 60, 4 / 60])
    assert list(found.dropped) == ["no face seen", "too short"]
    assert found.dropped["too short"].clips == 2
    assert found.dropped["too short"].minutes == pytest.approx(3.5 / 60)
    everything = PrepareSettings(held_out_share=1)
    assert {clip.split for clip in assemble(videos, None, {}, [], everything).clips} == {HELD_OUT}


def test_the_sound_is_opened_where_it_lies(tmp_path: Path) -> None:
    video = store(tmp_path, {"a": 0.0})
    write_index(tmp_path, assemble([video], None, {}, [], PrepareSettings()))
    (only,) = PreparedClips(tmp_path).index.clips
    sound = PreparedClips(tmp_path).sound(only)
    assert isinstance(sound, MelSpectrogram)
    assert sound.start == -1
