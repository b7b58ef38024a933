"""Made-up lines, faces and mouths of which it is known who speaks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.schema import Cue, FaceTrack, Line, MouthTrack, OriginalSpeech, Shot, SoundClip
from dubkit.timing import FrameRange, FrameRate, FrameTimes, TimeRange

FRAMES = 200
TIMES = FrameTimes.constant(FRAMES, FrameRate.of(25))
SHOTS = (Shot(0, FrameRange(0, 100)), Shot(1, FrameRange(100, 200)))
SPEAKING, RESTING = 2.0, 0.9
_LOUD, _QUIET = -20.0, -70.0


def face(
    index: int, shot: int, frames: tuple[int, int], name: str = "", left: float = 10, size: float = 100
) -> FaceTrack:
    n = frames[1] - frames[0]
    return FaceTrack(
        index,
        shot,
        FrameRange(*frames),
        np.tile(np.array([left, 10, left + size, 10 + size], np.float32), (n, 1)),
        np.full((n, 5, 2), np.nan, np.float32),
        np.ones(n, np.float32),
        np.ones(n, bool),
        np.zeros(n, np.float32),
        identity=name,
    )


def said(index: int, start: float, stop: float, speaker: str = "", heard: tuple[float, float] | None = None) -> Line:
    """A cue, and a voice that is as long or is heard at other seconds."""
    cue, voice = _span(start, stop), _span(*(heard or (start, stop)))
    clip = SoundClip(Path("voice.wav"), TimeRange(Fraction(0), voice.duration))
    return Line(Cue(index, cue, "text", speaker), clip, voice.start)


def mouth(track: FaceTrack, *speaking: tuple[int, int], sync: float = 0.0) -> MouthTrack:
    """The mouth of ``track``, which moves in some frames; with ``sync`` the expert says so in these, and only there."""
    n, first = len(track.frames), track.frames.start
    rng = np.random.default_rng(track.index)
    motion = rng.normal(RESTING, 0.05, n).astype(np.float32)
    seen = np.zeros((n, 31 if sync else 0), np.float16)
    seen[:] = rng.normal(0.5, 0.02, seen.shape)
    for start, stop in speaking:
        rows = slice(start - first, stop - first)
        motion[rows] = rng.normal(SPEAKING, 0.2, stop - start)
        if sync:
            seen[rows, 14:17] -= np.float16(sync)
    return MouthTrack(track.index, track.frames, motion, seen)


def heard(*speaking: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Levels of a film in which somebody is heard in some frames."""
    levels = np.full(FRAMES * 4, _QUIET, np.float32)
    for start, stop in speaking:
        syllables = np.where(np.arange(4 * (stop - start)) % 24 < 18, _LOUD, _LOUD - 12)
        levels[4 * start : 4 * stop] = syllables
    return levels


def original(levels: npt.NDArray[np.float32], *mouths: MouthTrack) -> OriginalSpeech:
    return OriginalSpeech(levels, 100, mouths)


def _span(start: float, stop: float) -> TimeRange:
    return TimeRange(Fraction(start).limit_denominator(1000), Fraction(stop).limit_denominator(1000))
