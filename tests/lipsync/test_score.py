"""Sync scores, held against an expert whose truth is known: both of its senses read one curve of values over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dubkit.errors import InputError
from dubkit.lipsync import ModelConfig, SyncExpert, SyncModel, SyncScore, SyncSettings, mean_distances, score_track
from dubkit.lipsync.architecture import EXPERT, expected_shapes
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.schema import MelSettings, MelSpectrogram
from tests.lipsync.golden_rule import EXPERT_GAIN, golden_state

FRAME = Fraction(1, 25)
STEP = Fraction(1, 80)
NTSC = Fraction(30_000, 1001)
SECONDS = 5


def speech(time: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What is said at each moment, 0..1: never twice the same within the seconds of a test."""
    tones = ((0.93, 0.2), (1.71, 1.1), (2.87, 2.3), (4.13, 0.7))
    return 0.5 + 0.12 * sum((np.sin(2 * np.pi * hz * time + phase) for hz, phase in tones), np.zeros_like(time))


class KnowingExpert:
    """Reads the value of :func:`speech` off brightness and off the mel's level, at the same five moments of each."""

    def __init__(self, mel_offset: Fraction = Fraction(0)) -> None:
        self.mel_offset = mel_offset
        self.clips = 0
        self.windows = 0

    def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        assert clips.shape[1:] == (15, 48, 96)
        self.clips += len(clips)
        return self._embed(clips.mean(axis=(2, 3)).reshape(-1, 5, 3).mean(axis=2))

    def embed_sound(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        assert windows.shape[1:] == (80, 16)
        self.windows += len(windows)
        level = (windows.mean(axis=1) + 4) / 8
        moments = (np.arange(5) * float(FRAME) - float(self.mel_offset)) / float(STEP)
        return self._embed(np.array([np.interp(moments, np.arange(16), row) for row in level]))

    @staticmethod
    def _embed(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        # A value of 0..1 becomes a bump over eight cells, so that different values are at right angles.
        bumps = np.exp(-(((values[..., None] - np.linspace(0, 1, 8)) / 0.1) ** 2)).reshape(len(values), -1)
        return np.asarray(bumps / np.linalg.norm(bumps, axis=1, keepdims=True), np.float32)


def heard(start: Fraction = Fraction(0), seconds: float = SECONDS) -> MelSpectrogram:
    times = float(start) + np.arange(int(seconds * 80), dtype=np.float64) * float(STEP)
    row = (speech(times) * 8 - 4).astype(np.float32)
    return MelSpectrogram(np.tile(row, (80, 1)), MelSettings(), start)


def shown(times: Sequence[Fraction], late: float = 0.0, rows: int = 48) -> npt.NDArray[np.float32]:
    """Faces whose picture comes ``late`` seconds after the sound."""
    values = speech(np.array([float(time) for time in times]) - late).astype(np.float32)
    faces = np.full((len(times), rows, 96, 3), 0.5, np.float32)
    faces[:, -48:] = values[:, None, None, None]
    return faces


def at(rate: Fraction | int, seconds: float = SECONDS, start: Fraction = Fraction(0)) -> list[Fraction]:
    return [start + Fraction(frame) / rate for frame in range(int(seconds * rate))]


def phone_times() -> list[Fraction]:
    """A phone's clock: 22 to 33 frames a second, never twice the same."""
    random = np.random.default_rng(4)
    steps = [Fraction(int(step), 1000) for step in random.integers(30, 46, 120)]
    return [sum(steps[:i], Fraction(0)) for i in range(len(steps))]


def score(times: Sequence[Fraction], late: float = 0.0, settings: SyncSettings = SyncSettings()) -> SyncScore:  # noqa: B008
    return score_track(KnowingExpert(), shown(times, late), times, heard(), settings)


@given(
    distances=arrays(np.float64, (9, 5), elements=st.floats(0, 1)),
    levels=arrays(np.float64, 9, elements=st.floats(0, 1)),
    holes=st.integers(0, 4),
)
def test_the_mean_follows_the_shift_and_not_which_clips_have_sound(
    distances: npt.NDArray[np.float64], levels: npt.NDArray[np.float64], holes: int
) -> None:
    """Of clips that differ by a level alone every part tells the same; of whole tables it is the plain mean."""
    np.testing.assert_allclose(mean_distances(distances, 1), distances.mean(axis=0), atol=1e-9)
    effects = distances[0]
    table = levels[:, None] + effects
    for row in range(holes):  # the first clips lack the first shifts, the last clips the last
        table[row, : holes - row] = np.nan
        table[-1 - row, row - holes :] = np.nan
    np.testing.assert_allclose(mean_distances(table, 1), effects + levels.mean(), atol=1e-9)


def test_shifts_with_too_few_clips_are_left_open() -> None:
    table = np.full((6, 3), 0.5)
    table[2:, 0] = np.nan
    assert np.isnan(mean_distances(table, 3)).tolist() == [True, False, False]
    assert np.isnan(mean_distances(table, 7)).all()
    assert np.isnan(mean_distances(np.zeros((0, 3)), 1)).all()


@pytest.mark.parametrize("frames", [-15, -7, -1, 0, 1, 4, 15])
def test_picture_after_sound_is_positive(frames: int) -> None:
    found = score(at(25), frames / 25)
    assert found.offset_frames == frames
    assert abs(found.offset - frames / 25) < 0.012
    assert found.expert_confidence > 0.3
    assert found.in_sync == (frames in (-1, 0, 1) and abs(found.offset) <= 0.045)
    assert int(np.nanargmin(found.distances)) == frames + 15
    assert found.distances.shape == (31,)


@pytest.mark.parametrize("late", [-0.150, -0.020, 0.010, 0.020, 0.111])
@pytest.mark.parametrize(
    "times", [at(25), at(24), at(Fraction(24_000, 1001)), at(30), at(NTSC), at(50), at(60), phone_times()],
    ids=["25", "24", "23.976", "30", "29.97", "50", "60", "varying"],
)  # fmt: skip
def test_offsets_between_frames_are_found_at_every_rate(times: list[Fraction], late: float) -> None:
    found = score(times, late)
    # Windows start on a mel step of 12.5 ms, rounded down: half of one early on average.
    assert abs(found.offset + 0.006 - late) < 0.010, found
    assert found.offset_frames == pytest.approx(late * 25, abs=0.75)
    assert found.expert_confidence > 0.3


@pytest.mark.parametrize(("rate", "most"), [(25, 0.02), (30, 0.06), (15, 0.13)])
def test_sound_is_taken_from_where_the_frames_really_lie(rate: int, most: float) -> None:
    """Five frames off the 25 fps clock are compared with the sound of their own mean time, not the clock's."""
    assert np.nanmin(score(at(rate)).distances) < most


def test_tracks_in_the_middle_of_a_film_keep_their_place() -> None:
    times = at(25, 2, Fraction(7, 3) + Fraction(1, 100))
    found = score_track(KnowingExpert(), shown(times, 0.12), times, heard(seconds=6))
    assert found.offset_frames == 3
    later = heard(Fraction(11, 7), 4)
    assert score_track(KnowingExpert(), shown(times, 0.12), times, later).offset_frames == 3


def test_the_experts_own_window_offset_is_heeded() -> None:
    times = at(25)
    expert = KnowingExpert(Fraction(-1, 25))
    assert score_track(expert, shown(times, 0.08), times, heard()).offset_frames == 2


def test_whole_faces_are_judged_by_their_lower_half() -> None:
    times = at(25, 2)
    whole, lower = (score_track(KnowingExpert(), shown(times, rows=rows), times, heard()) for rows in (96, 48))
    np.testing.assert_array_equal(whole.distances, lower.distances)


def test_batches_change_nothing_and_sound_is_heard_once_a_step() -> None:
    times = at(25, 3)
    expert, told = KnowingExpert(), list[tuple[int, int]]()
    found = score_track(
        expert, shown(times), times, heard(), SyncSettings(batch_size=7), lambda done, total: told.append((done, total))
    )
    np.testing.assert_allclose(found.distances, score(times).distances, atol=1e-9)
    assert (found.clips, expert.clips) == (71, 71)
    assert expert.windows <= 71 + 30
    assert told[0] == (7, 71)
    assert told[-1] == (71, 71)


def test_confidence_falls_where_the_face_says_something_else() -> None:
    times = at(25)
    faces = shown(times)
    faces[60:] = shown([time + 37 for time in times[60:]])
    found = score_track(KnowingExpert(), faces, times, heard())
    assert found.frame_confidence.shape == (125,)
    assert found.offset_frames == 0
    assert abs(int(np.argmax(found.frame_confidence < 0.35)) - 60) <= 3
    assert found.frame_confidence[:58].mean() > found.frame_confidence[62:].mean() + 0.3
    assert found.expert_confidence < score(times).expert_confidence


def test_another_voice_is_not_in_sync() -> None:
    times = at(25)
    found = score_track(KnowingExpert(), shown([time + 37 for time in times]), times, heard())
    assert found.expert_confidence < 0.5 * score(times).expert_confidence
    strict = SyncSettings(least_confidence=0.3)
    assert not score_track(KnowingExpert(), shown([time + 37 for time in times]), times, heard(), strict).in_sync


def test_the_tolerance_is_a_setting() -> None:
    times = at(25)
    assert not score(times, 0.08).in_sync
    assert score(times, 0.08, SyncSettings(tolerance=0.1)).in_sync
    assert not score(times, 0.0, SyncSettings(least_confidence=0.999)).in_sync


def test_frames_without_the_face_leave_a_hole_that_is_not_judged() -> None:
    times = at(25)
    kept = times[:50] + times[62:]
    expert = KnowingExpert()
    found = score_track(expert, shown(kept, 0.04), kept, heard())
    assert found.offset_frames == 1
    assert expert.clips == 46 + (125 - 62 - 4)


@pytest.mark.parametrize(
    ("times", "mel"),
    [
        ([], heard()),
        (at(25, 0.16), heard()),
        (at(25, 2), heard(Fraction(100))),
        (at(25, 2), heard(seconds=0)),
        (at(10, 3), heard()),
    ],
    ids=["no faces", "four frames", "no sound there", "no sound at all", "too few frames a second"],
)
def test_what_cannot_be_judged_says_so(times: list[Fraction], mel: MelSpectrogram) -> None:
    found = score_track(KnowingExpert(), shown(times), times, mel)
    assert (found.clips, found.offset_frames, found.expert_confidence, found.in_sync) == (0, 0, 0.0, False)
    assert np.isnan(found.distances).all()
    assert found.frame_confidence.tolist() == [0.0] * len(times)


def test_shifts_without_sound_under_them_are_left_open() -> None:
    times = at(25, 1)
    found = score_track(KnowingExpert(), shown(times), times, heard(seconds=1))
    assert found.offset_frames == 0
    assert not np.isnan(found.distances[3:28]).any()
    assert found.clips >= 20
    short = score_track(KnowingExpert(), shown(times), times, heard(seconds=0.7))
    assert np.isnan(short.distances[0])
    assert short.offset_frames == 0


Change = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda faces: faces[:, :40], r"faces should be float32 \(25, 48, 96, 3\)"),
        (lambda faces: faces.astype(np.float64), "not float64"),
        (lambda faces: faces * 255, "0..1, not 0..255; divide"),
        (lambda faces: faces * np.float32(np.nan), "not numbers"),
        (lambda faces: faces[:20], "20 faces need as many times that rise, not these 25"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: Change, words: str) -> None:
    times = at(25, 1)
    with pytest.raises(InputError, match=words):
        score_track(KnowingExpert(), change(shown(times)), times, heard())


def test_times_must_rise_and_settings_must_make_sense() -> None:
    times = at(25, 1)
    with pytest.raises(InputError, match="times that rise"):
        score_track(KnowingExpert(), shown(times), times[::-1], heard())
    with pytest.raises(InputError, match="at least 1"):
        SyncSettings(max_shift=0)


def test_inputs_are_left_alone_and_the_score_prints_short() -> None:
    times = at(25, 1)
    faces, mel = shown(times), heard()
    before = faces.copy(), mel.values.copy()
    found = score_track(KnowingExpert(), faces, times, mel)
    np.testing.assert_array_equal(faces, before[0])
    np.testing.assert_array_equal(mel.values, before[1])
    assert "in sync" in repr(found)
    assert len(repr(found)) < 100


def test_a_device_without_room_is_an_error_with_a_remedy() -> None:
    class Full(KnowingExpert):
        def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            raise MemoryError(f"a batch of {len(clips)} does not fit")

    with pytest.raises(InputError, match="does not fit; give a smaller batch_size"):
        score_track(Full(), shown(at(25, 1)), at(25, 1), heard())


def test_a_network_is_such_an_expert() -> None:
    config = ModelConfig(EXPERT, width=0.05, mel_offset_frames=0)
    state = golden_state(list(expected_shapes(EXPERT, 0.05).items()), EXPERT_GAIN)
    model: SyncExpert = SyncModel(Checkpoint(config, state), "cpu")
    times = at(25, 1)
    found = score_track(model, shown(times), times, heard())
    assert np.isfinite(found.distances).any()
    assert 0 <= np.nanmin(found.distances) <= np.nanmax(found.distances) <= 1
