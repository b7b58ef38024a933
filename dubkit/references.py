"""Whom the generator is to draw: of every face track the crops with the most closed mouths, chosen once per film.

They are chosen from the film alone, whatever is said in it, so that the lips of a line do not depend on other lines;
and they are kept apart for each face track, so that they never lie in memory all at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.blending import read_region
from dubkit.errors import OutputError, RecordError
from dubkit.faces import CropSettings, crop_region, to_crop
from dubkit.lipsync import ReferenceChooser, ReferenceCrops
from dubkit.picture_in import chosen_frames
from dubkit.schema import FaceTrack, Frame, VideoInfo, dumps
from dubkit.store import Recipe, Store
from dubkit.stored import pack_record, unpack_record
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["REFERENCES_VERSION", "ReferenceLooker", "ReferenceShelf", "gather_references"]

REFERENCES_VERSION = 1
"""Of what is chosen by the same settings; to be raised with every change that chooses something else."""

_HELD = 8  # face tracks whose references are held in memory


class ReferenceShelf:
    """Where the references of a film's face tracks lie.

    Args:
        store: What they are kept in.
        video: Hash of the film's bytes.
        size: Pixels on each side of a crop.
        crop: How a crop lies around its face.
        every: Frames of a face track between two looks.
        about: The film's name, for people.
        spare: Where they lie as long as the run lasts, where ``store`` cannot be written to.
    """

    def __init__(
        self, store: Store, video: str, size: int, crop: CropSettings, every: int, about: str, spare: Store
    ) -> None:
        self._stores, self._video, self._about = (store, spare), video, about
        self.size, self.crop, self.every = size, crop, every
        self._held: dict[str, ReferenceCrops] = {}

    def knows(self, track: FaceTrack) -> bool:
        """Whether the references of ``track`` have been chosen."""
        try:
            self._crops(track)
        except KeyError:
            return False
        return True

    def reference(self, track: FaceTrack, frames: FrameRange) -> npt.NDArray[np.float32]:
        """The (size, size, 3) BGR 0..1 reference for some frames of a track.

        Raises:
            RecordError: if there is none: the face is nowhere inside the picture where it was looked for.
        """
        crops = self._crops(track)
        if not len(crops):
            raise RecordError(f"its face lies outside the picture in {frames}")
        return crops.best(float(np.median(track.part(frames).yaw)))

    def put(self, track: FaceTrack, crops: ReferenceCrops) -> None:
        """Keep what was chosen of ``track``.

        Raises:
            OutputError: if it cannot be written.
        """
        recipe, data = self._recipe(track), pack_record(crops)
        about = f"{self._about}, face {track.index}"
        store, spare = self._stores
        try:
            store.keep(recipe, data, about)
        except OutputError:
            spare.keep(recipe, data, about)

    def _crops(self, track: FaceTrack) -> ReferenceCrops:
        recipe = self._recipe(track)
        key = recipe.key
        if key not in self._held:
            found = next((at for store in self._stores if (at := store.look_up(recipe)).found), None)
            if found is None:
                raise KeyError(key)
            try:
                crops = unpack_record(ReferenceCrops, found.data)
            except RecordError as error:
                raise KeyError(key) from error
            while len(self._held) >= _HELD:
                self._held.pop(next(iter(self._held)))
            self._held[key] = crops
        return self._held[key]

    def _recipe(self, track: FaceTrack) -> Recipe:
        hashed = hashlib.blake2b(digest_size=16)
        for values in (track.boxes, track.visible, track.yaw, track.covered):
            hashed.update(np.ascontiguousarray(values).tobytes())
        facts = {
            "video": self._video,
            "track": f"{track.frames.start}-{track.frames.stop} {hashed.hexdigest()}",
            "crop": dumps(self.crop, indent=None),
            "size": str(self.size),
            "every": str(self.every),
        }
        return Recipe("references", REFERENCES_VERSION, facts)


class ReferenceLooker:
    """Chooses references while the frames of a film pass by, in order.

    Args:
        tracks: The face tracks to look at.
        shelf: Where what is chosen is put, as soon as the last look at a track was taken.
    """

    def __init__(self, tracks: Sequence[FaceTrack], shelf: ReferenceShelf) -> None:
        self._shelf, self._chooser = shelf, ReferenceChooser()
        self._turns: dict[int, list[FaceTrack]] = {}
        self._left: dict[int, tuple[FaceTrack, int]] = {}  # looks still to be taken at each
        for track in tracks:
            frames = track.frames.start + np.flatnonzero(track.visible)[:: shelf.every]
            self._left[track.index] = track, len(frames)
            for frame in frames.tolist():
                self._turns.setdefault(frame, []).append(track)

    def wants(self, index: int) -> bool:
        """Whether frame ``index`` is to be looked at."""
        return index in self._turns

    def wanted(self, count: int) -> npt.NDArray[np.bool_]:
        """(count,) which frames are to be looked at."""
        wanted = np.zeros(count, bool)
        wanted[[index for index in self._turns if index < count]] = True
        return wanted

    def see(self, frame: Frame) -> None:
        """Look at a frame that is wanted, as it is looked at by people."""
        for track in self._turns.pop(frame.index, ()):
            row = frame.index - track.frames.start
            with suppress(RecordError):  # a box filled in between detections may lie beyond the picture's edge
                region = crop_region(track.boxes[row], self._shelf.crop)
                crop = to_crop(read_region(frame, region), self._shelf.size)
                self._chooser.look(track.index, crop, float(track.yaw[row]), bool(track.covered[row]))
            left = self._left[track.index][1] - 1
            self._left[track.index] = track, left
            if not left:
                self._put(track)

    def finish(self) -> None:
        """Put away what has not been put: of tracks that are never seen, or whose last frames did not come."""
        for track, _ in list(self._left.values()):
            self._put(track)

    def _put(self, track: FaceTrack) -> None:
        del self._left[track.index]
        self._shelf.put(track, self._chooser.crops(track.index, self._shelf.size))
        self._chooser.forget(track.index)


def gather_references(
    path: Path,
    picture: VideoInfo,
    times: FrameTimes,
    tracks: Sequence[FaceTrack],
    shelf: ReferenceShelf,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Choose the references of ``tracks`` that the shelf does not know yet, decoding what shows them.

    Args:
        path: The film.
        picture: Its picture.
        times: When its frames are shown.
        tracks: The face tracks.
        shelf: Where to put them.
        progress: Called with (looks taken, looks in all).

    Raises:
        MediaError: if the film cannot be read.
        OutputError: if they cannot be written.
    """
    missing = [track for track in tracks if not shelf.knows(track)]
    if not missing:
        return
    looker = ReferenceLooker(missing, shelf)
    wanted = looker.wanted(len(times))
    total = int(wanted.sum())
    for done, frame in enumerate(chosen_frames(path, picture, times, wanted), 1):
        looker.see(frame)
        if progress is not None:
            progress(done, total)
    looker.finish()
