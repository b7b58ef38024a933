"""A film made by code whose sync is known: a grey face that is as bright as its sound is loud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from dubkit.audio import mel_spectrogram
from dubkit.schema import Face, Waveform
from tests.lipsync.test_score import KnowingExpert, speech

BOX = (220, 60, 320, 200)
"""Left, top, right and bottom of the face."""

SIZE = (480, 272)
DARK, BRIGHT = 60, 200
_QUIET, _LOUD = 0.004, 0.4
_RATE = 16_000
_DETAIL = np.kron(np.indices((15, 30)).sum(axis=0) % 2, np.ones((4, 4))).astype(np.uint8) * 24


class OneFace:
    """A face detector that sees the face of these films, wherever it looks."""

    name = "made up"

    def __init__(self, box: Sequence[int] = BOX) -> None:
        self._box = np.array(box, np.float32)

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Face]:
        scale = np.float32(image.shape[1] / SIZE[0])
        return [Face(self._box * scale, np.full((5, 2), np.nan, np.float32), 1.0)]

    def describe(self) -> str:
        return "made up"


class Listener(KnowingExpert):
    """An expert that hears and sees these films."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet, self._loud = (_level(noise(np.full(_RATE, level))) for level in (0.0, 1.0))

    def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return super().embed_faces((clips * np.float32(255) - np.float32(DARK)) / np.float32(BRIGHT - DARK))

    def embed_sound(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        said = (windows.mean(axis=1, keepdims=True) - self._quiet) / (self._loud - self._quiet)
        return super().embed_sound(np.broadcast_to(said * 8 - 4, windows.shape).astype(np.float32))


def noise(said: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """(n,) sound at 16 kHz, louder in decibels by as much as more is said, 0..1."""
    hiss = np.random.default_rng(5).uniform(-1, 1, len(said))
    return (hiss * _QUIET * (_LOUD / _QUIET) ** said).astype(np.float32)


def write_talk(
    path: Path,
    seconds: float = 4,
    late: float = 0,
    rate: Fraction | int = 25,
    sound: bool = True,
    start: float = 0,
    shade: int = 0,
) -> Path:
    """A film of one face whose picture comes ``late`` seconds after its sound.

    Args:
        path: The file; losslessly coded, so let it end in ``.mkv``.
        seconds: How long it is.
        late: Seconds.
        rate: Frames a second.
        sound: Whether there is any: without it, no sound track.
        start: Second of :func:`tests.lipsync.test_score.speech` that is said first.
        shade: Added to the face.
    """
    with av.open(str(path), "w") as container:
        video = container.add_stream("ffv1", rate=Fraction(rate))
        video.width, video.height, video.pix_fmt = *SIZE, "gray"
        if sound:
            audio = container.add_stream("pcm_s16le", rate=_RATE, layout="mono")
            moments = start + np.arange(int(seconds * _RATE)) / _RATE
            samples = np.clip(np.rint(noise(speech(moments)) * 32767), -32768, 32767).astype(np.int16)
            block = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
            block.sample_rate, block.pts, block.time_base = _RATE, 0, Fraction(1, _RATE)
            container.mux([*audio.encode(block), *audio.encode(None)])
        for index, picture in enumerate(_pictures(seconds, late, Fraction(rate), start, shade)):
            frame = av.VideoFrame.from_ndarray(picture, "gray")
            frame.pts, frame.time_base = index, 1 / Fraction(rate)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def _pictures(seconds: float, late: float, rate: Fraction, start: float, shade: int) -> Iterator[npt.NDArray[np.uint8]]:
    moments = np.arange(int(seconds * rate)) / float(rate) + start - late
    left, top, right, bottom = BOX
    for said in speech(moments):
        picture = np.full(SIZE[::-1], 120, np.uint8)
        picture[top - 20 : bottom + 20, left - 20 : right + 20] = round(DARK + (BRIGHT - DARK) * said) + shade
        # Above the mouth there is something to see: a face without any detail counts as blurred.
        brow = picture[top : top + 60, left:right]
        brow += _DETAIL[: brow.shape[0], : brow.shape[1]]
        yield picture


def _level(samples: npt.NDArray[np.float32]) -> np.float32:
    return np.float32(mel_spectrogram(Waveform(samples[None], _RATE)).values[:, 8:-8].mean())
