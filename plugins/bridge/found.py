"""Where dubkit is, as far as whoever installed the plugin knew."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["INSTALLED_FILE", "installed_python"]

INSTALLED_FILE = "installed.json"
"""Written beside this module by ``dubkit plugin install``: ``{"python": "/path/of/python"}``."""


def installed_python() -> str:
    """The Python in which ``dubkit plugin install`` ran; empty where the plugin came another way, or it is gone."""
    try:
        data = json.loads(Path(__file__).with_name(INSTALLED_FILE).read_text(encoding="utf-8"))
        python = str(data["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return python if Path(python).is_file() else ""
