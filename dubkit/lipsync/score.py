"""Does this face say what is heard, and how far are picture and sound apart?

Five frames and a moment of sound are each embedded by the expert. Both embeddings have length 1 and no negative
component, so their distance

    d = 1 - cos(faces, sound) = 1 - sum_i faces_i sound_i

lies in 0..1. Every five frames are compared with the sound 15 frames earlier to 15 frames later; the shift at which the
mean distance is least is the offset, and how far that least lies below the median over all shifts is the confidence.
The rule is SyncNet's (Chung and Zisserman, "Out of time", 2016), but network and distance are not: neither the
confidence nor the distance can be compared with LSE-C and LSE-D.

The expert knows 25 frames a second. Other rates are not resampled in the picture: for each moment of a 25 fps clock
the nearest frame is taken, and the sound is taken from where those frames really lie on average.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.lipsync.clock import CLOCK_RATE, pick_moments
from dubkit.lipsync.windows import mel_windows
from dubkit.schema import MelSpectrogram
from dubkit.timing import Seconds, mel_step

__all__ = ["SyncExpert", "SyncScore", "SyncSettings", "clip_distances", "mean_distances", "score_track"]

_CLIP = 5
_ROWS, _COLUMNS = 48, 96
_BRIGHTEST = 2.0  # well above what interpolation overshoots 1 by, and well below what 0..255 would give


class SyncExpert(Protocol):
    """What :func:`score_track` needs of an expert; :class:`dubkit.lipsync.SyncModel` is the one that is trained."""

    @property
    def mel_offset(self) -> Seconds:
        """Seconds from the first of five frames to the start of their mel window."""
        ...

    def embed_faces(self, clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n, 15, 48, 96) BGR 0..1 to (n, d), each of length 1 and nowhere negative."""
        ...

    def embed_sound(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(n, 80, 16) mel windows to (n, d), each of length 1 and nowhere negative."""
        ...


@dataclass(frozen=True)
class SyncSettings:
    """How sync is judged.

    Attributes:
        max_shift: Frames of 1/25 s that picture and sound are shifted against each other, either way.
        tolerance: Seconds of offset, either way, that still count as in sync; 0.045 is where ITU-R BT.1359 has
            people begin to notice sound that comes early.
        least_confidence: 0..1, below which a track is not called in sync, whatever its offset. Experts differ: the
            default asks only for more than a flat curve, and is not calibrated on any of them.
        reach: Seconds that a frame may lie from the moment it stands for; five frames that leave a larger hole are
            not judged.
        least_clips: Groups of five frames that must have sound under them for a shift to be judged.
        batch_size: Groups of five frames at a time; the result does not depend on it.
    """

    max_shift: int = 15
    tolerance: float = 0.045
    least_confidence: float = 0.1
    reach: float = 0.035
    least_clips: int = 5
    batch_size: int = 32

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        if min(self.max_shift, self.least_clips, self.batch_size) < 1 or min(self.tolerance, self.reach) < 0:
            raise InputError("shift, clips and batch must be at least 1, tolerance and reach at least 0 s")


@dataclass(frozen=True, eq=False)
class SyncScore:
    """How well one face and the sound go together.

    Attributes:
        offset_frames: Frames of 1/25 s that the picture comes after the sound; negative where it comes before; 0 where
            nothing could be judged.
        offset: The same in seconds, between frames: at the tip of the parabola through the least distance and its two
            neighbours.
        expert_confidence: 0..1: median minus least of ``distances``; 0 where nothing could be judged.
        distances: (2 max_shift + 1,) float64: mean distance with the picture taken to be -max_shift..max_shift frames
            after the sound; NaN where too little sound lies under it.
        frame_confidence: (n,) float64, per face: the confidence of the groups of five around it, by time; may be
            negative where the face says something else; 0 where nothing could be judged.
        clips: Groups of five frames that were judged; 0 where the track is too short or has no sound.
        in_sync: Whether the offset is within the tolerance and the confidence large enough.
    """

    offset_frames: int
    offset: float
    expert_confidence: float
    distances: npt.NDArray[np.float64]
    frame_confidence: npt.NDArray[np.float64]
    clips: int
    in_sync: bool

    def __repr__(self) -> str:
        return (
            f"SyncScore(picture {self.offset * 1000:+.0f} ms after sound, confidence {self.expert_confidence:.3f}, "
            f"{self.clips} clips, {'in sync' if self.in_sync else 'not in sync'})"
        )


def score_track(
    expert: SyncExpert,
    faces: npt.NDArray[np.float32],
    times: Sequence[Seconds],
    mel: MelSpectrogram,
    settings: SyncSettings = SyncSettings(),
    progress: Callable[[int, int], None] | None = None,
) -> SyncScore:
    """Sync of one face track with a sound.

    Args:
        expert: The judge.
        faces: (n, 48, 96, 3) lower half faces BGR 0..1, or (n, 96, 96, 3) whole ones, of which only the lower half is
            looked at.
        times: When each face is shown, in seconds of the picture, rising; any rate, also a varying one. Frames
            without the face are left out.
        mel: The sound, on the same clock.
        settings: How it is judged.
        progress: Told after each batch how many groups of five frames are done, and of how many.

    Raises:
        InputError: if the arrays do not fit together, or one batch does not fit into the device's memory.
    """
    distances, middles = clip_distances(expert, faces, times, mel, settings, progress)
    curve = mean_distances(distances, settings.least_clips)
    if np.isnan(curve).all():
        return SyncScore(0, 0.0, 0.0, curve, np.zeros(len(faces)), clips=0, in_sync=False)
    best = int(np.nanargmin(curve))
    offset = (best - settings.max_shift + _tip(curve, best)) / CLOCK_RATE
    confidence = float(np.nanmedian(curve) - curve[best])
    return SyncScore(
        offset_frames=best - settings.max_shift,
        offset=offset,
        expert_confidence=confidence,
        distances=curve,
        frame_confidence=_per_frame(distances, best, middles, times),
        clips=int(np.isfinite(distances[:, best]).sum()),
        in_sync=abs(offset) <= settings.tolerance and confidence >= settings.least_confidence,
    )


def clip_distances(
    expert: SyncExpert,
    faces: npt.NDArray[np.float32],
    times: Sequence[Seconds],
    mel: MelSpectrogram,
    settings: SyncSettings = SyncSettings(),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """How far every five faces are from the sound, at every shift: what :func:`score_track` judges by.

    The arguments are the same.

    Returns:
        (clips, 2 max_shift + 1): the picture taken to be -max_shift..max_shift frames after the sound, NaN where no
        sound lies under it; and (clips,) the second in the middle of each five faces. No clips where there are no five
        faces in a row.

    Raises:
        InputError: as :func:`score_track`.
    """
    _check(faces, times)
    picks = _clips(times, settings.reach)
    if not len(picks):
        return np.zeros((0, 2 * settings.max_shift + 1)), np.zeros(0)
    starts = [sum((times[i] for i in pick), Fraction(0)) / _CLIP - Fraction(_CLIP // 2, CLOCK_RATE) for pick in picks]
    try:
        shown = _embed_faces(expert, faces, picks, settings, progress)
        distances = _distances(expert, shown, starts, mel, settings)
    except MemoryError as error:
        raise InputError(str(error), remedy="give a smaller batch_size, or use the device cpu") from error
    return distances, np.array([float(start) for start in starts]) + _CLIP // 2 / CLOCK_RATE


def mean_distances(distances: npt.NDArray[np.float64], least_clips: int) -> npt.NDArray[np.float64]:
    """(shifts,) mean of (clips, shifts) over clips; NaN where fewer than ``least_clips`` of them have sound.

    Near the ends of a sound not every clip has sound at every shift, and clips differ: a mean over those that have
    would follow which they are, not the shift. So distance = level of the clip + effect of the shift is fitted by least
    squares, and the effects are given at the mean level. Where nothing is missing that is the plain mean.
    """
    known = np.isfinite(distances)
    enough = known.sum(axis=0) >= least_clips
    known = known[:, enough]
    rows = known.any(axis=1)
    curve = np.full(distances.shape[1], np.nan)
    if not rows.any():
        return curve
    there = known[rows].astype(np.float64)
    values = np.where(known[rows], distances[rows][:, enough], 0.0)
    share = there / there.sum(axis=1, keepdims=True)
    levels = values.sum(axis=1) / there.sum(axis=1)
    # The levels eliminated, what is left are equations of the effects alone; the free constant is settled below.
    equations = np.diag(there.sum(axis=0)) - there.T @ share
    effects = np.linalg.lstsq(equations, (values - there * levels[:, None]).sum(axis=0), rcond=None)[0]
    curve[enough] = effects + float(np.mean(levels - share @ effects))
    return curve


def _check(faces: npt.NDArray[np.float32], times: Sequence[Seconds]) -> None:
    shapes = [(len(faces), rows, _COLUMNS, 3) for rows in (_ROWS, 2 * _ROWS)]
    if faces.dtype != np.float32 or faces.shape not in shapes:
        raise InputError(f"faces should be float32 {shapes[0]} or {shapes[1]}, not {faces.dtype} {faces.shape}")
    if len(times) != len(faces) or any(after <= before for before, after in pairwise(times)):
        raise InputError(f"{len(faces)} faces need as many times that rise, not these {len(times)}")
    if not np.isfinite(faces).all():
        raise InputError("faces hold values that are not numbers")
    if faces.max(initial=0) > _BRIGHTEST:
        raise InputError("faces should hold 0..1, not 0..255", remedy="divide them by 255")


def _clips(times: Sequence[Seconds], reach: float) -> npt.NDArray[np.int64]:
    """(k, 5) indices of the faces that stand for five moments of a 25 fps clock which starts with the first face."""
    moments = pick_moments(times, reach)
    if len(moments) < _CLIP:
        return np.zeros((0, _CLIP), np.int64)
    windows = np.lib.stride_tricks.sliding_window_view
    return np.asarray(windows(moments.nearest, _CLIP)[windows(moments.near, _CLIP).all(axis=1)], np.int64)


def _embed_faces(
    expert: SyncExpert,
    faces: npt.NDArray[np.float32],
    picks: npt.NDArray[np.int64],
    settings: SyncSettings,
    progress: Callable[[int, int], None] | None,
) -> npt.NDArray[np.float32]:
    lower = faces[:, -_ROWS:]
    found = []
    for first in range(0, len(picks), settings.batch_size):
        clips = lower[picks[first : first + settings.batch_size]]
        found.append(expert.embed_faces(clips.transpose(0, 1, 4, 2, 3).reshape(len(clips), -1, _ROWS, _COLUMNS)))
        if progress is not None:
            progress(min(first + settings.batch_size, len(picks)), len(picks))
    return np.concatenate(found)


def _distances(
    expert: SyncExpert,
    shown: npt.NDArray[np.float32],
    starts: Sequence[Seconds],
    mel: MelSpectrogram,
    settings: SyncSettings,
) -> npt.NDArray[np.float64]:
    """(clips, shifts) distances; NaN where the shifted window is not wholly within the sound."""
    rate, shifts = mel.settings.steps_per_second, range(-settings.max_shift, settings.max_shift + 1)
    steps = np.array(
        [
            [mel_step(start - Fraction(shift, CLOCK_RATE) + expert.mel_offset - mel.start, rate) for shift in shifts]
            for start in starts
        ]
    )
    inside = (steps >= 0) & (steps + mel.settings.window_steps <= mel.values.shape[1])
    # Neighbouring clips share most of their shifted windows: each is embedded once.
    needed, place = np.unique(np.where(inside, steps, -1), return_inverse=True)
    heard = np.zeros((len(needed), shown.shape[1]), np.float32)
    for first in range(int(needed[0] < 0), len(needed), settings.batch_size):
        part = slice(first, first + settings.batch_size)
        moments = [mel.start + int(step) / rate for step in needed[part]]
        heard[part] = expert.embed_sound(mel_windows(mel, moments, Fraction(0)))
    likeness = shown.astype(np.float64) @ heard.T.astype(np.float64)
    distances = 1.0 - np.take_along_axis(likeness, place.reshape(steps.shape), axis=1)
    return np.where(inside, distances, np.nan)


def _tip(curve: npt.NDArray[np.float64], best: int) -> float:
    """How far beside ``best`` the parabola through it and its neighbours is least: -0.5..0.5; 0 at an end."""
    if not 0 < best < len(curve) - 1:
        return 0.0
    before, here, after = curve[best - 1 : best + 2]
    bend = before - 2 * here + after
    return float((before - after) / (2 * bend)) if np.isfinite(bend) and bend > 0 else 0.0


def _per_frame(
    distances: npt.NDArray[np.float64], best: int, middles: npt.NDArray[np.float64], times: Sequence[Seconds]
) -> npt.NDArray[np.float64]:
    at_best = np.isfinite(distances[:, best])
    confidence = np.nanmedian(distances[at_best], axis=1) - distances[at_best, best]
    return np.asarray(np.interp([float(time) for time in times], middles[at_best], confidence))
