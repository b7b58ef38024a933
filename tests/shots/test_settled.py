"""What the finder says of a film before it has seen the end of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.schema import Image, Shot
from dubkit.shots import DissolveSettings, ShotFinder, ShotSettings
from dubkit.timing import FrameRate
from tests.shots.test_find import black, dimmed, scene

_RATE = FrameRate.of(25)


def blended(one: list[Image], other: list[Image]) -> list[Image]:
    shares = (np.arange(len(one)) + 1) / (len(one) + 1)
    pairs = zip(one, other, shares, strict=True)
    return [((1 - share) * a.astype(np.float32) + share * b).astype(np.uint8) for a, b, share in pairs]


def film(joins: list[str], length: int) -> list[Image]:
    images = scene(1, length)
    for seed, join in enumerate(joins, 2):
        if join == "dissolve":
            images += blended(scene(seed - 1, 16), scene(seed, 16))
        elif join == "black":
            images = [*images, *dimmed(scene(seed - 1, 12), np.linspace(1, 0, 12)), *black(9)]
            images += dimmed(scene(seed, 12), np.linspace(0, 1, 12))
        images += scene(seed, 1 if join == "one frame" else length)
    return images


@given(st.lists(st.sampled_from(["cut", "dissolve", "black", "one frame"]), min_size=1, max_size=5), st.integers(9, 40))
@settings(max_examples=12, deadline=None)
def test_what_is_settled_stays(joins: list[str], length: int) -> None:
    """And a shot is settled at most ten seconds after its end; every cut was told of while its frames were at hand."""
    finder = ShotFinder(_RATE, ShotSettings())
    images = film(joins, length)
    said: list[tuple[Shot, ...]] = []
    told: set[int] = set()
    for index, image in enumerate(images):
        finder.add(image)
        said.append(finder.settled())
        assert all(index - frame < finder.memory for frame in finder.possible)
        told |= finder.possible
    shots = finder.finish()
    assert all(len(images) - 1 - frame < finder.memory for frame in finder.possible)
    told |= finder.possible
    for index, settled in enumerate(said):
        assert settled == shots[: len(settled)]
        assert len(settled) >= sum(shot.frames.stop < index - 250 for shot in shots)
    for one, other in pairwise(shots):
        if one.dissolve_out == other.dissolve_in == 0 and images[other.frames.start].mean() > 8:
            assert {one.frames.stop - 1, other.frames.start} <= told


@pytest.mark.parametrize("longest", [0.0, 2.6])
def test_shots_are_settled_long_before_the_end(longest: float) -> None:
    finder = ShotFinder(_RATE, ShotSettings(dissolves=DissolveSettings(longest=longest)))
    for image in [*scene(1, 60), *scene(2, 240)]:
        finder.add(image)
    assert [shot.frames.stop for shot in finder.settled()] == [60]


def test_a_film_that_stays_black_is_not_settled_where_the_black_began() -> None:
    finder = ShotFinder(_RATE)
    for image in [*scene(1, 60), *black(400)]:
        finder.add(image)
    assert finder.settled() == ()
    for image in scene(2, 240):
        finder.add(image)
    assert [shot.frames.stop for shot in finder.settled()] == [60, 460]
    assert [shot.frames.start for shot in finder.finish()] == [0, 60, 460]
