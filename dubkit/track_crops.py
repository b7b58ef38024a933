"""The crops of every face track of one film, as the generator sees them: what judging and training look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis
from dubkit.blending import read_region
from dubkit.errors import RecordError
from dubkit.faces import CropSettings, crop_region, to_crop
from dubkit.media import read_frames
from dubkit.schema import FaceTrack, Frame
from dubkit.timing import Seconds

__all__ = ["TrackCrops", "cut_tracks"]


@dataclass(frozen=True, eq=False)
class TrackCrops:
    """One face track, cut out; n is the number of frames in which the face is seen.

    Attributes:
        track: The face track.
        frames: (n,) int64, rising: numbers of the frames in the film.
        times: When each is shown, in seconds of the picture.
        images: (n, size, size, 3) uint8 BGR.
    """

    track: FaceTrack
    frames: npt.NDArray[np.int64]
    times: tuple[Seconds, ...]
    images: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.frames)


def cut_tracks(
    path: Path,
    analysis: Analysis,
    size: int = 96,
    settings: CropSettings = CropSettings(),  # noqa: B008 - frozen, so it can be shared
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[TrackCrops]:
    """Each face track of a film, as soon as its last frame has been read; the film is decoded once.

    Frames in which the face is not visible, or lies wholly beyond the picture's edge, are left out; a track may have
    none left. Only tracks that are going on are held.

    Args:
        path: The video.
        analysis: What was found in it.
        size: Pixels on each side of a crop.
        settings: How a crop lies around its face.
        progress: Called with ("crops", frames done, frames in all).
    """
    coming = sorted(analysis.tracks, key=lambda track: track.frames.start, reverse=True)
    open_tracks: list[tuple[FaceTrack, list[int], list[npt.NDArray[np.uint8]]]] = []
    for frame in read_frames(path, upright=True):
        while coming and coming[-1].frames.start <= frame.index:
            open_tracks.append((coming.pop(), [], []))
        for entry in list(open_tracks):
            track, numbers, images = entry
            if track.frames.stop <= frame.index:
                open_tracks.remove(entry)
                yield _finished(track, numbers, images, analysis, size)
            elif track.visible[frame.index - track.frames.start]:
                with suppress(RecordError):  # a box filled in between detections may lie beyond the picture's edge
                    images.append(_cut(frame, track, size, settings))
                    numbers.append(frame.index)
        if progress is not None:
            progress("crops", frame.index + 1, max(frame.index + 1, len(analysis.times)))
    for track, numbers, images in open_tracks:
        yield _finished(track, numbers, images, analysis, size)


def _cut(frame: Frame, track: FaceTrack, size: int, settings: CropSettings) -> npt.NDArray[np.uint8]:
    region = crop_region(track.boxes[frame.index - track.frames.start], settings)
    crop = to_crop(read_region(frame, region), size)
    return np.asarray(np.rint(crop * 255), np.uint8)


def _finished(
    track: FaceTrack, numbers: list[int], images: list[npt.NDArray[np.uint8]], analysis: Analysis, size: int
) -> TrackCrops:
    stacked = np.stack(images) if images else np.zeros((0, size, size, 3), np.uint8)
    times = tuple(analysis.times.seconds(number) for number in numbers)
    return TrackCrops(track, np.array(numbers, np.int64), times, stacked)
