"""The loudness asked for, on all kinds of film, by FFmpeg's meter, which has nothing in common with ours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.dialogue import loudness_presets, loudness_target
from dubkit.levelling import check_sound
from dubkit.media import MasterWriter
from tests.audio.witness import ffmpeg_loudness
from tests.media.masters import FAST, frames_for, made_up
from tests.sounds import RATE, heard, levelled, lines_of, music, noise, planned, speech, write

SECONDS = 9
SPOKEN = ((0.5, 3), (4.5, 1.5), (6.5, 2))
"""Start and length of the lines."""


def film(folder: Path, kind: str) -> tuple[Path, list[tuple[Path, float, float]]]:
    """An original sound and its voices."""
    beds = {
        "speech": speech(SECONDS, 0.15, seed=1),
        "music": music(SECONDS, 0.2),
        "near-silence": noise(2, SECONDS, 1e-4),
        "5.1": np.concatenate([music(SECONDS, 0.1, 2), speech(SECONDS, 0.2), music(SECONDS, 0.05, 3)]),
    }
    level = 0.02 if kind == "near-silence" else 0.3
    voices = []
    for number, (start, length) in enumerate(SPOKEN):
        path = write(folder / f"{number}.wav", speech(length, level, seed=number))
        voices.append((path, float(start), float(length)))
    return write(folder / f"film_{kind}.wav", beds[kind]), voices


@pytest.mark.parametrize("kind", ["speech", "music", "near-silence", "5.1"])
@pytest.mark.parametrize("preset", loudness_presets())
def test_every_preset_is_met(tmp_path: Path, preset: str, kind: str) -> None:
    target = loudness_target(preset)
    video, voices = film(tmp_path, kind)
    sound = levelled(video, lines_of(*voices), Fraction(SECONDS), loudness=preset)
    mix = heard(sound)
    assert mix.shape == (6 if kind == "5.1" else 1 if kind == "speech" else 2, SECONDS * RATE)
    counted = mix
    if target.dialogue:
        counted = np.concatenate([mix[:, round(a * RATE) : round((a + n) * RATE)] for a, n in SPOKEN], axis=1)
    assert ffmpeg_loudness(counted)[0] == pytest.approx(target.lufs, abs=0.5)
    assert ffmpeg_loudness(mix)[1] <= target.true_peak_db
    assert not [note for note in sound.notes if "quiet" in note or "stays" in note]


@pytest.mark.parametrize("ending", [".mov", ".mp4", ".mkv"])
@pytest.mark.parametrize("preset", ["ebu-r128", "streaming-14"])
def test_it_is_measured_again_after_encoding(tmp_path: Path, ending: str, preset: str) -> None:
    video, voices = film(tmp_path, "music")
    output = tmp_path / f"out{ending}"
    sound = levelled(video, lines_of(*voices), Fraction(SECONDS), loudness=preset, output=output)
    picture = made_up("yuv420p")
    with MasterWriter(output, picture, sounds=[sound.track], settings=FAST) as writer:
        blocks = sound.blocks()
        for frame in frames_for(picture, SECONDS * 25):
            if frame.index % 25 == 0:
                writer.write_sound(0, next(blocks))
            writer.write_frame(frame)
    report, notes = check_sound(sound, output)
    assert report is not None
    assert report.target == preset
    assert report.counted == report.integrated == pytest.approx(report.target_lufs, abs=0.5)
    assert report.true_peak_db <= report.limit_db
    assert report.before + report.gain_db == pytest.approx(report.target_lufs, abs=1.5)  # the rest is the limiter's
    assert not notes


def test_a_plain_gain_where_no_peak_is_near(tmp_path: Path) -> None:
    """Nothing but one factor: the limiter leaves every sample alone."""
    video, voices = film(tmp_path, "music")
    lines = lines_of(*voices)
    before, sound = planned(video, lines, Fraction(SECONDS)), levelled(video, lines, Fraction(SECONDS), loudness="-30")
    factor = np.float32(10 ** (sound.settings.gain_db / 20))
    np.testing.assert_allclose(heard(sound), heard(before) * factor, atol=1e-6)


def test_silence_stays_silence_and_next_to_nothing_is_not_blown_up(tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.wav", np.zeros((2, 5 * RATE), np.float32))
    sound = levelled(silent, lines_of(), Fraction(5), loudness="ebu-r128")
    assert not heard(sound).any()
    assert "the mix is silent" in sound.notes[0]
    room = write(tmp_path / "room.wav", noise(2, 5, 0.0004))
    sound = levelled(room, lines_of(), Fraction(5), loudness="ebu-r128")
    assert sound.settings.gain_db == 30
    assert "very quiet" in sound.notes[0]
    assert ffmpeg_loudness(heard(sound))[0] < -30


def test_a_film_that_nobody_speaks_in_is_levelled_as_a_whole(tmp_path: Path) -> None:
    video, _ = film(tmp_path, "music")
    sound = levelled(video, lines_of(), Fraction(SECONDS), loudness="film-27")
    assert ffmpeg_loudness(heard(sound))[0] == pytest.approx(-27, abs=0.5)
    assert any("nobody is heard speaking" in note for note in sound.notes)


@pytest.mark.parametrize(("level", "direction"), [("match", "lowered"), ("auto", ""), ("keep", "")])
def test_voices_that_are_too_loud_come_down_to_the_original(tmp_path: Path, level: str, direction: str) -> None:
    video = write(tmp_path / "film.wav", np.repeat(speech(SECONDS, 0.05, seed=9), 2, axis=0))
    voice = write(tmp_path / "v.wav", speech(6, 0.2))
    sound = levelled(video, lines_of((voice, 2.0, 6.0)), Fraction(SECONDS), voice_level=level)
    moved = -12.0 if direction else 0.0
    assert sound.settings.voice_db == pytest.approx(moved, abs=1.5)
    assert any(f"the voices were {direction} by" in note for note in sound.notes) == bool(direction)


def test_what_a_machine_speaks_is_matched_unless_told_otherwise(tmp_path: Path) -> None:
    video = write(tmp_path / "film.wav", speech(SECONDS, 0.02, seed=9))
    voice = write(tmp_path / "v.wav", speech(6, 0.2))
    lines = lines_of((voice, 2.0, 6.0))
    assert levelled(video, lines, Fraction(SECONDS), voice=None, tts="espeak").settings.voice_db == -15
    kept = levelled(video, lines, Fraction(SECONDS), voice=None, tts="espeak", voice_level="keep")
    assert kept.settings.voice_db == 0
    assert kept.measured is None


def test_nobody_asked(tmp_path: Path) -> None:
    video, voices = film(tmp_path, "music")
    sound = levelled(video, lines_of(*voices), Fraction(SECONDS))
    assert (sound.measured, sound.target, len(sound.curve())) == (None, None, 0)
    assert check_sound(sound, video) == (None, ())
