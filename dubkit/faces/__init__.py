"""Faces: found in images, followed through shots."""

from dubkit.faces.boxes import scale_faces, scale_track
from dubkit.faces.choose import DETECTOR_NAMES, choose_detector
from dubkit.faces.detector import FaceDetector
from dubkit.faces.pose import head_yaw
from dubkit.faces.track import TrackSettings, frames_to_look, track_faces

__all__ = [
    "DETECTOR_NAMES",
    "FaceDetector",
    "TrackSettings",
    "choose_detector",
    "frames_to_look",
    "head_yaw",
    "scale_faces",
    "scale_track",
    "track_faces",
]
