"""Dissolves and fades of films made by code."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dubkit.errors import RecordError
from dubkit.schema import Image, Shot
from dubkit.shots import DissolveFinder, DissolveKind, DissolveSettings, ShotFinder, ShotSettings, find_shots
from dubkit.timing import FrameRange, FrameRate
from tests.shots.test_find import black, dimmed, scene, starts

_RATE = FrameRate.of(25)


def dissolved(one: list[Image], other: list[Image], overlap: int) -> list[Image]:
    """The two, the last frames of the one turning evenly into the first of the other; both go on moving."""
    shares = np.arange(1, overlap + 1) / (overlap + 1)
    blend = [
        np.asarray(cv2.addWeighted(a, 1 - share, b, share, 0), np.uint8)
        for a, b, share in zip(one[-overlap:], other[:overlap], shares, strict=True)
    ]
    return [*one[:-overlap], *blend, *other[overlap:]]


def found(images: list[Image], rate: FrameRate = _RATE) -> list[tuple[int, int, DissolveKind]]:
    finder = DissolveFinder(rate)
    for image in images:
        finder.add(image)
    return [(item.frames.start, item.frames.stop, item.kind) for item in finder.finish()]


@pytest.mark.parametrize("overlap", [5, 8, 12, 20, 33, 50])
def test_dissolve_becomes_a_shot_in_its_middle(overlap: int) -> None:
    film = dissolved(scene(1, 30 + overlap, speed=0.2), scene(2, overlap + 30, speed=0.2), overlap)
    first, second = find_shots(film, _RATE)
    assert abs(second.frames.start - (30 + overlap / 2)) <= 2 + overlap // 12
    assert (first.dissolve_in, second.dissolve_out) == (0, 0)
    assert first.clear.stop <= 30 + overlap // 8, "what shows both is marked"
    assert second.clear.start >= 30 + overlap - 1 - overlap // 8
    assert first.clear.stop >= 30 - 3 - overlap // 8, "and little else"
    assert second.clear.start <= 30 + overlap + 3 + overlap // 8


@pytest.mark.parametrize("fps", [24, 30, 50, 60])
def test_lengths_are_in_seconds(fps: int) -> None:
    overlap = fps
    film = dissolved(scene(1, 2 * fps, speed=0.1), scene(2, 2 * fps, speed=0.1), overlap)
    ((start, stop, kind),) = found(film, FrameRate.of(fps))
    assert kind is DissolveKind.DISSOLVE
    assert abs(start - fps) <= fps // 8
    assert abs(stop - 2 * fps) <= fps // 8


def test_two_dissolves_in_a_row() -> None:
    film = dissolved(dissolved(scene(1, 40), scene(2, 50), 16), scene(5, 40), 16)
    shots = find_shots(film, _RATE)
    assert len(shots) == 3
    assert all(shot.clear for shot in shots)


def test_film_that_begins_within_a_dissolve() -> None:
    film = dissolved(scene(1, 40), scene(2, 60), 24)[20:]
    assert len(find_shots(film, _RATE)) <= 2
    assert find_shots(film, _RATE)[-1].frames.stop == len(film)


@pytest.mark.parametrize("speed", [0.5, 2, 5, 12, 30])
def test_pan_is_no_dissolve(speed: float) -> None:
    assert found(scene(4, 80, speed=speed)) == []


def test_zoom_is_no_dissolve() -> None:
    picture = cv2.resize(scene(7, 1)[0], (512, 288), interpolation=cv2.INTER_CUBIC)
    film = []
    for step in range(60):
        width = round(512 * (1 - 0.01 * step))
        height = width * 9 // 16
        x, y = (512 - width) // 2, (288 - height) // 2
        film.append(np.asarray(cv2.resize(picture[y : y + height, x : x + width], (128, 72)), np.uint8))
    assert found(film) == []


@pytest.mark.parametrize("low", [0.3, 0.5, 0.8])
def test_light_that_changes_is_no_dissolve(low: float) -> None:
    gains = np.concatenate([np.ones(20), np.linspace(1, low, 30), np.full(20, low)])
    assert found(dimmed(scene(1, 70), gains)) == []
    assert found(dimmed(scene(1, 70), gains[::-1])) == []


def test_title_that_fades_is_no_dissolve() -> None:
    plain = np.full_like(black(1)[0], 90)
    film = []
    for share in np.concatenate(
        [np.zeros(20), np.linspace(0, 1, 25), np.ones(20), np.linspace(1, 0, 25), np.zeros(20)]
    ):
        image = plain.copy()
        image[30:44, 30:98] = round(90 + 150 * share)
        film.append(image)
    assert found(film) == []
    assert starts(film) == [0]


def test_cut_and_flash_are_no_dissolves() -> None:
    film = scene(1, 40) + scene(2, 40)
    film[20] = np.full_like(film[0], 255)
    assert found(film) == []


def test_still_and_flat_pictures() -> None:
    assert found(scene(1, 1) * 80) == []
    assert found(black(80)) == []


def test_fade_to_white_and_on() -> None:
    white = [np.full_like(image, 255) for image in black(48)]
    film = dissolved(dissolved(scene(1, 50), white, 20), scene(2, 50), 20)
    kinds = [kind for _, _, kind in found(film)]
    assert kinds == [DissolveKind.FADE_OUT, DissolveKind.FADE_IN]
    first, second = find_shots(film, _RATE)
    assert 46 <= second.frames.start <= 58, "where all is white"
    assert (first.dissolve_out, second.dissolve_in) == (0, 0), "only one picture is seen in a fade"


def test_fade_through_one_black_frame() -> None:
    out = np.linspace(1, 0, 15)
    film = dimmed(scene(1, 40), np.concatenate([np.ones(25), out]))
    film += dimmed(scene(2, 40), np.concatenate([out[::-1], np.ones(25)]))
    assert len(starts(film)) == 2


def test_film_that_begins_and_ends_with_a_fade() -> None:
    ramp = np.linspace(0, 1, 20)
    film = dimmed(scene(1, 80), np.concatenate([ramp, np.ones(40), ramp[::-1]]))
    shots = find_shots(film, _RATE)
    assert not [shot for shot in shots if 4 < shot.frames.start < 76]


def test_cuts_around_dissolves_stay() -> None:
    film = scene(5, 25) + dissolved(scene(1, 50), scene(2, 50), 18) + scene(3, 1) + scene(6, 25)
    begins = starts(film)
    assert begins[1] == 25
    assert 25 + 32 <= begins[2] <= 25 + 50
    assert begins[3:] == [107, 108], "also around a shot of one frame"


def test_batches_and_threads_change_nothing() -> None:
    film = dissolved(scene(1, 50), scene(2, 50), 20) + scene(3, 20)
    told = []
    for threads in (1, 4):
        cv2.setNumThreads(threads)
        told.append(find_shots(film, _RATE))
    cv2.setNumThreads(-1)
    assert told[0] == told[1]


def test_none_looked_for() -> None:
    film = dissolved(scene(1, 50), scene(2, 50), 30)
    settings = ShotSettings(dissolves=DissolveSettings(longest=0))
    assert len(find_shots(film, _RATE, settings)) == 1


@pytest.mark.parametrize("wrong", [{"shortest": 0.0}, {"longest": -1.0}, {"change": 0.0}, {"side": 4}])
def test_settings_nothing_is_found_with(wrong: dict[str, float]) -> None:
    with pytest.raises(RecordError):
        DissolveSettings(**wrong)  # type: ignore[arg-type]


def test_shot_that_is_all_dissolve_has_no_clear_frame() -> None:
    shot = Shot(0, FrameRange(10, 14), dissolve_in=3, dissolve_out=3)
    assert len(shot.clear) == 0
    with pytest.raises(RecordError, match="fewer"):
        Shot(0, FrameRange(10, 14), dissolve_in=5)


def test_finder_shows_what_it_found_only_once() -> None:
    finder = ShotFinder(_RATE)
    for image in dissolved(scene(1, 50), scene(2, 50), 20):
        finder.add(image)
    assert finder.finish() == finder.finish()
