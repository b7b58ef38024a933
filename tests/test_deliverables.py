from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from dubkit.deliverables import check_delivery, deliver
from dubkit.errors import InputError, OutputError
from dubkit.schema import Cue
from dubkit.subtitles import read_cues
from dubkit.timing import FrameRate, TimeRange
from tests.audio.witness import ffmpeg_loudness
from tests.sounds import RATE, job_of, levelled, lines_of, music, noise, planned, speech, write

RATE_25 = FrameRate.of(25)
STEP = 2**-23


def stored(path: Path) -> Any:
    info = soundfile.info(path)
    assert (info.samplerate, info.subtype) == (RATE, "PCM_24")
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def folder_of(tmp_path: Path, **fields: Any) -> tuple[Path, dict[str, Any]]:
    """A film with two lines and a stem, and a job that delivers it."""
    video = write(tmp_path / "film.wav", noise(2, 6, 0.05))
    fields = {
        "deliver": tmp_path / "out",
        "language": "es",
        "stems": write(tmp_path / "me.wav", music(6, 0.1)),
    } | fields
    return video, fields


def delivered(tmp_path: Path, **fields: Any) -> tuple[dict[str, Path], tuple[str, ...]]:
    video, fields = folder_of(tmp_path, **fields)
    voice = write(tmp_path / "v.wav", speech(1.5, 0.3))
    sound = levelled(video, lines_of((voice, 1.0, 1.5), (voice, 3.0, 1.5)), Fraction(6), **fields)
    unheard = Cue(3, TimeRange(Fraction(5), Fraction(6)), "Sin voz.")
    sound = replace(sound, lines=replace(sound.lines, failed=((unheard, "no voice"),)))
    files, notes = deliver(job_of(video, **fields), sound, RATE_25, lambda done, total: None)
    return {path.name: path for path in files}, notes


@pytest.mark.parametrize("loudness", ["", "ebu-r128"])
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_dialogue_and_effects_together_are_the_mix(tmp_path: Path, loudness: str, ending: str) -> None:
    files, notes = delivered(tmp_path, loudness=loudness, deliver_sound=ending)
    assert list(files) == [f"film.es.mix.{ending}", f"film.es.dialogue.{ending}", f"film.es.me.{ending}", "film.es.srt"]
    mix, dialogue, effects = [stored(path) for name, path in files.items() if name.endswith(ending)]
    assert mix.shape == (2, 6 * RATE)
    assert np.abs(mix - dialogue - effects).max() <= 1.6 * STEP  # three roundings
    assert not dialogue[:, 5 * RATE :].any()
    assert not notes
    if loudness:
        assert ffmpeg_loudness(mix)[0] == pytest.approx(-23, abs=0.5)
    else:
        np.testing.assert_array_equal(effects, soundfile.read(tmp_path / "me.wav", dtype="float32")[0].T)


def test_subtitles_follow_the_voices(tmp_path: Path) -> None:
    files, _ = delivered(tmp_path, deliver_subtitles="vtt")
    cues = read_cues(files["film.es.vtt"])
    assert [(float(cue.span.start), float(cue.span.stop)) for cue in cues] == [(1, 2.5), (3, 4.5), (5, 6)]
    assert [cue.text for cue in cues] == ["Línea 1.", "Línea 2.", "Sin voz."]


def test_the_lowered_original_is_called_what_it_is(tmp_path: Path) -> None:
    files, notes = delivered(tmp_path, stems=None)
    assert "film.es.me.wav" in files
    assert "the lowered original, with its voices" in notes[0]


def test_nothing_under_the_voices_is_not_delivered(tmp_path: Path) -> None:
    files, notes = delivered(tmp_path, stems=None, original="mute", subtitles=None)
    assert list(files) == ["film.es.mix.wav", "film.es.dialogue.wav"]
    assert "nothing under the voices" in notes[0]
    np.testing.assert_array_equal(*[stored(path) for path in files.values()])


def test_loud_stems_are_not_clipped(tmp_path: Path) -> None:
    files, _ = delivered(tmp_path, loudness="-8")
    for name, path in files.items():
        if name.endswith("wav"):
            assert ffmpeg_loudness(stored(path))[1] <= -1


def test_nobody_asked(tmp_path: Path) -> None:
    video = write(tmp_path / "film.wav", noise(2, 1, 0.1))
    sound = planned(video, lines_of(), Fraction(1))
    assert deliver(job_of(video), sound, RATE_25, lambda done, total: None) == ((), ())


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"deliver": "film.wav"}, OutputError, "film.wav: cannot be written to"),
        ({"deliver": "film.wav/out"}, OutputError, "film.wav: cannot be written to"),
        ({"deliver": ".", "subtitles": "film.es.srt"}, InputError, "is given, and would be written"),
        ({"deliver": ".", "stems": "film.es.me.wav"}, InputError, "is given, and would be written"),
        ({"deliver": "out", "deliver_subtitles": "doc"}, OutputError, "cannot be written as 'doc'"),
        ({"picture": "gone/a.png"}, OutputError, "folder for the picture does not exist"),
        ({"picture": "a.jpg"}, OutputError, "let it end in .png"),
        ({"picture": "folder.png"}, OutputError, "is a folder"),
    ],
)
def test_what_cannot_be_delivered_is_said_before_work_starts(
    tmp_path: Path, fields: dict[str, str], error: type[Exception], words: str
) -> None:
    video = write(tmp_path / "film.wav", noise(2, 1, 0.1))
    (tmp_path / "folder.png").mkdir()
    files = {"deliver", "subtitles", "stems", "picture"}
    values = {name: tmp_path / value if name in files else value for name, value in fields.items()}
    with pytest.raises(error, match=words):
        check_delivery(job_of(video, language="es", **values))


def test_a_usual_delivery_passes_the_check(tmp_path: Path) -> None:
    video, fields = folder_of(tmp_path, picture=tmp_path / "lines.png")
    check_delivery(job_of(video, **fields))
