"""Faces: found in images, followed through shots, known again across them."""

from dubkit.faces.boxes import scale_faces, scale_track
from dubkit.faces.choose import DETECTOR_NAMES, choose_detector, detector_files
from dubkit.faces.crop import CropSettings, crop_region, from_crop, to_crop
from dubkit.faces.detector import FaceDetector
from dubkit.faces.embedder import FaceEmbedder, choose_embedder
from dubkit.faces.fingerprint import Fingerprinted
from dubkit.faces.identity import IdentitySettings, name_people
from dubkit.faces.look import look_at
from dubkit.faces.mouth import mouth_motion, upright_face
from dubkit.faces.pose import head_pitch, head_yaw
from dubkit.faces.track import TrackSettings, frames_to_look, track_faces

__all__ = [
    "DETECTOR_NAMES",
    "CropSettings",
    "FaceDetector",
    "FaceEmbedder",
    "Fingerprinted",
    "IdentitySettings",
    "TrackSettings",
    "choose_detector",
    "choose_embedder",
    "crop_region",
    "detector_files",
    "frames_to_look",
    "from_crop",
    "head_pitch",
    "head_yaw",
    "look_at",
    "mouth_motion",
    "name_people",
    "scale_faces",
    "scale_track",
    "to_crop",
    "track_faces",
    "upright_face",
]
