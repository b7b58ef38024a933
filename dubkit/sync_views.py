"""What SyncNet looks at: each face track as 25 crops a second, cut as its published scores were measured."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis
from dubkit.blending import read_region
from dubkit.evaluation import SyncCropSettings, cut_sync_crop, sync_crop_regions
from dubkit.lipsync import pick_moments
from dubkit.schema import FaceTrack, Frame, Region

__all__ = ["SyncNetEye"]

_REACH = 1.0  # second: holes are filled with the nearest frame, as SyncNet's own pipeline fills them
_LEAST = 13  # crops: the median filter of the published pipeline needs as many


class SyncNetEye:
    """Cuts what SyncNet looks at, frame by frame, for :func:`dubkit.track_crops.watch_tracks`.

    A frame that is shown while several moments of the 25 fps clock pass gives as many crops; one that is shown between
    two moments gives none.

    Args:
        analysis: Whose face tracks are looked at.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._settings = SyncCropSettings()
        self._regions: dict[tuple[int, int], dict[int, list[Region]]] = {}
        for track in analysis.tracks:
            times = [analysis.times.seconds(frame) for frame in track.frames.indices]
            nearest = pick_moments(times, _REACH).nearest
            by_frame: dict[int, list[Region]] = {}
            if len(nearest) >= _LEAST:
                regions = sync_crop_regions(track.boxes[nearest], self._settings)
                for row, region in zip(nearest, regions, strict=True):
                    by_frame.setdefault(track.frames.start + int(row), []).append(region)
            self._regions[track.index, track.frames.start] = by_frame

    def can_judge(self, track: FaceTrack) -> bool:
        """Whether the face is seen long enough."""
        return bool(self._regions[track.index, track.frames.start])

    def look(self, frame: Frame, track: FaceTrack) -> Iterator[npt.NDArray[np.uint8]]:
        """The (224, 224, 3) uint8 crops for which ``frame`` stands."""
        regions = self._regions[track.index, track.frames.start].get(frame.index, [])
        if not regions:
            return
        whole = read_region(frame, Region(0, 0, frame.width, frame.height))
        image = np.asarray(np.rint(np.clip(whole, 0, 1) * 255), np.uint8)
        for region in regions:
            yield cut_sync_crop(image, region, self._settings)
