"""The whole way from sound to lips on a real clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.audio import mel_spectrogram
from dubkit.lipsync import LipModel, mel_windows, synthesize
from dubkit.media import read_sound

FACE = (slice(97, 256), slice(99, 208))
MOUTH = (slice(None), slice(58, 86), slice(30, 66))


def crops_of(clip: Path) -> npt.NDArray[np.float32]:
    capture = cv2.VideoCapture(str(clip))
    crops = []
    while True:
        there, frame = capture.read()
        if not there:
            break
        crops.append(cv2.resize(frame[FACE], (96, 96), interpolation=cv2.INTER_AREA))
    return np.stack(crops).astype(np.float32) / np.float32(255)


def test_the_right_sound_makes_better_lips_than_a_wrong_one(real_clips: Path, compact: LipModel) -> None:
    clip = real_clips / "grid_speakers" / "bbaf2n.mpg"
    faces = crops_of(clip)
    mel = mel_spectrogram(read_sound(clip, sample_rate=16_000, channels=1))
    times = [Fraction(frame, 25) for frame in range(len(faces))]
    windows = mel_windows(mel, times, compact.config.mel_offset)
    sounds = {"right": windows, "late": np.roll(windows, 4, axis=0), "wrong": np.roll(windows, len(faces) // 2, axis=0)}
    away = {
        name: float(np.abs(synthesize(compact, faces, faces[:1], heard)[MOUTH] - faces[MOUTH]).mean())
        for name, heard in sounds.items()
    }
    assert away["right"] * 1.03 < away["wrong"], away
    assert away["right"] * 1.02 < away["late"], away
