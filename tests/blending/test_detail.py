from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.blending import DetailSettings
from dubkit.blending.detail import DetailLevels, _motion, detailed, measure_detail, split_bands
from dubkit.blending.mask import MaskSettings, mouth_mask, mouth_zone
from dubkit.schema import Region

SIZE = 240
HERE = Region(0, 0, SIZE, SIZE)
NOWHERE = np.full((5, 2), np.nan, np.float32)
ZONE = mouth_zone(HERE, NOWHERE, MaskSettings())
SKIN = ((mouth_mask(HERE, NOWHERE, MaskSettings()) > 0) & (ZONE == 0)).astype(np.float32)
SETTINGS = DetailSettings()

Luma = npt.NDArray[np.float32]


def grain(seed: int, deviation: float = 0.01) -> Luma:
    return np.random.default_rng(seed).normal(0.5, deviation, (SIZE, SIZE)).astype(np.float32)


def deviation(values: Luma) -> float:
    return float(values[ZONE == 1].std())


def run(olds: list[Luma], news: list[Luma], settings: DetailSettings = SETTINGS) -> tuple[list[Luma], DetailLevels]:
    """The new faces with their detail, frame by frame, and the last levels."""
    levels, results = None, []
    for index, (old, new) in enumerate(zip(olds, news, strict=True)):
        bands = [split_bands(luma, SIZE, settings) for luma in (old, new)]
        levels = measure_detail(bands[0], bands[1], SKIN, (0, 0), levels, settings)
        results.append(new + detailed(bands[0], bands[1], ZONE, levels, (1, index), settings))
    assert levels is not None
    return results, levels


def test_bands_and_what_is_left_make_the_whole() -> None:
    luma = grain(0)
    bands = split_bands(luma, SIZE, SETTINGS)
    assert len(bands) == 3
    rest = luma - sum(bands)
    assert rest.std() < luma.std() / 8
    assert len(split_bands(luma, 60, SETTINGS)) == 1
    assert len(split_bands(luma, 9000, SETTINGS)) == 4


def test_bands_lie_between_blurs_that_double() -> None:
    luma = np.asarray(cv2.resize(grain(0, 0.05), (401, 333), interpolation=cv2.INTER_CUBIC), np.float32)
    bands, rest = split_bands(luma, 400, SETTINGS), luma
    assert len(bands) == 4
    for side, band in zip((3, 5, 9, 17), bands, strict=True):
        blurred = np.asarray(cv2.blur(cv2.blur(rest, (side, side)), (side, side)), np.float32)
        # Coarse ones are blurred at half the size, which may be off by a few hundredths of a band.
        assert np.abs(band - (rest - blurred))[20:-20, 20:-20].std() < (1e-6 if side < 9 else 0.05 * band.std())
        rest = rest - band


