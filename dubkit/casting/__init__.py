"""Which face speaks which line."""

from dubkit.casting.visible import CastSettings, CastSpans, cast_lines

__all__ = ["CastSettings", "CastSpans", "cast_lines"]
