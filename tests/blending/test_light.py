from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.blending import LightSettings
from dubkit.blending.light import light_field, lit, steadied
from dubkit.blending.mask import MaskSettings, mouth_mask, mouth_zone
from dubkit.schema import Region

HERE = Region(0, 0, 120, 120)
NOWHERE = np.full((5, 2), np.nan, np.float32)
MASK, ZONE = mouth_mask(HERE, NOWHERE, MaskSettings()), mouth_zone(HERE, NOWHERE, MaskSettings())


def skin(seed: int = 0) -> npt.NDArray[np.float32]:
    return (0.5 + 0.1 * np.random.default_rng(seed).random((120, 120, 3))).astype(np.float32)


def test_a_shift_of_colour_is_undone() -> None:
    old = skin()
    new = old + np.array([0.1, -0.05, 0.2], np.float32)
    found = lit(new, light_field(new, old, MASK, ZONE, LightSettings()))
    np.testing.assert_allclose(found, old, atol=1e-4)


def test_light_from_one_side_is_followed() -> None:
    old = skin()
    slope = np.linspace(-0.1, 0.1, 120, dtype=np.float32)[None, :, None]
    new = old - slope
    plain = np.abs(new - old)[MASK > 0].mean()
    found = np.abs(lit(new, light_field(new, old, MASK, ZONE, LightSettings())) - old)[MASK > 0].mean()
    assert found < plain / 3


def test_new_lips_and_a_collar_do_not_change_the_skins_light() -> None:
    old = skin()
    new = old + np.float32(0.05)
    new[ZONE > 0.9] = 0.1
    new[108:, :50] = 0.0
    field = light_field(new, old, MASK, ZONE, LightSettings())
    assert np.median(field) == pytest.approx(-0.05, abs=0.01)


def test_where_nothing_is_known_nothing_is_added() -> None:
    old = skin()
    assert not light_field(old, old + 1, np.zeros_like(MASK), ZONE, LightSettings()).any()


def test_small_changes_are_slow_and_a_flash_is_followed_at_once() -> None:
    before = np.zeros((24, 32, 3), np.float32)
    settings = LightSettings()
    assert steadied(before + np.float32(0.004), before, settings).max() < 0.001
    np.testing.assert_allclose(steadied(before + np.float32(0.2), before, settings), 0.2, atol=1e-6)
    np.testing.assert_array_equal(steadied(before + 1, None, settings), before + 1)


def test_noise_of_the_measurement_is_damped() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(0, 0.004, (60, 1, 1, 3)).astype(np.float32) + np.zeros((24, 32, 3), np.float32)
    kept = [raw[0]]
    for field in raw[1:]:
        kept.append(steadied(field, kept[-1], LightSettings()))
    assert np.abs(np.diff(kept, axis=0)).mean() < 0.4 * np.abs(np.diff(raw, axis=0)).mean()
