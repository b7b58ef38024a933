from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.dialogue import MixSettings
from dubkit.errors import MediaError
from dubkit.media import read_sound
from tests.media.zoo import make
from tests.sounds import RATE, heard, lines_of, music, noise, planned, speech, write


def test_stems_stay_as_they_are_under_the_lines(tmp_path: Path) -> None:
    video = write(tmp_path / "film.wav", noise(2, 8, 0.3))
    stems = write(tmp_path / "me.wav", music(8, 0.1))
    voice = write(tmp_path / "v.wav", speech(3, 0.2))
    sound = planned(video, lines_of((voice, 2.0, 3.0)), Fraction(8), stems=stems)
    stored = read_sound(stems, sample_rate=RATE).samples
    beds = np.concatenate([block.bed for block in sound.stems()], axis=1)
    np.testing.assert_array_equal(beds, stored)
    mix = heard(sound)
    np.testing.assert_array_equal(mix[:, : 2 * RATE], stored[:, : 2 * RATE])
    said = mix[:, 2 * RATE + 300 : 5 * RATE - 300] - stored[:, 2 * RATE + 300 : 5 * RATE - 300]
    spoken = read_sound(voice, sample_rate=RATE).samples[:, 300:-300]
    np.testing.assert_allclose(said, np.repeat(spoken, 2, axis=0), atol=1e-6)


@pytest.mark.parametrize(("stored", "mixed"), [(1, 1), (2, 2), (3, 2), (4, 2), (5, 6), (6, 6), (8, 6)])
def test_mono_stereo_and_surround_originals(tmp_path: Path, stored: int, mixed: int) -> None:
    video = write(tmp_path / "film.wav", noise(stored, 3, 0.1))
    voice = write(tmp_path / "v.wav", np.full((1, RATE), 0.25, np.float32))
    duck_all = MixSettings(duck_db=-200)
    sound = planned(video, lines_of((voice, 1.0, 1.0)), Fraction(3), duck_all)
    mix = heard(sound)
    assert mix.shape == (mixed, 3 * RATE)
    assert sound.track.channels == mixed
    levels = mix[:, RATE + 500 : 2 * RATE - 500].mean(axis=1)
    wanted = [0, 0, 0.25, 0, 0, 0] if mixed == 6 else [0.25] * mixed
    np.testing.assert_allclose(levels, wanted, atol=1e-4)
    assert any("channels was mixed to" in note for note in sound.notes) == (stored != mixed)


@pytest.mark.parametrize("length", [Fraction(7), Fraction(239 * 1001, 24_000), Fraction(9)])
def test_the_mix_is_as_long_as_the_picture_to_the_sample(tmp_path: Path, length: Fraction) -> None:
    video = write(tmp_path / "film.wav", noise(2, 8, 0.1))
    stems = write(tmp_path / "me.wav", noise(2, 8.5, 0.1))
    for given in (None, stems):
        sound = planned(video, lines_of(), length, stems=given)
        assert heard(sound).shape[1] == round(length * RATE)
    notes = planned(video, lines_of(), length, stems=stems).notes
    assert any(("longer than the picture" if length < 8.5 else "shorter than the picture") in note for note in notes)


def test_of_several_tracks_the_first_is_heard(tmp_path: Path) -> None:
    silent = make(tmp_path / "silent.mov", frames=25)
    stems = write(tmp_path / "me.wav", noise(1, 1, 0.1))
    assert planned(silent, lines_of(), Fraction(1)).bed.path is None
    assert planned(silent, lines_of(), Fraction(1), stems=stems).bed.path == stems
    with pytest.raises(MediaError, match=r"silent\.mov: has no sound"):
        planned(silent, lines_of(), Fraction(1), stems=silent)


def test_muted_originals_and_films_without_subtitles_have_no_bed(tmp_path: Path) -> None:
    video = write(tmp_path / "film.wav", noise(2, 2, 0.1))
    for fields in ({"original": "mute"}, {"subtitles": None}):
        sound = planned(video, lines_of(), Fraction(2), **fields)
        assert sound.bed.path is None
        assert not heard(sound).any()


def test_it_can_be_heard_more_than_once(tmp_path: Path) -> None:
    video = write(tmp_path / "film.wav", noise(2, 3, 0.1))
    voice = write(tmp_path / "v.wav", speech(1, 0.2))
    sound = planned(video, lines_of((voice, 1.0, 1.0)), Fraction(3))
    np.testing.assert_array_equal(heard(sound), heard(sound))
