"""How far picture and sound of the clips of one video are apart, as an expert sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.lipsync import CLOCK_RATE, SyncExpert, SyncScore, score_track
from dubkit.lipsync.expert import CLIP_FRAMES
from dubkit.schema import MelSpectrogram
from dubkit.training.cut_video import CutVideo
from dubkit.training.prepare_settings import PrepareSettings
from dubkit.training.workers import Check

__all__ = ["ClipSync", "VideoSync", "measure_video"]


@dataclass(frozen=True)
class ClipSync:
    """What an expert says of a clip.

    Attributes:
        name: Of the clip.
        offset: Seconds that the picture comes after the sound.
        confidence: 0..1, as :class:`dubkit.lipsync.SyncScore`.
        judged: Groups of five frames it is judged by; 0 where it cannot be judged.
        bounded: Whether both neighbours of the best shift were judged as well; where not, the true offset may lie
            beyond what could be judged.
    """

    name: str
    offset: float
    confidence: float
    judged: int
    bounded: bool


@dataclass(frozen=True)
class VideoSync:
    """What an expert says of the clips of a video.

    Attributes:
        source: The video, relative to its folder.
        clips: One for each clip cut from it.
    """

    source: str
    clips: tuple[ClipSync, ...]


def measure_video(
    video: CutVideo, folder: Path, expert: SyncExpert, settings: PrepareSettings, check: Check
) -> VideoSync:
    """Ask the expert about every clip of a video, with the sound as the video has it.

    Args:
        video: Its clips.
        folder: Where their arrays lie.
        expert: The judge.
        settings: How it judges, and how the sounds were made.
        check: Called between batches; may raise to stop.

    Raises:
        InputError: if an array cannot be read, or the device has no room for a batch.
    """
    found = []
    for clip in video.clips:
        whole = _load(folder / "faces" / f"{clip.name}.npy")
        faces = whole[:, whole.shape[1] // 2 :].astype(np.float32) / np.float32(255)
        sound = MelSpectrogram(_load(folder / "sounds" / f"{clip.name}.npy"), settings.cut.mel, clip.sound_start)
        times = [Fraction(frame, CLOCK_RATE) for frame in range(clip.frames)]
        groups = max(0, clip.frames - CLIP_FRAMES + 1)
        least = max(settings.sync.least_clips, math.ceil(groups * settings.least_judged))
        sync = replace(settings.sync, least_clips=least)
        score = score_track(expert, faces, times, sound, sync, lambda _done, _total: check())
        found.append(_sync(clip.name, score, settings.sync.max_shift))
    return VideoSync(video.source, tuple(found))


def _sync(name: str, score: SyncScore, max_shift: int) -> ClipSync:
    best = max_shift + score.offset_frames
    around = score.distances[max(0, best - 1) : best + 2]
    bounded = len(around) == 3 and bool(np.isfinite(around).all())
    return ClipSync(name, round(score.offset, 4), round(score.expert_confidence, 5), score.clips, bounded)


def _load(path: Path) -> npt.NDArray[Any]:
    try:
        found: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cannot be read ({error})", path=path, remedy="remove it and prepare again") from error
    return found
