"""Faces: found in images, followed through shots."""

from dubkit.faces.boxes import scale_faces, scale_track
from dubkit.faces.choose import DETECTOR_NAMES, choose_detector
from dubkit.faces.crop import CropSettings, crop_region, from_crop, to_crop
from dubkit.faces.detector import FaceDetector
from dubkit.faces.pose import head_yaw
from dubkit.faces.track import TrackSettings, frames_to_look, track_faces

__all__ = [
    "DETECTOR_NAMES",
    "CropSettings",
    "FaceDetector",
    "TrackSettings",
    "choose_detector",
    "crop_region",
    "frames_to_look",
    "from_crop",
    "head_yaw",
    "scale_faces",
    "scale_track",
    "to_crop",
    "track_faces",
]
