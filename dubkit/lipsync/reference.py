"""Which frame of a face track shows the generator whom to draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ReferenceChooser", "mouth_openness"]

# Where the mouth lies in a face crop, as shares of its height and width.
_ROWS = (0.60, 0.92)
_COLUMNS = (0.30, 0.70)


def mouth_openness(crop: npt.NDArray[np.float32]) -> float:
    """How open the mouth of a face crop looks: mean darkness below the skin's level; comparable within one face.

    An open mouth shows a dark cavity, a closed one only the line between the lips.

    Args:
        crop: (size, size, 3) float32 BGR 0..1.
    """
    size = crop.shape[0]
    rows, columns = ([round(share * size) for share in pair] for pair in (_ROWS, _COLUMNS))
    luma = crop[rows[0] : rows[1], columns[0] : columns[1]] @ np.array([0.114, 0.587, 0.299], np.float32)
    return float(np.clip(np.median(luma) - luma, 0, None).mean())


class ReferenceChooser:
    """Keeps, per face track, the crop with the most closed mouth seen so far.

    The generator copies what it sees of the lower face from its reference, so an open mouth there leaks into
    silence. Frames just before somebody speaks are the best candidates, and come by anyway.
    """

    def __init__(self) -> None:
        self._best: dict[int, tuple[float, npt.NDArray[np.float32]]] = {}

    def look(self, track: int, crop: npt.NDArray[np.float32]) -> None:
        """Consider ``crop`` (size, size, 3) as the reference of face track ``track``."""
        openness = mouth_openness(crop)
        if track not in self._best or openness < self._best[track][0]:
            self._best[track] = openness, crop

    def knows(self, track: int) -> bool:
        """Whether some crop of ``track`` was looked at."""
        return track in self._best

    def best(self, track: int) -> npt.NDArray[np.float32]:
        """The (size, size, 3) reference of ``track``; at least one crop of it must have been looked at."""
        return self._best[track][1]

    def forget(self, track: int) -> None:
        """Drop what is kept of ``track``."""
        self._best.pop(track, None)
