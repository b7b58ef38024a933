"""The crops of every face track of one film, as the generator sees them: what judging and training look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis
from dubkit.blending import read_region
from dubkit.errors import RecordError
from dubkit.faces import CropSettings, crop_region, to_crop
from dubkit.media import read_frames
from dubkit.schema import FaceTrack, Frame
from dubkit.timing import FrameRange, Seconds

__all__ = ["TrackCrops", "cut_face", "cut_tracks", "split_tracks", "watch_tracks"]

T = TypeVar("T")


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

    def look(frame: Frame, track: FaceTrack) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        if track.visible[frame.index - track.frames.start]:
            with suppress(RecordError):  # a box filled in between detections may lie beyond the picture's edge
                yield frame.index, cut_face(frame, track, size, settings)

    def tell(done: int) -> None:
        if progress is not None:
            progress("crops", done, max(done, len(analysis.times)))

    for track, seen in watch_tracks(path, analysis.tracks, look, tell):
        yield _finished(track, [number for number, _ in seen], [image for _, image in seen], analysis, size)


def watch_tracks(
    path: Path,
    tracks: Sequence[FaceTrack],
    look: Callable[[Frame, FaceTrack], Iterable[T]],
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[FaceTrack, list[T]]]:
    """Each face track with what was seen in its frames, as soon as the last of them has been read.

    The film is decoded once, and only what is seen of tracks that are going on is held.

    Args:
        path: The video.
        tracks: Face tracks in it.
        look: Given every frame of every track; what it returns is kept, in order.
        progress: Told how many frames have been read.
    """
    coming = sorted(tracks, key=lambda track: track.frames.start, reverse=True)
    open_tracks: list[tuple[FaceTrack, list[T]]] = []
    for frame in read_frames(path, upright=True):
        while coming and coming[-1].frames.start <= frame.index:
            open_tracks.append((coming.pop(), []))
        ended = [entry for entry in open_tracks if entry[0].frames.stop <= frame.index]
        open_tracks = [entry for entry in open_tracks if entry[0].frames.stop > frame.index]
        yield from ended
        for track, seen in open_tracks:
            seen.extend(look(frame, track))
        if progress is not None:
            progress(frame.index + 1)
    yield from open_tracks


def split_tracks(tracks: Sequence[FaceTrack], longest: int) -> tuple[FaceTrack, ...]:
    """Face tracks of at most ``longest`` frames: longer ones in parts of one length, so that none grows with the film.

    The parts keep the number of their track.
    """
    return tuple(part for track in tracks for part in _parts(track, longest))


def _parts(track: FaceTrack, longest: int) -> Iterator[FaceTrack]:
    n = len(track.frames)
    count = -(-n // longest)
    first = track.frames.start
    for part in range(count):
        yield track.part(FrameRange(first + n * part // count, first + n * (part + 1) // count))


def cut_face(
    frame: Frame,
    track: FaceTrack,
    size: int = 96,
    settings: CropSettings = CropSettings(),  # noqa: B008 - frozen, so it can be shared
) -> npt.NDArray[np.uint8]:
    """(size, size, 3) uint8 BGR: the face of ``track`` in one of its frames.

    Raises:
        RecordError: if its box lies wholly beyond the picture's edge.
    """
    region = crop_region(track.boxes[frame.index - track.frames.start], settings)
    crop = to_crop(read_region(frame, region), size)
    return np.asarray(np.rint(crop * 255), np.uint8)


def _finished(
    track: FaceTrack, numbers: list[int], images: list[npt.NDArray[np.uint8]], analysis: Analysis, size: int
) -> TrackCrops:
    stacked = np.stack(images) if images else np.zeros((0, size, size, 3), np.uint8)
    times = tuple(analysis.times.seconds(number) for number in numbers)
    return TrackCrops(track, np.array(numbers, np.int64), times, stacked)
