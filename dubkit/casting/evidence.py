"""What the original shows of who speaks: for each face, how much likelier it looks and moves as it does if it speaks.

Three kinds of evidence are weighed as logarithms of odds, so that they add up:

* *motion*: how much the mouth moves of its own while the original voice is heard. A mouth that is still while a voice
  is heard listens; where no voice is heard, stillness says nothing.
* *together*: whether it moves more when more is heard.
* *sync*: how far the lip-sync expert sees the distance at no shift below that at large shifts, in units of how much it
  varies there. In these units experts of different quality compare.

Weights and middles were set on real clips (docs/tracking.md has the figures): talkers against listeners for motion,
the right sound against wrong ones for the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dubkit.casting.heard import HeardSettings, heard_chunks
from dubkit.schema import MouthTrack, OriginalSpeech
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["Evidence", "EvidenceSettings", "Listening", "weigh_mouths"]

_FEWEST = 5  # measured frames; fewer say nothing
_ENOUGH = 15  # measured frames from which on motion counts in full
_NEAR = 1  # shifts, either way, that count as none
_FAR = 4  # shifts from which on sound is another sound
_FLOOR_DB = 15.0  # below the threshold of silence, where differences of level mean nothing any more
_LEAST_MOTION = 0.2  # a mouth's motion below which it is no more still
_SPREAD = 1e-3  # least variation of an expert's distances


@dataclass(frozen=True)
class EvidenceSettings:
    """How evidence is weighed; all weights are logarithms of odds per unit.

    Attributes:
        motion_middle: Motion of a mouth at which speaking and listening are equally likely.
        motion_above: The same, over the motion of this mouth while nobody is heard, where that is more: some faces
            are never still, and some pictures.
        motion_highest: The most that this may be.
        motion_weight: Per natural logarithm of motion.
        motion_least: The least that motion may say: of a mouth that is still.
        motion_most: The most: of two who move their mouths, the one who moves it more need not be the speaker.
        together_middle: Correlation of motion and level at which both are equally likely.
        together_weight: Per unit of correlation.
        together_most: The most it may say, either way.
        sync_middle: Standard deviations at which right and wrong sound are equally likely.
        sync_weight: Per standard deviation.
        sync_least: The least sync may say: experts err, on faces seen from the side above all.
        sync_most: The most.
        apart: Frames from where somebody is heard to where nobody is: lips part before a voice and rest after it.
        around: Frames before and after the ones in question in which motion and level are compared too.
        heard: What counts as a voice in the original.
    """

    motion_middle: float = 1.27
    motion_above: float = 1.25
    motion_highest: float = 2.0
    motion_weight: float = 12.0
    motion_least: float = -4.0
    motion_most: float = 2.5
    together_middle: float = 0.1
    together_weight: float = 2.5
    together_most: float = 1.0
    sync_middle: float = 1.6
    sync_weight: float = 1.0
    sync_least: float = -0.75
    sync_most: float = 5.0
    apart: int = 8
    around: int = 12
    heard: HeardSettings = field(default_factory=HeardSettings)


@dataclass(frozen=True)
class Evidence:
    """Logarithms of odds that a face speaks; 0 where nothing is known.

    Attributes:
        motion: By how much its mouth moves.
        together: By whether it does when something is heard.
        sync: By the expert.
        frames: Frames that were looked at; 0 where its mouth cannot be seen.
        heard: Whether a voice was heard in these.
    """

    motion: float = 0.0
    together: float = 0.0
    sync: float = 0.0
    frames: int = 0
    heard: bool = False

    @property
    def total(self) -> float:
        """All of it."""
        return self.motion + self.together + self.sync


class Listening:
    """The original's sound, frame by frame.

    Args:
        speech: What is heard and seen of who speaks.
        times: When each frame is shown.
        settings: How evidence is weighed.

    Attributes:
        levels: (frames,) dB while each frame is shown, none below where differences mean nothing.
        heard: (frames,) whether somebody, or something, is heard; pauses within a phrase are.
    """

    def __init__(self, speech: OriginalSpeech, times: FrameTimes, settings: EvidenceSettings) -> None:
        self._settings = settings
        self._mouths: dict[int, MouthTrack] = {mouth.face_track: mouth for mouth in speech.mouths}
        levels, n = speech.levels, len(times)
        self.levels: npt.NDArray[np.float64] = np.zeros(n)
        self.heard: npt.NDArray[np.bool_] = np.zeros(n, np.bool_)
        if not levels.size:
            return
        loud, thresholds = heard_chunks(levels, speech.chunks_per_second, settings.heard)
        shown = (times.pts - times.pts[0]) * float(times.time_base) * speech.chunks_per_second
        at = np.clip(np.rint(shown).astype(np.int64), 0, levels.size - 1)
        smooth = np.convolve(np.pad(levels, 3, mode="edge"), np.full(7, 1 / 7), "valid")
        lowest = np.minimum(thresholds[at], float(levels.max())) - _FLOOR_DB
        self.levels = np.maximum(smooth[at].astype(np.float64), lowest)
        self.heard = loud[at] & (shown < levels.size)

    def middle(self, tracks: Iterable[int]) -> float:
        """The motion of the mouth of these face tracks at which speaking and listening are equally likely."""
        settings = self._settings
        mouths = [self._mouths[track] for track in tracks if track in self._mouths]
        rests = [mouth.motion[self._rests(mouth)] for mouth in mouths]
        known = np.concatenate([np.zeros(0, np.float32), *rests])
        known = known[np.isfinite(known)]
        if known.size < _ENOUGH:
            return settings.motion_middle
        above = settings.motion_above * float(np.median(known))
        return min(max(settings.motion_middle, above), settings.motion_highest)

    def _rests(self, mouth: MouthTrack) -> npt.NDArray[np.bool_]:
        """In which of its frames nobody is heard, nor shortly before or after."""
        apart = self._settings.apart
        first, last = mouth.frames.start - apart, mouth.frames.stop + apart
        heard = np.pad(self.heard, apart)[first + apart : last + apart]
        near = np.lib.stride_tricks.sliding_window_view(heard, 2 * apart + 1).any(axis=1)
        return np.asarray(~near)

    def motion(self, track: int, frames: FrameRange) -> npt.NDArray[np.float64]:
        """(frames,) how much the mouth of a face track moves; NaN where it is not known."""
        found = np.full(len(frames), np.nan)
        mouth = self._mouths.get(track)
        if mouth is not None:
            part = mouth.frames.overlap(frames)
            first = mouth.frames.start
            values = mouth.motion[part.start - first : part.stop - first]
            found[part.start - frames.start : part.start - frames.start + values.size] = values
        return found

    def shifts(self, track: int, frames: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """(k, shifts) what the expert says of a face track in some frames; (0, 0) where it was not asked."""
        mouth = self._mouths.get(track)
        if mouth is None or not mouth.sync.shape[1]:
            return np.zeros((0, 0))
        rows = frames - mouth.frames.start
        return mouth.sync[rows[(rows >= 0) & (rows < len(mouth.frames))]].astype(np.float64)


def weigh_mouths(
    tracks: Iterable[int], frames: FrameRange, listening: Listening, settings: EvidenceSettings
) -> Evidence:
    """How likely it is that the person of some face tracks speaks in some frames.

    Args:
        tracks: Numbers of the face tracks.
        frames: The frames.
        listening: The original.
        settings: How evidence is weighed.
    """
    tracks = tuple(tracks)
    indices = np.arange(frames.start, frames.stop)
    heard = listening.heard[indices]
    anything = int(heard.sum()) >= _FEWEST
    asked = heard if anything else np.ones_like(heard)
    motion = _joined(tracks, frames, listening)
    known = motion[asked & np.isfinite(motion)]
    if known.size < _FEWEST:
        return Evidence(heard=anything)
    said = _motion(known, listening.middle(tracks), anything, settings)
    together = _together(tracks, frames, listening, settings) if anything else 0.0
    sync = _sync([listening.shifts(track, indices[asked]) for track in tracks], settings) if anything else 0.0
    return Evidence(said, together, sync, int(known.size), anything)


def _joined(tracks: Iterable[int], frames: FrameRange, listening: Listening) -> npt.NDArray[np.float64]:
    """The motion of one person followed in several tracks, of which no two are of one frame."""
    found = np.full(len(frames), np.nan)
    for track in tracks:
        one = listening.motion(track, frames)
        found = np.where(np.isnan(found), one, found)
    return found


def _motion(motion: npt.NDArray[np.float64], middle: float, heard: bool, settings: EvidenceSettings) -> float:
    # The median: a blink, a cut frame or a frame shown twice is no speech, and no silence.
    typical = np.log(max(float(np.median(motion)), _LEAST_MOTION) / middle)
    odds = float(settings.motion_weight * typical * min(1.0, (motion.size / _ENOUGH) ** 0.5))
    odds = min(max(odds, settings.motion_least), settings.motion_most)
    return odds if heard else max(odds, 0.0)


def _together(tracks: Iterable[int], frames: FrameRange, listening: Listening, settings: EvidenceSettings) -> float:
    wider = FrameRange(
        max(0, frames.start - settings.around), min(len(listening.levels), frames.stop + settings.around)
    )
    motion = np.log(np.maximum(_joined(tracks, wider, listening), _LEAST_MOTION))
    known = np.isfinite(motion)
    levels = listening.levels[wider.start : wider.stop]
    if known.sum() < _ENOUGH or np.ptp(levels[known]) < _SPREAD or np.ptp(motion[known]) < _SPREAD:
        return 0.0
    gaps = np.where(known, motion, np.median(motion[known]))
    smooth = np.convolve(np.pad(gaps, 1, mode="edge"), np.full(3, 1 / 3), "valid")
    likeness = float(np.corrcoef(smooth[known], levels[known])[0, 1])
    odds = settings.together_weight * (likeness - settings.together_middle)
    return min(max(odds, -settings.together_most), settings.together_most)


def _sync(parts: Iterable[npt.NDArray[np.float64]], settings: EvidenceSettings) -> float:
    parts = [part for part in parts if part.size]
    if not parts:
        return 0.0
    rows = np.concatenate(parts)
    middle = rows.shape[1] // 2
    near = slice(middle - _NEAR, middle + _NEAR + 1)
    rows = rows[np.isfinite(rows[:, near]).all(axis=1)]
    if len(rows) < _FEWEST or middle <= _FAR:
        return 0.0
    # Near the ends of the sound nothing lies under the largest shifts.
    counts = np.isfinite(rows).sum(axis=0)
    curve = np.where(counts >= len(rows) / 2, np.nansum(rows, axis=0) / np.maximum(counts, 1), np.nan)
    far = np.concatenate([curve[: middle - _FAR + 1], curve[middle + _FAR :]])
    far = far[np.isfinite(far)]
    if far.size < _FEWEST:
        return 0.0
    nearest = float(curve[near].min())
    deviations = (float(np.median(far)) - nearest) / (float(far.std()) + _SPREAD)
    odds = settings.sync_weight * (deviations - settings.sync_middle)
    return min(max(odds, settings.sync_least), settings.sync_most)
