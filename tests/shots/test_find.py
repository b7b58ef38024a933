"""Shots of films made by code, whose cuts are known."""

from __future__ import annotations

import os
import tracemalloc
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import InputError, MediaError, RecordError
from dubkit.schema import Image
from dubkit.shots import ShotFinder, ShotSettings, find_shots
from dubkit.timing import FrameRate

_RATE = FrameRate.of(25)
_HEIGHT, _WIDTH = 72, 128


def scene(seed: int, frames: int, speed: float = 0.4) -> list[Image]:
    """A textured picture that drifts sideways, in colours of its own."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 236, (9, 32, 3), np.uint8)
    wide = cv2.resize(coarse, (_WIDTH * 4, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    shifts = [np.array([[1, 0, -((8 + speed * i) % (_WIDTH * 3))], [0, 1, 0]], np.float32) for i in range(frames)]
    return [np.asarray(cv2.warpAffine(wide, shift, (_WIDTH, _HEIGHT)), np.uint8) for shift in shifts]


def dimmed(images: list[Image], gains: np.ndarray) -> list[Image]:
    return [(image * gain).astype(np.uint8) for image, gain in zip(images, gains, strict=True)]


def black(frames: int) -> list[Image]:
    return [np.zeros((_HEIGHT, _WIDTH, 3), np.uint8) for _ in range(frames)]


def starts(images: list[Image], **changes: float) -> list[int]:
    shots = find_shots(images, _RATE, ShotSettings(**changes))  # type: ignore[arg-type]
    return [shot.frames.start for shot in shots]


def test_one_shot() -> None:
    shots = find_shots(scene(1, 40), _RATE)
    assert [(shot.index, shot.frames.start, shot.frames.stop) for shot in shots] == [(0, 0, 40)]


def test_cuts_are_exact() -> None:
    assert starts(scene(1, 30) + scene(2, 17) + scene(3, 25)) == [0, 30, 47]


def test_shots_of_six_frames() -> None:
    film = [image for seed in range(8) for image in scene(seed, 6)]
    assert starts(film) == list(range(0, 48, 6))


def test_black_and_white_film() -> None:
    colour = scene(1, 20) + scene(2, 20) + scene(5, 20)
    gray = [np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2) for image in colour]
    assert starts(gray) == [0, 20, 40]


def test_fast_motion_is_no_cut() -> None:
    still_then_fast = scene(4, 12, speed=0) + scene(4, 20, speed=18)
    assert starts(still_then_fast) == [0]


@pytest.mark.parametrize("length", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", ["white", "lit", "black"])
def test_flash_is_no_cut(kind: str, length: int) -> None:
    film = scene(1, 60)
    for i in range(25, 25 + length):
        film[i] = {"white": 255 - film[i] // 20, "lit": film[i] // 3 + 150, "black": film[i] * 0}[kind]
    assert starts(film) == [0]


def test_flash_that_fades_is_no_cut() -> None:
    film = scene(1, 60)
    for i, lit in enumerate((1.0, 0.7, 0.4, 0.2)):
        film[25 + i] = (film[25 + i] + (255 - film[25 + i]) * lit).astype(np.uint8)
    assert starts(film) == [0]


def test_cut_between_two_flashes_is_found() -> None:
    film = scene(1, 40) + scene(2, 40)
    film[20] = film[60] = np.full_like(film[0], 255)
    assert starts(film) == [0, 40]


def test_no_flashes_asked_for() -> None:
    film = scene(1, 60)
    film[25] = np.full_like(film[0], 255)
    assert starts(film, flash=0) == [0, 25, 26]


@pytest.mark.parametrize("frames", [1, 2])
def test_short_shot_at_either_end(frames: int) -> None:
    assert starts(scene(1, 40) + scene(2, frames)) == [0, 40]
    assert starts(scene(2, frames) + scene(1, 40)) == [0, frames]


def test_motion_at_either_end_is_no_cut() -> None:
    assert starts(scene(4, 30, speed=6)) == [0]


def test_fade_through_black_starts_a_shot_in_the_dark() -> None:
    into = np.concatenate([np.linspace(0, 1, 12), np.ones(20)])
    film = dimmed(scene(1, 32), into[::-1]) + black(10) + dimmed(scene(2, 32), into)
    found = starts(film)
    assert len(found) == 2, "neither the last step into the black nor the first out of it is a cut"
    assert 29 <= found[1] <= 32


def test_fade_from_and_to_black_at_the_ends() -> None:
    into = np.linspace(0, 1, 12)
    film = black(8) + dimmed(scene(1, 44), np.concatenate([into, np.ones(20), into[::-1]])) + black(8)
    found = starts(film)
    assert not [start for start in found if 10 < start < 48], "the lit part is one shot"


def test_cut_to_black_and_back() -> None:
    assert starts(scene(1, 30) + black(10) + scene(2, 30)) == [0, 30, 40]


def test_film_of_black_is_one_shot() -> None:
    assert starts(black(30)) == [0]


def test_single_frame_and_no_frame() -> None:
    assert starts(scene(1, 1)) == [0]
    assert find_shots([], _RATE) == ()


def test_pixel_sized_pictures() -> None:
    assert starts([np.full((1, 1, 3), 200, np.uint8)] * 5) == [0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=6), st.sampled_from([24, 25, 60]))
def test_every_frame_lies_in_exactly_one_shot(pieces: list[tuple[int, int]], fps: int) -> None:
    film = [image for seed, frames in pieces for image in scene(seed, frames)]
    shots = find_shots(film, FrameRate.of(fps))
    assert [shot.index for shot in shots] == list(range(len(shots)))
    assert shots[0].frames.start == 0
    assert shots[-1].frames.stop == len(film)
    assert all(one.frames.stop == other.frames.start for one, other in pairwise(shots))


def test_streaming_gives_the_same() -> None:
    film = scene(1, 20) + scene(2, 20)
    finder = ShotFinder(_RATE)
    buffer = np.empty_like(film[0])
    for image in film:
        buffer[:] = image  # a decoder may use its buffer again
        finder.add(buffer)
    assert finder.finish() == find_shots(film, _RATE)
    assert finder.finish() == find_shots(film, _RATE), "asked twice"


def test_images_are_not_changed() -> None:
    film = scene(1, 10) + scene(2, 10)
    copies = [image.copy() for image in film]
    for image in film:
        image.setflags(write=False)
    find_shots(film, _RATE)
    assert all(np.array_equal(image, copy) for image, copy in zip(film, copies, strict=True))


def test_scale_hardly_matters() -> None:
    film = scene(1, 20) + scene(2, 20) + scene(3, 20)
    large = [np.asarray(cv2.resize(image, (640, 360)), np.uint8) for image in film]
    assert starts(large) == starts(film) == [0, 20, 40]


def test_memory_does_not_grow_with_the_film() -> None:
    film = scene(1, 30)
    finder = ShotFinder(_RATE)
    held = []
    tracemalloc.start()
    for _ in range(3):
        for image in film * 6:
            finder.add(image)
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[2] < held[1] + 4 * film[0].nbytes, "180 frames came by"


def test_images_that_are_none() -> None:
    finder = ShotFinder(_RATE)
    for image in (
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ):
        with pytest.raises(MediaError, match="frame 0"):
            finder.add(image)  # type: ignore[arg-type]


def test_size_that_changes() -> None:
    finder = ShotFinder(_RATE)
    finder.add(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(MediaError, match="frame 1"):
        finder.add(np.zeros((8, 9, 3), np.uint8))


def test_frame_after_the_end() -> None:
    finder = ShotFinder(_RATE)
    finder.add(np.zeros((8, 8, 3), np.uint8))
    finder.finish()
    with pytest.raises(InputError, match="new finder"):
        finder.add(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("wrong", [{"change": 0.0}, {"ratio": -1.0}, {"window": 0}, {"flash": -0.1}, {"side": 0}])
def test_settings_nothing_is_found_with(wrong: dict[str, float]) -> None:
    with pytest.raises(RecordError):
        ShotSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.skipif("DUBKIT_TEST_MEDIA" not in os.environ, reason="DUBKIT_TEST_MEDIA names no folder of real clips")
@pytest.mark.parametrize(
    ("clip", "cuts"),
    [("phone_portrait_cuts.mp4", [268, 283, 298, 315, 328]), ("hdtf_a.mp4", []), ("studio_1080p.mp4", [])],
)
def test_real_cuts(clip: str, cuts: list[int]) -> None:
    capture = cv2.VideoCapture(str(Path(os.environ["DUBKIT_TEST_MEDIA"]) / clip))
    finder = ShotFinder(_RATE)
    while True:
        more, image = capture.read()
        if not more:
            break
        finder.add(np.asarray(image, np.uint8))
    capture.release()
    assert [shot.frames.start for shot in finder.finish()] == [0, *cuts]
