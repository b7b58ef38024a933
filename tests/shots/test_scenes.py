"""Scenes of films made by code."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dubkit.errors import RecordError
from dubkit.schema import Image, Scene
from dubkit.shots import SceneFinder, SceneSettings, find_shots
from dubkit.timing import FrameRate
from tests.shots.test_find import black, scene

_RATE = FrameRate.of(25)


def scenes(takes: Sequence[int], settings: SceneSettings | None = None, frames: int = 30) -> list[list[int]]:
    """The shots of each scene, for a film cut from these takes, each going on where it was left."""
    film: list[Image] = []
    shown: dict[int, int] = {}
    for take in takes:
        at = shown.get(take, 0)
        film += scene(take, at + frames)[at:]
        shown[take] = at + frames
    return [[shot.index for shot in found.shots] for found in grouped(film, settings)]


def grouped(film: Sequence[Image], settings: SceneSettings | None = None) -> tuple[Scene, ...]:
    finder = SceneFinder(_RATE, settings)
    for image in film:
        finder.add(image)
    return finder.finish(find_shots(film, _RATE))


def test_shot_and_reverse_shot_are_one_scene() -> None:
    assert scenes([1, 2, 1, 2]) == [[0, 1, 2, 3]]


def test_what_lies_between_belongs_to_it() -> None:
    assert scenes([1, 2, 3, 1]) == [[0, 1, 2, 3]]


def test_two_conversations_are_two_scenes() -> None:
    assert scenes([1, 2, 1, 2, 5, 6, 5, 6]) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_what_comes_back_much_later_is_another_scene() -> None:
    settings = SceneSettings(within=2.0)
    assert scenes([1, 2, 3, 5, 1], settings) == [[0], [1], [2], [3], [4]]
    assert scenes([1, 2, 1], settings) == [[0, 1, 2]]


def test_shot_too_short_to_be_looked_at_stays_with_the_one_before() -> None:
    film = [*scene(1, 30), *scene(2, 1), *scene(3, 30)]
    assert [len(found.shots) for found in grouped(film)] == [2, 1]


def test_every_shot_lies_in_one_scene() -> None:
    film = [*scene(1, 20), *black(10), *scene(2, 20), *scene(1, 20)]
    shots = find_shots(film, _RATE)
    assert tuple(shot for found in grouped(film) for shot in found.shots) == shots


def test_film_of_one_shot_and_of_none() -> None:
    assert [len(found.shots) for found in grouped(scene(1, 5))] == [1]
    assert SceneFinder(_RATE).finish(()) == ()


@pytest.mark.parametrize("wrong", [{"alike": 0.0}, {"alike": 1.5}, {"within": -1.0}, {"every": 0.0}])
def test_settings_that_group_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(RecordError):
        SceneSettings(**wrong)
