"""Files to frames and samples, and back (PyAV): what a file holds, its picture, its sound, and the master."""

from dubkit.media.abilities import ffmpeg_libraries, has_decoder, has_encoder
from dubkit.media.ahead import read_ahead
from dubkit.media.aside import write_wav
from dubkit.media.clock import TimesCollector
from dubkit.media.containers import keeps_sound_exact
from dubkit.media.copy_plan import CopyPlan, KeptFrame, SourcePicture
from dubkit.media.encoders import WriteSettings
from dubkit.media.master import MasterWriter
from dubkit.media.opacity import opacity_format, with_opacity
from dubkit.media.picked import read_picked
from dubkit.media.pictures import FrameView, measure_times, read_frames, read_images, read_views
from dubkit.media.probe import probe
from dubkit.media.quick import quick_sound
from dubkit.media.sound import read_sound, sound_blocks, sound_duration, sound_end
from dubkit.media.sound_file import written_sound
from dubkit.media.stretch import read_stretch
from dubkit.media.tracks import SoundTrack
from dubkit.media.turning import turned_frame, turned_video

__all__ = [
    "CopyPlan",
    "FrameView",
    "KeptFrame",
    "MasterWriter",
    "SoundTrack",
    "SourcePicture",
    "TimesCollector",
    "WriteSettings",
    "ffmpeg_libraries",
    "has_decoder",
    "has_encoder",
    "keeps_sound_exact",
    "measure_times",
    "opacity_format",
    "probe",
    "quick_sound",
    "read_ahead",
    "read_frames",
    "read_images",
    "read_picked",
    "read_sound",
    "read_stretch",
    "read_views",
    "sound_blocks",
    "sound_duration",
    "sound_end",
    "turned_frame",
    "turned_video",
    "with_opacity",
    "write_wav",
    "written_sound",
]
