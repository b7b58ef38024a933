"""The crop-level protocols, held against a generator and experts whose truth is known.

A "face" is one shade of grey that says what is said, and so is the level of the mel: a generator that listens paints
the shade it hears, and a finder of landmarks sees a bright face as an open mouth.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.errors import InputError
from dubkit.evaluation import (
    ExpertProtocolSettings,
    GeneratorScores,
    ProtocolClip,
    ProtocolSettings,
    Takes,
    expert_table,
    generator_table,
    judge_expert,
    judge_generator,
    make_takes,
    picture_rows,
    stack_sheets,
    takes_sheet,
    wrong_sound,
)
from dubkit.lipsync import Generates, LipModel, ModelConfig, Reference
from dubkit.lipsync.architecture import GENERATOR, expected_shapes
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.schema import MelSettings, MelSpectrogram, dumps, loads
from tests.evaluation.test_report import Points
from tests.lipsync.golden_rule import GENERATOR_GAIN, golden_state
from tests.lipsync.test_score import KnowingExpert, speech

SIZE = 96
SHADES = 200.0  # of 255, for what is said at its most


def made_clip(name: str, seconds: float = 3, rate: int = 25, start: float = 0.0, around: float = 1.0) -> ProtocolClip:
    """A clip in which what is heard and seen is ``speech`` from ``start`` on, with sound ``around`` it."""
    times = tuple(Fraction(frame, rate) for frame in range(int(seconds * rate)))
    said = speech(start + np.array([float(time) for time in times]))
    faces = np.broadcast_to((said * SHADES)[:, None, None, None], (len(times), SIZE, SIZE, 3))
    steps = np.arange(-int(around * 80), int((seconds + around) * 80)) / 80
    level = (speech(start + steps) * 8 - 4).astype(np.float32)
    mel = MelSpectrogram(np.tile(level, (80, 1)), MelSettings(), Fraction(-int(around * 80), 80))
    return ProtocolClip(name, np.rint(faces).astype(np.uint8), times, mel)


CLIPS = [made_clip("first"), made_clip("second", start=37.3), made_clip("third", rate=30, start=61.7)]


class Painter:
    """A generator that listens, or one that copies its reference whatever is said."""

    device = "cpu"

    def __init__(self, listens: bool = True, reference: Reference = Reference.OTHER) -> None:
        self.config = ModelConfig(reference=reference)
        self.listens = listens

    def run(self, windows: npt.NDArray[np.float32], faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        assert not faces[:, :3, SIZE // 2 :].any(), "the lower half is hidden"
        if not self.listens:
            return faces[:, 3:].copy()
        # The window starts 1/25 s, which is 3.2 steps, before its frame.
        moment = float(-self.config.mel_offset * 80)
        heard = [np.interp(moment, np.arange(16), row) for row in (windows.mean(axis=1) + 4) / 8]
        shade = np.array(heard, np.float32) * np.float32(SHADES / 255)
        return np.broadcast_to(shade[:, None, None, None], (len(faces), 3, SIZE, SIZE)).copy()


class Listener(KnowingExpert):
    """Knows how faces are painted here."""

    def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return super().embed_faces(clips * np.float32(255 / SHADES))


class Deaf(KnowingExpert):
    """Sees and hears nothing but how bright it is."""

    def embed_sound(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return super().embed_sound(np.zeros_like(windows))


def judged(model: Generates, clips: list[ProtocolClip] = CLIPS) -> GeneratorScores:
    return judge_generator(model, clips, expert=Listener(), landmarks=Points())


def test_a_generator_that_listens() -> None:
    found = judged(Painter())
    assert [clip.clip for clip in found.clips] == ["first", "second", "third"]
    assert [clip.frames for clip in found.clips] == [75, 75, 90]
    mean = found.mean
    assert mean["mouth_l1_right"] < 0.015
    assert mean["mouth_l1_wrong"] > 0.1
    assert mean["mouth_l1_reference"] > 0.1
    assert mean["opening_correlation_right"] > 0.99
    assert abs(mean["opening_correlation_wrong"]) < 0.5
    assert mean["opening_range_right"] == pytest.approx(mean["opening_range_real"], rel=0.05)
    assert mean["opening_silent"] == 0
    assert mean["opening_closed"] > 0.1
    assert mean["flicker_right"] == pytest.approx(mean["flicker_real"], rel=0.2)
    assert mean["expert_confidence_right"] == pytest.approx(mean["expert_confidence_real"], abs=0.02)
    assert mean["expert_confidence_wrong"] > 0.8 * mean["expert_confidence_right"]
    assert mean["expert_confidence_unheard"] < 0.5 * mean["expert_confidence_right"]


def test_a_generator_that_copies() -> None:
    mean = judged(Painter(listens=False)).mean
    assert mean["mouth_l1_right"] == mean["mouth_l1_wrong"] == mean["mouth_l1_reference"]
    assert mean["opening_correlation_right"] == 0
    assert mean["opening_range_right"] == pytest.approx(0, abs=1e-6)
    assert mean["flicker_right"] == 0
    assert mean["expert_confidence_right"] < 0.5 * mean["expert_confidence_real"]


def test_the_reference_is_the_one_that_dubbing_takes() -> None:
    """The most closed of the first frames for all; or each frame itself."""
    clip = made_clip("one")
    faces = clip.faces.copy()
    faces[:, 66:78, 38:58] = 10  # an open mouth shows a dark cavity
    faces[5, 66:78, 38:58] = faces[5, 0, 0]
    clip = dataclasses.replace(clip, faces=faces)
    other = make_takes(Painter(), clip, CLIPS[1], ProtocolSettings(reference_frames=8))
    np.testing.assert_array_equal(other.references, np.broadcast_to(faces[5], faces.shape))
    early = make_takes(Painter(), clip, CLIPS[1], ProtocolSettings(reference_frames=3))
    assert not np.array_equal(early.references[0], faces[5])
    same = make_takes(Painter(reference=Reference.SAME), clip, CLIPS[1])
    np.testing.assert_array_equal(same.references, faces)


def test_the_wrong_sound_is_the_others_over_and_over() -> None:
    clip, other = CLIPS[0], made_clip("short", seconds=1, start=37.3)
    mel = wrong_sound(clip, other)
    assert mel.start == -1
    assert mel.values.shape[1] >= 5 * 80
    begin = 80  # its first step under the clip
    np.testing.assert_array_equal(mel.values[:, begin : begin + 80], other.mel.values[:, 80:160])
    np.testing.assert_array_equal(mel.values[:, begin + 80 : begin + 160], other.mel.values[:, 80:160])


def test_a_clip_alone_hears_itself_at_least_a_second_away() -> None:
    clip = made_clip("one", seconds=4)
    mel = wrong_sound(clip, clip)
    np.testing.assert_array_equal(mel.values[:, 80:160], clip.mel.values[:, 80 + 160 : 160 + 160])
    found = judged(Painter(), [clip])
    assert found.clips[0].scores["mouth_l1_wrong"] > 0.1
    with pytest.raises(InputError, match=r"one is alone, and too short .*; give a second clip"):
        judged(Painter(), [made_clip("one", seconds=1.5)])


def test_judges_that_are_not_asked_leave_no_score_and_short_clips_none_of_the_expert() -> None:
    found = judge_generator(Painter(), CLIPS[:2])
    assert all(name.startswith(("mouth", "flicker")) for name in found.mean)
    clips = [made_clip("blink", seconds=0.16), CLIPS[0]]
    found = judge_generator(Painter(), clips, expert=Listener())
    assert "expert_confidence_real" not in found.clips[0].scores
    assert found.mean["expert_confidence_real"] == found.clips[1].scores["expert_confidence_real"]


def test_clips_that_cannot_be_judged_are_refused() -> None:
    with pytest.raises(InputError, match="no clip to judge"):
        judge_generator(Painter(), [])
    with pytest.raises(InputError, match="two has 2 frames; give clips of at least 3"):
        judge_generator(Painter(), [made_clip("two", seconds=0.08), CLIPS[0]])
    silent = dataclasses.replace(CLIPS[1], mel=MelSpectrogram(np.zeros((80, 0), np.float32), MelSettings()))
    with pytest.raises(InputError, match="no sound under the faces of second"):
        judge_generator(Painter(), [CLIPS[0], silent])


Change = Callable[[ProtocolClip], ProtocolClip]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda clip: dataclasses.replace(clip, times=clip.times[1:]), "one has 74 times"),
        (lambda clip: dataclasses.replace(clip, times=clip.times[::-1]), "should rise"),
        (lambda clip: dataclasses.replace(clip, faces=clip.faces.astype(np.float32)), "not float32"),
        (lambda clip: dataclasses.replace(clip, faces=clip.faces[:, 1:]), "should be uint8"),
        (lambda clip: dataclasses.replace(clip, aspect=float("nan")), "aspect"),
    ],
)
def test_clips_check_themselves(change: Change, words: str) -> None:
    with pytest.raises(InputError, match=words):
        change(made_clip("one"))
    with pytest.raises(InputError, match="at least 1 frame"):
        ProtocolSettings(reference_frames=0)


def test_a_network_is_such_a_generator_and_inputs_are_left_alone() -> None:
    config = ModelConfig(width=0.05)
    model = LipModel(Checkpoint(config, golden_state(list(expected_shapes(GENERATOR, 0.05).items()), GENERATOR_GAIN)))
    clips = [made_clip("one", seconds=0.2), made_clip("two", seconds=0.2, start=9)]
    before = clips[0].faces.copy()
    told: list[tuple[int, int]] = []
    found = judge_generator(model, clips, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    assert 0 < found.mean["mouth_l1_right"] < 1
    np.testing.assert_array_equal(clips[0].faces, before)


def test_an_expert_that_knows() -> None:
    found = judge_expert(Listener(), CLIPS)
    assert found.pair_accuracy > 0.97
    assert found.pairs > 3 * 40 * 22
    assert found.offsets_found == found.long_offsets_found == 1
    assert found.long_clips == 3
    assert found.confidence > 0.3
    assert [clip.scores["offset_found"] for clip in found.clips] == [1, 1, 1]


def test_an_expert_that_is_deaf_has_half_of_the_pairs_and_finds_nothing_but_by_chance() -> None:
    found = judge_expert(Deaf(), CLIPS, settings=ExpertProtocolSettings(moves=(0, -11, -7, 4, 9)))
    assert found.pair_accuracy == 0.5
    assert found.offsets_found <= 0.2
    assert found.confidence == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("late", [-6, 3])
def test_offsets_are_held_against_the_truth_and_moves_have_a_sign(late: int) -> None:
    """Clips that are out of sync by more than the tolerance are found nowhere; by as much, they are."""
    clip = CLIPS[0]
    moved = MelSpectrogram(clip.mel.values, clip.mel.settings, clip.mel.start - Fraction(late, 25))
    off = [dataclasses.replace(clip, mel=moved)]
    assert judge_expert(Listener(), off).offsets_found == 0
    assert judge_expert(Listener(), off, settings=ExpertProtocolSettings(tolerance=abs(late))).offsets_found == 1


def test_sound_that_ends_with_the_picture_tells_the_expert_nothing() -> None:
    """A mean over the clips that happen to have sound at a shift would have its least where all have."""

    class Moody(KnowingExpert):
        """Its distance depends on the face alone, and is least in the middle of the clip."""

        def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            far = np.abs(np.arange(len(clips)) - len(clips) / 2) / len(clips)
            return np.stack([1 - far, np.sqrt(1 - (1 - far) ** 2)], axis=1).astype(np.float32)

        def embed_sound(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            found = np.zeros((len(windows), 2), np.float32)
            found[:, 0] = 1
            return found

    clip = made_clip("one", around=0)
    settings = ExpertProtocolSettings(sync=dataclasses.replace(ExpertProtocolSettings().sync, batch_size=200))
    found = judge_expert(Moody(), [clip], settings=settings)
    assert found.pair_accuracy == 0.5
    assert found.confidence == pytest.approx(0, abs=1e-6)


def test_long_clips_are_counted_apart() -> None:
    found = judge_expert(Listener(), [made_clip("long"), made_clip("short", seconds=1.6)])
    assert found.long_clips == 1
    assert found.long_offsets_found == 1
    assert judge_expert(Listener(), [made_clip("short", seconds=1.6)]).long_offsets_found == 0


def test_experts_cannot_be_asked_everything() -> None:
    with pytest.raises(InputError, match="among 1 clips none can be judged by"):
        judge_expert(Listener(), [made_clip("blink", seconds=0.12)])
    with pytest.raises(InputError, match="moved by up to 15 frames"):
        ExpertProtocolSettings(moves=(16,))
    with pytest.raises(InputError, match="from the nearest to the furthest"):
        ExpertProtocolSettings(nearest=9, furthest=5)


def test_scores_survive_json_and_become_tables() -> None:
    found = judge_generator(Painter(), CLIPS[:2], landmarks=Points())
    assert loads(GeneratorScores, dumps(found)) == found
    heading, _, *rows = generator_table(found).splitlines()
    assert heading.startswith("| clip | mouth L1: right / wrong / reference | opening correlation")
    assert "expert" not in heading
    assert [row.split(" | ")[0] for row in rows] == ["| first", "| second", "| mean"]
    assert rows[0].count("|") == heading.count("|")
    table = expert_table(judge_expert(Listener(), CLIPS[:1])).splitlines()
    assert table[0] == "| clip | pair accuracy | expert confidence | offset found |"
    assert table[2].startswith("| first | ")
    assert table[2].endswith(" | 1.00 |")
    assert len(table) == 3


def test_the_sheet_shows_five_rows_of_each_clip() -> None:
    kept: list[Takes] = []
    judge_generator(Painter(), CLIPS[:2], on_takes=kept.append)
    sheets = [takes_sheet(kept[0], columns=4), takes_sheet(kept[1], columns=7)]
    assert sheets[0].shape == (5 * SIZE + 20, 4 * SIZE + 96, 3)
    target, right = sheets[0][20 + SIZE // 2, 96::SIZE], sheets[0][20 + SIZE // 2 + 2 * SIZE, 96::SIZE]
    np.testing.assert_allclose(target.astype(int), right, atol=8)
    np.testing.assert_array_equal(target[0], kept[0].clip.faces[0, 0, 0])
    np.testing.assert_array_equal(target[-1], kept[0].clip.faces[-1, 0, 0])
    assert not sheets[0][20 + SIZE // 2 + 4 * SIZE, 96:].any(), "silence is closed"
    assert stack_sheets(sheets).shape == (2 * (5 * SIZE + 20), 7 * SIZE + 96, 3)
    with pytest.raises(InputError, match="nothing to show"):
        stack_sheets([])
    with pytest.raises(InputError, match="one shape"):
        picture_rows({"a": kept[0].right, "b": kept[1].right[:3]})
