"""Cues and voices to lines, and lines to the mix: text to speech, voice files, fitting, mixing."""

from dubkit.dialogue.fit import FitPlan, FitSettings, Place, TakenVoice, fit_voices
from dubkit.dialogue.follow import FollowedVoice, FollowSettings, follow_voice
from dubkit.dialogue.loudness import (
    LevelSettings,
    LoudnessTarget,
    MeasuredStems,
    gain_for,
    loudness_presets,
    loudness_target,
    measure_stems,
    spoken_hops,
    voice_gain_for,
)
from dubkit.dialogue.mix import limited_blocks, mixed_stems
from dubkit.dialogue.mix_settings import MixSettings
from dubkit.dialogue.picture import TimelinePicture, draw_timeline
from dubkit.dialogue.sounds import SoundLike, to_waveform
from dubkit.dialogue.stems import Stems, stem_blocks
from dubkit.dialogue.voice import KeepableVoice, Voice, engine_from_anywhere, open_voice, voice_engines
from dubkit.dialogue.voice_cast import CastVoice, VoiceCast, cast_voices
from dubkit.dialogue.voice_list import is_voice_list, read_voice_list
from dubkit.dialogue.voices import VoiceFiles, find_voices

__all__ = [
    "CastVoice",
    "FitPlan",
    "FitSettings",
    "FollowSettings",
    "FollowedVoice",
    "KeepableVoice",
    "LevelSettings",
    "LoudnessTarget",
    "MeasuredStems",
    "MixSettings",
    "Place",
    "SoundLike",
    "Stems",
    "TakenVoice",
    "TimelinePicture",
    "Voice",
    "VoiceCast",
    "VoiceFiles",
    "cast_voices",
    "draw_timeline",
    "engine_from_anywhere",
    "find_voices",
    "fit_voices",
    "follow_voice",
    "gain_for",
    "is_voice_list",
    "limited_blocks",
    "loudness_presets",
    "loudness_target",
    "measure_stems",
    "mixed_stems",
    "open_voice",
    "read_voice_list",
    "spoken_hops",
    "stem_blocks",
    "to_waveform",
    "voice_engines",
    "voice_gain_for",
]
