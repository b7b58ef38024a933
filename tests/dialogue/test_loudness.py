from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.audio import LoudnessMeter
from dubkit.dialogue import (
    LevelSettings,
    MeasuredStems,
    Stems,
    gain_for,
    loudness_presets,
    loudness_target,
    measure_stems,
    spoken_hops,
    voice_gain_for,
)
from dubkit.errors import InputError
from dubkit.timing import TimeRange

RATE = 8000
SPOKEN = [TimeRange(Fraction(2), Fraction(4))]


def stems(bed: float, voice: float) -> Iterator[Stems]:
    """Six seconds of noise; from the second to the fourth of them there is a voice over it."""
    rng = np.random.default_rng(0)
    for second in range(6):
        under = (bed * rng.standard_normal((2, RATE))).astype(np.float32)
        said = (voice * rng.standard_normal((2, RATE))).astype(np.float32)
        yield Stems(under, said if 2 <= second < 4 else None)


def measured(bed: float = 0.01, voice: float = 0.1) -> MeasuredStems:
    return measure_stems(stems(bed, voice), 2, RATE, SPOKEN)


def power(level: float) -> npt.NDArray[np.float64]:
    meter = LoudnessMeter(2, RATE)
    meter.add((level * np.random.default_rng(1).standard_normal((2, 6 * RATE))).astype(np.float32))
    return meter.power


@pytest.mark.parametrize(
    ("text", "lufs", "peak", "dialogue"),
    [
        ("ebu-r128", -23, -1, False),
        ("streaming-16", -16, -1, False),
        (" Streaming-14 ", -14, -1, False),
        ("film-27", -27, -2, True),
        ("-24", -24, -1, False),
        ("-18.5", -18.5, -1, False),
    ],
)
def test_targets(text: str, lufs: float, peak: float, dialogue: bool) -> None:
    target = loudness_target(text)
    assert (target.lufs, target.true_peak_db, target.dialogue) == (lufs, peak, dialogue)


@pytest.mark.parametrize("text", ["loud", "", "23", "-60", "0", "nan", "inf"])
def test_what_is_no_loudness(text: str) -> None:
    with pytest.raises(InputError, match="use one of ebu-r128, streaming-16, streaming-14, film-27, or LUFS from"):
        loudness_target(text)


def test_every_preset_has_a_name() -> None:
    assert [loudness_target(name).name for name in loudness_presets()] == list(loudness_presets())


def test_dialogue_counts_alone_where_it_is_asked_for() -> None:
    found = measured()
    assert found.loudness(loudness_target("film-27")) == pytest.approx(found.loudness(loudness_target("-27")), abs=0.6)
    quiet = measured(bed=0.2, voice=0.02)
    spoken, whole = loudness_target("film-27"), loudness_target("-27")
    lower = found.loudness(spoken, gain_db=-6)
    assert lower == pytest.approx(found.loudness(spoken) - 6, abs=1e-6)
    assert quiet.loudness(spoken) == pytest.approx(quiet.loudness(whole), abs=0.3)
    assert not measured(voice=0.0).speaks
    assert measured(voice=0.0).counted(spoken) is None


def test_voices_become_as_loud_as_the_original_was() -> None:
    assert voice_gain_for(measured(voice=0.1), power(0.05)) == pytest.approx(-6.02, abs=0.2)
    assert voice_gain_for(measured(voice=0.1), power(0.2)) == pytest.approx(6.02, abs=0.2)


def test_voices_are_not_moved_without_bound_nor_by_silence() -> None:
    assert voice_gain_for(measured(voice=0.001), power(0.5)) == LevelSettings().most_voice_db
    assert voice_gain_for(measured(voice=0.1), np.zeros(60)) == 0
    assert voice_gain_for(measured(voice=0.0), power(0.1)) == 0
    assert voice_gain_for(measured(voice=0.1), np.zeros(0)) == 0


def test_gain_is_plain_and_has_an_end() -> None:
    target = loudness_target("ebu-r128")
    assert gain_for(-20, target) == (-3, ())
    assert gain_for(-70, target) == (0, ("the mix is silent, so its loudness was left alone",))
    gain, notes = gain_for(-60, target)
    assert gain == 30
    assert "very quiet (-60.0 LUFS); it was raised by 30 dB and not by 37.0 dB" in notes[0]


def test_the_worst_that_a_limiter_can_take() -> None:
    found, target = measured(), loudness_target("-10")
    free = found.loudness(target, 0, 10)
    assert found.limited_loudness(target, 0, 10, ceiling=100.0) == pytest.approx(free)
    assert found.limited_loudness(target, 0, 10, ceiling=0.1) < free - 6


def test_hops_lie_wholly_in_what_is_spoken() -> None:
    spans = [TimeRange(Fraction(-1), Fraction(1, 5)), TimeRange(Fraction(31, 100), Fraction(69, 100))]
    assert np.flatnonzero(spoken_hops(spans, 10)).tolist() == [0, 1, 4, 5]
    assert np.flatnonzero(spoken_hops([TimeRange(Fraction(1, 2), Fraction(9))], 8)).tolist() == [5, 6, 7]
