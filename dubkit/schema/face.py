"""Faces: what a detector finds in one image, and one face followed through a shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema.media import Region
from dubkit.timing import FrameRange

__all__ = ["Face", "FaceCrops", "FaceTrack"]


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one image.

    Attributes:
        box: (4,) float32: left, top, right, bottom in pixels of the image; may reach beyond its edge. It hugs the
            face from the hairline to the chin, as SCRFD and S3FD draw it, whatever detector found it.
        landmarks: (5, 2) float32 x, y: the eye on the left of the image, the eye on the right, nose tip, the left
            and the right corner of the mouth (left and right as seen); NaN where the detector gives none.
        score: The detector's confidence, 0..1.
    """

    box: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    score: float

    def __post_init__(self) -> None:
        """Refuse other shapes and boxes without area."""
        if self.box.shape != (4,) or self.landmarks.shape != (5, 2):
            raise RecordError(
                f"a face has a box (4,) and landmarks (5, 2), not {self.box.shape}, {self.landmarks.shape}"
            )
        if not (self.box[2] > self.box[0] and self.box[3] > self.box[1]):
            raise RecordError("the box of a face has no area")

    @property
    def width(self) -> float:
        """Pixels."""
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        """Pixels."""
        return float(self.box[3] - self.box[1])


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face followed through one shot; n is the number of frames.

    Attributes:
        index: Number of the track in the film, from 0.
        shot: Number of the shot it lies in.
        frames: From the first to the last frame in which it was seen.
        boxes: (n, 4) float32, as :class:`Face`, smoothed; filled where ``visible`` is False.
        landmarks: (n, 5, 2) float32, as :class:`Face`, smoothed; NaN where none are known.
        scores: (n,) float32: detection confidence, interpolated between detections.
        visible: (n,) bool: whether the face is really there in this frame.
        yaw: (n,) float32 degrees the head is turned, from the landmarks (positive: towards the right of the
            image); NaN where unknown.
        identity: Name of the person; empty where not known.
    """

    index: int
    shot: int
    frames: FrameRange
    boxes: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    visible: npt.NDArray[np.bool_]
    yaw: npt.NDArray[np.float32]
    identity: str = ""

    def __post_init__(self) -> None:
        """Refuse arrays of different lengths."""
        n = len(self.frames)
        shapes = {
            "boxes": (self.boxes.shape, (n, 4)),
            "landmarks": (self.landmarks.shape, (n, 5, 2)),
            "scores": (self.scores.shape, (n,)),
            "visible": (self.visible.shape, (n,)),
            "yaw": (self.yaw.shape, (n,)),
        }
        if n == 0:
            raise RecordError(f"face track {self.index} has no frames")
        for name, (shape, wanted) in shapes.items():
            if shape != wanted:
                raise RecordError(f"{name} of face track {self.index} should be {wanted}, not {shape}")

    def __repr__(self) -> str:
        return f"FaceTrack({self.index}, shot {self.shot}, {self.frames}, {int(self.visible.sum())} visible)"


@dataclass(frozen=True, eq=False)
class FaceCrops:
    """Square crops of one face over some frames, and the way back.

    Attributes:
        images: (n, size, size, 3) float32 BGR, 0..1.
        regions: Where each crop lies in its frame; may reach beyond the frame's edge.
    """

    images: npt.NDArray[np.float32]
    regions: tuple[Region, ...]

    def __post_init__(self) -> None:
        """Refuse crops without their regions."""
        if self.images.ndim != 4 or self.images.shape[-1] != 3 or self.images.shape[1] != self.images.shape[2]:
            raise RecordError(f"face crops should be (n, size, size, 3), not {self.images.shape}")
        if len(self.regions) != len(self.images):
            raise RecordError(f"{len(self.images)} face crops need as many regions, not {len(self.regions)}")

    def __len__(self) -> int:
        return int(self.images.shape[0])
