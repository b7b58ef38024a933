"""Which face speaks which line, and which of its frames must change."""

from dubkit.casting.cast_file import cast_faces, cast_notes, check_cues_named, check_people_named
from dubkit.casting.decide import DecideSettings, decide_speakers
from dubkit.casting.evidence import Evidence, EvidenceSettings, Listening, weigh_mouths
from dubkit.casting.needed import NeedSettings, frames_needed, lips_move
from dubkit.casting.spans import CastSettings, CastSpans, cast_lines
from dubkit.casting.usable import UsableSettings

__all__ = [
    "CastSettings",
    "CastSpans",
    "DecideSettings",
    "Evidence",
    "EvidenceSettings",
    "Listening",
    "NeedSettings",
    "UsableSettings",
    "cast_faces",
    "cast_lines",
    "cast_notes",
    "check_cues_named",
    "check_people_named",
    "decide_speakers",
    "frames_needed",
    "lips_move",
    "weigh_mouths",
]