def test_a_level_is_that_of_the_smoother_cells() -> None:
    bands = split_bands(grain(0) * np.linspace(0.5, 2, SIZE, dtype=np.float32), SIZE, SETTINGS)
    whole = np.ones((SIZE, SIZE), np.float32)
    levels = measure_detail(bands, bands, whole, (0, 0), None, SETTINGS)
    for band, level in zip(bands, levels.old, strict=True):
        powers = (band * band).reshape(SIZE // 6, 6, SIZE // 6, 6).mean(axis=(1, 3))
        assert level == pytest.approx(np.sqrt(np.quantile(powers, SETTINGS.smoother)), rel=1e-4)


@pytest.mark.parametrize("shape", [(40, 30), (300, 700)])
@pytest.mark.parametrize("corner", [(0, 0), (-900, 3000)])
def test_grain_that_goes_with_a_face_is_the_same_at_every_corner(
    shape: tuple[int, int], corner: tuple[int, int]
) -> None:
    """Of a crop that grew by some pixels, the grain of what was there before stays as it was."""
    blank = [np.zeros(shape, np.float32)]
    more = [np.zeros((shape[0] + 9, shape[1] + 5), np.float32)]

    def levels(at: tuple[int, int], finest: Luma) -> DetailLevels:
        return DetailLevels(np.array([0.01]), np.array([0.0]), 1.0, np.zeros(2), at, finest, 1)

    all_mouth = [np.ones_like(blank[0]), np.ones_like(more[0])]
    small = detailed(blank, blank, all_mouth[0], levels(corner, blank[0]), (1, 0), SETTINGS)
    large = detailed(more, more, all_mouth[1], levels((corner[0] - 9, corner[1] - 5), more[0]), (1, 4), SETTINGS)
    assert small.std() == pytest.approx(0.01, rel=0.3)
    np.testing.assert_allclose(large[9:, 5:], small, atol=1e-7)


def test_a_mouth_without_grain_gets_that_of_the_skin() -> None:
    results, _ = run([grain(0)], [np.full((SIZE, SIZE), 0.5, np.float32)])
    assert deviation(results[0]) == pytest.approx(0.01, rel=0.2)
    fine = results[0][ZONE == 0] - grain(0)[ZONE == 0]
    assert fine.std() < 0.004  # the skin keeps its own, but for what is coarser than the bands


def test_a_mouth_as_sharp_as_the_skin_is_left_alone() -> None:
    old, new = grain(0), grain(1)
    results, _ = run([old], [new])
    at = ZONE == 1
    assert np.abs(results[0] - new)[at].max() < 0.004


def test_a_blurred_mouth_is_sharpened_as_far_as_the_skin_and_no_further() -> None:
    old = np.asarray(cv2.GaussianBlur(grain(0, 0.1), (0, 0), 2), np.float32)
    new = np.asarray(0.5 + (old - 0.5) * 0.8, np.float32)
    settings = replace(SETTINGS, grain=0.0)
    results, levels = run([old], [new], settings)
    assert 1.1 < levels.old[1] / levels.new[1] < 1.4
    assert deviation(new) < deviation(results[0]) <= deviation(old) * 1.1
    weak, _ = run([old], [np.asarray(0.5 + (old - 0.5) * 0.1, np.float32)], settings)
    assert deviation(weak[0]) < deviation(old) * 0.1 * settings.sharpen * 1.2


def test_old_lips_do_not_come_through() -> None:
    old, new = grain(0, 0.004), np.full((SIZE, SIZE), 0.5, np.float32)
    row = int(np.flatnonzero((ZONE == 1).any(axis=1)).mean())
    old[row : row + 2, 80:160] = 0.1
    beside = 20
    old[SKIN.astype(bool).any(axis=1).nonzero()[0][-beside], 100:140] = 0.1
    results, levels = run([old], [new])
    assert abs(results[0][row, 80:160].mean() - 0.5) < 0.01
    assert np.abs(results[0] - 0.5).max() < 3 * (SETTINGS.clip + 2) * levels.old.max()


def test_a_beard_is_no_grain() -> None:
    hair = grain(0, 0.2)
    results, _ = run([hair], [np.full((SIZE, SIZE), 0.5, np.float32)])
    assert deviation(results[0]) < 2 * SETTINGS.most_grain


@pytest.mark.parametrize("moving", [False, True])
def test_grain_is_as_restless_as_the_films_own(moving: bool) -> None:
    fixed = grain(7)
    films = {
        "fresh": [grain(n) for n in range(12)],
        "still": [np.roll(fixed, (n, 2 * n) if moving else 0, (0, 1)) for n in range(12)],
    }
    blank = [np.full((SIZE, SIZE), 0.5, np.float32)] * 12
    changes = {}
    for name, film in films.items():
        results, levels = run(film, blank)
        if moving:
            results = [np.roll(r, (-n, -2 * n), (0, 1)) for n, r in enumerate(results)]
        inner = cv2.erode((ZONE == 1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        changes[name] = float(np.abs(results[-1] - results[-2])[inner].mean())
        assert (levels.still > 0.8) == (name == "still")
    if not moving:
        assert changes["still"] < 0.25 * changes["fresh"]


def test_without_skin_to_look_at_nothing_is_invented() -> None:
    bands = split_bands(grain(0), SIZE, SETTINGS)
    levels = measure_detail(bands, bands, np.zeros_like(SKIN), (0, 0), None, SETTINGS)
    assert not levels.old.any()
    added = detailed(bands, [band * 0 for band in bands], np.ones_like(ZONE), levels, (0, 0), SETTINGS)
    assert not added.any()


def test_a_crop_that_changes_size_or_jumps_away_is_measured_on() -> None:
    levels = None
    for size, corner in ((200, (0, 0)), (203, (1, -1)), (40, (5000, 5000)), (200, (0, 0))):
        bands = split_bands(grain(0)[:size, :size], size, SETTINGS)
        levels = measure_detail(bands, bands, np.ones((size, size), np.float32), corner, levels, SETTINGS)
        assert np.isfinite(levels.old).all()
        assert 0 <= levels.still <= 1
        assert len(levels.old) == len(bands)


@pytest.mark.parametrize(("height", "width"), [(75, 75), (81, 135), (72, 90), (64, 225), (120, 128)])
@pytest.mark.parametrize("moved", [(0, 0), (2, -1)])
def test_motion_is_found_whatever_the_size(height: int, width: int, moved: tuple[int, int]) -> None:
    """Some sizes made OpenCV's correlation see half a pixel of motion in a face that stands still."""
    skin = np.random.default_rng(0).standard_normal((height + 20, width + 20)).astype(np.float32)
    was, now = (skin[10 + dy : 10 + dy + height, 10 + dx : 10 + dx + width] for dy, dx in ((0, 0), moved))
    before = DetailLevels(np.ones(1), np.ones(1), 1.0, np.zeros(2), (0, 0), was, 1)
    found, still = _motion(before, (0, 0), now)
    np.testing.assert_allclose(found, [-moved[0], -moved[1]], atol=0.1)
    assert still > 0.9
