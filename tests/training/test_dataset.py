from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import InputError
from dubkit.lipsync import Reference, mel_windows
from dubkit.lipsync.reference import mouth_openness
from dubkit.training import HELD_OUT, TRAIN, PreparedClips
from dubkit.training.data_settings import AugmentSettings, DataSettings
from dubkit.training.dataset import ClipDraws
from dubkit.training.settings import TutorSettings
from dubkit.training.shapes import ClipShapes
from tests.training.talking import made_clips

PLAIN = AugmentSettings(flip=0)
NOTHING = Fraction(0)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> PreparedClips:
    return PreparedClips(made_clips(tmp_path_factory.mktemp("talking") / "clips", clips=6, frames=24))


def draws(clips: PreparedClips, seed: int = 0, **changes: int) -> ClipDraws:
    return ClipDraws(
        clips, TRAIN, DataSettings(**{"clips": 3, "windows": 3, "apart": 4, **changes}, augment=PLAIN), seed
    )


def all_faces(clips: PreparedClips) -> dict[bytes, tuple[str, int]]:
    """Every picture of the folder -> the clip and the frame it is of."""
    return {
        face.tobytes(): (clip.name, frame)
        for clip in clips.index.clips
        for frame, face in enumerate(np.asarray(clips.faces(clip)))
    }


def test_a_draw_is_a_function_of_seed_and_step(clips: PreparedClips) -> None:
    first, again = (draws(clips).expert_batch((7, 0, 0), NOTHING) for _ in range(2))
    other_step = draws(clips).expert_batch((8, 0, 0), NOTHING)
    other_seed = draws(clips, seed=1).expert_batch((7, 0, 0), NOTHING)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["faces"], other_step["faces"])
    assert not np.array_equal(first["faces"], other_seed["faces"])


@settings(max_examples=20, deadline=None)
@given(step=st.integers(0, 2**31))
def test_groups_are_consecutive_and_apart_and_have_their_own_sound(clips: PreparedClips, step: int) -> None:
    batch = draws(clips).expert_batch((step, 0, 0), NOTHING)
    assert batch["faces"].shape == (9, 15, 48, 96)
    assert batch["windows"].shape == (9, 1, 80, 16)
    lower = {
        np.asarray(face[48:].transpose(2, 0, 1), np.float32).tobytes(): (clip, frame)
        for clip in clips.clips(TRAIN)
        for frame, face in enumerate(np.asarray(clips.faces(clip)))
    }
    for first in range(0, 9, 3):
        starts = []
        for group in range(first, first + 3):
            pictures = np.rint(batch["faces"][group].reshape(5, 3, 48, 96) * 255).astype(np.float32)
            found = [lower[picture.tobytes()] for picture in pictures]
            clip, start = found[0]
            assert [frame for _, frame in found] == list(range(start, start + 5))
            assert {each.name for each, _ in found} == {clip.name}
            wanted = mel_windows(clips.sound(clip), [Fraction(start, 25)], NOTHING)
            assert np.array_equal(batch["windows"][group], wanted)
            starts.append(start)
        assert min(np.diff(sorted(starts))) >= 4


@pytest.mark.parametrize("reference", list(Reference))
def test_references_and_wrong_sounds_are_from_elsewhere(clips: PreparedClips, reference: Reference) -> None:
    known = all_faces(clips)
    by_name = {clip.name: clip for clip in clips.index.clips}
    for step in range(10):
        batch = draws(clips).generator_batch((step, 0, 0), Fraction(-1, 25), NOTHING, reference)
        assert batch["faces"].shape == batch["references"].shape == (3, 3, 5, 96, 96)
        for index in range(3):
            shown, given_ = (
                [
                    known[np.rint(batch[name][index][:, frame].transpose(1, 2, 0) * 255).astype(np.uint8).tobytes()]
                    for frame in range(5)
                ]
                for name in ("faces", "references")
            )
            name, start = shown[0]
            assert shown == [(name, frame) for frame in range(start, start + 5)]
            assert {each for each, _ in given_} == {name}
            assert not {frame for _, frame in given_} & {frame for _, frame in shown}
            assert len(set(given_)) == (5 if reference is Reference.SAME else 1)
            times = [Fraction(frame, 25) for frame in range(start, start + 5)]
            sound = clips.sound(by_name[name])
            assert np.array_equal(batch["windows"][index][:, 0], mel_windows(sound, times, Fraction(-1, 25)))
            assert np.array_equal(batch["sync_windows"][index], mel_windows(sound, times[:1], NOTHING))
            assert not np.array_equal(batch["wrong_windows"][index], batch["windows"][index])


