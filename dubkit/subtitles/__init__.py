"""Subtitle files to cues, and cues against the film."""

from dubkit.subtitles.check import CheckedCues, CueSettings, check_cues
from dubkit.subtitles.read import read_cues

__all__ = ["CheckedCues", "CueSettings", "check_cues", "read_cues"]
