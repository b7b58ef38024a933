"""Films of real people in which it is known who speaks: clips of single speakers, cut and put side by side.

Who listens shows the last frames of their own clip, after their speech, there and back again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from dubkit.audio import chunk_levels
from dubkit.media import read_images, read_sound
from dubkit.schema import Image

__all__ = ["FPS", "TURN", "Person", "alone", "beside", "person", "write_film"]

FPS = 25
TURN = 75
"""Frames of a clip of one of these speakers."""

_RATE = 16_000
_SIDE = 1280


@dataclass(frozen=True, eq=False)
class Person:
    """One speaker.

    Attributes:
        speaking: (75, height, width, 3) uint8 BGR.
        voice: (48000,) float32 at 16 kHz, as long.
        starts: Second at which the voice begins.
        stops: Second at which it ends.
    """

    speaking: npt.NDArray[np.uint8]
    voice: npt.NDArray[np.float32]
    starts: float
    stops: float

    def listening(self, frames: int = TURN, frozen: bool = False) -> npt.NDArray[np.uint8]:
        """(frames, height, width, 3): the face at rest after its speech, there and back; or one frame of it alone."""
        first = min(max(63, int(self.stops * FPS) + 4), TURN - 4)
        rest = [*range(first, TURN), *range(TURN - 2, first, -1)] if not frozen else [TURN - 1]
        return self.speaking[[rest[i % len(rest)] for i in range(frames)]]


@cache
def person(clip: Path) -> Person:
    """The speaker of a clip of three seconds at 25 frames a second."""
    pictures = np.stack([image for _, _, image in read_images(clip, _SIDE)])[:TURN]
    sound = read_sound(clip, sample_rate=_RATE, channels=1)
    levels = np.convolve(np.pad(chunk_levels(sound), (5, 4), mode="edge"), np.full(10, 0.1), "valid")
    loud = np.flatnonzero(levels > levels.max() - 18)
    voice = np.zeros(TURN * _RATE // FPS, np.float32)
    voice[: min(voice.size, sound.length)] = sound.samples[0, : voice.size]
    return Person(pictures, voice, float(loud[0]) / 100, float(loud[-1] + 1) / 100)


def beside(
    left: Sequence[Image] | npt.NDArray[np.uint8], right: Sequence[Image] | npt.NDArray[np.uint8]
) -> Iterator[Image]:
    """Two stretches of one height, side by side."""
    for one, other in zip(left, right, strict=True):
        yield np.concatenate([one, other], axis=1)


def alone(pictures: Sequence[Image] | npt.NDArray[np.uint8], width: int) -> Iterator[Image]:
    """One stretch in the middle of a wider gray picture."""
    for picture in pictures:
        before = (width - picture.shape[1]) // 2
        yield np.pad(picture, ((0, 0), (before, width - picture.shape[1] - before), (0, 0)), constant_values=90)


def write_film(path: Path, pictures: Sequence[Iterator[Image]], voices: Sequence[npt.NDArray[np.float32]]) -> Path:
    """A losslessly coded film of stretches of picture and sound, one after the other.

    Args:
        path: The file; let it end in ``.mkv``.
        pictures: Stretches of BGR pictures of one size.
        voices: Stretches of sound at 16 kHz, all together as long.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=FPS)
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=_RATE, layout="mono")
        samples = np.clip(np.rint(np.concatenate(voices) * 32767), -32768, 32767).astype(np.int16)
        block = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        block.sample_rate, block.pts, block.time_base = _RATE, 0, Fraction(1, _RATE)
        sound = [*audio.encode(block), *audio.encode(None)]
        for index, picture in enumerate(chain.from_iterable(pictures)):
            if index == 0:
                video.height, video.width = picture.shape[:2]
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), "bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux([*video.encode(None), *sound])
    return path
