from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.audio import ActivitySettings, FlawFinder, chunk_levels, voiced_span
from dubkit.audio.activity import active_runs
from dubkit.errors import RecordError
from dubkit.schema import Waveform

RATE = 16_000


def noise(level_db: float, seconds: float, rate: int = RATE, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    count = round(seconds * rate)
    return (10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def spoken(before: float, during: float, after: float, level: float = -20, room: float = -200) -> Waveform:
    parts = [noise(room, before), noise(level, during, seed=2), noise(room, after, seed=3)]
    return Waveform(np.concatenate(parts)[None], RATE)


@pytest.mark.parametrize("level", [-8, -20, -45])
@pytest.mark.parametrize("room", [-200, -90])
def test_silence_around_a_voice_is_found_loud_or_quiet(level: float, room: float) -> None:
    span = voiced_span(spoken(0.437, 1.25, 0.71, level, room))
    assert float(span.start) == pytest.approx(0.437, abs=0.012)
    assert float(span.start) <= 0.437
    assert float(span.stop) == pytest.approx(0.437 + 1.25 + 0.05, abs=0.011)


def test_the_noise_of_a_room_is_not_speech() -> None:
    span = voiced_span(spoken(0.5, 1.0, 0.5, -15, -60))
    assert float(span.start) == pytest.approx(0.5, abs=0.012)
    assert float(span.stop) == pytest.approx(1.55, abs=0.011)


def test_a_soft_consonant_at_the_edge_is_kept() -> None:
    soft = np.concatenate([noise(-200, 0.3), noise(-46, 0.1), noise(-18, 0.5), noise(-46, 0.1), noise(-200, 0.3)])
    span = voiced_span(Waveform(soft[None], RATE))
    assert float(span.start) <= 0.3
    assert float(span.stop) >= 1.0


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(8000), noise(-80, 1)])
def test_silence_has_no_voiced_span(samples: np.ndarray[Any, Any]) -> None:
    assert voiced_span(Waveform(samples.astype(np.float32)[None], RATE)).duration == 0


def test_runs_are_parted_by_pauses_only() -> None:
    samples = np.concatenate(
        [noise(-200, 0.2), noise(-20, 0.5), noise(-200, 0.2), noise(-20, 0.5), noise(-200, 0.6), noise(-20, 0.4)]
    )
    runs = active_runs(chunk_levels(Waveform(samples[None], RATE)))
    assert runs == [(20, 140), (200, 240)]


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 0.6),
    st.floats(0.05, 0.8),
    st.floats(0, 0.6),
    st.floats(-40, -4),
    st.sampled_from([8000, 44_100, 48_000]),
)
def test_against_pydub(before: float, during: float, after: float, level: float, rate: int) -> None:
    pydub = pytest.importorskip("pydub")
    silence = pytest.importorskip("pydub.silence")
    parts = [np.zeros(round(before * rate)), noise(level, during, rate).clip(-1, 1), np.zeros(round(after * rate))]
    samples = np.concatenate(parts).astype(np.float32)
    sound = Waveform(samples[None], rate)
    segment = pydub.AudioSegment(
        (samples * 32767).astype(np.int16).tobytes(), frame_rate=rate, sample_width=2, channels=1
    )
    expected = silence.detect_leading_silence(segment, silence_threshold=-50.0, chunk_size=10)
    found = float(voiced_span(sound).start) * 1000
    assert abs(found - expected) <= 12 + 1000 / rate


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong in ({"chunks_per_second": 5}, {"tail": Fraction(-1)}):
        with pytest.raises(RecordError):
            ActivitySettings(**wrong)


def flaws(samples: np.ndarray[Any, Any], rate: int = 48_000) -> tuple[str, ...]:
    finder = FlawFinder(rate)
    for start in range(0, samples.shape[-1], 7001):
        finder.hear(Waveform(np.atleast_2d(samples)[:, start : start + 7001].astype(np.float32), rate))
    return finder.notes


def test_flaws_of_recordings() -> None:
    clean = 0.9 * np.sin(2 * np.pi * 180 * np.arange(48_000) / 48_000) * np.hanning(48_000)
    assert flaws(clean) == ()
    (clipped,) = flaws(np.clip(2.5 * clean, -1, 1))
    assert "is clipped:" in clipped
    (lowered,) = flaws(0.7 * np.clip(2.5 * clean, -1, 1))
    assert "is clipped:" in lowered
    (telephone,) = flaws(clean[::6], 8000)
    assert telephone == "is of telephone quality: 8000 Hz, nothing above 4000 Hz is heard"
    (offset,) = flaws(0.5 * clean + 0.1)
    assert offset == "has a constant offset of +0.10"
    assert flaws(np.zeros(0)) == ()
