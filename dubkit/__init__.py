"""dubkit: the same picture, lips matching the new voice, nothing else touched."""

__version__ = "0.1.0"
