"""What the generator hears of a line's voice, frame by frame."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import soundfile

from dubkit.lines import Lines
from dubkit.lipsync import LipModel
from dubkit.listening import SpanListener
from dubkit.schema import Cue, Line, MelSettings, SoundClip, Span
from dubkit.sounding import sounding_times
from dubkit.timing import FrameRange, FrameRate, FrameTimes, TimeRange

TIMES = FrameTimes.constant(100, FrameRate.of(25))
MODEL = cast("LipModel", SimpleNamespace(config=SimpleNamespace(mel=MelSettings(), mel_offset=Fraction(-1, 25))))


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """One line: its voice begins at 1 s, is silent from 1.6 to 2.2 s, and ends at 2.8 s."""
    rising = 0.3 * np.sin(2 * np.pi * np.arange(28_800) / 16_000 * np.linspace(200, 1200, 28_800))
    rising[9_600:19_200] = 0
    path = tmp_path / "voice.wav"
    soundfile.write(path, rising, 16_000)
    cue = Cue(4, TimeRange(Fraction(1), Fraction(3)), "text")
    line = Line(cue, SoundClip(path, TimeRange(Fraction(0), Fraction(9, 5))), Fraction(1))
    return Lines((line,), (), (line,))


def test_when_a_voice_sounds(lines: Lines) -> None:
    (first, second) = sounding_times(lines)[4]
    edges = [float(edge) for span in (first, second) for edge in (span.start, span.stop)]
    assert edges == pytest.approx([1.0, 1.6, 2.2, 2.8], abs=0.02)


def test_a_voice_that_cannot_be_read_is_left_out(lines: Lines) -> None:
    lines.lines[0].voice.path.unlink()
    assert sounding_times(lines) == {}


def test_silence_is_heard_as_silence(lines: Lines) -> None:
    windows = SpanListener(lines, TIMES, MODEL)(Span(4, 0, 0, FrameRange(25, 85)))
    level = windows.mean(axis=(1, 2))
    assert level[:12].min() > level[18:26].max() + 0.2
    assert level[50:].max() < level[:12].min()


def test_held_lips_listen_to_where_the_voice_was_last(lines: Lines) -> None:
    plain = SpanListener(lines, TIMES, MODEL)
    held = SpanListener(lines, TIMES, MODEL, sounding_times(lines))
    span = Span(4, 0, 0, FrameRange(20, 85))
    one, other = plain(span), held(span)
    sounds = [index - 20 for index in (*range(25, 38), *range(55, 68))]
    np.testing.assert_array_equal(one[sounds], other[sounds])
    for first, last in ((40, 47), (49, 54), (72, 84)):  # the two halves of the pause, and after the end
        assert np.abs(other[first - 20 : last - 20] - other[first - 20]).max() == 0
    for quiet in (45, 80):
        assert other[quiet - 20].mean() > one[quiet - 20].mean() + 0.2
    assert np.abs(other[:5] - other[0]).max() == 0
    beyond = Span(4, 0, 0, FrameRange(75, 85))
    # Another span counts its steps from another moment: a step of 12.5 ms more or less is heard.
    np.testing.assert_allclose(held(beyond).mean(axis=(1, 2)), other[55:].mean(axis=(1, 2)), atol=0.1)
