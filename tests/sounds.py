"""Films of sound alone: originals, voices and stems that need no picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from dubkit.dialogue import LevelSettings, MixSettings
from dubkit.levelling import level_soundtrack
from dubkit.lines import Lines
from dubkit.media import probe
from dubkit.schema import Cue, DubJob, Line, SoundClip, Waveform
from dubkit.soundtrack import Soundtrack, plan_soundtrack
from dubkit.timing import Seconds, TimeRange

__all__ = ["RATE", "heard", "levelled", "lines_of", "music", "noise", "planned", "speech", "write"]

RATE = 48_000
Floats = npt.NDArray[np.float32]


def write(path: Path, samples: npt.NDArray[Any]) -> Path:
    """(channels, n) samples as a file of 24 bits; 5.1 tells its speakers."""
    container = "WAVEX" if len(samples) > 2 else "WAV"
    soundfile.write(path, samples.T, RATE, subtype="PCM_24", format=container)
    return path


def noise(channels: int, seconds: float, level: float, seed: int = 0) -> Floats:
    """Noise that leaves the highest octave alone, as recorded sound does."""
    white: npt.NDArray[np.float64] = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))
    result: Floats = (level * (white + np.roll(white, 1, axis=1)) / np.sqrt(2)).astype(np.float32)
    return result


def speech(seconds: float, level: float, seed: int = 0) -> Floats:
    """Something with the levels of speech: syllables, pauses between sentences, peaks far above the mean."""
    t = np.arange(round(seconds * RATE)) / RATE
    syllables = np.maximum(0, np.sin(2 * np.pi * 4.1 * t)) ** 2 * (np.sin(2 * np.pi * 0.31 * t) > -0.6)
    buzz = sum(np.sin(2 * np.pi * 130 * n * t + n) / n for n in range(1, 12))
    result: Floats = (level * syllables * (buzz + noise(1, seconds, 0.2, seed)[0])).astype(np.float32)[None]
    return result


def music(seconds: float, level: float, channels: int = 2) -> Floats:
    """Chords with beats on them."""
    t = np.arange(round(seconds * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * t) for hertz in (110, 220, 277, 330, 1760)) / 3
    beats = np.exp(-8 * (t % 0.5)) * noise(1, seconds, 1.0)[0]
    pan = np.linspace(0.6, 1.0, channels)[:, None]
    result: Floats = (level * pan * (chord + beats)).astype(np.float32)
    return result


def lines_of(*voices: tuple[Path, float, float]) -> Lines:
    """A line for each voice file, start and length in seconds; its cue is as long."""
    lines = []
    for number, (path, start, length) in enumerate(voices, 1):
        begin, clip = Fraction(start), TimeRange(Fraction(0), Fraction(length))
        lines.append(Line(Cue(number, clip.shifted(begin), f"Línea {number}."), SoundClip(path, clip), begin))
    return Lines(lines=tuple(lines), failed=(), heard=tuple(lines))


def planned(
    video: Path, lines: Lines, duration: Seconds, settings: MixSettings | None = None, **job: Any
) -> Soundtrack:
    """The mix of a job at the levels at which it comes."""
    wanted = job_of(video, **job)
    return plan_soundtrack(
        wanted, lines, probe(video), duration, settings=settings or MixSettings(), on_error=lambda line, error: None
    )


def levelled(video: Path, lines: Lines, duration: Seconds, **job: Any) -> Soundtrack:
    """The mix of a job at the levels it asks for."""
    return level_soundtrack(
        planned(video, lines, duration, **job),
        job_of(video, **job),
        probe(video),
        settings=LevelSettings(),
        progress=lambda done, total: None,
    )


def job_of(video: Path, **fields: Any) -> DubJob:
    values: dict[str, Any] = {"output": video.parent / "out.mov", "subtitles": Path("a.srt"), "voice": Path("v")}
    return DubJob(video=video, **(values | fields))


def heard(sound: Soundtrack) -> Floats:
    """All of a mix."""
    blocks: list[Waveform] = list(sound.blocks())
    return np.concatenate([block.samples for block in blocks], axis=1)
