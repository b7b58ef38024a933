"""Subtitle files to cues, cues against the film, and cues to subtitle files."""

from dubkit.subtitles.check import CheckedCues, CueSettings, check_cues
from dubkit.subtitles.language import LanguageNotes, judge_language
from dubkit.subtitles.read import read_cues
from dubkit.subtitles.retime import RetimeSettings, retimed_cues
from dubkit.subtitles.write import subtitle_ending, subtitle_formats, write_cues

__all__ = [
    "CheckedCues",
    "CueSettings",
    "LanguageNotes",
    "RetimeSettings",
    "check_cues",
    "judge_language",
    "read_cues",
    "retimed_cues",
    "subtitle_ending",
    "subtitle_formats",
    "write_cues",
]
