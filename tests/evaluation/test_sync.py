from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import InputError
from dubkit.evaluation.mfcc import mfcc
from dubkit.evaluation.sync import score_sync
from dubkit.schema import Waveform

GOLDEN = Path(__file__).parents[1] / "golden"


def test_golden_coefficients() -> None:
    wav = np.load(GOLDEN / "mel.npz")["wav"]
    sound = Waveform((wav / 32768).astype(np.float32)[None], 16_000)
    np.testing.assert_allclose(mfcc(sound), np.load(GOLDEN / "syncnet_scoring.npz")["mfcc"], atol=1e-4)


def test_golden_scores() -> None:
    golden = np.load(GOLDEN / "syncnet_scoring.npz")
    score = score_sync(golden["face_embeddings"], golden["audio_embeddings"])
    np.testing.assert_allclose(score.distances, golden["mean_distances"], atol=1e-4)
    assert score.offset == golden["offset"]
    assert score.distance == pytest.approx(float(golden["min_distance"]), abs=1e-4)
    assert score.confidence == pytest.approx(float(golden["confidence"]), abs=1e-4)


@given(shift=st.integers(-10, 10), seed=st.integers(0, 99))
def test_a_known_shift_is_found_with_its_sign(shift: int, seed: int) -> None:
    sounds = np.random.default_rng(seed).normal(size=(80, 16)).astype(np.float32)
    faces = np.roll(sounds, shift, axis=0)  # the picture shows later what was heard
    assert score_sync(faces, sounds).offset == shift


def test_identical_series_score_perfect() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    score = score_sync(rows, rows)
    assert score.offset == 0
    assert score.distance < 1e-4
    assert score.confidence > 1


def test_unequal_series_are_refused() -> None:
    with pytest.raises(InputError, match="two equal series"):
        score_sync(np.zeros((3, 2), np.float32), np.zeros((4, 2), np.float32))


def test_other_sound_is_refused() -> None:
    with pytest.raises(InputError, match="one channel at 16000 Hz"):
        mfcc(Waveform(np.zeros((1, 800), np.float32), 48_000))
