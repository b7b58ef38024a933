"""Prepared clips made by code, whose sync is known: the mouth opens with the loudness."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from dubkit.schema import MelSettings
from dubkit.training import HELD_OUT, TRAIN, TrainingClip, TrainingIndex, write_index

_RATE, _STEPS = 25, 80


def made_clips(folder: Path, clips: int = 12, frames: int = 40, late: int = 0) -> Path:
    """A prepared folder, the last third of its clips held out; the picture comes ``late`` frames after the sound."""
    (folder / "faces").mkdir(parents=True)
    (folder / "sounds").mkdir()
    entries = []
    for number in range(clips):
        draw = np.random.default_rng(number)
        loudness = _loudness(draw, frames + 2 * _RATE)
        name = f"clip{number:02}"
        opening = np.interp(np.arange(frames) + _RATE - late, np.arange(len(loudness)), loudness)
        np.save(folder / "faces" / f"{name}.npy", _faces(draw, opening))
        np.save(folder / "sounds" / f"{name}.npy", _mel(draw, loudness))
        split = HELD_OUT if number >= clips * 2 // 3 else TRAIN
        entries.append(TrainingClip(name, f"{name}.mp4", 0, name, split, Fraction(0), frames, Fraction(-1)))
    write_index(folder, TrainingIndex(tuple(entries)))
    return folder


def _loudness(draw: np.random.Generator, frames: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """0..1 per frame, rising and falling a few times a second, as syllables do."""
    rough = np.convolve(draw.random(frames + 4), np.ones(3) / 3, "same")[2:-2]
    return np.asarray((rough - rough.min()) / np.ptp(rough), np.float64)


def _faces(
    draw: np.random.Generator, opening: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    y, x = np.mgrid[:96, :96]
    skin = draw.integers(140, 220, 3)
    faces = np.empty((len(opening), 96, 96, 3), np.uint8)
    for face, open_by in zip(faces, opening, strict=True):
        face[:] = skin
        face[((x - 48) / 14) ** 2 + ((y - 72) / (2 + 12 * open_by)) ** 2 < 1] = (30, 20, 60)
    return np.asarray(np.clip(faces + draw.normal(0, 3, faces.shape), 0, 255), np.uint8)


def _mel(
    draw: np.random.Generator, loudness: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    steps = len(loudness) * _STEPS // _RATE
    level = np.interp(np.arange(steps) * _RATE / _STEPS, np.arange(len(loudness)), loudness)
    voice = np.exp(-(((np.arange(80) - 25) / 20) ** 2))[:, None]
    limit = MelSettings().limit
    return np.asarray(np.clip(-3 + 6 * voice * level + draw.normal(0, 0.1, (80, steps)), -limit, limit), np.float32)
