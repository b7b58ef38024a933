"""What was changed, what was mixed and what was left alone, joined into one deliverable."""

from dubkit.conform.master import Writer, conform_master

__all__ = ["Writer", "conform_master"]
