from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.training.augment import PictureChange, SoundChange
from dubkit.training.data_settings import AugmentSettings

PLAIN = AugmentSettings(flip=0)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_pictures_of_one_draw_change_alike(seed: int) -> None:
    augment = AugmentSettings(
        flip=0.5, light=0.2, colour=0.1, shift=3, zoom=0.1, turn=5, stretch=0.1, tone=0.5, grey=0.3, blur=1
    )
    face = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    changed = PictureChange(np.random.default_rng(seed), augment, 96).apply(np.stack([face, face]))
    assert np.array_equal(changed[0], changed[1])
    assert changed.shape == (2, 96, 96, 3)
    assert changed.dtype == np.uint8


def test_nothing_changes_where_nothing_is_asked_for() -> None:
    face = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), np.uint8)
    windows = np.random.default_rng(0).uniform(-4, 4, (2, 80, 16)).astype(np.float32)
    assert np.array_equal(PictureChange(np.random.default_rng(1), PLAIN, 96).apply(face), face)
    assert np.array_equal(SoundChange(np.random.default_rng(1), PLAIN, 4).apply(windows), windows)


def test_a_mirrored_face_is_mirrored() -> None:
    face = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), np.uint8)
    changed = PictureChange(np.random.default_rng(1), AugmentSettings(flip=1), 96).apply(face)
    assert np.array_equal(changed, face[:, :, ::-1])


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_silence_stays_silent_and_sound_within_its_limits(seed: int) -> None:
    windows = np.full((1, 80, 16), -4, np.float32)
    windows[:, 20:30] = 3.5
    augment = AugmentSettings(loudness=12, pitch=3, tilt=12)
    changed = SoundChange(np.random.default_rng(seed), augment, 4).apply(windows)
    assert changed.min() >= -4
    assert changed.max() <= 4
    assert (changed > -4).sum() == (windows > -4).sum()


def test_the_middle_stays_where_it_is_when_a_face_is_turned_and_stretched() -> None:
    face = np.zeros((1, 97, 97, 3), np.uint8)
    face[:, 44:53, 44:53] = 255
    for seed in range(10):
        augment = AugmentSettings(flip=0, turn=20, stretch=0.3, zoom=0.1)
        changed = PictureChange(np.random.default_rng(seed), augment, 97).apply(face)[0, :, :, 0].astype(float)
        rows, columns = np.mgrid[:97, :97]
        assert (rows * changed).sum() / changed.sum() == pytest.approx(48, abs=0.1)
        assert (columns * changed).sum() / changed.sum() == pytest.approx(48, abs=0.1)


def test_a_stretched_face_is_wider_or_higher_and_keeps_its_area() -> None:
    face = np.zeros((1, 96, 96, 3), np.uint8)
    face[:, 32:64, 32:64] = 255
    shapes = set()
    for seed in range(10):
        changed = PictureChange(np.random.default_rng(seed), AugmentSettings(flip=0, stretch=0.5), 96).apply(face)
        inside = changed[0, :, :, 0] > 127
        assert inside.sum() == pytest.approx(32 * 32, rel=0.1)
        shapes.add(bool(inside.any(axis=0).sum() > inside.any(axis=1).sum()))
    assert shapes == {True, False}


def test_a_grey_face_has_its_luma_in_every_channel() -> None:
    face = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), np.uint8)
    changed = PictureChange(np.random.default_rng(1), AugmentSettings(flip=0, grey=1), 96).apply(face)
    luma = face[0] @ np.array([0.114, 0.587, 0.299])
    assert np.abs(changed[0].astype(float) - luma[..., None]).max() <= 0.51


def test_the_tone_moves_what_lies_between_black_and_white() -> None:
    face = np.zeros((1, 96, 96, 3), np.uint8)
    face[:, :48] = 255
    face[:, 40:56] = 128
    moved = set()
    for seed in range(10):
        changed = PictureChange(np.random.default_rng(seed), AugmentSettings(flip=0, tone=1), 96).apply(face)[0]
        assert (changed[0] == 255).all()
        assert (changed[-1] == 0).all()
        assert 64 <= changed[48, 48, 0] <= 181
        moved.add(bool(changed[48, 48, 0] > 128))
    assert moved == {True, False}


def test_blur_takes_detail_and_leaves_the_mean() -> None:
    face = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), np.uint8)
    spreads = [
        PictureChange(np.random.default_rng(seed), AugmentSettings(flip=0, blur=2), 96).apply(face).std()
        for seed in range(10)
    ]
    assert min(spreads) < 0.6 * face.std()
    assert max(spreads) == face.std()


def test_a_tilt_raises_one_end_of_the_spectrum_and_lowers_the_other() -> None:
    windows = np.zeros((1, 80, 16), np.float32)
    for seed in range(10):
        changed = SoundChange(np.random.default_rng(seed), AugmentSettings(tilt=12), 4).apply(windows)[0]
        assert changed[0, 0] == pytest.approx(-changed[-1, 0], abs=1e-6)
        assert 0 < abs(changed[-1, 0] - changed[0, 0]) <= 12 / 12.5 + 1e-6


def test_noise_covers_what_is_faint_and_nothing_else() -> None:
    windows = np.linspace(-4, 4, 80, dtype=np.float32)[None, :, None].repeat(16, axis=2)
    floors = []
    for seed in range(20):
        changed = SoundChange(np.random.default_rng(seed), AugmentSettings(noise=0.25), 4).apply(windows)
        floors.append(float(changed.min()))
        assert np.array_equal(changed, np.maximum(windows, changed.min()))
    assert min(floors) == -4
    assert -4 < max(floors) <= -2
