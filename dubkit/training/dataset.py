"""Batches out of prepared clips; each is a function of (seed, step) and of nothing else.

A clip of n frames has groups of five consecutive frames that start at 0..n-5. Frame f is shown at f / 25 s, and its mel
window starts where :func:`dubkit.lipsync.mel_windows` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.lipsync import CLOCK_RATE, Reference, mel_windows
from dubkit.lipsync.expert import CLIP_FRAMES
from dubkit.lipsync.reference import mouth_openness
from dubkit.schema import MelSpectrogram
from dubkit.training.augment import PictureChange, SoundChange
from dubkit.training.data_settings import DataSettings
from dubkit.training.index import PreparedClips, TrainingClip
from dubkit.training.settings import TutorSettings
from dubkit.training.shapes import ClipShapes

__all__ = ["Batch", "ClipDraws"]

_EVERY = 3  # frames; mouths do not close for less
Batch = Mapping[str, npt.NDArray[np.float32]]
"""Name -> array; what the names are is said by the method that makes it."""


class ClipDraws:
    """Draws from the clips of one split.

    Args:
        prepared: The clips.
        split: ``train`` or ``held-out``.
        settings: What a batch holds.
        seed: Decides, with the step, every draw.

    Raises:
        InputError: if no clip of that split is long enough.
    """

    def __init__(self, prepared: PreparedClips, split: str, settings: DataSettings, seed: int) -> None:
        # A generator's reference lies outside its group, and an expert's groups lie apart.
        least = max(2 * CLIP_FRAMES, CLIP_FRAMES + (settings.windows - 1) * settings.apart)
        self.clips: Sequence[TrainingClip] = [clip for clip in prepared.clips(split) if clip.frames >= least]
        if not self.clips:
            raise InputError(
                f"has no {split} clip of at least {least} frames", path=prepared.folder, remedy="prepare more videos"
            )
        self._prepared = prepared
        self._settings = settings
        self._seed = seed
        weights = _weights(self.clips, least, settings.balance)
        self._edges = np.cumsum(weights / weights.sum())
        self._openness: dict[str, npt.NDArray[np.float64]] = {}

    def expert_batch(self, draw: tuple[int, ...], mel_offset: Fraction) -> Batch:
        """Groups of five lower half faces, each with its sound.

        Args:
            draw: Numbers that with the seed decide what is drawn, the step first.
            mel_offset: Seconds from the first of five frames to their mel window.

        Returns:
            ``faces`` (clips x windows, 15, 48, 96) 0..1 and ``windows`` (clips x windows, 1, 80, 16), clip by clip.
        """
        random = self._random(draw)
        faces, windows = [], []
        for clip in self._choose(random, self._settings.clips):
            starts = self._starts(random, clip, self._settings.windows)
            groups = _groups(self._prepared.faces(clip), starts)
            change = PictureChange(random, self._settings.augment, groups.shape[1])
            faces.append(_stacked_lower_halves(change.apply(groups)))
            windows.append(self._windows(random, clip, starts, mel_offset))
        return {"faces": np.concatenate(faces), "windows": np.concatenate(windows)}

    def generator_batch(
        self, draw: tuple[int, ...], mel_offset: Fraction, expert_offset: Fraction, reference: Reference
    ) -> Batch:
        """Five frames of each of some clips.

        Args:
            draw: As for :meth:`expert_batch`.
            mel_offset: Seconds from a frame to its mel window.
            expert_offset: The same from the first of five frames, for the expert.
            reference: Which frames are shown beside those to be made.

        Returns:
            ``faces`` (clips, 3, 5, 96, 96) 0..1, ``references`` likewise; ``windows`` and ``wrong_windows``
            (clips, 5, 1, 80, 16), the sound of these frames and of other frames of the clip; ``sync_windows``
            (clips, 1, 80, 16).
        """
        random = self._random(draw)
        parts: dict[str, list[npt.NDArray[np.float32]]] = {
            name: [] for name in ("faces", "references", "windows", "wrong_windows", "sync_windows")
        }
        for clip in self._choose(random, self._settings.clips):
            start = int(random.integers(clip.frames - CLIP_FRAMES + 1))
            others = self._elsewhere(random, clip, start, reference)
            wrong = self._other_start(random, clip, start)
            whole = self._prepared.faces(clip)
            pictures = np.concatenate((whole[start : start + CLIP_FRAMES], whole[others]))
            changed = _channels_first(
                PictureChange(random, self._settings.augment, whole.shape[1]).apply(pictures)
            ).transpose(1, 0, 2, 3)
            parts["faces"].append(changed[:, :CLIP_FRAMES])
            parts["references"].append(np.broadcast_to(changed[:, CLIP_FRAMES:], changed[:, :CLIP_FRAMES].shape))
            frames, sound = np.arange(CLIP_FRAMES), self._prepared.sound(clip)
            change = SoundChange(random, self._settings.augment, self._prepared.index.mel.limit)
            for name, first in (("windows", start), ("wrong_windows", wrong)):
                parts[name].append(change.apply(_heard(sound, first + frames, mel_offset))[:, None])
            parts["sync_windows"].append(change.apply(_heard(sound, [start], expert_offset)))
        return {name: np.stack(values) for name, values in parts.items()}

    def warm_up_batch(self, draw: tuple[int, ...], size: int, mel_offset: Fraction, shapes: ClipShapes) -> Batch:
        """Groups of five frames, their sound, and the shapes of their mouths.

        Args:
            draw: As for :meth:`expert_batch`.
            size: Groups.
            mel_offset: Seconds from the first of five frames to their mel window.
            shapes: The shapes of all clips.

        Returns:
            ``faces`` and ``windows`` as :meth:`expert_batch`, and ``shapes`` (size, 5 x components).
        """
        random = self._random(draw)
        faces, windows, wanted = [], [], []
        each = self._settings.windows
        for clip in self._choose(random, -(-size // each)):
            starts = self._starts(random, clip, each)
            # Unchanged: a mirrored or moved face has other components.
            faces.append(_stacked_lower_halves(_groups(self._prepared.faces(clip), starts)))
            windows.append(self._windows(random, clip, starts, mel_offset))
            known = shapes.of(clip)
            wanted.append(np.stack([known[start : start + CLIP_FRAMES].ravel() for start in starts]))
        return {"faces": np.concatenate(faces), "windows": np.concatenate(windows), "shapes": np.concatenate(wanted)}

    def drawn_batch(self, draw: tuple[int, ...], tutor: TutorSettings, mel_offset: Fraction) -> Batch:
        """Single frames, five times as many as ``clips``, with what a tutor sees of each.

        Args:
            draw: As for :meth:`expert_batch`.
            tutor: How it sees and speaks.
            mel_offset: Seconds from a frame to its mel window.

        Returns:
            ``faces`` and ``references`` (n, 3, 96, 96) 0..1; ``mouths`` (n, 3, 48, 96) and ``mouths_beside``
            (n, beside, 3, 48, 96), the tutor's view of the face and of other frames; ``noise`` (n, codes) on its word;
            ``windows`` and ``wrong_windows`` (n, 1, 80, 16).
        """
        random = self._random(draw)
        parts: dict[str, list[npt.NDArray[np.float32]]] = {
            name: [] for name in ("faces", "references", "mouths", "mouths_beside", "windows", "wrong_windows")
        }
        for clip in self._choose(random, self._settings.clips * CLIP_FRAMES):
            frame = int(random.integers(clip.frames - CLIP_FRAMES + 1))
            whole = self._prepared.faces(clip)
            [other] = self._elsewhere(random, clip, frame, Reference.OTHER)
            if random.random() < tutor.closed:
                other = self._most_closed(clip, whole, frame)
            size = whole.shape[1]
            beside = np.sort(random.integers(clip.frames, size=tutor.beside))
            shown = PictureChange(random, self._settings.augment, size).apply(whole[[other, frame, *beside]])
            view = PictureChange(random, tutor.seen, size).apply(shown[1:])
            reference, face = _channels_first(shown[:2])
            parts["faces"].append(face)
            parts["references"].append(reference)
            mouth, *others = _channels_first(view[:, size // 2 :])
            parts["mouths"].append(mouth)
            parts["mouths_beside"].append(np.stack(others))
            change = SoundChange(random, self._settings.augment, self._prepared.index.mel.limit)
            heard = _heard(self._prepared.sound(clip), [frame, self._other_start(random, clip, frame)], mel_offset)
            for name, window in zip(("windows", "wrong_windows"), change.apply(heard), strict=True):
                parts[name].append(window[None])
        noise = tutor.noise * random.standard_normal((len(parts["faces"]), tutor.codes), np.float32)
        return {"noise": noise, **{name: np.stack(values) for name, values in parts.items()}}

    def heard_batch(self, draw: tuple[int, ...], size: int, mel_offset: Fraction) -> Batch:
        """Moments of clips, ``windows`` of each, what is seen and heard there.

        Returns:
            ``mouths`` (n, 3, 48, 96) 0..1, unchanged: a mirrored mouth need not have the same codes; ``windows``
            (n, 1, 80, 16); clip by clip.
        """
        random = self._random(draw)
        mouths, windows = [], []
        each = self._settings.windows
        for clip in self._choose(random, -(-size // each)):
            moments = self._starts(random, clip, each)
            faces = self._prepared.faces(clip)[moments]
            mouths.append(_channels_first(faces[:, faces.shape[1] // 2 :]))
            windows.append(self._windows(random, clip, moments, mel_offset))
        return {"mouths": np.concatenate(mouths), "windows": np.concatenate(windows)}

    def _random(self, draw: tuple[int, ...]) -> np.random.Generator:
        return np.random.default_rng((self._seed, *draw))

    def _choose(self, random: np.random.Generator, count: int) -> list[TrainingClip]:
        places = np.searchsorted(self._edges, random.random(count), side="right")
        return [self.clips[min(int(place), len(self.clips) - 1)] for place in places]

    def _starts(self, random: np.random.Generator, clip: TrainingClip, count: int) -> list[int]:
        """First frames of ``count`` groups, at least ``apart`` from each other, in order of time."""
        apart = self._settings.apart
        room = clip.frames - CLIP_FRAMES + 1 - (count - 1) * (apart - 1)
        chosen = np.sort(random.choice(room, count, replace=False))
        return [int(start) for start in chosen + np.arange(count) * (apart - 1)]

    def _other_start(self, random: np.random.Generator, clip: TrainingClip, start: int) -> int:
        """The start of five frames that share none with those at ``start``; the farthest where there is no room."""
        far = np.abs(np.arange(clip.frames - CLIP_FRAMES + 1) - start)
        apart = np.flatnonzero(far >= min(CLIP_FRAMES, far.max()))
        return int(random.choice(apart))

    def _elsewhere(
        self, random: np.random.Generator, clip: TrainingClip, start: int, reference: Reference
    ) -> list[int]:
        if reference is Reference.SAME:
            first = self._other_start(random, clip, start)
            return list(range(first, first + CLIP_FRAMES))
        frame = int(random.integers(clip.frames - CLIP_FRAMES))
        return [frame if frame < start else frame + CLIP_FRAMES]

    def _most_closed(self, clip: TrainingClip, faces: npt.NDArray[np.uint8], frame: int) -> int:
        """Of every third frame, but for those beside ``frame``, the one whose mouth looks most closed."""
        if clip.name not in self._openness:
            looked = faces[::_EVERY].astype(np.float32) / np.float32(255)
            self._openness[clip.name] = np.array([mouth_openness(face) for face in looked])
        openness = self._openness[clip.name]
        far = np.abs(_EVERY * np.arange(len(openness)) - frame) >= _EVERY
        return _EVERY * int(np.argmin(np.where(far, openness, np.inf)))

    def _windows(
        self, random: np.random.Generator, clip: TrainingClip, starts: Sequence[int], mel_offset: Fraction
    ) -> npt.NDArray[np.float32]:
        change = SoundChange(random, self._settings.augment, self._prepared.index.mel.limit)
        return change.apply(_heard(self._prepared.sound(clip), starts, mel_offset))[:, None]


def _weights(clips: Sequence[TrainingClip], least: int, balance: float) -> npt.NDArray[np.float64]:
    """How often clips are drawn: the longer the more often, and the less the more there is of who is seen."""
    room = np.array([clip.frames - least + 1 for clip in clips], np.float64)
    people: dict[str, float] = {}
    for clip, weight in zip(clips, room, strict=True):
        people[clip.identity] = people.get(clip.identity, 0.0) + weight
    return room * np.array([people[clip.identity] for clip in clips]) ** -balance


def _groups(faces: npt.NDArray[np.uint8], starts: Sequence[int]) -> npt.NDArray[np.uint8]:
    """(5 x starts, h, w, 3): five frames from each start on."""
    return np.concatenate([faces[start : start + CLIP_FRAMES] for start in starts])


def _heard(
    sound: MelSpectrogram, frames: Sequence[int] | npt.NDArray[np.int64], mel_offset: Fraction
) -> npt.NDArray[np.float32]:
    return mel_windows(sound, [Fraction(int(frame), CLOCK_RATE) for frame in frames], mel_offset)


def _channels_first(faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(n, h, w, 3) uint8 to (n, 3, h, w) 0..1."""
    return np.asarray(faces.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def _stacked_lower_halves(faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(5 n, h, w, 3) uint8 to (n, 15, h/2, w) 0..1."""
    lower = _channels_first(faces[:, faces.shape[1] // 2 :])
    return lower.reshape(-1, CLIP_FRAMES * 3, *lower.shape[2:])
