"""What passes between stages: frozen records, checked once when made, written to JSON and back."""

from dubkit.schema.audio import AudioInfo, MelSettings, MelSpectrogram, SoundClip, Waveform
from dubkit.schema.casting import OFF_SCREEN, Cast, CastDecision, MouthTrack, OriginalSpeech
from dubkit.schema.cue import Cue, Fit, Line
from dubkit.schema.face import Face, FaceCrops, FaceLook, FaceTrack
from dubkit.schema.job import JOB_VERSION, DubJob
from dubkit.schema.media import ColourFamily, ColourTags, Frame, Image, MediaInfo, PixelFormat, Region, VideoInfo
from dubkit.schema.record import dumps, from_json, loads, to_json
from dubkit.schema.report import (
    REPORT_VERSION,
    DubReport,
    FitReport,
    FittedLine,
    LineReport,
    LineStatus,
    LoudnessReport,
)
from dubkit.schema.shot import Scene, Shot
from dubkit.schema.timeline import Clip, Span, Timeline, TimelineTrack, TrackKind

__all__ = [
    "JOB_VERSION",
    "OFF_SCREEN",
    "REPORT_VERSION",
    "AudioInfo",
    "Cast",
    "CastDecision",
    "Clip",
    "ColourFamily",
    "ColourTags",
    "Cue",
    "DubJob",
    "DubReport",
    "Face",
    "FaceCrops",
    "FaceLook",
    "FaceTrack",
    "Fit",
    "FitReport",
    "FittedLine",
    "Frame",
    "Image",
    "Line",
    "LineReport",
    "LineStatus",
    "LoudnessReport",
    "MediaInfo",
    "MelSettings",
    "MelSpectrogram",
    "MouthTrack",
    "OriginalSpeech",
    "PixelFormat",
    "Region",
    "Scene",
    "Shot",
    "SoundClip",
    "Span",
    "Timeline",
    "TimelineTrack",
    "TrackKind",
    "VideoInfo",
    "Waveform",
    "dumps",
    "from_json",
    "loads",
    "to_json",
]
