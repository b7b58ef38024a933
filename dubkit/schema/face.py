"""Faces: what a detector finds in one image, and one face followed through a shot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema.media import Region
from dubkit.timing import FrameRange

__all__ = ["Face", "FaceCrops", "FaceLook", "FaceTrack"]


def _nothing() -> npt.NDArray[np.float32]:
    return np.zeros(0, np.float32)


def _no_flags() -> npt.NDArray[np.bool_]:
    return np.zeros(0, np.bool_)


def _no_picture() -> npt.NDArray[np.uint8]:
    return np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class FaceLook:
    """What the pixels of one detected face say; empty where nobody looked or nothing is known.

    Attributes:
        sharpness: How sharp it is, as :func:`dubkit.faces.look_at` measures it; NaN where not measured.
        thumbnail: (h, w, 3) uint8 BGR: the face, upright and tiny, to tell two faces that meet apart.
        mouth: (h, w, 3) uint8 BGR: the part of it around the mouth, to see whether something is before it.
        signature: (m,) float32: colours and light of the person, to be compared within a scene.
        embedding: (d,) float32, of length 1: by a network that knows people, to be compared anywhere.
    """

    sharpness: float = float("nan")
    thumbnail: npt.NDArray[np.uint8] = field(default_factory=_no_picture)
    mouth: npt.NDArray[np.uint8] = field(default_factory=_no_picture)
    signature: npt.NDArray[np.float32] = field(default_factory=_nothing)
    embedding: npt.NDArray[np.float32] = field(default_factory=_nothing)


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one image.

    Attributes:
        box: (4,) float32: left, top, right, bottom in pixels of the image; may reach beyond its edge. It hugs the
            face from the hairline to the chin, as SCRFD and S3FD draw it, whatever detector found it.
        landmarks: (5, 2) float32 x, y: the eye on the left of the image, the eye on the right, nose tip, the left
            and the right corner of the mouth (left and right as seen); NaN where the detector gives none.
        score: The detector's confidence, 0..1.
        look: What its pixels say; empty where they were not looked at.
    """

    box: npt.NDArray[np.float32]
    landmarks: npt.NDArray[np.float32]
    score: float
    look: FaceLook = field(default_factory=FaceLook)

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


_PER_FRAME = ("scores", "visible", "yaw", "pitch", "sharpness", "covered")


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
        pitch: (n,) float32 degrees the head nods, from the landmarks (positive: looking down); NaN where unknown.
        sharpness: (n,) float32, as :class:`FaceLook`, interpolated between detections; NaN where not measured.
        covered: (n,) bool: whether something, such as a hand, is before the mouth.
        signatures: (k, m) float32: some of its :attr:`FaceLook.signature`, one per pose; none where there are none.
        embedding: (d,) float32: mean of its :attr:`FaceLook.embedding`, of length 1; empty where there are none.

    ``pitch``, ``sharpness`` and ``covered`` may be left out: NaN and False then.
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
    pitch: npt.NDArray[np.float32] = field(default_factory=_nothing)
    sharpness: npt.NDArray[np.float32] = field(default_factory=_nothing)
    covered: npt.NDArray[np.bool_] = field(default_factory=_no_flags)
    signatures: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    embedding: npt.NDArray[np.float32] = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        """Fill in what was left out, and refuse arrays of different lengths."""
        n = len(self.frames)
        if n == 0:
            raise RecordError(f"face track {self.index} has no frames")
        for name, filled in (
            ("pitch", np.full(n, np.nan, np.float32)),
            ("sharpness", np.full(n, np.nan, np.float32)),
            ("covered", np.zeros(n, np.bool_)),
        ):
            if getattr(self, name).size == 0:
                object.__setattr__(self, name, filled)
        shapes = {
            "boxes": (self.boxes.shape, (n, 4)),
            "landmarks": (self.landmarks.shape, (n, 5, 2)),
            **{name: (getattr(self, name).shape, (n,)) for name in _PER_FRAME},
        }
        for name, (shape, wanted) in shapes.items():
            if shape != wanted:
                raise RecordError(f"{name} of face track {self.index} should be {wanted}, not {shape}")
        if self.signatures.ndim != 2 or self.embedding.ndim != 1:
            raise RecordError(f"face track {self.index} needs signatures (k, m) and an embedding (d,)")

    def part(self, frames: FrameRange) -> FaceTrack:
        """The track in some of its frames.

        Raises:
            RecordError: if it does not last that long.
        """
        start = frames.start - self.frames.start
        if start < 0 or frames.stop > self.frames.stop:
            raise RecordError(f"face track {self.index} lasts for {self.frames}, not {frames}")
        rows = slice(start, start + len(frames))
        names = ("boxes", "landmarks", *_PER_FRAME)
        return replace(self, frames=frames, **{name: getattr(self, name)[rows] for name in names})

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
