"""Cues and voices to lines, and lines to the mix: text to speech, voice files, placing, mixing."""

from dubkit.dialogue.mix import MixSettings, mix_blocks
from dubkit.dialogue.place import PlacedLines, PlaceSettings, place_lines
from dubkit.dialogue.voice import Voice, open_voice, voice_engines
from dubkit.dialogue.voices import VoiceFiles, find_voices, split_voice

__all__ = [
    "MixSettings",
    "PlaceSettings",
    "PlacedLines",
    "Voice",
    "VoiceFiles",
    "find_voices",
    "mix_blocks",
    "open_voice",
    "place_lines",
    "split_voice",
    "voice_engines",
]
