"""Real recordings through placing and mixing; they are not part of the repository."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit.dialogue import MixSettings, TakenVoice, find_voices, fit_voices
from dubkit.schema import Cue, Line, SoundClip, Waveform
from dubkit.timing import TimeRange, sample_count
from tests.dialogue.mixing import mix_blocks

RATE = 16000


@pytest.fixture
def folder() -> Path:
    media = os.environ.get("DUBKIT_TEST_MEDIA")
    if not media:
        pytest.skip("DUBKIT_TEST_MEDIA names no folder of real clips")
    return Path(media) / "voices"


def test_voices_come_out_as_they_went_in(folder: Path, tmp_path: Path) -> None:
    names = ("en", "fr", "ru")
    for number, name in enumerate(names, 1):
        (tmp_path / f"line_{number}.flac").write_bytes((folder / f"{name}.flac").read_bytes())
    cues = [Cue(i, TimeRange(Fraction(30 * i), Fraction(30 * i + 4)), name) for i, name in enumerate(names, 1)]
    found = find_voices(tmp_path, cues)
    clips, recorded = {}, {}
    for number, path in found.files.items():
        samples, rate = soundfile.read(path, dtype="float32")
        assert rate == RATE
        recorded[path] = samples
        clips[number] = TakenVoice(SoundClip(path, TimeRange(Fraction(0), Fraction(len(samples), rate))))
    plan = fit_voices(cues, clips, Fraction(120))
    assert len(plan.places) == 3
    assert all("goes on for" in place.notes[0] for place in plan.places)
    lines = [Line(place.cue, place.voice, place.sound.start) for place in plan.places]
    mix = mix_blocks(
        lines,
        Fraction(120),
        read_voice=lambda clip: Waveform(recorded[clip.path][None, :], RATE),
        bed=None,
        channels=2,
        settings=MixSettings(sample_rate=RATE, peak_db=0),
        block=RATE,
    )
    heard = np.concatenate([block.samples for block in mix], axis=1)
    assert heard.shape == (2, 120 * RATE)
    for line in lines:
        first, voice = sample_count(line.start, RATE), recorded[line.voice.path]
        edge = round(0.005 * RATE)
        part = heard[:, first : first + len(voice)]
        np.testing.assert_array_equal(part[0, edge:-edge], voice[edge:-edge])
        np.testing.assert_array_equal(part[0], part[1])
