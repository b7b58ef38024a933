"""What the original shows of who speaks: films of which it is known when a mouth moves and what is heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dubkit.analysis import Analysis, analyze
from dubkit.analysis_settings import AnalysisSettings
from dubkit.faces import TrackSettings
from dubkit.original_speech import SpeechSettings, watch_speech
from dubkit.schema import Face, Image, OriginalSpeech, dumps, loads
from tests.films import Listener, OneFace, write_talk
from tests.portraits import BOX, LANDMARKS, portrait, speaking, write_pictures


class Eileen(OneFace):
    """Sees the portrait where it is."""

    def detect(self, image: Image) -> list[Face]:
        scale = np.float32(image.shape[1] / 512)
        return [Face(BOX * scale, LANDMARKS * scale, 1.0)]


def talking(frames: range, speaks: range) -> Iterator[Image]:
    image = portrait()
    for index in frames:
        opening = float(3 + 3 * np.sin(index * 1.7)) if index in speaks else 0.0
        grain = np.random.default_rng(index).normal(0, 2, image.shape)
        yield np.clip(speaking(image, opening) + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Analysis]:
    """She speaks in frames 20 to 44 of 70, without a sound."""
    path = tmp_path_factory.mktemp("talking") / "talking.mkv"
    write_pictures(path, talking(range(70), range(20, 45)))
    return path, analyze(path, Eileen(), AnalysisSettings(tracks=TrackSettings(every=6)))


def test_lips_that_move_are_told_from_lips_that_rest(film: tuple[Path, Analysis]) -> None:
    speech = watch_speech(*film)
    (mouth,) = speech.mouths
    assert (mouth.face_track, mouth.sync.shape, speech.levels.size, speech.expert) == (0, (70, 0), 0, "")
    assert np.isnan(mouth.motion[0])
    assert np.median(mouth.motion[21:45]) > 1.6
    assert np.median(np.concatenate([mouth.motion[1:20], mouth.motion[46:]])) < 1.1


def test_it_can_be_kept(film: tuple[Path, Analysis]) -> None:
    speech = watch_speech(*film)
    again = loads(OriginalSpeech, dumps(speech))
    assert dumps(again) == dumps(speech) == dumps(watch_speech(*film))
    np.testing.assert_array_equal(again.mouths[0].motion, speech.mouths[0].motion)


def test_a_face_that_is_held_in_parts_is_seen_alike(film: tuple[Path, Analysis]) -> None:
    whole, parts = watch_speech(*film), watch_speech(*film, settings=SpeechSettings(longest=30))
    one, other = whole.mouths[0].motion, parts.mouths[0].motion
    known = np.isfinite(other)
    assert (~known).sum() == 3  # the first of each part has none before it
    np.testing.assert_array_equal(one[known], other[known])


def test_a_small_face_and_a_covered_mouth_say_nothing(film: tuple[Path, Analysis]) -> None:
    path, analysis = film
    far = watch_speech(path, analysis, settings=SpeechSettings(side=128))
    assert np.isnan(far.mouths[0].motion).all()
    analysis.tracks[0].covered[30:40] = True
    try:
        seen = np.isfinite(watch_speech(path, analysis).mouths[0].motion)
    finally:
        analysis.tracks[0].covered[30:40] = False
    assert np.flatnonzero(~seen).tolist() == [0, *range(30, 41)]


@pytest.mark.parametrize("late", [0, 0.2])
def test_the_expert_says_how_far_face_and_sound_are_apart(tmp_path: Path, late: float) -> None:
    path = write_talk(tmp_path / "talk.mkv", seconds=4, late=late)
    speech = watch_speech(path, analyze(path, OneFace()), Listener())
    (mouth,) = speech.mouths
    assert speech.expert == "Listener"
    assert mouth.sync.shape == (100, 31)
    known = np.isfinite(mouth.sync).all(axis=1)
    assert known.sum() > 50
    assert int(mouth.sync[known].astype(np.float64).mean(axis=0).argmin()) == 15 + round(25 * late)


def test_the_level_follows_the_sound(tmp_path: Path) -> None:
    path = write_talk(tmp_path / "talk.mkv", seconds=2)
    speech = watch_speech(path, analyze(path, OneFace()))
    assert speech.levels.shape == (200,)
    assert speech.levels.max() - speech.levels.min() > 20
    silent = write_talk(tmp_path / "silent.mkv", seconds=1, sound=False)
    speech = watch_speech(silent, analyze(silent, OneFace()), Listener())
    assert (speech.levels.size, speech.mouths[0].sync.shape) == (0, (25, 0))
