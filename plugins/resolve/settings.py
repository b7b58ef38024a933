"""What the user wants of a dub, in one JSON file that both scripts read; and where that and the jobs are."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..bridge.found import installed_python
from ..bridge.host import HostError

__all__ = ["SETTINGS_FILE", "Settings", "own_folder", "read_settings", "write_settings"]

SETTINGS_FILE = "settings.json"


@dataclass(frozen=True)
class Settings:
    """What the user wants.

    Attributes:
        python: The Python in which dubkit is, or the ``dubkit`` command; empty for the one that installed the plugin.
        language: Language of the dub.
        subtitles: The subtitle file; Resolve's own captions cannot be read, so they are exported first (File, Export,
            Subtitle).
        voice: The voice: a file, a folder, or a list; empty where ``tts`` speaks.
        tts: Text-to-speech engine; empty where ``voice`` is given.
        cue_time: As :class:`..bridge.job.Job` has it, and so the next three.
        picture: How pictures are written.
        sound: ``mix`` or ``voice``.
        options: Further fields of dubkit's own job.
        environment: Variables for dubkit, such as ``DUBKIT_MODELS``.
    """

    python: str = ""
    language: str = ""
    subtitles: str = ""
    voice: str = ""
    tts: str = "espeak"
    cue_time: str = "timeline"
    picture: str = "prores"
    sound: str = "mix"
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The Python in which dubkit is.

        Raises:
            HostError: if none is known.
        """
        program = self.python or installed_python()
        if not program:
            raise HostError("no Python with dubkit is known; run `dubkit plugin install resolve` in it")
        return program


def own_folder(system: str = sys.platform, environment: Mapping[str, str] | None = None) -> Path:
    """Where our settings and jobs are; made by whoever writes there."""
    variables = os.environ if environment is None else environment
    home = variables.get("HOME") or variables.get("USERPROFILE") or str(Path.home())
    if system == "win32":
        base = variables.get("LOCALAPPDATA") or f"{home}/AppData/Local"
    elif system == "darwin":
        base = f"{home}/Library/Application Support"
    else:
        base = variables.get("XDG_DATA_HOME") or f"{home}/.local/share"
    return Path(base, "dubkit", "resolve")


def read_settings(folder: Path) -> Settings:
    """The settings in ``folder``; where there are none, a file to be filled in is written.

    Raises:
        HostError: if the file is damaged, or still to be filled in.
    """
    path = folder / SETTINGS_FILE
    try:
        told = json.loads(path.read_text("utf-8"))
        settings = Settings(**told)
    except FileNotFoundError:
        write_settings(folder, Settings())
        raise HostError(f"{path}: fill in language, subtitles and voice (or tts), and start again") from None
    except (OSError, ValueError, TypeError) as error:
        raise HostError(f"{path}: is damaged ({error})") from error
    if not settings.language or not settings.subtitles:
        raise HostError(f"{path}: fill in language and subtitles, and start again")
    return settings


def write_settings(folder: Path, settings: Settings) -> None:
    """Write the settings into ``folder``.

    Raises:
        HostError: if they cannot be written.
    """
    path = folder / SETTINGS_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(settings), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise HostError(f"{path}: cannot be written ({error.strerror})") from error