def test_people_can_be_shown_equally_often(tmp_path: Path) -> None:
    clips = PreparedClips(made_clips(tmp_path / "clips", clips=6, frames=24))
    seen = [("often", 0), ("often", 1), ("often", 2), ("seldom", 3)]
    entries = [replace(clips.index.clips[number], identity=name, split=TRAIN) for name, number in seen]
    clips.index = replace(clips.index, clips=tuple(entries))
    known = all_faces(clips)
    for balance, wanted in ((0.0, 1 / 4), (1.0, 1 / 2)):
        chosen = ClipDraws(clips, TRAIN, DataSettings(clips=8, balance=balance, augment=PLAIN), 0)
        batches = [chosen.generator_batch((step,), NOTHING, NOTHING, Reference.OTHER)["faces"] for step in range(25)]
        first = np.rint(np.concatenate(batches)[:, :, 0].transpose(0, 2, 3, 1) * 255).astype(np.uint8)
        share = np.mean([known[face.tobytes()][0] == "clip03" for face in first])
        assert abs(share - wanted) < 0.1


def test_shapes_say_how_far_a_mouth_is_open(clips: PreparedClips) -> None:
    shapes = ClipShapes(clips, 4)
    for clip in clips.clips(HELD_OUT):
        faces = np.asarray(clips.faces(clip), np.float64)
        darkness = -faces[:, 56:88, 36:60].mean(axis=(1, 2, 3))
        found = shapes.of(clip)
        assert found.shape == (clip.frames, 4)
        assert np.abs(found.mean(axis=0)).max() < 1e-4
        assert abs(np.corrcoef(found[:, 0], darkness)[0, 1]) > 0.95
    batch = draws(clips).warm_up_batch((0, 0, 0), 6, NOTHING, shapes)
    assert batch["shapes"].shape == (6, 20)


def test_short_clips_are_passed_over_and_none_left_is_said(clips: PreparedClips) -> None:
    with pytest.raises(InputError, match="has no train clip of at least 25 frames; prepare more videos"):
        draws(clips, windows=3, apart=10)


def test_clips_that_are_not_what_the_index_says_are_refused(tmp_path: Path) -> None:
    clips = PreparedClips(made_clips(tmp_path / "clips", clips=3, frames=12))
    clip = clips.index.clips[0]
    np.save(tmp_path / "clips" / "faces" / f"{clip.name}.npy", np.zeros((3, 96, 96, 3), np.uint8))
    with pytest.raises(InputError, match=r"the faces of clip00 are uint8 \(3, 96, 96, 3\)"):
        clips.faces(clip)
    (tmp_path / "clips" / "sounds" / f"{clip.name}.npy").write_bytes(b"broken")
    with pytest.raises(InputError, match=r"clip00\.npy.*prepare again"):
        clips.sound(clip)
    with pytest.raises(InputError, match="holds no prepared clips; run `dubkit prepare` first"):
        PreparedClips(tmp_path)


def test_a_tutor_draws_beside_closed_mouths_as_dubbing_does(clips: PreparedClips) -> None:
    known = all_faces(clips)
    openness = {
        clip.name: [mouth_openness(face / np.float32(255)) for face in np.asarray(clips.faces(clip))]
        for clip in clips.clips(TRAIN)
    }
    for closed in (0.0, 1.0):
        levels = []
        for step in range(8):
            batch = draws(clips).drawn_batch((step, 0, 0), TutorSettings(closed=closed), NOTHING)
            pairs = (
                np.rint(batch[name].transpose(0, 2, 3, 1) * 255).astype(np.uint8) for name in ("faces", "references")
            )
            for face, reference in zip(*pairs, strict=True):
                (name, frame), (same, other) = known[face.tobytes()], known[reference.tobytes()]
                assert name == same
                assert frame != other
                ranks = np.argsort(np.argsort(openness[name][::3]))
                levels.append(ranks[other // 3] if other % 3 == 0 else 99)
        # The most closed one of every third frame; at most two of those are too near to the frame that is drawn.
        assert bool(max(levels) <= 2) == (closed == 1)
