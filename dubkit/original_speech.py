"""The composer of one question: what does the original show of who speaks? Asked once per film, not per language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis, picture_of
from dubkit.audio import ActivitySettings, chunk_levels
from dubkit.faces import CropSettings, crop_region, mouth_motion, upright_face
from dubkit.lipsync import SyncExpert, SyncModel, SyncSettings, clip_distances
from dubkit.media import read_views, turned_video
from dubkit.schema import Face, FaceTrack, Frame, Image, MouthTrack, OriginalSpeech
from dubkit.timing import FrameRange, FrameTimes, Seconds, TimeRange
from dubkit.track_crops import split_tracks
from dubkit.video_sound import VideoSound, open_sound

__all__ = ["SPEECH_VERSION", "Onlooker", "SpeechSettings", "watch_speech"]

SPEECH_VERSION = 1
"""Of what is found by the same settings; to be raised with every change that finds something else."""

_BLOCK = Fraction(10)  # seconds of sound looked at together
_AROUND = Fraction(1)  # second of sound around a face, for the expert to shift in
_CROP = 96  # pixels of what the expert looks at
_USUAL_RATE = 27  # frames a second, between 24 and 30: the rate at which motion is measured from frame to frame


@dataclass(frozen=True)
class SpeechSettings:
    """How the original is watched.

    Attributes:
        side: Longer side in pixels of the images in which mouths are watched.
        least_face: Height of a face in these, in pixels, below which its mouth says nothing.
        longest: Frames of a face that are held together.
        crop: How the expert's crop lies around its face.
        sync: How the expert is asked.
        activity: How the sound's level is measured.
    """

    side: int = 1280
    least_face: float = 32.0
    longest: int = 1500
    crop: CropSettings = field(default_factory=CropSettings)
    sync: SyncSettings = field(default_factory=SyncSettings)
    activity: ActivitySettings = field(default_factory=ActivitySettings)


class Onlooker(Protocol):
    """Somebody else who wants to see some frames while the film is decoded."""

    def wants(self, index: int) -> bool:
        """Whether frame ``index`` is wanted."""
        ...

    def see(self, frame: Frame) -> None:
        """Look at a frame that is wanted, upright."""
        ...

    def finish(self) -> None:
        """The film is over."""
        ...


def watch_speech(
    video: Path,
    analysis: Analysis,
    expert: SyncExpert | None = None,
    settings: SpeechSettings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    onlooker: Onlooker | None = None,
) -> OriginalSpeech:
    """How every mouth of a film moves, what is heard meanwhile, and what the expert says of the two.

    The film is decoded once. What is found does not depend on what it is dubbed into, and can be kept.

    Args:
        video: The film.
        analysis: What was found in it.
        expert: A lip-sync expert; None where there is none.
        settings: How to watch.
        progress: Called with ("mouths", frames done, frames in all).
        onlooker: Shown the frames that it wants.

    Raises:
        MediaError: if picture or sound cannot be read.
        InputError: if the expert does not fit into its device's memory.
        OutputError: if there is no room for the sound.
    """
    settings = settings or SpeechSettings()
    found: dict[int, list[MouthTrack]] = {}
    with open_sound(video, analysis.media) as sound:
        levels = _levels(sound, analysis.times.duration, settings) if analysis.media.audio else np.zeros(0, np.float32)
        heard = expert if levels.size else None
        for watch in _watched(video, analysis, heard is not None, settings, progress, onlooker):
            mouth = watch.finish(analysis.times, heard, sound, settings)
            found.setdefault(mouth.face_track, []).append(mouth)
    if onlooker is not None:
        onlooker.finish()
    mouths = tuple(_joined(parts) for _, parts in sorted(found.items()))
    name = expert.name if isinstance(expert, SyncModel) else "" if expert is None else type(expert).__name__
    return OriginalSpeech(levels, settings.activity.chunks_per_second, mouths, name)


def _levels(sound: VideoSound, duration: Seconds, settings: SpeechSettings) -> npt.NDArray[np.float32]:
    parts = []
    start = Fraction(0)
    while start < duration:
        parts.append(chunk_levels(sound.waveform(TimeRange(start, min(start + _BLOCK, duration))), settings.activity))
        start += _BLOCK
    return np.concatenate(parts)


class _Watch:
    """One face track, or a part of it, while its frames pass by."""

    def __init__(self, track: FaceTrack, step: int, scale: np.float32, crops: bool, settings: SpeechSettings) -> None:
        self.track = track
        self._step, self._scale, self._settings = step, scale, settings
        self._recent: list[npt.NDArray[np.float32] | None] = []
        self._motion = np.full(len(track.frames), np.nan, np.float32)
        # Laid out beforehand: small pictures kept one by one between large ones that come and go would keep the
        # system from getting the large ones' memory back, a gigabyte in a minute of 1080p.
        self._crops = np.empty((len(track.frames) if crops else 0, _CROP // 2, _CROP, 3), np.uint8)
        self._shown: list[int] = []

    def look(self, index: int, image: Image) -> None:
        """See its mouth in one frame."""
        row = index - self.track.frames.start
        face = Face(self.track.boxes[row] * self._scale, self.track.landmarks[row] * self._scale, 1.0)
        seen = bool(self.track.visible[row]) and face.height >= self._settings.least_face
        now = upright_face(image, face) if seen and not self.track.covered[row] else None
        before = self._recent[-self._step] if len(self._recent) >= self._step else None
        if now is not None and before is not None:
            self._motion[row] = mouth_motion(before, now)
        self._recent = [*self._recent[-self._step + 1 :], now] if self._step > 1 else [now]
        if len(self._crops) and seen:
            self._crops[len(self._shown)] = _crop(image, face.box, self._settings.crop)
            self._shown.append(index)

    def finish(
        self, times: FrameTimes, expert: SyncExpert | None, sound: VideoSound, settings: SpeechSettings
    ) -> MouthTrack:
        """What was seen, and what the expert says of it."""
        frames = self.track.frames
        if expert is None or not self._shown:
            none = np.zeros((len(frames), 0 if expert is None else 2 * settings.sync.max_shift + 1), np.float16)
            none.fill(np.nan)
            return MouthTrack(self.track.index, frames, self._motion, none)
        shown = [times.seconds(index) for index in self._shown]
        mel = sound.mel(TimeRange(shown[0] - _AROUND, shown[-1] + _AROUND))
        faces = self._crops[: len(self._shown)].astype(np.float32)
        faces /= np.float32(255)
        distances, middles = clip_distances(expert, faces, shown, mel, settings.sync)
        sync = np.full((len(frames), distances.shape[1]), np.nan, np.float16)
        clock = np.array([float(time) for time in shown])
        nearest = np.abs(clock[None] - middles[:, None]).argmin(axis=1) if len(middles) else np.zeros(0, np.int64)
        rows = np.array(self._shown, np.int64)[nearest] - frames.start
        sync[rows] = distances.astype(np.float16)
        del self._crops
        return MouthTrack(self.track.index, frames, self._motion, sync)


def _watched(
    video: Path,
    analysis: Analysis,
    crops: bool,
    settings: SpeechSettings,
    progress: Callable[[str, int, int], None] | None,
    onlooker: Onlooker | None,
) -> Iterator[_Watch]:
    """Every part of every face track, as soon as its last frame has been seen."""
    picture = picture_of(analysis.media)
    width = turned_video(picture, picture.rotation).width
    step = max(1, round(picture.rate.fps / _USUAL_RATE))
    coming = sorted(split_tracks(analysis.tracks, settings.longest), key=lambda track: -track.frames.start)
    wanted = _frames_of(coming, len(analysis.times))
    here: list[_Watch] = []
    for view in read_views(video, picture):
        index = view.index
        if onlooker is not None and onlooker.wants(index):
            onlooker.see(view.frame(upright=True))
        if not wanted[index]:
            continue
        image = view.image(settings.side, upright=True)
        scale = np.float32(image.shape[1] / width)
        while coming and coming[-1].frames.start <= index:
            here.append(_Watch(coming.pop(), step, scale, crops, settings))
        yield from (watch for watch in here if watch.track.frames.stop <= index)
        here = [watch for watch in here if watch.track.frames.stop > index]
        for watch in here:
            watch.look(index, image)
        if progress is not None:
            progress("mouths", index + 1, len(analysis.times))
    yield from here


def _frames_of(tracks: Iterable[FaceTrack], count: int) -> npt.NDArray[np.bool_]:
    wanted = np.zeros(count + 1, np.bool_)  # one more, for a decoder that finds a frame more than before
    for track in tracks:
        wanted[track.frames.start : track.frames.stop] = True
    return wanted


def _crop(image: Image, box: npt.NDArray[np.float32], settings: CropSettings) -> npt.NDArray[np.uint8]:
    """(48, 96, 3) uint8 BGR: the lower half of a face as the expert looks at it; the edge repeats beyond the image."""
    region = crop_region(box, settings)
    height, width = image.shape[:2]
    if not region.meets(width, height):  # a box filled in between detections may lie beyond the picture's edge
        return np.zeros((_CROP // 2, _CROP, 3), np.uint8)
    part = region.inside(width, height)
    around = part.top - region.top, region.bottom - part.bottom, part.left - region.left, region.right - part.right
    pixels = cv2.copyMakeBorder(image[part.top : part.bottom, part.left : part.right], *around, cv2.BORDER_REPLICATE)
    method = cv2.INTER_AREA if min(pixels.shape[:2]) >= _CROP else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (_CROP, _CROP), interpolation=method)[_CROP // 2 :], np.uint8)


def _joined(parts: Sequence[MouthTrack]) -> MouthTrack:
    """The parts of one face track, in their order, as one."""
    if len(parts) == 1:
        return parts[0]
    parts = sorted(parts, key=lambda part: part.frames.start)
    frames = FrameRange(parts[0].frames.start, parts[-1].frames.stop)
    motion = np.concatenate([part.motion for part in parts])
    return MouthTrack(parts[0].face_track, frames, motion, np.concatenate([part.sync for part in parts]))
