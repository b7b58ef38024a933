"""Small talking pictures: the portrait, seen by a camera that moves a little, and a sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from dubkit.analysis import AnalysisSettings
from dubkit.faces import TrackSettings
from dubkit.training import CutSettings, DetectorChoice, PrepareSettings
from samples.picture import portrait
from tests.media.zoo import sound_frames

RATE = 16_000
SIDE = 192

CASCADE = DetectorChoice("cascade")
QUICK = PrepareSettings(cut=CutSettings(analysis=AnalysisSettings(tracks=TrackSettings(every=8, least_looks=2))))
"""Faces are looked for seldom: these tests are about other things."""


def face(frames: int, zoom: float = 1.0) -> Iterator[npt.NDArray[np.uint8]]:
    """(192, 192, 3) RGB: a face about 117 x ``zoom`` pixels high that sways."""
    photograph = portrait()
    for index in range(frames):
        x, y = 225 + 2 * np.sin(index * 0.3), 118 + np.cos(index * 0.2)
        seen = SIDE / zoom
        matrix = np.array([[1 / zoom, 0, x - seen / 2], [0, 1 / zoom, y - seen / 2]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        shown = cv2.warpAffine(photograph, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REFLECT)
        yield np.asarray(shown, np.uint8)


def two_faces(frames: int) -> Iterator[npt.NDArray[np.uint8]]:
    """(192, 384, 3) RGB: a face and its mirror image."""
    for picture in face(frames):
        yield np.concatenate([picture, picture[:, ::-1]], axis=1)


def grey(frames: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Nobody."""
    for _ in range(frames):
        yield np.full((SIDE, SIDE, 3), 90, np.uint8)


def speech(seconds: float, seed: int = 0) -> npt.NDArray[np.float32]:
    """(n,) noise whose loudness wanders."""
    random = np.random.default_rng(seed)
    count = round(seconds * RATE)
    loudness = 0.1 + 0.09 * np.sin(2 * np.pi * 3.1 * np.arange(count) / RATE)
    return (loudness * random.standard_normal(count)).astype(np.float32)


def write(
    path: Path,
    pictures: Iterator[npt.NDArray[np.uint8]],
    sound: npt.NDArray[np.float32] | None,
    *,
    rate: Fraction = Fraction(25),
    sound_start: Fraction = Fraction(0),
) -> Path:
    """Write a film as MJPEG and PCM; ``sound_start`` is in seconds of the picture, and may be negative."""
    late = max(Fraction(0), -sound_start)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream("mjpeg", rate=rate, options={"q": "3"})
        video.pix_fmt = "yuvj420p"
        track = None if sound is None else container.add_stream("pcm_s16le", RATE, layout="mono")
        video.codec_context.time_base = Fraction(1, 1000)
        first = next(pictures)
        video.width, video.height = first.shape[1], first.shape[0]
        for index, picture in enumerate([first, *pictures]):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = round((late + index / rate) * 1000), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if track is not None and sound is not None:
            for block in sound_frames(sound[None], RATE, "mono", sound_start + late):
                container.mux(track.encode(block))
            container.mux(track.encode(None))
    return path
