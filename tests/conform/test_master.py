from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dubkit.conform import conform_master
from dubkit.errors import MediaError
from dubkit.schema import ColourFamily, ColourTags, Frame, PixelFormat, Waveform
from dubkit.timing import FrameRate, FrameTimes

TIMES = FrameTimes.constant(50, FrameRate.of(25))


class Recorder:
    def __init__(self) -> None:
        self.frames: list[int] = []
        self.heard = {0: 0, 1: 0}
        self.lead: list[float] = []

    def write_frame(self, frame: Frame) -> None:
        self.frames.append(frame.index)
        self.lead.append(self.heard[0] / 48_000 - len(self.frames) / 25)

    def write_sound(self, track: int, block: Waveform) -> None:
        self.heard[track] += block.length


def make_frames(n: int) -> Iterator[Frame]:
    plane = np.zeros((2, 2), np.uint8)
    return (Frame(i, i, (plane,), PixelFormat("gray", ColourFamily.GRAY, 8), ColourTags()) for i in range(n))


def make_blocks(samples: int, block: int = 4800) -> Iterator[Waveform]:
    for start in range(0, samples, block):
        yield Waveform(np.zeros((1, min(block, samples - start)), np.float32), 48_000)


def test_every_frame_and_every_sample_is_written_once_and_in_step() -> None:
    recorder, told = Recorder(), []
    conform_master(
        make_frames(50),
        [make_blocks(96_000), make_blocks(48_000)],
        TIMES,
        recorder,
        progress=lambda done, total: told.append((done, total)),
    )
    assert recorder.frames == list(range(50))
    assert recorder.heard == {0: 96_000, 1: 48_000}
    assert min(recorder.lead) >= 0
    assert max(recorder.lead) <= 0.1
    assert told == [(i + 1, 50) for i in range(50)]


@pytest.mark.parametrize("frames", [0, 49, 51])
def test_a_picture_that_changed_meanwhile_is_refused(frames: int) -> None:
    with pytest.raises(MediaError, match="had 50 frames when it was analysed"):
        conform_master(make_frames(frames), [], TIMES, Recorder())
